"""Projects as they are kept: stages that are closed once, tasks with owners, all that moved. Transaction bodies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, select, update

from handoff import directory, people
from handoff.errors import NotFound
from handoff.rows import add
from handoff.sites import CHANGED
from store.db import insert_into
from store.jobs import JsonValue
from store.signals import signal
from success import surveys, tasks
from success.projects import authority
from success.projects.board_rules import BoardStage, BoardTask, SlipKind, closable
from success.projects.errors import ProjectRefused
from success.projects.plan_rules import Milestone
from success.projects.price_rules import Stage
from success.projects.tables import project as projects
from success.projects.tables import project_event as events
from success.projects.tables import project_stage as stages_table
from success.projects.tables import project_task as tasks_table
from success.projects.wish import TITLE_LENGTH, calm, plain
from success.survey_rules import SurveyKind
from success.tasks import TaskState

OPEN, DONE = "open", "done"
TASK_LENGTH: Final = 200
MOST_TASKS: Final = 300


@dataclass(frozen=True, kw_only=True)
class Project:
    """New work under way. `person_id` is the client's who is asked how it goes; the two managers are ours."""

    id: int
    origin: str
    client_id: int
    title: str
    person_id: int | None
    business_id: int | None
    technical_id: int | None
    state: str
    at: datetime
    closed_at: datetime | None

    @property
    def managers(self) -> tuple[int, ...]:
        """Our people who are warned, each once."""
        return tuple(dict.fromkeys(each for each in (self.business_id, self.technical_id) if each is not None))


@dataclass(frozen=True, kw_only=True)
class Happened:
    """One thing that moved."""

    id: int
    kind: str
    facts: Mapping[str, Any]
    at: datetime
    by_id: int | None


@dataclass(frozen=True, kw_only=True)
class TaskDraft:
    """A task as somebody types it."""

    title: str
    stage: str
    owner_id: int | None = None
    due_on: date | None = None
    halves: int = 0


def begin(
    conn: Connection, *, origin: str, client_id: int, title: str, milestones: Sequence[Milestone],
    person_id: int | None, work: Sequence[tuple[str, int]] = (), by: int | None = None, now: datetime,
) -> Project:  # fmt: skip
    """Begin a project with its milestones, once for an origin; `work` are names and half days of the whole, put into
    the build by its share of the time. The client's managers are its managers.
    """
    client = directory.client(conn, client_id)
    row = {
        "origin": origin, "client_id": client_id, "title": title[:TITLE_LENGTH], "person_id": person_id,
        "business_id": client.success_id, "technical_id": client.technical_id, "state": OPEN, "at": now, "by_id": by,
    }  # fmt: skip
    statement = insert_into(conn, projects).values(row).on_conflict_do_nothing(index_elements=["origin"])
    made = conn.execute(statement.returning(*projects.c)).mappings().first()
    if made is None:
        return _project(conn.execute(select(projects).where(projects.c.origin == origin)).mappings().one())
    begun = _project(made)
    length = {each.stage: (each.ends_on - each.starts_on).days + 1 for each in milestones}
    for each in milestones:
        add(conn, stages_table, project_id=begun.id, stage=each.stage, starts_on=each.starts_on, due_on=each.ends_on)
    for name, halves in work:
        share = halves * length[Stage.BUILD] // sum(length.values())
        facts = {"stage": Stage.BUILD, "title": name[:TASK_LENGTH], "halves": share, "at": now, "by_id": by}
        add(conn, tasks_table, project_id=begun.id, **facts)
    note(conn, begun, "begun", by=by, now=now)
    return begun


def project(conn: Connection, project_id: int, *, lock: bool = False) -> Project:
    """The project with this id; with `lock` changed by nobody else until the transaction ends. Raises NotFound."""
    query = select(projects).where(projects.c.id == project_id)
    row = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound("project", project_id)
    return _project(row)


def listed(conn: Connection, *, client_id: int | None = None, state: str = "", limit: int = 200) -> tuple[Project, ...]:
    """Projects, the newest first."""
    where: list[ColumnElement[bool]] = [projects.c.state == state] if state else []
    where += [projects.c.client_id == client_id] if client_id is not None else []
    rows = conn.execute(select(projects).where(*where).order_by(projects.c.id.desc()).limit(limit)).mappings()
    return tuple(_project(row) for row in rows)


def stages(conn: Connection, project_id: int) -> tuple[BoardStage, ...]:
    """A project's stages in their order."""
    rows = conn.execute(select(stages_table).where(stages_table.c.project_id == project_id)).mappings()
    found = [
        BoardStage(**{name: row[name] for name in BoardStage.__dataclass_fields__} | {"stage": Stage(row["stage"])})
        for row in rows
    ]
    return tuple(sorted(found, key=lambda each: list(Stage).index(each.stage)))


