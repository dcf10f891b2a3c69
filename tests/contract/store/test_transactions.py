"""Bodies, snapshots, signals: the same promises on both databases."""

import asyncio
import gc
import sqlite3
import threading
import warnings
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from store.db import Database
from store.errors import DatabaseBusy, DatabaseGone, DiskFull, OutOfRange
from store.jobs import enqueue
from store.signals import OVERFLOW, Signal, signal
from store.sqlite import SqliteDatabase
from store.tables import job, rate

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def add(bucket: str, at: datetime = NOON) -> Callable[[Connection], str]:
    def body(conn: Connection) -> str:
        conn.execute(insert(rate).values(bucket=bucket, full_at=at))
        return bucket

    return body


def buckets(conn: Connection) -> list[str]:
    return list(conn.execute(select(rate.c.bucket).order_by(rate.c.bucket)).scalars())


async def hold_writer(database: Database) -> Callable[[], None]:
    """Keep SQLite's writer busy, so that what follows lands in one commit; a no-op on PostgreSQL."""
    if database.dialect == "postgresql":
        return lambda: None
    held, release = threading.Event(), threading.Event()

    def body(conn: Connection) -> None:
        held.set()
        release.wait(5)

    holding = asyncio.create_task(database.write(body))
    await asyncio.to_thread(held.wait, 5)
    release.holding = holding  # type: ignore[attr-defined]  # keeps the task alive
    return release.set


async def test_a_read_sees_every_write_that_returned_before_it(database: Database) -> None:
    """Commit first, then answer."""
    for name in "abc":
        assert await database.write(add(name)) == name
        assert name in await database.read(buckets)


async def test_a_body_that_raises_leaves_its_batch_alone(database: Database) -> None:
    """Each body rolls back by itself and its caller gets what it raised."""

    def spoilt(conn: Connection) -> None:
        add("lost")(conn)
        raise ZeroDivisionError

    release = await hold_writer(database)
    calls = [database.write(body) for body in (add("a"), spoilt, add("b"), add("c"))]
    running = asyncio.gather(*calls, return_exceptions=True)
    await asyncio.sleep(0)
    release()
    outcomes = await running
    assert [outcomes[0], *outcomes[2:]] == ["a", "b", "c"]
    assert isinstance(outcomes[1], ZeroDivisionError)
    assert await database.read(buckets) == ["a", "b", "c"]


async def test_constraint_violations_reach_the_caller_as_they_are(database: Database) -> None:
    """Bodies may expect IntegrityError; message text stays out of it."""
    await database.write(add("secret"))
    with pytest.raises(IntegrityError) as caught:
        await database.write(add("secret", NOON + timedelta(days=400)))
    assert "2027" not in str(caught.value)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**40])
async def test_a_number_that_no_column_holds_is_out_of_range(database: Database, number: int) -> None:
    """Asked for in a read or handed to a write, on either database; what the body wrote before it is undone."""

    def wrong(conn: Connection) -> None:
        add("lost")(conn)
        conn.execute(update(job).where(job.c.id == number).values(claims=0))

    with pytest.raises(OutOfRange):
        await database.write(wrong)
    with pytest.raises(OutOfRange):
        await database.read(lambda conn: conn.execute(select(job.c.id).where(job.c.id == number)).all())
    assert await database.read(buckets) == []


async def test_a_read_cannot_write(database: Database) -> None:
    """Reads are read-only by the database's own means."""
    with pytest.raises(DBAPIError):
        await database.read(add("never"))
    assert await database.read(buckets) == []


async def test_a_session_joins_the_transaction_and_cannot_commit_it(database: Database) -> None:
    """A Session bound to the connection is a guest: its commit ends nothing."""

    def body(conn: Connection) -> None:
        with Session(bind=conn) as session:
            session.execute(insert(rate).values(bucket="guest", full_at=NOON))
            session.commit()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(body)
    assert await database.read(buckets) == []


