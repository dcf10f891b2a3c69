"""Asking people to take a ticket, and taking it from those who stay silent. Transaction bodies.

Where no rules of routing are in force, nobody is asked.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from handoff import directory, roster, routing
from handoff.casefile import Case, notify, record
from handoff.duty import on_duty
from handoff.kinds import EventKind, Level, NoticeKind
from handoff.lifecycle import WITH_PEOPLE, Standing
from handoff.model import Json, JsonValue
from handoff.policy import Contract
from handoff.routes import Routes
from handoff.routing import Candidate, Matter, Route
from handoff.tables import person as people
from handoff.tables import ticket as tickets
from handoff.tables import unsolved
from handoff.timers import Appointment

Cause = Literal["opened", "reopened", "passed", "duty", "roster"]
MOST_COUNTED: Final = 100
"""Of how many open tickets of one person the load is told."""
MOST_ROUTED: Final = 500
"""How many tickets one change of the roster routes again."""


def ask(
    conn: Connection, contract: Contract, held: Case, *, cause: Cause, now: datetime, at: datetime | None = None
) -> Case:
    """Ask the next person to take a ticket that nobody has, and tell them; without anybody, tell the leads.

    The event counts from `at` (default `now`). No change where somebody has it, or no rules are in force.
    """
    routes = roster.routes_in_force(conn)
    if routes is None or not _wants_somebody(conn, held.was):
        return held
    found = choose(conn, held, contract, routes, fresh=cause == "duty", now=now)
    was_nobody = held.was.routed and held.was.asked_id is None
    if cause == "roster" and found.asked is None and was_nobody and found.again == held.was.again_at:
        return held
    held = record(conn, held, EventKind.ROUTED, now=now, at=at, data=_data(found, cause, held.was.asked_id))
    if found.asked is not None:
        roster.asked(conn, found.asked.id, now=now)
        notify(conn, held, NoticeKind.ASKED, to=found.asked.id, now=now, data={"cause": cause})
    elif cause != "roster" or not was_nobody:
        notify(conn, held, NoticeKind.NOBODY if found.nobody else NoticeKind.UNTAKEN, now=now)
    return held


def pass_on(conn: Connection, contract: Contract, held: Case, item: Appointment, *, now: datetime) -> Case:
    """Give the ticket of a silent assignee to the next person; both are told. Without anybody, the leads are."""
    silent = held.was.assignee_id
    routes = roster.routes_in_force(conn)
    found = choose(conn, held, contract, routes, without={silent}, now=now) if routes and silent else None
    heir = found.asked if found else None
    data: Json = {**item.data, "from": silent, "to": heir.id if heir else None}
    held = record(conn, held, EventKind.SILENT, at=item.at, now=now, data=data)
    if heir is None:
        notify(conn, held, NoticeKind.SILENT, now=now, data=data)
        return held
    given: Json = {"to": heir.id, "from": silent, "reason": "silent"}
    held = record(conn, held, EventKind.TRANSFERRED, at=item.at, now=now, data=given)
    roster.asked(conn, heir.id, now=now)
    notify(conn, held, NoticeKind.TRANSFER, to=heir.id, now=now, data={"by": None, "reason": "silent"})
    notify(conn, held, NoticeKind.SILENT, to=silent, now=now, data=data)
    return held


def choose(
    conn: Connection,
    held: Case,
    contract: Contract,
    routes: Routes,
    *,
    fresh: bool = False,
    without: Collection[int | None] = (),
    now: datetime,
) -> Route:
    """Whom to ask now. `fresh` forgets who was asked before; `without` are never asked."""
    was = held.was
    tried = frozenset() if fresh or without else was.tried
    technical_id, success_id = managers(conn, held.ticket.client_id)
    matter = Matter(
        duty=contract.on_duty(was.level, was.tier),
        team=routes.teams.get(was.tier),
        skill=routes.skills.get((held.ticket.category or "").casefold()),
        manager_id=routing.manager_for(was.level, technical_id=technical_id, success_id=success_id),
        tried=tried | {who for who in without if who is not None},
    )
    return routing.route(matter, candidates(conn, weight=routes.emergency_weight), now)


def candidates(conn: Connection, *, weight: int) -> tuple[Candidate, ...]:
    """Every active colleague as the rule wants to know them; an emergency counts `weight` tickets."""
    staff = directory.staff(conn, active_only=True)
    ids = [person.id for person in staff]
    rosters, members, skilled = roster.rosters(conn, ids), roster.members(conn), roster.skilled(conn)
    load, last = loads(conn, ids, weight=weight), roster.asked_at(conn)
    return tuple(
        Candidate(
            person=person,
            teams=members.get(person.id, frozenset()),
            skills=skilled.get(person.id, frozenset()),
            roster=rosters[person.id],
            load=load.get(person.id, 0),
            asked_at=last.get(person.id),
        )
        for person in staff
    )


def loads(conn: Connection, person_ids: Collection[int], *, weight: int) -> dict[int, int]:
    """What each person has or is asked to take, an emergency counting `weight` tickets."""
    held, asked = (
        _weighed(tickets.c.assignee_id == people.c.id, weight),
        _weighed(and_(tickets.c.asked_id == people.c.id, tickets.c.assignee_id.is_(None)), weight),
    )
    query = select(people.c.id, (held.scalar_subquery() + asked.scalar_subquery()).label("load"))
    return {row.id: int(row.load) for row in conn.execute(query.where(people.c.id.in_(person_ids)))}


def people_on_duty(conn: Connection, contract: Contract, was: Standing, *, now: datetime) -> frozenset[int] | None:
    """Everybody who is on duty for such a ticket; None where no rules of routing are in force."""
    if roster.routes_in_force(conn) is None:
        return None
    duty = contract.on_duty(was.level, was.tier)
    rosters = roster.rosters(conn, [person.id for person in directory.staff(conn, active_only=True)])
    return frozenset(who for who, times in rosters.items() if on_duty(times, duty, now))


def managers(conn: Connection, client_id: int | None) -> tuple[int | None, int | None]:
    """The client's technical manager and its success manager, where it has them."""
    if client_id is None:
        return None, None
    found = directory.client(conn, client_id)
    return found.technical_id, found.success_id