def tasks_of(conn: Connection, project_id: int) -> tuple[BoardTask, ...]:
    """A project's tasks: open ones first, those due first first."""
    mine = (tasks_table.c.project_id == project_id, tasks_table.c.removed_at.is_(None))
    found = [_task(row) for row in conn.execute(select(tasks_table).where(*mine)).mappings()]
    return tuple(sorted(found, key=lambda each: (each.done_at is not None, each.due_on or date.max, each.id)))


def put_task(
    conn: Connection, project_id: int, draft: TaskDraft, *, task_id: int | None = None, origin: str | None = None,
    by: int | None, now: datetime,
) -> int:  # fmt: skip
    """Add a task, or change one. Raises NotFound, ProjectRefused: ``state``, ``task``, ``stage``, ``many``."""
    found = _open(conn, project_id)
    title = calm(draft.title)
    if not title or len(title) > TASK_LENGTH:
        raise ProjectRefused("task")
    if draft.stage not in set(Stage) or _stage(conn, found.id, Stage(draft.stage)).done_at is not None:
        raise ProjectRefused("stage")
    if draft.owner_id is not None:
        directory.colleague(conn, draft.owner_id)
    values = {
        "stage": Stage(draft.stage), "title": title, "owner_id": draft.owner_id, "due_on": draft.due_on,
        "halves": draft.halves,
    }  # fmt: skip
    if task_id is not None:
        before = _one_task(conn, project_id, task_id)
        if before.done_at is not None:
            raise ProjectRefused("task")
        conn.execute(update(tasks_table).where(tasks_table.c.id == task_id).values(values))
        if before.due_on != draft.due_on and draft.due_on is not None:
            note(conn, found, "task_moved", {"title": title, "due": draft.due_on.isoformat()}, by=by, now=now)
        return task_id
    if len(tasks_of(conn, project_id)) >= MOST_TASKS:
        raise ProjectRefused("many")
    row = values | {"project_id": project_id, "origin": origin, "at": now, "by_id": by}
    statement = insert_into(conn, tasks_table).values(row).on_conflict_do_nothing(index_elements=["origin"])
    made = conn.execute(statement.returning(tasks_table.c.id)).scalar_one_or_none()
    if made is None:
        return int(conn.execute(select(tasks_table.c.id).where(tasks_table.c.origin == origin)).scalar_one())
    note(conn, found, "task_added", {"title": title}, by=by, now=now)
    return int(made)


def finish_task(conn: Connection, project_id: int, task_id: int, *, done: bool, by: int, now: datetime) -> None:
    """Say that a task is done, or not after all; again changes nothing. Raises NotFound, ProjectRefused."""
    found = _open(conn, project_id)
    task = _one_task(conn, project_id, task_id)
    if (task.done_at is not None) is done:
        return
    if _stage(conn, project_id, task.stage).done_at is not None:
        raise ProjectRefused("closed")
    values = {"done_at": now if done else None, "done_by": by if done else None}
    conn.execute(update(tasks_table).where(tasks_table.c.id == task_id).values(values))
    note(conn, found, "task_done" if done else "task_reopened", {"title": task.title}, by=by, now=now)


def remove_task(conn: Connection, project_id: int, task_id: int, *, by: int, now: datetime) -> None:
    """Take an open task off the board. Raises NotFound, ProjectRefused."""
    found = _open(conn, project_id)
    task = _one_task(conn, project_id, task_id)
    if task.done_at is not None:
        raise ProjectRefused("task")
    conn.execute(update(tasks_table).where(tasks_table.c.id == task_id).values(removed_at=now))
    note(conn, found, "task_removed", {"title": task.title}, by=by, now=now)


def move_stage(conn: Connection, project_id: int, stage: str, *, due_on: date, by: int, now: datetime) -> None:
    """Give an open stage another date. Raises NotFound, ProjectRefused: ``closed``, ``milestones`` (the order)."""
    found = _open(conn, project_id)
    if stage not in set(Stage):
        raise NotFound("stage", stage)
    each = _stage(conn, project_id, Stage(stage))
    if each.done_at is not None:
        raise ProjectRefused("closed")
    order = stages(conn, project_id)
    place = [one.stage for one in order].index(each.stage)
    later, earlier = order[place + 1 :], order[:place]
    if any(one.due_on < due_on for one in later) or any(one.due_on > due_on for one in earlier):
        raise ProjectRefused("milestones")
    if each.due_on == due_on:
        return
    values = {"due_on": due_on, "starts_on": min(each.starts_on, due_on)}
    conn.execute(update(stages_table).where(stages_table.c.id == each.id).values(values))
    _settle_slips(conn, found, each, by=by, now=now)
    facts = {"stage": str(each.stage), "from": each.due_on.isoformat(), "due": due_on.isoformat()}
    note(conn, found, "stage_moved", facts, by=by, now=now)


