"""The one chain of revisions."""

import asyncio
import importlib
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

import store
from store.db import Database
from store.errors import DatabaseNewer
from store.jobs import enqueue
from store.tables import metadata

pytestmark = pytest.mark.bare

MIGRATIONS = Path(store.__file__).parent / "migrations"
OPENER = """
import asyncio, sys
from store.clock import utc_now
from store.db import Database
from store.jobs import enqueue

async def main():
    database = await Database.open(sys.argv[1])
    await database.write(lambda conn: enqueue(conn, "q", {}, now=utc_now()))
    await database.close()

sys.stdin.readline()
asyncio.run(main())
"""


def revision(conn: Connection) -> str:
    return str(conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def head() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()


async def test_four_processes_may_start_at_once(database_url: str) -> None:
    """An empty database, four starts in the same moment: each succeeds and works."""
    starting = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", OPENER, database_url, stdin=PIPE, stderr=PIPE, cwd=MIGRATIONS.parent.parent
        )
        for _ in range(4)
    ]
    ended = await asyncio.gather(*(process.communicate(b"go\n") for process in starting))
    assert [process.returncode for process in starting] == [0] * 4, [errors[-500:] for _, errors in ended]
    database = await Database.open(database_url)
    assert await database.read(lambda conn: conn.execute(text("SELECT count(*) FROM job")).scalar_one()) == 4
    assert await database.read(revision) == head()
    await database.close()


async def test_a_newer_database_is_left_alone(database_url: str) -> None:
    """What a later version took something away from is refused in one sentence, and not touched."""
    opened = await Database.open(database_url)
    await opened.write(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '9999'")).close())
    await opened.write(lambda conn: conn.execute(text("UPDATE schema_line SET oldest = 9998")).close())
    await opened.close()
    with pytest.raises(DatabaseNewer, match=r"newer version of Aftercare .*9999.* backup"):
        await Database.open(database_url)


async def test_two_databases_may_open_at_once_in_one_process(database_urls: Callable[[], str]) -> None:
    """Alembic's global state does not mix them up."""
    opened = await asyncio.gather(*(Database.open(database_urls()) for _ in range(3)))
    assert [await database.read(revision) for database in opened] == [head()] * 3
    for database in opened:
        await database.close()


async def test_opening_again_keeps_everything(database_url: str) -> None:
    """A second start is a second start."""
    from store.clock import utc_now

    for count in (1, 2):
        database = await Database.open(database_url)
        await database.write(lambda conn: enqueue(conn, "q", {}, now=utc_now()))
        assert await database.read(lambda conn: conn.execute(text("SELECT count(*) FROM job")).scalar_one()) == count
        await database.close()


async def test_the_chain_makes_the_tables_the_code_expects(database: Database) -> None:
    """Every room's tables, in both directions, on both databases."""
    for room in ("store", "handoff", "knowledge", "success", "console"):
        for tables in sorted((MIGRATIONS.parent.parent / room).glob("*tables.py")):
            importlib.import_module(f"{room}.{tables.stem}")

    def ours(_item: object, name: str | None, _kind: str, _reflected: bool, _other: object) -> bool:
        fts5 = str(name).startswith("search_words")  # a virtual table, and those it keeps for itself
        return not fts5 and (database.dialect != "sqlite" or name != "search_entry_words")

    def differences(conn: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(conn, opts={"include_object": ours}), metadata))

    assert await database.read(differences) == []


async def test_the_newest_step_can_be_undone_and_done_again(database_url: str) -> None:
    """Down one revision and up again ends with the tables that the code expects."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    opened = await Database.open(database_url)
    await opened.close()
    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        command.downgrade(config, "-1")
        assert revision(conn) != head()
    engine.dispose()
    database = await Database.open(database_url)
    await test_the_chain_makes_the_tables_the_code_expects(database)
    await database.close()


def test_the_chain_is_linear_and_stands_alone() -> None:
    """One head, one base, and no import of ours that could change under an old revision."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1
    for script in scripts.walk_revisions():
        source = Path(script.path).read_text()
        for room in ("store", "handoff", "knowledge", "success", "console", "bot"):
            assert f"from {room}" not in source
            assert f"import {room}" not in source
