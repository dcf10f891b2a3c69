"""What an answer rests on, kept with it: every passage whose words it gives, also where several share a mark.

A citation names what a reader may open; an answer may rest on less (a page that is only named) or on more (a page's
opening words quoted above a section). Transaction bodies.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from handoff.source_tables import answer_source as table
from store.db import insert_into


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A passage that a message rests on: its content hash, its page, and the index version it came from."""

    message_id: int
    chunk: str
    page: str
    version: str | None
    at: datetime


def rest(
    conn: Connection, message_id: int, on: Iterable[tuple[str, str]], *, version: int | None, at: datetime
) -> None:
    """Keep that a message rests on these (chunk, page); what it was said to rest on before is forgotten."""
    forget(conn, message_id)
    known = {"message_id": message_id, "version": None if version is None else str(version), "at": at}
    rows = [{**known, "chunk": chunk, "page": page} for chunk, page in dict(on).items()]
    if rows:
        conn.execute(insert_into(conn, table).on_conflict_do_nothing(), rows)


def forget(conn: Connection, message_id: int) -> None:
    """A message does not say any more what it said."""
    conn.execute(delete(table).where(table.c.message_id == message_id))


def hand_on(conn: Connection, message_id: int, *, to: int, at: datetime) -> None:
    """A suggestion was sent as it stood: what was sent rests on the same."""
    for source in of(conn, message_id):
        row = {"message_id": to, "chunk": source.chunk, "page": source.page, "version": source.version, "at": at}
        conn.execute(insert_into(conn, table).values(row).on_conflict_do_nothing())


def of(conn: Connection, message_id: int) -> tuple[Source, ...]:
    """What a message rests on."""
    rows = conn.execute(select(table).where(table.c.message_id == message_id).order_by(table.c.chunk)).mappings()
    return tuple(Source(**row) for row in rows)
