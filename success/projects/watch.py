"""What is seen to in projects by the calendar: milestones that slip, and last week's brief. Transaction bodies."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from handoff import accounts, directory
from handoff.model import Client
from handoff.spans import Span
from success import proactive, tasks
from success.projects import boards
from success.projects.board_rules import Slip, SlipKind, now_in, slips, written
from success.projects.boards import Happened, Project
from success.projects.outline import Say
from success.reports.model import Kind
from success.reports.periods import due_at, finished
from success.reports.schedule import working_days
from success.tasks import TaskKind, TaskState

PATIENCE: Final = timedelta(days=1)
MOST_LINES: Final = 12
TOLD: Final = ("begun", "stage_done", "stage_moved", "task_done", "change_confirmed", "change_started", "done")
"""What a client's brief tells of; the rest is ours."""


@dataclass(frozen=True, kw_only=True)
class Week:
    """A week of a project: what moved in it, where it stands, as a text for its client."""

    project_id: int
    client_id: int
    span: Span
    language: str
    text: str


def warn(conn: Connection, project_id: int, *, now: datetime) -> int:
    """Give both managers a task for each slip of a milestone that they were not warned of; how many slips were new."""
    project = boards.project(conn, project_id, lock=True)
    client = directory.client(conn, project.client_id)
    if project.state != boards.OPEN or client.archived_at is not None:
        return 0
    today, is_working = accounts.today(client, now), working_days(conn)
    found = slips(
        boards.stages(conn, project_id), boards.tasks_of(conn, project_id), today=today, is_working=is_working
    )
    return sum(_warn(conn, project, each, now=now) for each in found)


def week(conn: Connection, project_id: int, *, say: Say, now: datetime) -> Week | None:
    """Last week's brief once it is due; None before, or where nothing moved that a client is told of."""
    project = boards.project(conn, project_id)
    client = directory.client(conn, project.client_id)
    span = finished(Kind.BRIEF, now, accounts.zone_of(client))
    if client.archived_at is not None or due_at(span, working_days(conn)) > now:
        return None
    happened = [
        each for each in reversed(boards.moved(conn, project_id, since=span.since, until=span.until))
        if each.kind in TOLD
    ]  # fmt: skip
    if not happened:
        return None
    language = proactive.language_of(client)
    text = _written(conn, project, client, happened, language, say=say, now=now)
    return Week(project_id=project_id, client_id=client.id, span=span, language=language, text=text)


def _warn(conn: Connection, project: Project, slip: Slip, *, now: datetime) -> bool:
    facts: dict[str, Any] = {
        "text": str(slip.kind), "title": project.title, "stage": str(slip.stage.stage),
        "due": slip.stage.due_on.isoformat(), "left": written(slip.halves), "days": str(slip.days),
    }  # fmt: skip
    new = False
    for who in project.managers or (None,):
        if slip.kind is SlipKind.LATE:
            tight = boards.slip_origin(project.id, slip.stage, SlipKind.TIGHT, who)
            tasks.close_origin(conn, tight, TaskState.DROPPED, by=None, now=now)
        given = tasks.give(
            conn, TaskKind.PROJECT, origin=boards.slip_origin(project.id, slip.stage, slip.kind, who),
            client_id=project.client_id, assignee_id=who, facts=facts, link=f"/desk/projects/{project.id}",
            due_at=now + PATIENCE, now=now,
        )  # fmt: skip
        new = new or given is not None
    if new:
        told = {"stage": str(slip.stage.stage), "due": slip.stage.due_on.isoformat()}
        boards.note(conn, project, f"slip_{slip.kind}", told, now=now)
    return new


def _written(
    conn: Connection,
    project: Project,
    client: Client,
    happened: list[Happened],
    language: str,
    *,
    say: Say,
    now: datetime,
) -> str:
    stages = boards.stages(conn, project.id)
    lines = [say("projects.brief.head", language, title=project.title)]
    lines += [f"· {_line(each, language, say=say)}" for each in happened[-MOST_LINES:]]
    at = now_in(stages)
    if at is None:
        return "\n".join([*lines, say("projects.brief.over", language)])
    stage = say(f"projects.stage.{at.stage}", language)
    late = at.due_on < accounts.today(client, now)
    key = "projects.brief.late" if late else "projects.brief.next"
    return "\n".join([*lines, say(key, language, stage=stage, due=at.due_on.isoformat())])


def _line(each: Happened, language: str, *, say: Say) -> str:
    facts = {name: value for name, value in each.facts.items() if name in {"title", "stage", "due"}}
    if "stage" in facts:
        facts["stage"] = say(f"projects.stage.{facts['stage']}", language)
    return say(f"projects.told.{each.kind}", language, **facts)
