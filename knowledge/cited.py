"""The words that answers were given from, kept when they are given. Transaction bodies.

Only a few index versions are kept, and one re-index a day would lose an answer's ground within a week. A passage is
kept once, by its hash, whoever was answered from it, and goes when no answer of the last months rests on it: so this
grows with the manual's size and its changes, never with the number of answers.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, select, update

from knowledge.cited_tables import cited as table
from store.db import insert_into

_DAY: Final = timedelta(days=1)
_MANY: Final = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Cited:
    """A passage as it stood when somebody was answered from it; `chunk` is its content hash."""

    chunk: str
    page: str
    title: str
    heading: str
    anchor: str
    text: str
    language: str


def keep(conn: Connection, passages: Iterable[Cited], *, now: datetime) -> None:
    """Keep passages that an answer rests on; one that is kept already is only marked as used, once a day."""
    for each in sorted(set(passages), key=lambda one: one.chunk):
        conn.execute(insert_into(conn, table).values(**asdict(each), last_at=now).on_conflict_do_nothing())
        stale = (table.c.chunk == each.chunk, table.c.last_at < now - _DAY)
        conn.execute(update(table).where(*stale).values(last_at=now))


def kept(conn: Connection, chunks: Collection[str]) -> dict[str, Cited]:
    """Those of the passages that are kept, by hash."""
    wanted = sorted(chunks)
    found: dict[str, Cited] = {}
    columns = [table.c[name] for name in Cited.__dataclass_fields__]
    for start in range(0, len(wanted), _MANY):
        rows = conn.execute(select(*columns).where(table.c.chunk.in_(wanted[start : start + _MANY]))).mappings()
        found |= {row["chunk"]: Cited(**row) for row in rows}
    return found


def forget(conn: Connection, *, before: datetime) -> int:
    """Forget passages that no answer was given from since; how many."""
    return conn.execute(delete(table).where(table.c.last_at < before)).rowcount
