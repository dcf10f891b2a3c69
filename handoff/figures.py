"""The desk's figures of a period, read from its clocks and conversations. Transaction bodies that only read.

A clock belongs to the period in which it started, a message to that in which it was written.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    case,
    cast,
    extract,
    func,
    literal_column,
    select,
)

from handoff import contracts, indicators, waits
from handoff.business_time import OpenSeconds
from handoff.indicators import WEEK, Course, Figures
from handoff.kinds import Audience, Author, ClockKind, ClockState, EventKind, Level, MessageKind, Outcome, Tier
from handoff.policy import Book, parse_term
from handoff.tables import chat, clock, message, ticket, ticket_event, turn
from handoff.waits import Line

WEEKS: Final = 8
SHORT: Final = 16  # no longer text is emoji alone
PASSED_OVER: Final = frozenset(
    {"off", "not_a_client", "not_addressed", "small_talk", "empty", "solved", "shadow", "unsure"}
)
"""Why the bot is silent where nobody waits for its answer; a request that nobody answers gets a ticket, and counts."""

_KINDS: Final = {str(value): value for value in ClockKind}
_STATES: Final = {str(value): value for value in ClockState}
_LEVELS: Final = {str(value): value for value in Level}
_TIERS: Final = {str(value): value for value in Tier}
_AUTHORS: Final = {str(value): value for value in Author}


def figures(
    conn: Connection, *, since: datetime, until: datetime, now: datetime, zone: ZoneInfo, client_id: int | None = None
) -> Figures:
    """Every indicator of a period (until is not in it), for all clients or one; the trend goes back eight weeks."""
    first = min(since, until - WEEKS * WEEK)
    book = contracts.book(conn)
    run = tuple(_courses(conn, book, first=first, until=until, now=now, client_id=client_id))
    mine = [course for course in run if since <= course.started_at]
    lines = tuple(_lines(conn, since=since, until=until, client_id=client_id))
    return Figures(
        since=since,
        until=until,
        first_response=indicators.times(mine, ClockKind.FR),
        next_response=indicators.times(mine, ClockKind.NR),
        resolution=indicators.times(mine, ClockKind.RS),
        wait_any=indicators.spread_of(waits.waits(lines, now=min(now, until), person=False)),
        wait_person=indicators.spread_of(waits.waits(lines, now=min(now, until), person=True)),
        bot_latency=indicators.spread(waits.latencies(lines)),
        shares=indicators.shares(mine),
        trend=indicators.trend(run, until=until, weeks=WEEKS, zone=zone),
    )


def home_zone(conn: Connection) -> ZoneInfo:
    """The zone in which the desk's days begin: that of its standard hours."""
    return contracts.book(conn).current.on_duty(Level.QUESTION, Tier.STANDARD).zone


def _courses(
    conn: Connection, book: Book, *, first: datetime, until: datetime, now: datetime, client_id: int | None
) -> Iterator[Course]:
    columns = (
        clock.c.kind, clock.c.state, ticket.c.level, ticket.c.tier, _second(conn, clock.c.started_at),
        _second(conn, clock.c.stopped_at), _second(conn, clock.c.due_at), clock.c.breached_at.is_not(None),
        clock.c.held_at.is_not(None), clock.c.elapsed_s, _second(conn, clock.c.read_at), clock.c.target, clock.c.policy,
    )  # fmt: skip
    query = select(*columns).join_from(clock, ticket, clock.c.ticket_id == ticket.c.id)
    query = query.where(clock.c.started_at >= first, clock.c.started_at < until)
    meters = _Meters(book, now)
    for row in conn.execute(_of(query, client_id)):
        yield _course(row, meters)


def _course(row: Row[*tuple[Any, ...]], meters: "_Meters") -> Course:
    kind, state, level, tier, started, stopped, due, breached, held, elapsed, read_at, target, policy = row
    if state == ClockState.RUNNING:
        elapsed += meters.since(read_at, target=target, policy=policy)
        breached = breached or (due is not None and due < meters.now_s)
    return Course(
        kind=_KINDS[kind],
        state=_STATES[state],
        level=_LEVELS[level],
        tier=_TIERS[tier],
        started_at=datetime.fromtimestamp(started, UTC),
        business_s=elapsed,
        wall_s=max(0, (meters.now_s if stopped is None else stopped) - started),
        late=bool(breached),
        held=bool(held),
    )


