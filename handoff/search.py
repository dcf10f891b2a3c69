"""Looking for tickets by what was said in them. Transaction bodies that only read; all of it is for staff.

A message belongs to its ticket; one that belongs to none yet, to the ticket that its conversation led to next, else to
the conversation's last one. What was said where no ticket ever came of it is not found here.

A search looks at the newest MOST_HITS messages and as many tickets that hold the words, so that a common word costs no
more than that. Later pages see what the first one saw: a cursor carries its instant.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    bindparam,
    func,
    select,
    table,
    text,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy import column as sql_column
from sqlalchemy.dialects.postgresql import TSQUERY

from handoff.excerpts import Piece, excerpt
from handoff.kinds import Audience, Author, TicketState
from handoff.model import Ticket
from handoff.rows import Row, to_ticket
from handoff.search_index import TICKETS_FROM, building
from handoff.search_tables import search_entry
from handoff.tables import client, message, person
from handoff.tables import ticket as tickets
from store.tables import BigId
from store.terms import Query, Term, read_query

Order = Literal["newest", "best"]
States = Literal["", "unsolved", "new", "open", "waiting", "resolved", "returned", "merged"]
LONGEST_QUERY: Final = 200
MOST_HITS: Final = 5_000
PAGE: Final = 20
SHOWN: Final = 3
"""Messages shown of a ticket."""
_TITLE: Final = 4.0
_FRESH: Final = 2.0
_HALF_LIFE: Final = timedelta(days=30)
_MICROS: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNSOLVED: Final = (TicketState.NEW, TicketState.OPEN, TicketState.WAITING)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody looks for. `since`: said or opened at that instant or later."""

    text: str
    client_id: int | None = None
    state: str = ""
    since: datetime | None = None
    order: Order = "newest"


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """A message that holds the words, or the title or summary of a ticket (`message_id` None)."""

    message_id: int | None
    author: Author | None
    internal: bool
    name: str
    at: datetime
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True)
class Found:
    """A ticket with what was found in it; `hits` counts all messages that hold the words, also those not shown."""

    ticket: Ticket
    title: tuple[Piece, ...]
    client_name: str | None
    requester_name: str
    assignee_name: str | None
    at: datetime
    hits: int
    excerpts: tuple[Excerpt, ...]


@dataclass(frozen=True, kw_only=True)
class Results:
    """One page. `many`: more holds the words than was looked at; `building`: not everything can be found yet."""

    found: tuple[Found, ...] = ()
    total: int = 0
    many: bool = False
    building: bool = False
    cursor: str | None = None


@dataclass(kw_only=True)
class _Group:
    """A ticket's hits."""

    ticket_id: int
    at: datetime = _EPOCH
    titled: bool = False
    message_ids: list[int] = field(default_factory=list)

    def score(self, now: datetime) -> float:
        """Its title before its messages, many before few, new before old."""
        age = max(now - self.at, timedelta())
        return _TITLE * self.titled + math.log1p(len(self.message_ids)) + _FRESH * math.exp2(-(age / _HALF_LIFE))


def search(conn: Connection, asked: Asked, *, cursor: str = "", now: datetime, limit: int = PAGE) -> Results:
    """A page of tickets, the newest or best first. A cursor that cannot be read is the first page's."""
    query = read_query(asked.text[:LONGEST_QUERY])
    if not query:
        return Results(building=building(conn))
    upto, after = _read_cursor(cursor) or (now, None)
    groups, many = _grouped(conn, query, asked, upto)
    keyed = sorted(((_key(group, asked.order, upto), group) for group in groups), key=lambda pair: pair[0])
    rest = [pair for pair in keyed if after is None or pair[0] > after]
    page = rest[:limit]
    more = _cursor(upto, page[-1][0]) if len(rest) > limit else None
    found = _shown(conn, query, [group for _, group in page])
    return Results(found=found, total=len(keyed), many=many, building=building(conn), cursor=more)


