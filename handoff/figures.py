"""The desk's figures of a period, read from its clocks and conversations. Transaction bodies that only read.

A clock belongs to the period in which it started, a message to that in which it was written.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, case, func, literal_column, select

from handoff import contracts, indicators, waits
from handoff.business_time import Calendar, open_time
from handoff.indicators import WEEK, Course, Figures
from handoff.model import Audience, Author, ClockKind, ClockState, EventKind, Level, MessageKind, Outcome, Tier
from handoff.policy import Book, parse_term
from handoff.sla import SECOND
from handoff.tables import chat, clock, message, ticket, ticket_event, turn
from handoff.waits import Line

WEEKS: Final = 8
SHORT: Final = 16  # no longer text is emoji alone
PASSED_OVER: Final = frozenset({"off", "not_a_client", "not_addressed", "small_talk", "empty", "solved"})
"""Why the bot is silent where nobody waits for an answer."""


def figures(
    conn: Connection, *, since: datetime, until: datetime, now: datetime, zone: ZoneInfo, client_id: int | None = None
) -> Figures:
    """Every indicator of a period (until is not in it), for all clients or one; the trend goes back eight weeks."""
    first = min(since, until - WEEKS * WEEK)
    book = contracts.book(conn)
    run = () if book is None else tuple(_courses(conn, book, first=first, until=until, now=now, client_id=client_id))
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
    """The zone in which the desk's days begin: that of its standard hours; UTC before the first contract."""
    book = contracts.book(conn)
    return ZoneInfo("UTC") if book is None else book.current.on_duty(Level.QUESTION, Tier.STANDARD).zone


def _courses(
    conn: Connection, book: Book, *, first: datetime, until: datetime, now: datetime, client_id: int | None
) -> Iterator[Course]:
    columns = (
        clock.c.kind, clock.c.state, ticket.c.level, ticket.c.tier, clock.c.started_at, clock.c.stopped_at,
        clock.c.due_at, clock.c.breached_at.is_not(None), clock.c.held_at.is_not(None), clock.c.elapsed_s,
        clock.c.read_at, clock.c.target, clock.c.policy,
    )  # fmt: skip
    query = select(*columns).join_from(clock, ticket, clock.c.ticket_id == ticket.c.id)
    query = query.where(clock.c.started_at >= first, clock.c.started_at < until)
    for row in conn.execute(_of(query, client_id)):
        yield _course(tuple(row), book, now)


def _course(row: Sequence[Any], book: Book, now: datetime) -> Course:
    kind, state, level, tier, started, stopped, due, breached, held, elapsed, read_at, target, policy = row
    if state == ClockState.RUNNING:
        elapsed += open_time(_calendar(target, policy, book), read_at, now) // SECOND
        breached = breached or (due is not None and due < now)
    wall = (stopped or now) - started
    return Course(
        kind=ClockKind(kind),
        state=ClockState(state),
        level=Level(level),
        tier=Tier(tier),
        started_at=started,
        business_s=elapsed,
        wall_s=wall // SECOND,
        late=breached,
        held=held,
    )


def _calendar(target: str, policy: str, book: Book) -> Calendar:
    return parse_term(target, "target", book.of(policy).calendars).target.calendar


def _lines(conn: Connection, *, since: datetime, until: datetime, client_id: int | None) -> Iterator[Line]:
    thanked = _thanked(conn, since=since, until=until)
    short = case((func.length(message.c.text) <= SHORT, message.c.text), else_=literal_column("'…a'"))
    columns = (
        message.c.id, message.c.conversation_id, message.c.at, message.c.author, message.c.turn_id,
        message.c.ticket_id, short, turn.c.outcome, turn.c.reason, turn.c.ticket_id, ticket.c.since,
        ticket.c.resolved_at,
    )  # fmt: skip
    query = select(*columns).select_from(message)
    query = query.join(turn, turn.c.id == message.c.turn_id, isouter=True)
    query = query.join(ticket, ticket.c.id == message.c.ticket_id, isouter=True)
    query = query.where(message.c.at >= since, message.c.at < until, message.c.audience == Audience.CLIENT)
    if client_id is not None:
        query = query.where(message.c.chat_id.in_(_chats(client_id)))
    for row in conn.execute(query.order_by(message.c.conversation_id, message.c.id)):
        yield _line(tuple(row), thanked)


def _line(row: Sequence[Any], thanked: frozenset[int]) -> Line:
    key, conversation, at, author, turn_id, of_ticket, text, outcome, reason, turned, since, resolved_at = row
    empty = waits.wordless(text)
    starts = author == Author.CLIENT and not empty
    passed_over = outcome == Outcome.SILENT and turned is None and reason in PASSED_OVER
    answers = author == Author.STAFF or (author == Author.BOT and outcome in waits.SPOKEN)
    return Line(
        conversation=conversation,
        at=at,
        author=Author(author),
        starts=starts and not passed_over and key not in thanked,
        answers=answers and not empty,
        since=since if of_ticket is not None else None,
        over_at=resolved_at,
        turn=turn_id,
    )


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