def close_stage(conn: Connection, project_id: int, stage: str, *, by: int, now: datetime) -> int | None:
    """A stage is done, once; the client's contact is asked how it went: the request's id, None where nobody can be.

    Raises NotFound, ProjectRefused: ``state``, ``closed``, ``order``, ``tasks``.
    """
    found = _open(conn, project_id)
    if stage not in set(Stage):
        raise NotFound("stage", stage)
    order = stages(conn, project_id)
    why = closable(order, tasks_of(conn, project_id), Stage(stage))
    if why is not None:
        raise ProjectRefused(why)
    each = next(one for one in order if one.stage == stage)
    survey_id = _ask(conn, found, each.stage, by=by, now=now)
    values = {"done_at": now, "done_by": by, "survey_id": survey_id}
    undone = (stages_table.c.id == each.id, stages_table.c.done_at.is_(None))
    if not conn.execute(update(stages_table).where(*undone).values(values)).rowcount:
        raise ProjectRefused("closed")
    _settle_slips(conn, found, each, by=by, now=now)
    note(conn, found, "stage_done", {"stage": str(each.stage)}, by=by, now=now)
    if each.stage is order[-1].stage:
        conn.execute(update(projects).where(projects.c.id == project_id).values(state=DONE, closed_at=now))
        note(conn, found, "done", by=by, now=now)
    return survey_id


def staff(
    conn: Connection, project_id: int, *, business_id: int | None, technical_id: int | None, person_id: int | None
) -> None:
    """Say who our two managers are, and whom of the client's we ask. Raises NotFound."""
    found = project(conn, project_id, lock=True)
    for each in (business_id, technical_id):
        if each is not None:
            directory.colleague(conn, each)
    if person_id is not None:
        people.of_client(conn, found.client_id, person_id)
    values = {"business_id": business_id, "technical_id": technical_id, "person_id": person_id}
    conn.execute(update(projects).where(projects.c.id == project_id).values(values))
    _told(conn, found)


def note(
    conn: Connection, found: Project, kind: str, facts: Mapping[str, JsonValue] | None = None, *, by: int | None = None,
    now: datetime,
) -> None:  # fmt: skip
    """Keep that something moved."""
    add(conn, events, project_id=found.id, kind=kind, facts=dict(facts or {}), at=now, by_id=by)
    _told(conn, found)


def moved(
    conn: Connection, project_id: int, *, since: datetime | None = None, until: datetime | None = None, limit: int = 200
) -> tuple[Happened, ...]:
    """What moved, the newest first."""
    where: list[ColumnElement[bool]] = [events.c.project_id == project_id]
    where += [events.c.at >= since] if since is not None else []
    where += [events.c.at < until] if until is not None else []
    rows = conn.execute(select(events).where(*where).order_by(events.c.id.desc()).limit(limit)).mappings()
    return tuple(Happened(**{name: row[name] for name in Happened.__dataclass_fields__}) for row in rows)


def slip_origin(project_id: int, each: BoardStage, kind: SlipKind, person_id: int | None) -> str:
    """What a warning comes from: once for a milestone's date, a kind and a person."""
    return f"project:{project_id}:{each.stage}:{each.due_on}:{kind}:{person_id}"


def _settle_slips(conn: Connection, found: Project, each: BoardStage, *, by: int, now: datetime) -> None:
    for who in found.managers or (None,):
        for kind in SlipKind:
            tasks.close_origin(conn, slip_origin(found.id, each, kind, who), TaskState.DROPPED, by=by, now=now)


def _ask(conn: Connection, found: Project, stage: Stage, *, by: int, now: datetime) -> int | None:
    who = found.person_id
    if who is None:
        who = next((each.id for each in authority.authorised(conn, found.client_id, authority.IN_SCOPE)), None)
    if who is None:
        return None
    made = surveys.plan(
        conn, SurveyKind.STAGE, origin=f"project:{found.id}:{stage}", client_id=found.client_id, person_id=who,
        project=plain(found.title), stage=str(stage), due_at=now, by=by, now=now,
    )  # fmt: skip
    return None if made is None else made.id


def _open(conn: Connection, project_id: int) -> Project:
    found = project(conn, project_id, lock=True)
    if found.state != OPEN:
        raise ProjectRefused("state")
    return found


def _stage(conn: Connection, project_id: int, stage: Stage) -> BoardStage:
    found = next((each for each in stages(conn, project_id) if each.stage is stage), None)
    if found is None:
        raise NotFound("stage", str(stage))
    return found


def _one_task(conn: Connection, project_id: int, task_id: int) -> BoardTask:
    mine = (tasks_table.c.id == task_id, tasks_table.c.project_id == project_id, tasks_table.c.removed_at.is_(None))
    row = conn.execute(select(tasks_table).where(*mine)).mappings().first()
    if row is None:
        raise NotFound("task", task_id)
    return _task(row)


def _told(conn: Connection, found: Project) -> None:
    signal(conn, CHANGED, str(found.client_id))
    signal(conn, "desk", "")


def _project(row: Mapping[Any, Any]) -> Project:
    return Project(**{name: row[name] for name in Project.__dataclass_fields__})


def _task(row: Mapping[Any, Any]) -> BoardTask:
    values = {name: row[name] for name in BoardTask.__dataclass_fields__}
    return BoardTask(**values | {"stage": Stage(row["stage"])})
