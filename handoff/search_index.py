"""What can be searched, written where it is said: in the transaction of the message or the ticket. Transaction bodies.

What was there before this index, or before terms were cut as they are now, is swept by a durable job in batches, the
newest first. Messages of our own staff chats and of the system itself are not searched.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import ARRAY, Connection, Table, Text, cast, delete, func, select, text

from handoff.kinds import Audience, Author
from handoff.model import Json, Message, Ticket
from handoff.rows import to_message, to_ticket
from handoff.search_tables import search_entry, search_sweep
from handoff.tables import message, ticket
from store.db import insert_into
from store.jobs import enqueue
from store.terms import index_terms

SWEEP: Final = "search_sweep"
VERSION: Final = 1
"""Of how terms are cut: a higher one sweeps everything again."""
TICKETS_FROM: Final = 1 << 48
"""What is added to a ticket's id."""
BATCH: Final = 500
_SOURCES: Final[dict[str, Table]] = {"ticket": ticket, "message": message}
_FORGET: Final = text(
    "INSERT INTO search_words (search_words, rowid, words) SELECT 'delete', id, words FROM search_entry WHERE id = :id"
)
_MERGE: Final = text("INSERT INTO search_words (search_words, rank) VALUES ('merge', :pages)")
_MERGED: Final = 2
"""FTS5 says by fewer changes than this that it had nothing to merge."""
PAGES: Final = 500
_LEARN: Final = text("INSERT INTO search_words (rowid, words) VALUES (:id, :words)")


def add_message(conn: Connection, said: Message) -> None:
    """Let a message be found by what it says now."""
    if said.audience is not Audience.STAFF and said.author is not Author.SYSTEM:
        _put(conn, said.id, [said.text, *(each.name for each in said.attachments)])


def add_ticket(conn: Connection, opened: Ticket) -> None:
    """Let a ticket be found by its title, its summary and its category."""
    _put(conn, TICKETS_FROM + opened.id, [opened.title, opened.summary, opened.category or ""])


def forget(conn: Connection, entry: int) -> None:
    """Let a message, or a ticket (its id + `TICKETS_FROM`), be found no more."""
    if conn.dialect.name != "postgresql":
        conn.execute(_FORGET, {"id": entry})
    conn.execute(delete(search_entry).where(search_entry.c.id == entry))


def overwrite(conn: Connection) -> None:
    """From now on let what is deleted be overwritten in an SQLite file, not only marked as free."""
    if conn.dialect.name != "postgresql":
        conn.exec_driver_sql("PRAGMA secure_delete = ON")


def purge(conn: Connection, *, first: bool) -> bool:
    """Let an SQLite index drop what was taken out of it, some pages at a time; whether there is more to do."""
    if conn.dialect.name == "postgresql":
        return False
    before: int = conn.exec_driver_sql("SELECT total_changes()").scalar_one()
    conn.execute(_MERGE, {"pages": -PAGES if first else PAGES})
    after: int = conn.exec_driver_sql("SELECT total_changes()").scalar_one()
    return after - before >= _MERGED


def rebuild(conn: Connection) -> None:
    """Make the SQLite index anew of the entries that are there: they came from a backup. PostgreSQL's is its own."""
    if conn.dialect.name != "postgresql":
        conn.execute(text("INSERT INTO search_words (search_words) VALUES ('rebuild')"))


def begin(conn: Connection, *, now: datetime) -> None:
    """Have everything swept that is not, or not by this version of the terms; at the start of every process."""
    for kind, source in _SOURCES.items():
        row = conn.execute(select(search_sweep).where(search_sweep.c.kind == kind)).mappings().first()
        if row is not None and row["version"] >= VERSION:
            before: int = row["before"]
        else:
            before = (conn.execute(select(func.max(source.c.id))).scalar_one() or 0) + 1
            _reach(conn, kind, before)
        if before > 1:
            _go_on(conn, kind, before, now=now)


def sweep(conn: Connection, body: Json, *, now: datetime, batch: int = BATCH) -> int:
    """One job: index the next batch and enqueue what is left. How many were indexed.

    The rows are locked, so that nobody changes one between its reading and its writing.
    """
    kind = str(body["kind"])
    source = _SOURCES[kind]
    reached = select(search_sweep.c.before).where(search_sweep.c.kind == kind).with_for_update()
    before = conn.execute(reached).scalar_one()
    query = select(source).where(source.c.id < before).order_by(source.c.id.desc()).limit(batch).with_for_update()
    rows = conn.execute(query).mappings().all()
    for row in rows:
        if kind == "ticket":
            add_ticket(conn, to_ticket(row))
        else:
            add_message(conn, to_message(row))
    left = rows[-1]["id"] if len(rows) == batch else 1
    _reach(conn, kind, left)
    if left > 1:
        _go_on(conn, kind, left, now=now)
    return len(rows)


def building(conn: Connection) -> bool:
    """Whether some of what was said before is not swept yet."""
    return conn.execute(select(search_sweep.c.kind).where(search_sweep.c.before > 1).limit(1)).first() is not None


def _go_on(conn: Connection, kind: str, before: int, *, now: datetime) -> None:
    enqueue(conn, SWEEP, {"kind": kind}, key=kind, dedup=f"{kind}:{VERSION}:{before}", now=now)


def _reach(conn: Connection, kind: str, before: int) -> None:
    values = {"before": before, "version": VERSION}
    statement = insert_into(conn, search_sweep).values(kind=kind, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["kind"], set_=values))


def _put(conn: Connection, entry: int, texts: Iterable[str]) -> None:
    terms = index_terms("\n".join(texts))
    if conn.dialect.name == "postgresql":
        words = func.array_to_tsvector(cast(terms, ARRAY(Text)))
        statement = insert_into(conn, search_entry).values(id=entry, words=words)
        conn.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"words": statement.excluded.words}))
        return
    row = {"id": entry, "words": " ".join(terms)}
    conn.execute(_FORGET, {"id": entry})
    statement = insert_into(conn, search_entry).values(row)
    conn.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"words": row["words"]}))
    conn.execute(_LEARN, row)