async def test_a_read_is_one_snapshot(database: Database) -> None:
    """A commit in the middle of a read stays outside it."""
    await database.write(add("a"))
    began, written = threading.Event(), threading.Event()

    def body(conn: Connection) -> tuple[int, int]:
        first = conn.execute(select(func.count()).select_from(rate)).scalar_one()
        began.set()
        if database.dialect == "sqlite":
            written.wait(5)
        return first, conn.execute(select(func.count()).select_from(rate)).scalar_one()

    reading = asyncio.create_task(database.read(body))
    await asyncio.to_thread(began.wait, 5)
    await database.write(add("b"))
    written.set()
    assert await reading == (1, 1)


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3, minutes=-30))])
async def test_instants_come_back_in_utc_and_compare_in_sql(database: Database, zone: timezone) -> None:
    """One instant, whatever zone it was written in."""
    instant = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
    await database.write(add("a", instant.astimezone(zone)))

    def body(conn: Connection) -> datetime | None:
        return conn.execute(select(rate.c.full_at).where(rate.c.full_at <= instant)).scalar_one_or_none()

    read = await database.read(body)
    assert read == instant
    assert read.tzinfo is UTC


async def test_a_naive_instant_is_refused(database: Database) -> None:
    """A time without a zone is a mistake, not an instant."""
    with pytest.raises(Exception, match="time zone"):
        await database.write(add("a", datetime(2026, 3, 2)))  # noqa: DTZ001


@pytest.mark.parametrize("odd", ["\ud800", "a\x00b", "\u202e\u200b\ufdfa", "😀" * 3000, "'; DROP TABLE job; --"])
async def test_any_text_survives_in_a_body(database: Database, odd: str) -> None:
    """Lone surrogates and NUL included: JSON escapes them."""

    def body(conn: Connection) -> object:
        job_id = enqueue(conn, "q", {"text": odd}, now=NOON)
        return conn.execute(select(job.c.body).where(job.c.id == job_id)).scalar_one()

    assert await database.write(body) == {"text": odd}


async def test_signals_follow_the_commit_and_not_a_rollback(database: Database) -> None:
    """Only what was committed is told, to those who listen to its topic, in order."""

    def spoilt(conn: Connection) -> None:
        signal(conn, "ticket", "lost")
        raise ZeroDivisionError

    async with database.listen("ticket") as subscription:
        with pytest.raises(ZeroDivisionError):
            await database.write(spoilt)
        await database.write(lambda conn: signal(conn, "job", "of another topic"))
        for number in range(3):
            await database.write(lambda conn, n=number: signal(conn, "ticket", f"工单 {n}"))
        async with asyncio.timeout(5):
            told = [await anext(subscription) for _ in range(3)]
    assert told == [Signal("ticket", f"工单 {number}") for number in range(3)]


async def test_a_signal_carries_no_content(database: Database) -> None:
    """Four thousand bytes is where NOTIFY would begin to fail."""
    with pytest.raises(ValueError, match="id, not content"):
        await database.write(lambda conn: signal(conn, "ticket", "字" * 1400))


async def test_a_closed_database_says_so(database: Database) -> None:
    """Nothing hangs: subscriptions end, later calls raise."""
    async with database.listen("ticket") as subscription:
        await database.close()
        assert [signal async for signal in subscription] == []
    with pytest.raises(DatabaseGone):
        await database.write(buckets)
    with pytest.raises(DatabaseGone):
        await database.read(buckets)
    await database.close()


async def test_a_database_closed_at_once_leaves_no_connection(database_url: str) -> None:
    """Its listener never had a turn; a connection left open would be collected with a ResourceWarning."""
    opened = await Database.open(database_url)
    await opened.close()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        del opened
        gc.collect()
    assert [str(warning.message) for warning in seen if "connection" in str(warning.message)] == []


async def test_many_writers_lose_nothing(database: Database, other_database: Database) -> None:
    """Increments from two processes add up: transactions are real."""
    await database.write(add("counter"))

    def increment(conn: Connection) -> None:
        current = conn.execute(select(rate.c.full_at).where(rate.c.bucket == "counter").with_for_update()).scalar_one()
        conn.execute(rate.update().values(full_at=current + timedelta(seconds=1)))

    await asyncio.gather(*(handle.write(increment) for handle in (database, other_database) for _ in range(20)))
    assert await database.read(lambda conn: conn.execute(select(rate.c.full_at)).scalar_one()) == NOON + timedelta(
        seconds=40
    )


