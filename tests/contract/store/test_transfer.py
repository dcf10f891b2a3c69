"""An SQLite database carried over into PostgreSQL: every table and value, or nothing at all."""

import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, text

from store import jobs, raw
from store.clock import ManualClock
from store.db import Database
from store.errors import DatabaseGone, NotEmpty, NotTheSame, OddRow
from store.schedule import plan
from store.shapes import shapes
from store.transfer import Transferred, transfer
from store.worker import Running, Worker
from tests import databases, filling


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A database with rows in every table, of all that the program may keep."""
    url = f"sqlite:///{databases.migrated_file(tmp_path / 'source.db')}"
    with raw.whole(url) as conn:
        filling.fill(conn)
        filling.index(conn, 1, "后台密码 it's err-1042 a+b@x.example #tag v2.3.1 c\\d")
    return url


@pytest.fixture
def target(postgres_server: str) -> Iterator[str]:
    """An empty PostgreSQL, as an operator makes it."""
    name = f"test{next(databases._numbers)}"
    databases._administer(postgres_server, f"CREATE DATABASE {name}")
    yield f"{postgres_server}/{name}"
    databases._administer(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def change(url: str, *statements: str) -> None:
    """What no program of ours would write."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as conn:
        conn.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            conn.execute(statement)
    conn.close()


def is_untouched(url: str) -> bool:
    with psycopg.connect(url) as conn:
        found = conn.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'").fetchone()
    return found == (0,)


def test_every_table_arrives_row_by_row(source: str, target: str) -> None:
    """All tables that the program knows, each with rows, read by the program on either side: the same."""
    done = transfer(source, target)
    with raw.snapshot(source) as old, raw.snapshot(target) as new:
        ours, theirs = filling.held(old), filling.held(new)
        assert {each.name for each in shapes(new)} == {table.name for table in filling.every_table()}
    assert {each.table: each.rows for each in done.tables} == {name: len(rows) for name, rows in ours.items()}
    assert min(each.rows for each in done.tables) > 0, "a table without rows proves nothing"
    for name, rows in ours.items():
        assert theirs[name] == rows, name
    assert done.mended == ()


async def test_what_waits_still_runs_and_ids_go_on(tmp_path: Path, target: str, clock: ManualClock) -> None:
    """A job, the order of a key, a timer, a schedule and a dead letter; an id that was given out is not given again."""
    url = f"sqlite:///{databases.migrated_file(tmp_path / 'source.db')}"
    old = await Database.open(url)

    def begun(conn: Connection) -> None:
        for n in (1, 2):
            jobs.enqueue(conn, "work", {"n": n}, key="one", now=clock())
        jobs.enqueue(conn, "timer", {"n": 3}, run_at=clock() + jobs_hour(), dedup="t", now=clock())
        plan(conn, "nightly", cron="0 3 * * *", zone="Asia/Shanghai", queue="night", body={"n": 4}, now=clock())
        conn.execute(text("INSERT INTO job (id, queue, body, state, run_at, claims, attempts, created_at, closed_at)"
                          " VALUES (90, 'work', '{\"n\": 5}', 'dead', '2026-03-01 00:00:00.000000', 8, 8,"
                          " '2026-03-01 00:00:00.000000', '2026-03-01 00:00:00.000000')"))  # fmt: skip
        conn.execute(text("DELETE FROM job WHERE id = 89"))

    await old.write(begun)
    await old.write(lambda conn: jobs.enqueue(conn, "work", {}, now=clock()))  # 91, and away with it
    await old.write(lambda conn: conn.execute(text("DELETE FROM job WHERE id = 91")).close())
    await old.close()
    transfer(url, target)
    new, ran = await Database.open(target), []
    worker = Worker(new, clock=clock, owner="there")

    async def work(running: Running) -> None:
        ran.append((running.job.queue, running.job.body["n"]))

    for queue in ("work", "timer", "night"):
        worker.register(queue, work)
    await worker.drain()
    assert ran == [("work", 1), ("work", 2)]
    clock.advance(jobs_hour())
    await worker.drain()
    assert ran[2:] == [("timer", 3)]
    clock.advance(24 * jobs_hour())
    await worker.drain()
    assert ran[3:] == [("night", 4)]
    [dead] = await new.read(jobs.dead_letters)
    assert await new.write(partial(jobs.replay, job_id=dead.id, now=clock()))
    await worker.drain()
    assert ran[4:] == [("work", 5)]
    added = await new.write(lambda conn: jobs.enqueue(conn, "work", {"n": 6}, now=clock()))
    assert added is not None
    assert added > 91
    await new.close()


