"""Ratings: how a resolved matter went, in the words of who asked for it. Transaction bodies."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Connection, func, select, update

from handoff import board, casefile, directory
from handoff.kinds import NoticeKind, PersonKind, TicketState
from handoff.model import Client, JsonValue, Ticket
from handoff.tables import ticket as tickets
from knowledge.language import clean
from store.db import insert_into
from store.signals import signal
from success import rules, tasks
from success.errors import RatingRefused
from success.rating_rules import LOW, SCALE, Ask, Later, Leave, Matter, closed_to, concerned, when_to_ask
from success.rating_tables import rating as ratings
from success.reach import Reach, Ways
from success.tasks import TaskKind

COMMENT_LENGTH: Final = 2_000
LINK: Final = "link"
FOLLOW_UP: Final = timedelta(days=2)
"""Within which somebody gets in touch after a low rating."""
Bring: TypeAlias = Callable[[Connection, Ticket, Reach], None]
"""Brings a request to its requester, in the transaction that decides on it."""


@dataclass(frozen=True, kw_only=True)
class Rating:
    """A request, and its answer once there is one (`value` 1 to 5)."""

    ticket_id: int
    person_id: int
    client_id: int | None
    channel: str
    asked_at: datetime
    withdrawn_at: datetime | None
    value: int | None
    comment: str
    at: datetime | None
    changed_at: datetime | None
    alerted_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Requests of a period and what came back. `average` and `csat` (the share from 4 on) are None without answers."""

    asked: int = 0
    answered: int = 0
    average: float | None = None
    csat: float | None = None


def consider(
    conn: Connection,
    ticket_id: int,
    *,
    askable: Collection[str],
    ways: Ways | None = None,
    bring: Bring | None = None,
    now: datetime,
) -> Ask | Later | Leave:
    """A ticket was resolved or re-opened: ask its requester, put it off, or take the request back.

    `askable` are the platforms where a request is shown by itself; elsewhere `bring` takes it along one of the `ways`.
    May be run again.
    """
    case = casefile.lock(conn, ticket_id)
    ticket, known = case.ticket, of_ticket(conn, ticket_id)
    if ticket.state is not TicketState.RESOLVED:
        _withdraw(conn, ticket, known, now=now)
        return Leave.NOT_RESOLVED
    chat, person = directory.chat_of(conn, ticket.conversation_id), directory.person(conn, ticket.requester_id)
    client = directory.client(conn, ticket.client_id) if ticket.client_id else None
    shown = chat.platform in askable
    reach = ways.to(conn, person, ticket=ticket) if ways is not None and not shown else None
    matter = Matter(
        resolved_at=ticket.resolved_at,
        asked=known is not None and (known.withdrawn_at is None or known.value is not None),
        from_client=person.kind is PersonKind.CLIENT,
        reachable=shown or reach is not None,
        last_asked_at=_last_asked(conn, person.id, but=ticket.id),
    )
    decided = when_to_ask(matter, zone=client.timezone if client else "", now=now)
    if isinstance(decided, Ask):
        _ask(conn, ticket, channel=reach.name if reach else chat.platform, now=now)
        if reach is not None and bring is not None:
            bring(conn, ticket, reach)
        _tell(conn, ticket)
    return decided


def answer(
    conn: Connection,
    *,
    ticket_id: int,
    person_id: int,
    value: int,
    comment: str | None = None,
    channel: str = LINK,
    now: datetime,
) -> Rating:
    """Take what the requester says; within a day it may be changed. A `comment` of None leaves the comment.

    A low one is told to the client's success manager (else the leads), once a ticket. Raises RatingRefused or NotFound.
    """
    case = casefile.lock(conn, ticket_id)
    ticket, known = case.ticket, of_ticket(conn, ticket_id)
    if value not in SCALE:
        raise RatingRefused("value")
    if person_id != ticket.requester_id:
        raise RatingRefused("requester")
    resolved_at = ticket.resolved_at if ticket.state is TicketState.RESOLVED else None
    if why := closed_to(resolved_at=resolved_at, answered_at=known.at if known else None, now=now):
        raise RatingRefused(why)
    if known is None:
        _ask(conn, ticket, channel=channel, now=now)
    said: dict[str, Any] = {"value": value, "changed_at": now, "withdrawn_at": None, "channel": channel}
    said |= {"at": now} if known is None or known.at is None else {}
    said |= {} if comment is None else {"comment": clean(comment)[:COMMENT_LENGTH]}
    if value < LOW and (known is None or known.alerted_at is None):
        said["alerted_at"] = now
        _alert(conn, case, value, now=now)
        low: dict[str, JsonValue] = {
            "ticket_id": ticket.id,
            "number": ticket.number,
            "client_id": ticket.client_id,
            "value": value,
        }
        rules.happened(conn, "rating_low", low, now, origin=f"rating:{ticket.id}")
    conn.execute(update(ratings).where(ratings.c.ticket_id == ticket_id).values(said))
    _tell(conn, ticket)
    kept = of_ticket(conn, ticket_id)
    assert kept is not None
    return kept


def of_ticket(conn: Connection, ticket_id: int) -> Rating | None:
    """The rating of a ticket, asked for or given."""
    row = conn.execute(select(ratings).where(ratings.c.ticket_id == ticket_id)).mappings().first()
    return _rating(row) if row else None


