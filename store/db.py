"""The boundary of every transaction, the same on SQLite and PostgreSQL.

A *body* is a plain function of a connection (`Session(bind=conn)` works in it). It runs inside a
transaction that this module opens and closes; it never commits, returns plain values or frozen dataclasses,
calls no model and no platform, and must be safe to run again from the start: nothing of a run that failed
was kept.
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import URL, Connection, Table, make_url
from sqlalchemy.dialects import postgresql, sqlite

from store.instant import Instant
from store.signals import Hub, Subscription

__all__ = ["Database", "Instant", "Pool", "insert_into"]

T = TypeVar("T")
Body = Callable[[Connection], T]
_SEVERAL: Final = re.compile(
    r"(?P<before>\w[\w+]*://(?:[^@/]*@)?)(?P<hosts>[^@/?,]+(?:,[^@/?,]+)+)(?P<after>/.*)", re.DOTALL
)
POSTGRES_NAMES: Final = {"postgres", "postgresql", "postgresql+psycopg"}


@dataclass(frozen=True, slots=True)
class Pool:
    """Connections of this process: in the hands of transactions now, and the most there can be."""

    in_use: int
    limit: int


class Database(ABC):
    """An open, migrated database. Use it from the event loop that opened it."""

    dialect: Literal["sqlite", "postgresql"]

    def __init__(self) -> None:
        self._hub = Hub()

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Connect, migrate, and be ready. Several processes may do this at once.

        Args:
            url: `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://user:secret@host/name`; of
                several hosts (`@one:5432,two:5432/name`) the one that takes writes is used.

        Raises:
            DatabaseGone: nothing answers there, or the file cannot be opened.
            DatabaseNewer: a later version of this program has migrated it.
            ValueError: neither of the two databases.
        """
        where = read_url(url)
        if where.drivername == "sqlite":
            from store.sqlite import SqliteDatabase

            return await SqliteDatabase.open_file(where)
        if where.drivername in POSTGRES_NAMES:
            from store.postgres import PostgresDatabase

            return await PostgresDatabase.open_server(where.set(drivername="postgresql+psycopg"))
        raise ValueError(f"not a database we know: {where.drivername}")

    @abstractmethod
    async def write(self, body: Callable[[Connection], T]) -> T:
        """Run `body` in one transaction; return its result once that is committed and durable.

        What `body` raises is raised here, after its changes (and only its changes) were undone. If the caller
        is cancelled, a body that has begun may still commit.

        Raises:
            DatabaseBusy, DatabaseGone, DiskFull: see `store.errors`.
        """

    @abstractmethod
    async def read(self, body: Callable[[Connection], T]) -> T:
        """Run `body` on one read-only snapshot that has everything committed before this call."""

    @abstractmethod
    def pool(self) -> Pool:
        """How many connections are used now; asks nobody."""

    def listen(self, *topics: str) -> AbstractAsyncContextManager[Subscription]:
        """Signals of these topics, from every process, for as long as the block lasts.

        `async for signal in subscription` yields `Signal(topic, payload)`; `Signal("overflow", "")` says that
        some were missed (a slow reader, a lost connection) and the database should be read again.
        """
        return self._hub.listen(*topics)

    @abstractmethod
    async def close(self) -> None:
        """Finish what was handed in, end the subscriptions, disconnect. Later calls raise DatabaseGone."""


def insert_into(conn: Connection, table: Table) -> postgresql.Insert:
    """An INSERT that has `on_conflict_do_nothing` and `on_conflict_do_update` on either database."""
    return insert_for(conn.dialect.name, table)


def insert_for(dialect: str, table: Table) -> postgresql.Insert:
    """The same for a dialect's name, for statements that are built once."""
    if dialect == "postgresql":
        return postgresql.insert(table)
    portable: Any = sqlite.insert(table)  # the two classes share those methods' signatures
    return portable  # type: ignore[no-any-return]


def engine_options() -> dict[str, Any]:
    """What both engines share: strict compact JSON, and no message text in error messages."""
    return {"json_serializer": _to_json, "hide_parameters": True}


def _to_json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def read_url(url: str) -> URL:
    """A database's URL; several hosts, as PostgreSQL's own programs write them, are several that may take writes."""
    found = _SEVERAL.fullmatch(url)
    if found is None:
        return make_url(url)
    hosts = [host if ":" in host else f"{host}:5432" for host in found["hosts"].split(",")]
    where = make_url(f"{found['before']}{found['after']}")
    return where.update_query_dict({"target_session_attrs": "read-write", **where.query, "host": hosts})