class _Meters:
    """Open seconds of each target's calendar up to `now`, by one list of its windows."""

    def __init__(self, book: Book, now: datetime) -> None:
        self._book, self._now, self.now_s = book, now, int(now.timestamp())
        self._of: dict[tuple[str, str], OpenSeconds] = {}

    def since(self, second: int, *, target: str, policy: str) -> int:
        """How many seconds of a target's calendar were open from then on."""
        meter = self._of.get((target, policy))
        if meter is None:
            calendar = parse_term(target, "target", self._book.of(policy).calendars).target.calendar
            meter = self._of[target, policy] = OpenSeconds(calendar, self._now)
        return meter.since(second)


def _lines(conn: Connection, *, since: datetime, until: datetime, client_id: int | None) -> Iterator[Line]:
    thanked = _thanked(conn, since=since, until=until)
    short = case((func.length(message.c.text) <= SHORT, message.c.text), else_=literal_column("'long'"))
    columns = (
        message.c.id, message.c.conversation_id, _second(conn, message.c.at), message.c.author, message.c.turn_id,
        short, turn.c.outcome, turn.c.reason, turn.c.ticket_id, _second(conn, ticket.c.since),
        _second(conn, ticket.c.resolved_at),
    )  # fmt: skip
    query = select(*columns).select_from(message)
    query = query.join(turn, turn.c.id == message.c.turn_id, isouter=True)
    query = query.join(ticket, ticket.c.id == message.c.ticket_id, isouter=True)
    query = query.where(message.c.at >= since, message.c.at < until, message.c.audience == Audience.CLIENT)
    if client_id is not None:
        query = query.where(message.c.chat_id.in_(_chats(client_id)))
    for row in conn.execute(query.order_by(message.c.conversation_id, message.c.id)):
        yield _line(row, thanked)


def _line(row: Row[*tuple[Any, ...]], thanked: frozenset[int]) -> Line:
    key, conversation, at, author, turn_id, text, outcome, reason, turned, since, over = row
    empty = waits.wordless(text)
    passed_over = outcome == Outcome.SILENT and turned is None and reason in PASSED_OVER
    answers = author == Author.STAFF or (author == Author.BOT and outcome in waits.SPOKEN)
    return Line(
        conversation=conversation,
        at=datetime.fromtimestamp(at, UTC),
        author=_AUTHORS[author],
        starts=author == Author.CLIENT and not empty and not passed_over and key not in thanked,
        answers=answers and not empty,
        since=None if since is None else datetime.fromtimestamp(since, UTC),
        over_at=None if over is None else datetime.fromtimestamp(over, UTC),
        turn=turn_id,
    )


def _second(conn: Connection, column: ColumnElement[datetime | None]) -> ColumnElement[int]:
    """An instant as whole seconds since 1970: a hundred thousand of them cost less than as datetimes."""
    if conn.dialect.name == "sqlite":
        return cast(func.strftime("%s", column), Integer)
    return cast(func.floor(extract("epoch", column)), BigInteger)


def _thanked(conn: Connection, *, since: datetime, until: datetime) -> frozenset[int]:
    """The messages that only said thanks on a ticket's matter."""
    query = select(ticket_event.c.data["message"].as_integer()).where(
        ticket_event.c.kind == literal_column(f"'{EventKind.CLIENT_WROTE}'"),
        ticket_event.c.at >= since - timedelta(days=1),
        ticket_event.c.at < until,
        ticket_event.c.data["meaning"].as_string() == MessageKind.THANKS,
    )
    return frozenset(conn.execute(query).scalars())


def _of(query: Select[Any], client_id: int | None) -> Select[Any]:
    return query if client_id is None else query.where(ticket.c.client_id == client_id)


def _chats(client_id: int) -> Select[tuple[int]]:
    return select(chat.c.id).where(chat.c.client_id == client_id)