def waiting(conn: Connection, *, conversation_ids: Collection[int], person_id: int, now: datetime) -> Rating | None:
    """The newest request to a person in these conversations that can be answered, or changed, now."""
    mine = select(tickets.c.id).where(tickets.c.conversation_id.in_(conversation_ids))
    query = select(ratings).where(ratings.c.person_id == person_id, ratings.c.ticket_id.in_(mine))
    row = conn.execute(query.order_by(ratings.c.asked_at.desc(), ratings.c.id.desc()).limit(1)).mappings().first()
    if row is None:
        return None
    found = _rating(row)
    ticket = board.ticket(conn, found.ticket_id)
    resolved_at = ticket.resolved_at if ticket.state is TicketState.RESOLVED else None
    if resolved_at is None or (found.withdrawn_at is not None and found.at is None):
        return None
    return None if closed_to(resolved_at=resolved_at, answered_at=found.at, now=now) else found


def latest(conn: Connection, client_id: int, *, limit: int = 5) -> tuple[Rating, ...]:
    """The last ratings that a client's people gave."""
    given = (ratings.c.client_id == client_id, ratings.c.value.is_not(None))
    rows = conn.execute(select(ratings).where(*given).order_by(ratings.c.at.desc()).limit(limit)).mappings()
    return tuple(_rating(row) for row in rows)


def summary(
    conn: Connection, *, since: datetime | None = None, until: datetime | None = None, client_id: int | None = None
) -> Summary:
    """The numbers of what was asked from `since` up to, not including, `until`; of one client if named."""
    where = _period(since, until)
    if client_id is not None:
        where.append(ratings.c.client_id == client_id)
    row = conn.execute(select(*_NUMBERS).where(*where)).mappings().one()
    return _summary(row)


def by_client(
    conn: Connection, *, since: datetime | None = None, until: datetime | None = None
) -> dict[int | None, Summary]:
    """The same for each client of whom somebody was asked."""
    query = select(ratings.c.client_id, *_NUMBERS).where(*_period(since, until)).group_by(ratings.c.client_id)
    return {row["client_id"]: _summary(row) for row in conn.execute(query).mappings()}


def _ask(conn: Connection, ticket: Ticket, *, channel: str, now: datetime) -> None:
    """Note that the requester is asked; a request that was taken back stands again, as the one request it was."""
    row = {"ticket_id": ticket.id, "person_id": ticket.requester_id, "client_id": ticket.client_id}
    statement = insert_into(conn, ratings).values(**row, channel=channel, asked_at=now, comment="")
    again = {"withdrawn_at": None}
    conn.execute(statement.on_conflict_do_update(index_elements=["ticket_id"], set_=again))


def _withdraw(conn: Connection, ticket: Ticket, known: Rating | None, *, now: datetime) -> None:
    if known is None or known.value is not None or known.withdrawn_at is not None:
        return
    conn.execute(update(ratings).where(ratings.c.ticket_id == ticket.id).values(withdrawn_at=now))
    _tell(conn, ticket)


def _last_asked(conn: Connection, person_id: int, *, but: int) -> datetime | None:
    mine = (ratings.c.person_id == person_id, ratings.c.ticket_id != but)
    query = select(ratings.c.asked_at).where(*mine).order_by(ratings.c.asked_at.desc()).limit(1)
    found: datetime | None = conn.execute(query).scalar_one_or_none()
    return found


def _alert(conn: Connection, case: casefile.Case, value: int, *, now: datetime) -> None:
    client: Client | None = directory.client(conn, case.ticket.client_id) if case.ticket.client_id else None
    told = concerned(manager_id=client.success_id if client else None, staff=directory.staff(conn, active_only=True))
    for person_id in told:
        casefile.notify(conn, case, NoticeKind.LOW_RATING, to=person_id, now=now, data={"value": value})
    tasks.give(
        conn, TaskKind.LOW_RATING, origin=f"rating:{case.ticket.id}", client_id=case.ticket.client_id,
        ticket_id=case.ticket.id, facts={"number": case.ticket.number, "value": value},
        link=f"/desk/t/{case.ticket.number}", due_at=now + FOLLOW_UP, now=now,
    )  # fmt: skip


def _tell(conn: Connection, ticket: Ticket) -> None:
    signal(conn, "chat", str(directory.chat_of(conn, ticket.conversation_id).id))
    signal(conn, "desk", ticket.number)


_SATISFIED: Final = ratings.c.value >= LOW
_NUMBERS: Final = (
    func.count().label("asked"),
    func.count(ratings.c.value).label("answered"),
    func.avg(ratings.c.value).label("average"),
    func.count().filter(_SATISFIED).label("satisfied"),
)


def _period(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """Requests of a period; one that was taken back unanswered was none."""
    where: list[ColumnElement[bool]] = [ratings.c.withdrawn_at.is_(None) | ratings.c.value.is_not(None)]
    where += [ratings.c.asked_at >= since] if since is not None else []
    return where + ([ratings.c.asked_at < until] if until is not None else [])


def _summary(row: Mapping[Any, Any]) -> Summary:
    if not row["answered"]:
        return Summary(asked=row["asked"])
    average, csat = float(row["average"]), row["satisfied"] / row["answered"]
    return Summary(asked=row["asked"], answered=row["answered"], average=average, csat=csat)


def _rating(row: Mapping[Any, Any]) -> Rating:
    return Rating(**{name: row[name] for name in Rating.__dataclass_fields__})
