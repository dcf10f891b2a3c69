"""The boundary of every transaction, the same on SQLite and PostgreSQL.

A *body* is a plain function of a connection (`Session(bind=conn)` works in it). It runs inside a
transaction that this module opens and closes; it never commits, returns plain values or frozen dataclasses,
calls no model and no platform, and must be safe to run again from the start: nothing of a run that failed
was kept.
"""

import json
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
_POSTGRES_NAMES: Final = {"postgres", "postgresql", "postgresql+psycopg"}


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
            url: `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://user:secret@host/name`.

        Raises:
            DatabaseGone: nothing answers there, or the file cannot be opened.
            DatabaseNewer: a later version of this program has migrated it.
            ValueError: neither of the two databases.
        """
        where = make_url(url)
        if where.drivername == "sqlite":
            from store.sqlite import SqliteDatabase

            return await SqliteDatabase.open_file(where)
        if where.drivername in _POSTGRES_NAMES:
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


def sync_url(url: URL) -> str:
    """The URL with its password, for a driver."""
    return url.render_as_string(hide_password=False)