def jobs_hour():
    from datetime import timedelta

    return timedelta(hours=1)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE person SET name = 'Z' || char(0) || 'oe' WHERE id = 2", "table person, row id 2, column name: holds NUL"),
        ("UPDATE person SET name = CAST(x'41ff42' AS TEXT) WHERE id = 2", "row id 2, column name: holds bytes that are not UTF-8"),
        ("UPDATE person SET created_at = 'yesterday' WHERE id = 2", "row id 2, column created_at: holds a str, no instant"),
        ("UPDATE person SET active = 7 WHERE id = 2", "row id 2, column active: holds a int, no bool"),
        ("UPDATE manual_run SET done = 5000000000 WHERE id = 2", "table manual_run, row id 2, column done: PostgreSQL says: .* out of range"),
        ("UPDATE manual_run SET done = 'many' WHERE id = 2", "row id 2, column done: holds a str, no int"),
        ("UPDATE job SET body = '{oops' WHERE id = 2", "table job, row id 2, column body: PostgreSQL says: invalid input syntax for type json"),
        ("UPDATE ticket SET client_id = 77 WHERE id = 2", "table ticket, row .*names a row of client that is not there"),
        ("INSERT INTO manual_live (id, version, revision) VALUES (-9, 99, 1)", "names a row of manual_version"),
    ],
)  # fmt: skip
def test_what_postgresql_does_not_keep_is_named_and_nothing_is_kept(
    source: str, target: str, statement: str, told: str
) -> None:
    """Table, row and column, in one sentence; the target has not even tables then."""
    change(source, statement)
    with pytest.raises(OddRow, match=told):
        transfer(source, target)
    assert is_untouched(target)


def test_texts_are_mended_where_that_is_wanted(source: str, target: str) -> None:
    """NUL is left out, broken bytes become U+FFFD; every row that lost letters is named."""
    change(
        source,
        "UPDATE person SET name = 'Z' || char(0) || 'oe' WHERE id = 1",
        "UPDATE person SET name = CAST(x'41ff42' AS TEXT) WHERE id = 2",
    )
    done = transfer(source, target, mend=True)
    assert done.mended == (("person", "id 1", "name"), ("person", "id 2", "name"))
    with psycopg.connect(target) as conn:
        assert conn.execute("SELECT name FROM person WHERE id < 3 ORDER BY id").fetchall() == [("Zoe",), ("A\ufffdB",)]


def test_a_target_that_has_rows_or_is_somebody_elses_is_refused(source: str, target: str) -> None:
    """Nothing is ever put among rows that are there."""
    first = transfer(source, target)
    with pytest.raises(NotEmpty, match=r"has 3 rows in \w+ already; nothing was changed"):
        transfer(source, target)
    assert isinstance(first, Transferred)


def test_tables_of_another_program_are_left_alone(source: str, target: str) -> None:
    """A database that is not ours is not made ours."""
    with psycopg.connect(target, autocommit=True) as conn:
        conn.execute("CREATE TABLE shop (id int)")
    with pytest.raises(NotEmpty, match=r"not ours \(shop\)"):
        transfer(source, target)


def test_a_migrated_empty_target_is_as_good_as_a_new_one(source: str, database_urls_pg: str) -> None:
    """Somebody had started the program there with nothing in it."""
    assert transfer(source, database_urls_pg).rows > 0


@pytest.fixture
def database_urls_pg(postgres_server: str) -> Iterator[str]:
    name, base = f"test{next(databases._numbers)}", databases._migrated_base(postgres_server)
    databases._administer(postgres_server, f"CREATE DATABASE {name} TEMPLATE {base}")
    yield f"{postgres_server}/{name}"
    databases._administer(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def test_a_difference_is_found_row_by_row(source: str, target: str) -> None:
    """A trigger of somebody's changes a row on its way: the copy is not kept, and the row is named."""
    with psycopg.connect(target, autocommit=True) as conn:
        conn.execute("CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS "
                     "$$ BEGIN IF NEW.id = 2 THEN NEW.name := 'X'; END IF; RETURN NEW; END $$")  # fmt: skip
        conn.execute("CREATE FUNCTION arm() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
                     "IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'public.person' "
                     "AND command_tag = 'CREATE TABLE') THEN CREATE TRIGGER shout BEFORE INSERT ON person FOR EACH ROW "
                     "EXECUTE FUNCTION shout(); END IF; END $$")  # fmt: skip
        conn.execute("CREATE EVENT TRIGGER arm ON ddl_command_end EXECUTE FUNCTION arm()")
    with pytest.raises(
        NotTheSame, match="table person was not copied as it is: row id 2 differs in name; nothing was kept"
    ):
        transfer(source, target)
    assert is_untouched(target)


def test_a_source_of_an_older_schema_arrives_at_the_newest(tmp_path: Path, target: str) -> None:
    """The file was last used by an earlier release: it is carried as it is, and migrated there."""
    from store import migrate

    url = f"sqlite:///{tmp_path / 'old.db'}"
    with raw.whole(url) as conn:
        migrate.bring(conn, "0032")
        conn.execute(text("INSERT INTO job (queue, body, state, run_at, claims, attempts, created_at) VALUES "
                          "('q', '{}', 'waiting', '2026-01-01 00:00:00.000000', 0, 0, '2026-01-01 00:00:00.000000')"))  # fmt: skip
    assert transfer(url, target).revision == migrate.newest()
    with raw.snapshot(target) as conn:
        assert migrate.revision_of(conn) == migrate.newest()
        assert conn.execute(text("SELECT queue FROM job")).scalar_one() == "q"
    with raw.snapshot(url) as conn:
        assert migrate.revision_of(conn) == "0032", "the source stays as it was"


def test_a_target_that_does_not_answer(source: str) -> None:
    with pytest.raises(DatabaseGone):
        transfer(source, "postgresql://nobody@127.0.0.1:9/nowhere")