def unasked(conn: Connection) -> tuple[int, ...]:
    """Unsolved tickets that nobody has and that ask nobody, or only somebody who left; the most urgent first."""
    gone = select(people.c.id).where(people.c.active.is_(False))
    nobody_has = or_(tickets.c.assignee_id.is_(None), tickets.c.assignee_id.in_(gone))
    nobody_asked = or_(tickets.c.asked_id.is_(None), tickets.c.asked_id.in_(gone))
    query = select(tickets.c.id).where(unsolved, nobody_has, nobody_asked)
    order = (tickets.c.level != Level.EMERGENCY, tickets.c.next_due.is_(None), tickets.c.next_due, tickets.c.id)
    return tuple(conn.execute(query.order_by(*order).limit(MOST_ROUTED)).scalars())


def _wants_somebody(conn: Connection, was: Standing) -> bool:
    return was.state in WITH_PEOPLE and directory.holder(conn, was.assignee_id) is None


def _data(found: Route, cause: Cause, over: int | None) -> Json:
    why: list[JsonValue] = [{"because": reason.because, "value": reason.value} for reason in found.why]
    return {
        "to": found.asked.id if found.asked else None,
        "team": found.team,
        "why": why,
        "cause": cause,
        "over": over,
        "nobody": found.nobody,
        "again": found.again.isoformat() if found.again else None,
    }


def _weighed(theirs: ColumnElement[bool], weight: int) -> Select[tuple[int]]:
    """The weight of a person's unsolved tickets, looked up by index and bounded."""
    weights = case((tickets.c.level == Level.EMERGENCY, weight), else_=1).label("weight")
    few = select(weights).where(theirs, unsolved).limit(MOST_COUNTED).correlate(people)
    return select(func.coalesce(func.sum(few.subquery().c.weight), 0)).correlate(people)
