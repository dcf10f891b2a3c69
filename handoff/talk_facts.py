"""The messages that figures rest on: clients' waits, and who wrote. Transaction bodies that only read.

A message belongs to the span in which it was written, a wait to that in which it began.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Row, case, func, literal_column, select

from handoff import waits
from handoff.evidence import ABOUT, Evidence, second
from handoff.indicators import Fact
from handoff.kinds import Audience, Author, EventKind, MessageKind, Outcome
from handoff.tables import chat, message, ticket, ticket_event, turn
from handoff.waits import Line, Wait

SHORT: Final = 16  # no longer text is emoji alone
PASSED_OVER: Final = frozenset(
    {"off", "not_a_client", "not_addressed", "small_talk", "empty", "solved", "shadow", "unsure"}
)
"""Why the bot is silent where nobody waits for its answer; a request that nobody answers gets a ticket, and counts."""

_AUTHORS: Final = {str(value): value for value in Author}
_CLIENT, _BOT, _STAFF = str(Author.CLIENT), str(Author.BOT), str(Author.STAFF)
_BY: Final = {author: (str(author),) for author in Author}
_OPEN: Final = ("open",)
_LONG: Final = "long"  # stands for a text that is none of the short ones


def lines(evidence: Evidence) -> tuple[Line, ...]:
    """Every message of the span that its client sees, by conversation, in order; narrowed to a client at most."""
    conn, asked = evidence.conn, evidence.asked
    thanks = _thanked(evidence)
    short = case((func.length(message.c.text) <= SHORT, message.c.text), else_=literal_column(f"'{_LONG}'"))
    columns = (
        message.c.id, message.c.conversation_id, message.c.chat_id, second(conn, message.c.at), message.c.author,
        message.c.turn_id, short, turn.c.outcome, turn.c.reason, turn.c.ticket_id, turn.c.level, turn.c.category,
        message.c.ticket_id, second(conn, ticket.c.since), second(conn, ticket.c.resolved_at),
    )  # fmt: skip
    query = select(*columns, *ABOUT).select_from(message)
    query = query.join(turn, turn.c.id == message.c.turn_id, isouter=True)
    query = query.join(ticket, ticket.c.id == message.c.ticket_id, isouter=True)
    query = query.where(message.c.at >= asked.since, message.c.at < asked.until, message.c.audience == Audience.CLIENT)
    if asked.client_id is not None:
        query = query.where(message.c.chat_id.in_(select(chat.c.id).where(chat.c.client_id == asked.client_id)))
    rows = sorted(conn.execute(query).all(), key=itemgetter(1, 0))  # asked to sort, SQLite would read every message
    return tuple(_line(row, evidence, thanks) for row in rows)


def _line(row: Row[*tuple[Any, ...]], evidence: Evidence, thanked: frozenset[int]) -> Line:
    key, conversation, chat_id, at, author, turn_id, text, outcome, reason, turned, level, category, mine, *more = row
    since, over = more[:2]
    of = evidence.of_chat(chat_id, level, category) if mine is None else evidence.of_ticket(mine, row, 15)
    empty = text != _LONG and waits.wordless(text)
    if author == _CLIENT:
        passed_over = outcome == Outcome.SILENT and turned is None and reason in PASSED_OVER
        starts = not empty and not passed_over and key not in thanked
        return Line(conversation, at, Author.CLIENT, starts, False, since, over, turn_id, mine, of)
    answers = not empty and (author == _STAFF or (author == _BOT and outcome in waits.SPOKEN))
    return Line(conversation, at, _AUTHORS[author], False, answers, since, over, turn_id, mine, of)


def _thanked(evidence: Evidence) -> frozenset[int]:
    """The messages that only said thanks on a ticket's matter."""
    query = select(ticket_event.c.data["message"].as_integer()).where(
        ticket_event.c.kind == literal_column(f"'{EventKind.CLIENT_WROTE}'"),
        ticket_event.c.at >= evidence.asked.since - timedelta(days=1),
        ticket_event.c.at < evidence.asked.until,
        ticket_event.c.data["meaning"].as_string() == MessageKind.THANKS,
    )
    return frozenset(evidence.conn.execute(query).scalars())


def waited(evidence: Evidence, *, person: bool) -> Iterator[Fact]:
    """Each wait of a client, until anybody answered or until a person did."""
    end = min(evidence.now_s, int(evidence.asked.until.timestamp()))
    return _facts(waits.waits(evidence.once(lines), now=end, person=person))


def answered(evidence: Evidence) -> Iterator[Fact]:
    """Each answer of the bot, with its latency."""
    return _facts(waits.latencies(evidence.once(lines)))


def _facts(found: Iterable[Wait]) -> Iterator[Fact]:
    for wait in found:
        yield Fact(wait.started_at, wait.seconds, wait.about, wait.ticket, None, () if wait.ended else _OPEN)


def written(evidence: Evidence) -> Iterator[Fact]:
    """Each message, marked by who wrote it."""
    for line in evidence.once(lines):
        yield Fact(line.at, 1.0, line.about, line.ticket, None, _BY[line.author])
