"""Two releases on one database: a revision only adds, unless it says which revision's programs did without already."""

import asyncio
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine, inspect, text

import store
from store import migrate
from store.clock import utc_now
from store.db import Database
from store.errors import DatabaseNewer
from store.jobs import depths, enqueue
from tests.contract.store.test_migrations import OPENER, revision

SIDE_BY_SIDE_SINCE = "0033"
ADDING = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9001", "{head}", None, None

def upgrade():
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
    op.add_column("job", sa.Column("later", sa.Text, nullable=False, server_default="x"))
"""
TAKING = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9002", "9001", None, None
contracts = "9001"

def upgrade():
    op.drop_table("later")
    with op.batch_alter_table("job") as job:
        job.drop_column("later")
"""


@dataclass(frozen=True)
class Look:
    """What a schema asks of those who write: by table its columns (type, whether it must be given), and rules."""

    columns: Mapping[str, Mapping[str, tuple[str, bool]]]
    rules: Mapping[str, frozenset[str]]


def look(conn: Connection) -> Look:
    seen = inspect(conn)
    names = [name for name in seen.get_table_names() if not name.startswith("search_words")]
    return Look(
        {name: {each["name"]: _column(each) for each in seen.get_columns(name)} for name in names},
        {name: frozenset(_rules(seen, name)) for name in names},
    )


def _column(each: Any) -> tuple[str, bool]:
    return str(each["type"]), not each["nullable"] and each.get("default") is None


def _rules(seen: Any, table: str) -> Iterator[str]:
    for index in seen.get_indexes(table):
        if index["unique"]:
            yield f"unique {index['column_names']}"
    for kind in ("unique_constraints", "foreign_keys", "check_constraints"):
        for each in getattr(seen, f"get_{kind}")(table):
            told = each.get("column_names") or each.get("constrained_columns") or each.get("sqltext")
            yield f"{kind} {told} {each.get('referred_table', '')}"


def breaks(before: Look, after: Look) -> list[str]:
    """What a program that was written for the first schema cannot do any more on the second."""
    found = []
    for table, columns in before.columns.items():
        if table not in after.columns:
            found.append(f"{table} is gone")
            continue
        now = after.columns[table]
        for name, (kind, must) in columns.items():
            if name not in now:
                found.append(f"{table}.{name} is gone")
            elif now[name][0] != kind:
                found.append(f"{table}.{name} was {kind}")
            elif now[name][1] and not must:
                found.append(f"{table}.{name} must be given")
        found += [f"{table}.{name} must be given" for name in now.keys() - columns.keys() if now[name][1]]
        found += [f"{table} has a new rule: {rule}" for rule in sorted(after.rules[table] - before.rules[table])]
    return found


@contextmanager
def chain_of(folder: Path) -> Iterator[None]:
    """`store.migrate` reads this folder."""
    kept = migrate._FOLDER
    migrate._FOLDER = folder  # type: ignore[misc]
    migrate._chain.cache_clear()
    try:
        yield
    finally:
        migrate._FOLDER = kept  # type: ignore[misc]
        migrate._chain.cache_clear()


def a_later_release(room: Path, *more: str) -> Path:
    """A folder with the package `store` of a later release, which has more revisions."""
    shutil.copytree(Path(store.__file__).parent, room / "store", ignore=shutil.ignore_patterns("__pycache__"))
    for number, source in enumerate(more, 9001):
        written = source.replace("{head}", migrate.newest())
        (room / "store/migrations/versions" / f"{number}_later.py").write_text(written)
    return room


def engine_of(url: str) -> Engine:
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)


def problems(url: str) -> list[str]:
    """What every revision since `SIDE_BY_SIDE_SINCE` breaks and does not own up to; the chain is run step by step."""
    script = ScriptDirectory.from_config(migrate._config())
    steps = sorted(script.walk_revisions(), key=lambda each: each.revision)
    found, engine = [], engine_of(url)
    with engine.connect() as conn:
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("PRAGMA foreign_keys = OFF")
        if migrate.revision_of(conn) is None:
            migrate.bring(conn, SIDE_BY_SIDE_SINCE)
        begun = str(migrate.revision_of(conn))
        for step in steps:
            if step.revision <= begun:
                continue
            before = look(conn)
            migrate.bring(conn, step.revision)
            since = getattr(step.module, "contracts", None)
            if since is None:
                found += [f"{step.revision}: {each}" for each in breaks(before, look(conn))]
            elif not SIDE_BY_SIDE_SINCE <= since < step.revision:
                found.append(f"{step.revision}: {since} is no revision before it")
        conn.rollback()
    engine.dispose()
    return found