def ticket_ids(conn: Connection, words: str, *, now: datetime) -> tuple[int, ...]:
    """The tickets in which the words were said lately, for a view that wants them."""
    query = read_query(words[:LONGEST_QUERY])
    groups, _ = _grouped(conn, query, Asked(text=words), now) if query else ([], False)
    return tuple(group.ticket_id for group in groups)


def _key(group: _Group, order: Order, now: datetime) -> tuple[int, int]:
    value = (group.at - _EPOCH) // _MICROS if order == "newest" else round(group.score(now) * 1e6)
    return -value, -group.ticket_id


def _cursor(upto: datetime, key: tuple[int, int]) -> str:
    return f"{(upto - _EPOCH) // _MICROS}_{key[0]}_{key[1]}"


def _read_cursor(cursor: str) -> tuple[datetime, tuple[int, int]] | None:
    try:
        upto, first, second = (int(part) for part in cursor[:100].split("_"))
        return _EPOCH + upto * _MICROS, (first, second)
    except (ValueError, OverflowError):
        return None


def _grouped(conn: Connection, query: Query, asked: Asked, upto: datetime) -> tuple[list[_Group], bool]:
    groups: dict[int, _Group] = {}
    said = conn.execute(_messages(conn.dialect.name, query, asked, upto)).all()
    for row in said:
        group = groups.setdefault(row.ticket_id, _Group(ticket_id=row.ticket_id))
        group.message_ids.append(row.id)
        group.at = max(group.at, row.at)
    titled = conn.execute(_tickets(conn.dialect.name, query, asked, upto)).all()
    for row in titled:
        group = groups.setdefault(row.ticket_id, _Group(ticket_id=row.ticket_id))
        group.titled = True
        group.at = max(group.at, row.at)
    return list(groups.values()), max(len(said), len(titled)) == MOST_HITS


def _messages(dialect: str, query: Query, asked: Asked, upto: datetime) -> Any:
    entries, entry, holds = _matching(dialect, query)
    at_home = tickets.c.id == _home()
    statement = (
        select(message.c.id, message.c.at, tickets.c.id.label("ticket_id"))
        .select_from(entries.join(message, message.c.id == entry).join(tickets, at_home))
        .where(holds, entry < TICKETS_FROM, message.c.at <= upto, *_wanted(asked))
        .order_by(entry.desc())
    )
    if asked.since is not None:
        statement = statement.where(message.c.at >= asked.since)
    return statement.limit(MOST_HITS)


def _tickets(dialect: str, query: Query, asked: Asked, upto: datetime) -> Any:
    entries, entry, holds = _matching(dialect, query)
    statement = (
        select(tickets.c.opened_at.label("at"), tickets.c.id.label("ticket_id"))
        .select_from(entries.join(tickets, tickets.c.id == entry - TICKETS_FROM))
        .where(holds, entry > TICKETS_FROM, tickets.c.opened_at <= upto, *_wanted(asked))
        .order_by(entry.desc())
    )
    if asked.since is not None:
        statement = statement.where(tickets.c.opened_at >= asked.since)
    return statement.limit(MOST_HITS)


def _home() -> ColumnElement[int]:
    """The ticket that a message belongs to."""
    other = tickets.alias()
    mine = other.c.conversation_id == message.c.conversation_id
    then = select(other.c.id).where(mine, other.c.opened_at >= message.c.at)
    led_to = then.order_by(other.c.opened_at, other.c.id).limit(1)
    last = select(func.max(other.c.id)).where(mine)
    return func.coalesce(message.c.ticket_id, led_to.scalar_subquery(), last.scalar_subquery())


