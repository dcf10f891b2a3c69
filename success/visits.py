"""Return visits (回访): each quarter one with every client, planned as a task, written up by whoever held it.

Transaction bodies. Whether a client was visited in a quarter is said by the visits themselves; the plan says only that
one was due, and by when.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from handoff import directory
from handoff.figures import home_zone
from handoff.model import Client
from handoff.rows import clean
from handoff.spans import midnight
from store.db import insert_into
from success import tasks
from success.errors import FeedbackRefused
from success.feedback_tables import visit as visits
from success.feedback_tables import visit_plan as plans
from success.quarters import Quarter
from success.tasks import TaskKind, TaskState

SUMMARY_LENGTH: Final = 5_000
MET_LENGTH: Final = 200
POINT_LENGTH: Final = 300
MOST_POINTS: Final = 10
POINT_DAYS: Final = timedelta(days=14)
_OFFICE_ENDS: Final = time(18)
_FROM, _SPREAD = 28, 49
_ROOM: Final = timedelta(days=14)
_FRIDAY: Final = 4


class Way(StrEnum):
    """How a visit was held."""

    CALL = "call"
    ON_SITE = "on_site"
    VIDEO = "video"


class State(StrEnum):
    """Where a client's visit of a quarter stands."""

    DONE = "done"
    PLANNED = "planned"
    OVERDUE = "overdue"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One that was held; `met` are the people on the client's side, `agreed` the points agreed on."""

    id: int
    client_id: int
    held_on: date
    way: Way
    met: str
    summary: str
    agreed: tuple[str, ...]
    by_id: int | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Report:
    """What somebody writes down of a visit."""

    held_on: date
    way: Way
    met: str
    summary: str
    agreed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Line:
    """One client's visit of a quarter; `visit` is the first that was held in it."""

    client: Client
    state: State
    due_at: datetime
    visit: Visit | None


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """A quarter's visits, client by client: the overdue first."""

    quarter: Quarter
    lines: tuple[Line, ...]

    def count(self, state: State) -> int:
        """How many clients stand there."""
        return sum(line.state is state for line in self.lines)

    @property
    def share(self) -> float | None:
        """The share of clients that were visited; None without clients."""
        return self.count(State.DONE) / len(self.lines) if self.lines else None


def due_in(quarter: Quarter, client_id: int, *, zone: ZoneInfo, now: datetime) -> datetime:
    """By when a client is visited: a day of the quarter's middle that is its own, so that they spread.

    A plan that is made late leaves two weeks, where the quarter has as many; never a weekend.
    """
    wanted = quarter.first + timedelta(days=_FROM + client_id * 17 % _SPREAD)
    soonest = (now + _ROOM).astimezone(zone).date()
    day = min(max(wanted, soonest), quarter.last)
    day -= timedelta(days=max(0, day.weekday() - _FRIDAY))
    return datetime.combine(day, _OFFICE_ENDS, zone).astimezone(UTC)


def origin(client_id: int, quarter: Quarter) -> str:
    """What a quarter's visit is known by."""
    return f"visit:{client_id}:{quarter}"


def plan(conn: Connection, *, now: datetime) -> int:
    """Give every client that is served a visit in the quarter that it is, once; how many were new.

    May be run every day: clients that came since get theirs, of those that were put away it is dropped.
    """
    zone = home_zone(conn)
    quarter = Quarter.at(now, zone)
    served, visited = directory.clients(conn), _held(conn, quarter).keys()
    made = sum(_plan(conn, each, quarter, gone=each.id in visited, zone=zone, now=now) for each in served)
    _drop_unserved(conn, quarter, {each.id for each in served}, now=now)
    return made


def write_up(conn: Connection, client_id: int, report: Report, *, by: int, now: datetime) -> Visit:
    """Keep what came of a visit: the quarter's task is done, each point agreed on is a task of its own.

    Raises FeedbackRefused with the field that cannot be kept: ``held_on`` (in the future), ``met``, ``summary``.
    """
    zone = home_zone(conn)
    kept = _checked(report, today=now.astimezone(zone).date())
    row = {
        "client_id": client_id, "held_on": kept.held_on, "way": kept.way, "met": kept.met, "summary": kept.summary,
        "agreed": list(kept.agreed), "by_id": by, "at": now,
    }  # fmt: skip
    made = _visit(conn.execute(insert_into(conn, visits).values(row).returning(*visits.c)).mappings().one())
    tasks.close_origin(conn, origin(client_id, Quarter.of(kept.held_on)), TaskState.DONE, by=by, now=now)
    _give_points(conn, made, by=by, now=now)
    return made


def of_client(conn: Connection, client_id: int, *, limit: int = 50) -> tuple[Visit, ...]:
    """A client's visits, the latest first."""
    query = select(visits).where(visits.c.client_id == client_id).order_by(visits.c.held_on.desc(), visits.c.id.desc())
    return tuple(_visit(row) for row in conn.execute(query.limit(limit)).mappings())


