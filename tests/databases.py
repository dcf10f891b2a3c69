"""Fresh databases for tests: an SQLite file, or a database on a private PostgreSQL of this test session.

Import the fixtures in a conftest. `database_url` runs a test once for each kind; `database` is that, opened. They are
copies of one that was migrated once; a test marked `bare` begins with one that has no tables.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from store.db import Database
from store.migrate import upgrade
from tests.postgres import private_postgres

__all__ = ["database", "database_url", "database_urls", "postgres_server", "postgres_urls"]

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL, without a database name, of a private server; skips where PostgreSQL is not installed."""
    with private_postgres() as server:
        if server is not None:
            yield server
            return
    reason = "PostgreSQL's programs are not installed (Debian: apt-get install postgresql)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes URLs of databases without a row, for a test that needs more than one."""
    bare = request.node.get_closest_marker("bare") is not None
    if request.param == "sqlite":

        def make_file() -> str:
            file = tmp_path / f"test{next(_numbers)}.db"
            return f"sqlite:///{file if bare else migrated_file(file)}"

        yield make_file
        return
    yield request.getfixturevalue("postgres_urls")


@pytest.fixture
def postgres_urls(request: pytest.FixtureRequest, postgres_server: str) -> Iterator[Callable[[], str]]:
    """Makes URLs of databases without a row on the private PostgreSQL."""
    bare = request.node.get_closest_marker("bare") is not None
    names: list[str] = []

    def make() -> str:
        names.append(f"test{next(_numbers)}")
        base = "template1" if bare else _migrated_base(postgres_server)
        _administer(postgres_server, f"CREATE DATABASE {names[-1]} TEMPLATE {base}")
        return f"{postgres_server}/{names[-1]}"

    yield make
    for name in names:
        _administer(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(database_urls: Callable[[], str]) -> str:
    """The URL of a database without a row."""
    return database_urls()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, migrated, empty database."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()


def migrated_file(file: Path) -> Path:
    """Put an SQLite database that has all tables and no row there; in no time, against migrating it."""
    shutil.copyfile(_migrated_original(), file)
    return file


@cache
def _migrated_original() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="aftercare-original-"))
    atexit.register(shutil.rmtree, folder)
    _migrate(f"sqlite:///{folder / 'original.db'}")
    return folder / "original.db"


@cache
def _migrated_base(server: str) -> str:
    _administer(server, "CREATE DATABASE migrated")
    _migrate(f"{server}/migrated".replace("postgresql:", "postgresql+psycopg:"))
    return "migrated"


def _migrate(url: str) -> None:
    engine = create_engine(url)
    upgrade(engine)
    engine.dispose()


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as conn:
        conn.execute(statement)
