"""SQLite: one writer thread with group commit, read-only connections in a few threads."""

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from sqlite3 import Connection as SqliteConnection
from typing import Any, Final, Generic, Literal

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event

from store.db import Database, Pool, T, engine_options
from store.errors import DatabaseBusy, DatabaseGone, translated
from store.migrate import upgrade
from store.signals import Signal, outbox

_READERS: Final = 4
_BATCH: Final = 128  # bodies in one commit
_PRAGMAS: Final = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -32000",  # KiB for each connection: with 2,000 a large desk reads its pages again and again
)


class _Call(Generic[T]):
    """One body, the future its caller waits for, and its outcome."""

    def __init__(self, body: Callable[[Connection], T], future: asyncio.Future[T]) -> None:
        self.body, self.future = body, future
        self._result: T
        self._error: BaseException | None = None

    def run(self, conn: Connection) -> None:
        """Run the body in its own savepoint. Raises only if the whole transaction is gone."""
        self._error = None
        told = len(outbox(conn))
        nested = conn.begin_nested()
        try:
            with translated():
                self._result = self.body(conn)
            nested.commit()
        except BaseException as error:
            if not _driver(conn).in_transaction:  # SQLite gave up the whole transaction: disk full, I/O error
                raise
            nested.rollback()
            del outbox(conn)[told:]
            self._error = error

    def fail(self, error: BaseException) -> None:
        """The transaction failed around the body."""
        self._error = error

    def settle(self) -> None:
        """Give the caller the outcome; on the event loop."""
        if self.future.done():
            return
        if self._error is not None:
            self.future.set_exception(self._error)
        else:
            self.future.set_result(self._result)


class SqliteDatabase(Database):
    """An SQLite file of which this process is the only writer but for short-lived commands."""

    dialect: Literal["sqlite", "postgresql"] = "sqlite"

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._calls: SimpleQueue[_Call[Any] | None] = SimpleQueue()
        self._writer: threading.Thread
        self._closed = False
        self._writing = _engine(path, begin="BEGIN IMMEDIATE")
        self._reading = _engine(path, begin="BEGIN", read_only=True)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="sqlite-read")

    @classmethod
    async def open_file(cls, url: URL) -> "SqliteDatabase":
        """Create the file (mode 0600) if it is missing, migrate it, start the writer."""
        if not url.database or url.database == ":memory:":
            raise ValueError("an SQLite database needs a file")
        path = await asyncio.to_thread(_prepare, url.database)
        database = cls(path)
        with translated():
            conn = await asyncio.to_thread(database._writing.connect)
        database._writer = threading.Thread(
            target=database._write_forever, args=[conn], name="sqlite-write", daemon=True
        )
        database._writer.start()
        return database

    async def write(self, body: Callable[[Connection], T]) -> T:
        """See `Database.write`."""
        self._refuse_closed()
        future: asyncio.Future[T] = self._loop.create_future()
        call = _Call(body, future)
        self._calls.put(call)
        return await future

    async def read(self, body: Callable[[Connection], T]) -> T:
        """See `Database.read`."""
        self._refuse_closed()
        return await self._loop.run_in_executor(self._readers, self._read, body)

    def pool(self) -> Pool:
        """See `Database.pool`: of those that read. The one that writes is always held."""
        used = self._reading.pool
        assert isinstance(used, QueuePool)
        return Pool(in_use=used.checkedout(), limit=_READERS)

    async def close(self) -> None:
        """See `Database.close`."""
        if self._closed:
            return
        self._closed = True
        self._calls.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._readers.shutdown)
        for engine in (self._reading, self._writing):
            await asyncio.to_thread(engine.dispose)
        self._hub.end()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise DatabaseGone("the database is closed")

    def _read(self, body: Callable[[Connection], T]) -> T:
        with translated(), self._reading.begin() as conn:
            return body(conn)

    def _write_forever(self, conn: Connection) -> None:
        while batch := self._next_batch():
            signals = _commit(conn, [call for call in batch if not call.future.cancelled()])
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                self._loop.call_soon_threadsafe(self._settle, batch, signals)
        conn.close()

    def _next_batch(self) -> list[_Call[Any]]:
        """Whatever has queued up, at least one call; empty when closing and all is done."""
        batch: list[_Call[Any]] = []
        call = self._calls.get()
        with suppress(Empty):
            while call is not None:
                batch.append(call)
                if len(batch) == _BATCH:
                    return batch
                call = self._calls.get_nowait()
            self._calls.put(None)  # the end, for the next turn
        return batch

    def _settle(self, batch: Sequence[_Call[Any]], signals: Sequence[Signal]) -> None:
        for call in batch:
            call.settle()
        self._hub.publish(signals)


def _commit(conn: Connection, batch: Sequence[_Call[Any]]) -> list[Signal]:
    """Run and commit the batch; if that fails as a whole, one by one, so that only the culprit fails."""
    try:
        with translated():
            return _attempt(conn, batch)
    except BaseException as error:  # noqa: BLE001 -- each caller gets it
        if len(batch) > 1 and not isinstance(error, DatabaseBusy):
            return [signal for call in batch for signal in _commit(conn, [call])]
        for call in batch:
            call.fail(error)
        return []


def _attempt(conn: Connection, batch: Sequence[_Call[Any]]) -> list[Signal]:
    outbox(conn).clear()
    with conn.begin():
        for call in batch:
            call.run(conn)
    return list(outbox(conn))


def _prepare(file: str) -> Path:
    path = Path(file).absolute()
    with translated():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
        begin_with(engine, "BEGIN IMMEDIATE")
        event.listen(engine, "connect", _keep_wal)
        upgrade(engine)
    return path


def _keep_wal(driver: SqliteConnection, _record: object) -> None:
    """The file keeps the mode. Two processes must not switch it at once: migrations are run one by one."""
    driver.execute("PRAGMA journal_mode = WAL")


def _engine(path: Path, *, begin: str, read_only: bool = False) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=_READERS,
        connect_args={"check_same_thread": False, "timeout": 10},
        **engine_options(),
    )
    begin_with(engine, begin)

    def set_up(driver: SqliteConnection, _record: object) -> None:
        for pragma in (*_PRAGMAS, *(["PRAGMA query_only = ON"] if read_only else [])):
            driver.execute(pragma)

    event.listen(engine, "connect", set_up)
    return engine


def begin_with(engine: Engine, statement: str) -> None:
    """Put the driver in autocommit and open transactions by `statement`."""

    def autocommit(driver: SqliteConnection, _record: object) -> None:
        driver.isolation_level = None

    def begin(conn: Connection) -> None:
        conn.exec_driver_sql(statement)

    event.listen(engine, "connect", autocommit)
    event.listen(engine, "begin", begin)


def _driver(conn: Connection) -> SqliteConnection:
    driver: SqliteConnection = conn.connection.dbapi_connection  # type: ignore[assignment]
    return driver