class TestSqlite:
    """What only an embedded file can show."""

    async def test_group_commit_keeps_the_order_and_saves_commits(self, tmp_path: Path) -> None:
        """Twenty waiting bodies cost one commit, and their callers hear in order."""
        database = await Database.open(f"sqlite:///{tmp_path}/test.db")
        assert isinstance(database, SqliteDatabase)
        commits: list[Connection] = []
        event.listen(database._writing, "commit", commits.append)
        release = await hold_writer(database)
        order: list[int] = []

        async def call(number: int) -> None:
            await database.write(add(f"{number:02}"))
            order.append(number)

        calls = asyncio.gather(*(call(number) for number in range(20)))
        await asyncio.sleep(0)
        release()
        await calls
        await database.close()
        assert order == list(range(20))
        assert len(commits) == 2  # the holder's, and one for all

    async def test_a_full_disk_fails_the_culprit_only(self, tmp_path: Path) -> None:
        """SQLite gives up the whole transaction; the other bodies of the batch are run again."""
        database = await Database.open(f"sqlite:///{tmp_path}/test.db")
        await database.write(lambda conn: conn.exec_driver_sql("PRAGMA max_page_count = 60").close())
        release = await hold_writer(database)
        huge = "x" * 1_000_000

        def too_much(conn: Connection) -> None:
            enqueue(conn, "q", {"text": huge}, now=NOON)

        calls = asyncio.gather(
            *(database.write(body) for body in (add("a"), too_much, add("b"))), return_exceptions=True
        )
        await asyncio.sleep(0)
        release()
        first, failed, last = await calls
        assert (first, last) == ("a", "b")
        assert isinstance(failed, DiskFull)
        assert await database.read(buckets) == ["a", "b"]
        assert await database.write(add("c")) == "c"
        await database.close()

    async def test_a_writer_outside_makes_it_busy(self, tmp_path: Path) -> None:
        """Who waits for another process's lock is told in the end, and can go on afterwards."""
        database = await Database.open(f"sqlite:///{tmp_path}/test.db")
        await database.write(lambda conn: conn.exec_driver_sql("PRAGMA busy_timeout = 20").close())
        with closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as outside:
            outside.execute("BEGIN IMMEDIATE")
            outcomes = await asyncio.gather(*(database.write(add(name)) for name in "abc"), return_exceptions=True)
            outside.execute("ROLLBACK")
        assert [type(outcome) for outcome in outcomes] == [DatabaseBusy] * 3
        assert await database.write(add("a")) == "a"
        await database.close()

    async def test_the_file_is_durable_and_private(self, tmp_path: Path) -> None:
        """WAL, full synchronisation, foreign keys, nobody else's eyes."""
        database = await Database.open(f"sqlite:///{tmp_path}/deep/folder/test.db")

        def settings(conn: Connection) -> list[object]:
            names = ("journal_mode", "synchronous", "foreign_keys")
            return [conn.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]

        assert await database.write(settings) == ["wal", 2, 1]
        files = list((tmp_path / "deep" / "folder").iterdir())
        assert len(files) >= 3
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
        await database.close()

    @pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
    async def test_other_urls_are_refused(self, url: str) -> None:
        """An in-memory database cannot keep a promise."""
        with pytest.raises(ValueError, match="database"):
            await Database.open(url)

    async def test_a_folder_is_not_a_database(self, tmp_path: Path) -> None:
        """What cannot be opened raises at once."""
        (tmp_path / "test.db").write_bytes(b"not a database" * 100)
        with pytest.raises(DBAPIError):
            await Database.open(f"sqlite:///{tmp_path}/test.db")


class TestPostgres:
    """What only a server can show."""

    @pytest.fixture
    def database_url(self, postgres_server: str) -> str:
        return f"{postgres_server}/postgres"

    async def test_signals_travel_between_processes(self, database: Database, other_database: Database) -> None:
        """NOTIFY reaches who listens elsewhere."""
        async with other_database.listen("ticket") as subscription:
            await database.write(lambda conn: signal(conn, "ticket", "7"))
            async with asyncio.timeout(5):
                assert await anext(subscription) == Signal("ticket", "7")

    async def test_a_broken_connection_is_survived(self, database: Database) -> None:
        """Pooled connections are replaced without the caller noticing; the listener owns up to its gap."""
        killer = text(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        async with database.listen("ticket") as subscription:
            await asyncio.gather(
                *(database.read(lambda conn: conn.execute(text("SELECT pg_sleep(0.05)")).close()) for _ in range(3))
            )
            await database.write(lambda conn: conn.execute(killer).scalar_one())
            for name in ("broken a", "broken b", "broken c"):
                assert await database.write(add(name)) == name
            async with asyncio.timeout(10):
                assert await anext(subscription) == OVERFLOW

    async def test_no_server_is_gone(self) -> None:
        """Nothing listens on port 1."""
        with pytest.raises(DatabaseGone):
            await Database.open("postgresql://nobody@127.0.0.1:1/nothing")