def _wanted(asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.client_id is not None:
        found.append(tickets.c.client_id == asked.client_id)
    if asked.state == "unsolved":
        found.append(tickets.c.state.in_(_UNSOLVED))
    elif asked.state:
        found.append(tickets.c.state == asked.state)
    return found


def _matching(dialect: str, query: Query) -> tuple[FromClause, ColumnElement[int], ColumnElement[bool]]:
    """Where the entries are, their ids, and the condition that they hold what is looked for."""
    if dialect == "postgresql":
        wanted = sql_cast(bindparam("wanted", _postgres(query)), TSQUERY)
        return search_entry, search_entry.c.id, search_entry.c.words.op("@@")(wanted)
    words = table("search_words", sql_column("rowid", BigId))
    return (
        words,
        words.c.rowid,
        cast("ColumnElement[bool]", text("search_words MATCH :wanted").bindparams(wanted=_sqlite(query))),
    )


def _sqlite(query: Query) -> str:
    def term(wanted: Term) -> str:
        quoted = wanted.text.replace('"', '""')
        return f'"{quoted}"*' if wanted.prefix else f'"{quoted}"'

    return _expression(query, term, " AND ", " OR ")


def _postgres(query: Query) -> str:
    def term(wanted: Term) -> str:
        quoted = wanted.text.replace("\\", "\\\\").replace("'", "''")
        return f"'{quoted}':*" if wanted.prefix else f"'{quoted}'"

    return _expression(query, term, " & ", " | ")


def _expression(query: Query, term: Any, both: str, either: str) -> str:
    return either.join(
        "(" + both.join("(" + either.join(map(term, clause)) + ")" for clause in clauses) + ")"
        for clauses in query.spellings
    )


def _shown(conn: Connection, query: Query, groups: Sequence[_Group]) -> tuple[Found, ...]:
    rows = {row["id"]: row for row in _rows(conn, tickets, [group.ticket_id for group in groups])}
    wanted = [each for group in groups for each in group.message_ids[:SHOWN]]
    said = {row["id"]: row for row in _rows(conn, message, wanted)}
    firms = _names(conn, client, [row["client_id"] for row in rows.values()])
    people = _names(conn, person, [row[who] for row in rows.values() for who in ("requester_id", "assignee_id")])
    found = []
    for group in groups:
        row = rows[group.ticket_id]
        one = Found(
            ticket=to_ticket(row),
            title=excerpt(row["title"], query, length=len(row["title"])),
            client_name=firms.get(row["client_id"]),
            requester_name=people.get(row["requester_id"], ""),
            assignee_name=people.get(row["assignee_id"]),
            at=group.at,
            hits=len(group.message_ids),
            excerpts=_excerpts(query, row, [said[each] for each in group.message_ids[:SHOWN]]),
        )
        found.append(one)
    return tuple(found)


def _excerpts(query: Query, row: Row, said: Sequence[Row]) -> tuple[Excerpt, ...]:
    """The messages that were found; where only the ticket itself was, its summary."""
    if said or not row["summary"]:
        return tuple(_excerpt(query, each) for each in said)
    pieces = excerpt(row["summary"], query)
    return (Excerpt(message_id=None, author=None, internal=False, name="", at=row["opened_at"], pieces=pieces),)


def _excerpt(query: Query, row: Row) -> Excerpt:
    shown = " ".join([row["text"], *(each["name"] for each in row["attachments"])])
    return Excerpt(
        message_id=row["id"],
        author=Author(row["author"]),
        internal=row["audience"] != Audience.CLIENT,
        name=row["name"],
        at=row["at"],
        pieces=excerpt(shown, query),
    )


def _rows(conn: Connection, source: Any, ids: Collection[int]) -> Iterable[Row]:
    return conn.execute(select(source).where(source.c.id.in_(ids))).mappings().all()


def _names(conn: Connection, source: Any, ids: Iterable[int | None]) -> dict[int, str]:
    wanted = {each for each in ids if each is not None}
    query = select(source.c.id, source.c.name).where(source.c.id.in_(wanted))
    return {row.id: row.name for row in conn.execute(query)}
