"""What a client's people are asked beside their tickets, and their answers: stages of projects, recommendations.

Transaction bodies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select, update

from handoff import directory, people
from handoff.errors import NotFound
from handoff.rows import clean
from store.db import insert_into
from store.jobs import enqueue
from store.signals import signal
from success import tasks
from success.errors import FeedbackRefused, RatingRefused
from success.feedback_tables import survey as surveys
from success.survey_rules import SCALES, Stage, SurveyKind, closed_to, is_low
from success.tasks import TaskKind

COMMENT_LENGTH: Final = 2_000
PROJECT_LENGTH: Final = 80
BRING: Final = "survey"
"""The queue of requests to bring: `{"survey": id}`."""
FOLLOW_UP: Final = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class Survey:
    """A request and its answer, once there is one. Not asked yet: `asked_at` is None; `dropped` says why never."""

    id: int
    kind: SurveyKind
    client_id: int
    person_id: int
    quarter: str
    project: str
    stage: str
    due_at: datetime
    asked_at: datetime | None
    asked_by: int | None
    way: str
    dropped: str
    value: int | None
    comment: str
    at: datetime | None
    changed_at: datetime | None
    alerted_at: datetime | None


def ask_stage(
    conn: Connection, *, client_id: int, person_id: int, project: str, stage: str, by: int, now: datetime
) -> Survey:
    """Have one of a client's people asked how a project's stage went, once.

    Raises FeedbackRefused: ``project``, ``stage``, ``person``, or ``asked`` where they were asked that before.
    """
    named = " ".join(clean(project).split())
    if not named or len(named) > PROJECT_LENGTH:
        raise FeedbackRefused("project")
    if stage not in set(Stage):
        raise FeedbackRefused("stage")
    try:
        people.of_client(conn, client_id, person_id)
    except NotFound as error:
        raise FeedbackRefused("person") from error
    made = plan(
        conn, SurveyKind.STAGE, origin=f"stage:{client_id}:{named.casefold()}:{stage}:{person_id}",
        client_id=client_id, person_id=person_id, project=named, stage=stage, due_at=now, by=by, now=now,
    )  # fmt: skip
    if made is None:
        raise FeedbackRefused("asked")
    return made


def plan(
    conn: Connection, kind: SurveyKind, *, origin: str, client_id: int, person_id: int, due_at: datetime,
    quarter: str = "", project: str = "", stage: str = "", by: int | None = None, now: datetime,
) -> Survey | None:  # fmt: skip
    """Plan a request, with the job that brings it; None where this origin planned one before."""
    row = {
        "origin": origin, "kind": kind, "client_id": client_id, "person_id": person_id, "quarter": quarter,
        "project": project, "stage": stage, "due_at": due_at, "asked_by": by, "way": "", "dropped": "", "comment": "",
    }  # fmt: skip
    statement = insert_into(conn, surveys).values(row).on_conflict_do_nothing(index_elements=["origin"])
    made = conn.execute(statement.returning(*surveys.c)).mappings().first()
    if made is None:
        return None
    enqueue(conn, BRING, {"survey": made["id"]}, dedup=f"survey:{made['id']}", run_at=due_at, now=now)
    return _survey(made)


def put(conn: Connection, survey_id: int, *, way: str, now: datetime) -> None:
    """Say that a request has reached its person, or with way "" that its link is with our people."""
    unasked = (surveys.c.id == survey_id, surveys.c.asked_at.is_(None))
    conn.execute(update(surveys).where(*unasked).values(asked_at=now, way=way))
    signal(conn, "desk", "")


def drop(conn: Connection, survey_id: int, why: str) -> None:
    """Say why a request will not be made."""
    conn.execute(update(surveys).where(surveys.c.id == survey_id, surveys.c.asked_at.is_(None)).values(dropped=why))


def answer(
    conn: Connection, survey_id: int, *, person_id: int, value: int, comment: str | None = None, now: datetime
) -> Survey:
    """Take an answer; within a day it may be changed. A `comment` of None leaves the comment.

    A low one gives the success manager a task, once. Raises RatingRefused: ``value``, ``requester``, ``late``,
    ``settled``; and ``gone`` where there is no such request.
    """
    found = survey(conn, survey_id, lock=True)
    if found is None or found.dropped:
        raise RatingRefused("gone")
    if value not in SCALES[found.kind]:
        raise RatingRefused("value")
    if person_id != found.person_id:
        raise RatingRefused("requester")
    if why := closed_to(asked_at=found.asked_at, answered_at=found.at, now=now):
        raise RatingRefused(why)
    said: dict[str, Any] = {"value": value, "changed_at": now}
    said |= {"at": now} if found.at is None else {}
    said |= {"asked_at": now} if found.asked_at is None else {}
    said |= {} if comment is None else {"comment": clean(comment).strip()[:COMMENT_LENGTH]}
    if is_low(found.kind, value) and found.alerted_at is None:
        said["alerted_at"] = now
        _alert(conn, found, value, now=now)
    conn.execute(update(surveys).where(surveys.c.id == survey_id).values(said))
    signal(conn, "desk", "")
    kept = survey(conn, survey_id)
    assert kept is not None
    return kept


def survey(conn: Connection, survey_id: int, *, lock: bool = False) -> Survey | None:
    """The request with this id; locked until the transaction ends, where it is to be changed."""
    query = select(surveys).where(surveys.c.id == survey_id)
    row = conn.execute(query.with_for_update() if lock else query).mappings().first()
    return None if row is None else _survey(row)


def listed(
    conn: Connection, kind: SurveyKind, *, client_id: int | None = None, quarter: str | None = None, limit: int = 200
) -> tuple[Survey, ...]:
    """Requests, the newest first."""
    where = [surveys.c.kind == kind]
    where += [surveys.c.client_id == client_id] if client_id is not None else []
    where += [surveys.c.quarter == quarter] if quarter is not None else []
    rows = conn.execute(select(surveys).where(*where).order_by(surveys.c.id.desc()).limit(limit)).mappings()
    return tuple(_survey(row) for row in rows)


def _alert(conn: Connection, found: Survey, value: int, *, now: datetime) -> None:
    client, person = directory.client(conn, found.client_id), directory.person(conn, found.person_id)
    stage = {"project": found.project, "stage": found.stage}
    facts = {"value": value} | ({"person": person.name} if found.kind is SurveyKind.NPS else stage)
    kind = TaskKind.DETRACTOR if found.kind is SurveyKind.NPS else TaskKind.LOW_STAGE
    tasks.give(
        conn, kind, origin=f"survey:{found.id}", client_id=client.id, facts=facts,
        link=f"/desk/clients/{client.slug}/feedback#{found.kind}", due_at=now + FOLLOW_UP, now=now,
    )  # fmt: skip


def _survey(row: Mapping[Any, Any]) -> Survey:
    values = {name: row[name] for name in Survey.__dataclass_fields__}
    return Survey(**values | {"kind": SurveyKind(row["kind"])})