@pytest.mark.bare
def test_every_revision_only_adds_or_says_that_it_takes_away(database_url: str) -> None:
    """This holds for those to come: add in one release, use it, take away what is not used any more in a later one."""
    assert problems(database_url) == []


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ('op.drop_table("rate")', "rate is gone"),
        ('op.rename_table("rate", "speed")', "rate is gone"),
        ('op.add_column("team", sa.Column("odd", sa.Text, nullable=True)); _alter("team", "odd")', None),
        ('_batch("rate", lambda b: b.drop_column("full_at"))', "rate.full_at is gone"),
        ('_batch("rate", lambda b: b.alter_column("full_at", new_column_name="at"))', "rate.full_at is gone"),
        (
            '_batch("rate", lambda b: b.alter_column("bucket", type_=sa.Integer, postgresql_using="0"))',
            "rate.bucket was",
        ),
        ('_batch("job", lambda b: b.alter_column("key", nullable=False))', "job.key must be given"),
        ('_batch("job", lambda b: b.add_column(sa.Column("odd", sa.Text, nullable=False)))', "job.odd must be given"),
        ('op.create_index("odd", "schedule", ["queue"], unique=True)', "schedule has a new rule"),
        ('op.create_index("even", "schedule", ["queue"])', None),
    ],
)
def test_a_revision_that_takes_away_is_found(
    database_url: str, tmp_path: Path, statement: str, why: str | None
) -> None:
    """Dropped, renamed, of another type, wanted from now on, or forbidden: each is told apart from what only adds."""
    source = (
        "import sqlalchemy as sa\nfrom alembic import op\n"
        'revision, down_revision, branch_labels, depends_on = "9001", "{head}", None, None\n'
        "def _batch(table, do):\n    with op.batch_alter_table(table) as batch:\n        do(batch)\n"
        "def _alter(table, column):\n    _batch(table, lambda b: b.alter_column(column, existing_type=sa.Text))\n"
        f"def upgrade():\n    {statement}\n"
    )
    with chain_of(a_later_release(tmp_path, source) / "store" / "migrations"):
        found = problems(database_url)
    assert found == [] if why is None else any(why in each for each in found)


async def test_an_older_program_works_on_a_schema_that_has_more(database_url: str, tmp_path: Path) -> None:
    """The later release has migrated; the older one reads, writes and starts again beside it."""
    later = a_later_release(tmp_path, ADDING)
    older = await Database.open(database_url)
    await starts(database_url, later)
    assert await older.read(revision) == "9001"
    await older.write(lambda conn: enqueue(conn, "q", {}, now=utc_now()))
    await older.close()
    again = await Database.open(database_url)
    assert await again.write(lambda conn: enqueue(conn, "q", {}, now=utc_now())) is not None
    assert [each.waiting for each in await again.read(partial(depths, now=utc_now()))] == [3]
    assert await again.read(revision) == "9001"
    await again.close()


async def test_an_older_program_is_refused_where_what_it_needs_is_gone(database_url: str, tmp_path: Path) -> None:
    """A contracting revision raises the line: who knows only what was before is told so, in one sentence."""
    await (await Database.open(database_url)).close()
    await starts(database_url, a_later_release(tmp_path, ADDING, TAKING))
    with pytest.raises(DatabaseNewer, match="9002"):
        await Database.open(database_url)


@pytest.mark.bare
async def test_two_releases_may_start_at_once(database_url: str, tmp_path: Path) -> None:
    """A rolling start: processes of both releases in the same moment, on a database that neither has seen."""
    later, ours = a_later_release(tmp_path, ADDING), Path(store.__file__).parents[1]
    starting = [await started(database_url, home) for home in (later, ours, later, ours)]
    ended = await asyncio.gather(*(process.communicate(b"go\n") for process in starting))
    assert [process.returncode for process in starting] == [0] * 4, [errors[-500:] for _, errors in ended]
    database = await Database.open(database_url)
    assert await database.read(revision) == "9001"
    assert [each.waiting for each in await database.read(partial(depths, now=utc_now()))] == [4]
    await database.close()


async def starts(url: str, home: Path) -> None:
    """A program opens the database, works, and ends well."""
    process = await started(url, home)
    _, errors = await process.communicate(b"go\n")
    assert process.returncode == 0, errors[-800:]


async def started(url: str, home: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", OPENER, url, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=home, env={"PYTHONPATH": str(home)}
    )


@pytest.mark.bare
def test_the_newest_revision_of_a_fresh_database_is_noted(database_url: str) -> None:
    """`schema_line` says which programs can work there."""
    with engine_of(database_url).begin() as conn:
        migrate.bring(conn)
        assert conn.execute(text("SELECT oldest FROM schema_line")).scalar_one() == int(SIDE_BY_SIDE_SINCE)