def coverage(conn: Connection, quarter: Quarter, *, now: datetime) -> Coverage:
    """How a quarter's visits stand: of every client that had one planned, and is served still or was visited."""
    zone = home_zone(conn)
    held = _held(conn, quarter)
    query = select(plans.c.client_id, plans.c.due_at).where(plans.c.quarter == str(quarter))
    due = {row.client_id: row.due_at for row in conn.execute(query)}
    lines = [
        _line(each, due.get(each.id) or midnight(quarter.next.first, zone), held.get(each.id), now=now)
        for each in directory.clients_of(conn, due.keys() | held.keys()).values()
        if each.archived_at is None or each.id in held
    ]
    order = {State.OVERDUE: 0, State.PLANNED: 1, State.DONE: 2}
    ranked = sorted(lines, key=lambda line: (order[line.state], line.due_at, line.client.name))
    return Coverage(quarter=quarter, lines=tuple(ranked))


def quarters(conn: Connection, *, now: datetime) -> tuple[Quarter, ...]:
    """The quarters that anything was planned in, and the one that it is; the latest first."""
    names = conn.execute(select(plans.c.quarter).distinct()).scalars()
    known = {found for name in names if (found := Quarter.read(name))}
    return tuple(sorted(known | {Quarter.at(now, home_zone(conn))}, reverse=True))


def _plan(conn: Connection, client: Client, quarter: Quarter, *, gone: bool, zone: ZoneInfo, now: datetime) -> bool:
    named, due_at = origin(client.id, quarter), due_in(quarter, client.id, zone=zone, now=now)
    row = {"origin": named, "client_id": client.id, "quarter": str(quarter), "due_at": due_at, "at": now}
    statement = insert_into(conn, plans).values(row).on_conflict_do_nothing(index_elements=["origin"])
    if conn.execute(statement.returning(plans.c.id)).first() is None:
        return False
    if gone:  # somebody went before it was planned
        return True
    tasks.give(
        conn, TaskKind.VISIT, origin=named, client_id=client.id, facts={"client": client.name, "quarter": str(quarter)},
        link=f"/desk/clients/{client.slug}/feedback#visits", due_at=due_at, now=now,
    )  # fmt: skip
    return True


def _drop_unserved(conn: Connection, quarter: Quarter, served: set[int], *, now: datetime) -> None:
    query = select(plans.c.client_id).where(plans.c.quarter == str(quarter))
    for client_id in conn.execute(query).scalars().all():
        if client_id not in served:
            tasks.close_origin(conn, origin(client_id, quarter), TaskState.DROPPED, by=None, now=now)


def _held(conn: Connection, quarter: Quarter) -> dict[int, Visit]:
    """The first visit of each client in a quarter."""
    within = visits.c.held_on.between(quarter.first, quarter.last)
    rows = conn.execute(select(visits).where(within).order_by(visits.c.held_on.desc(), visits.c.id.desc())).mappings()
    return {row["client_id"]: _visit(row) for row in rows}


def _line(client: Client, due_at: datetime, held: Visit | None, *, now: datetime) -> Line:
    state = State.DONE if held else State.OVERDUE if due_at < now else State.PLANNED
    return Line(client=client, state=state, due_at=due_at, visit=held)


def _checked(report: Report, *, today: date) -> Report:
    met, summary = " ".join(clean(report.met).split()), clean(report.summary).strip()
    if report.held_on > today or report.held_on.year < _FIRST_YEAR:
        raise FeedbackRefused("held_on")
    if not met or len(met) > MET_LENGTH:
        raise FeedbackRefused("met")
    if not summary or len(summary) > SUMMARY_LENGTH:
        raise FeedbackRefused("summary")
    return Report(held_on=report.held_on, way=report.way, met=met, summary=summary, agreed=_points(report.agreed))


def _points(agreed: Sequence[str]) -> tuple[str, ...]:
    said = [" ".join(clean(each).split())[:POINT_LENGTH] for each in agreed]
    points = [each for each in dict.fromkeys(said) if each]
    if len(points) > MOST_POINTS:
        raise FeedbackRefused("agreed")
    return tuple(points)


def _give_points(conn: Connection, made: Visit, *, by: int, now: datetime) -> None:
    client = directory.client(conn, made.client_id)
    for n, point in enumerate(made.agreed, 1):
        tasks.give(
            conn, TaskKind.OTHER, origin=f"visit_point:{made.id}:{n}", client_id=client.id, by=by,
            facts={"text": "agreed", "client": client.name, "what": point},
            link=f"/desk/clients/{client.slug}/feedback#visits", due_at=now + POINT_DAYS, now=now,
        )  # fmt: skip


_FIRST_YEAR: Final = 2000


def _visit(row: Mapping[Any, Any]) -> Visit:
    values = {name: row[name] for name in Visit.__dataclass_fields__}
    return Visit(**values | {"way": Way(row["way"]), "agreed": tuple(row["agreed"])})
