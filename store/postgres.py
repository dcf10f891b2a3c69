"""PostgreSQL: transactions on pooled connections, signals by LISTEN/NOTIFY."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Final, Literal

import psycopg
import structlog
from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine

from store.db import Database, Pool, T, engine_options
from store.errors import DatabaseBusy, DatabaseGone, translated
from store.migrate import upgrade
from store.signals import CHANNEL, OVERFLOW, decode, outbox, tell
from store.threads import Threads

_CONNECTIONS: Final = 20  # and as many threads, one for each
_LAST_CALLS_S: Final = 10.0  # for those under way when it closes
_TRIES: Final = 6  # of a body that meets a deadlock or a broken connection
_FIRST_PAUSE_S: Final = 0.01
_RECONNECT_S: Final = 1.0
_LISTEN_CHECK_S: Final = 15.0
_WAYS: Final = {  # a server that vanished without a word is given up within half a minute
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_log: Final = structlog.get_logger("store.postgres")


class PostgresDatabase(Database):
    """A PostgreSQL database that any number of processes share."""

    dialect: Literal["sqlite", "postgresql"] = "postgresql"

    def __init__(self, url: URL) -> None:
        super().__init__()
        where = URL.create(**url._asdict()).update_query_dict({**_WAYS, **url.query})
        self._engine = create_engine(where, pool_size=_CONNECTIONS, max_overflow=0, **engine_options())
        self._threads = Threads(_CONNECTIONS, name="postgres")
        _, self._parameters = self._engine.dialect.create_connect_args(where)
        self._snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._listener: asyncio.Task[None] | None = None
        self._listening: psycopg.AsyncConnection | None = None
        self._closed = False

    @classmethod
    async def open_server(cls, url: URL) -> "PostgresDatabase":
        """Migrate, then start listening."""
        await asyncio.to_thread(_migrate, url)
        database = cls(url)
        database._listening = conn = await database._start_listening()
        database._listener = asyncio.create_task(database._listen_forever(conn), name="postgres-listen")
        return database

    async def write(self, body: Callable[[Connection], T]) -> T:
        """See `Database.write`. Deadlocks, and connections that break before the commit, are retried."""
        pause = _FIRST_PAUSE_S
        for _ in range(_TRIES - 1):
            self._refuse_closed()
            try:
                return await self._threads.run(partial(_write, self._engine, body))
            except (DatabaseBusy, _BrokeBeforeCommit):
                await asyncio.sleep(pause)
                pause *= 2
        return await self._threads.run(partial(_write, self._engine, body))

    async def read(self, body: Callable[[Connection], T]) -> T:
        """See `Database.read`."""
        self._refuse_closed()
        return await self._threads.run(partial(_read, self._snapshots, body))

    def pool(self) -> Pool:
        """See `Database.pool`; the one that listens is not counted."""
        used = self._engine.pool
        assert isinstance(used, QueuePool)
        return Pool(in_use=used.checkedout(), limit=_CONNECTIONS)

    async def close(self) -> None:
        """See `Database.close`."""
        if self._closed:
            return
        self._closed = True
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait([self._listener])
        if self._listening is not None:
            await self._listening.close()  # a listener cancelled before its first step has closed nothing
        if await self._threads.end(within_s=_LAST_CALLS_S):
            await asyncio.to_thread(self._engine.dispose)
        self._hub.end()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise DatabaseGone("the database is closed")

    async def _start_listening(self) -> psycopg.AsyncConnection:
        try:
            async with AsyncExitStack() as opened:
                conn = await psycopg.AsyncConnection.connect(**self._parameters, autocommit=True)
                await opened.enter_async_context(conn)
                await conn.execute(f"LISTEN {CHANNEL}")
                opened.pop_all()
                return conn
        except psycopg.Error as error:
            raise DatabaseGone(str(error)) from error

    async def _listen_forever(self, conn: psycopg.AsyncConnection) -> None:
        while True:
            with suppress(psycopg.Error):
                async with conn:
                    await self._listen(conn)
            _log.warning("listening_lost")
            self._listening = conn = await self._listen_again()
            self._hub.publish([OVERFLOW])  # we were away

    async def _listen(self, conn: psycopg.AsyncConnection) -> None:
        while True:
            async for note in conn.notifies(timeout=_LISTEN_CHECK_S):
                self._hub.publish([decode(note.payload)])
            await conn.execute("SELECT 1")  # finds a connection that died silently

    async def _listen_again(self) -> psycopg.AsyncConnection:
        while True:
            await asyncio.sleep(_RECONNECT_S)
            with suppress(DatabaseGone):
                return await self._start_listening()


class _BrokeBeforeCommit(DatabaseGone):
    """The connection broke while nothing can have been committed."""


def _read(snapshots: Engine, body: Callable[[Connection], T]) -> T:
    with translated(), snapshots.begin() as conn:
        return body(conn)


def _write(engine: Engine, body: Callable[[Connection], T]) -> T:
    with translated(), engine.connect() as conn:
        result = _before_commit(conn, body)
        conn.commit()
        return result


def _before_commit(conn: Connection, body: Callable[[Connection], T]) -> T:
    try:
        with translated():
            outbox(conn).clear()
            conn.begin()  # explicit, so that a Session joins it as a guest
            result = body(conn)
            tell(conn)
            return result
    except DatabaseGone as error:
        raise _BrokeBeforeCommit(*error.args) from error


def _migrate(url: URL) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with translated():
        upgrade(engine)
