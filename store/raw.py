"""A database opened apart from the program that works on it: one connection, one transaction, rows as they are."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event

from store.db import POSTGRES_NAMES, read_url
from store.errors import DatabaseGone, DiskFull, translated
from store.sqlite import begin_with

_NO_ROOM: Final = "53100"
_BUSY: Final = "PRAGMA busy_timeout = 10000"


@contextmanager
def snapshot(url: str) -> Iterator[Connection]:
    """Read a database as it is at one instant, while others write to it. Nothing is migrated.

    Raises:
        DatabaseGone: nothing answers there, or there is no such file.
    """
    with _connected(url, begin="BEGIN", read_only=True) as conn:
        conn.exec_driver_sql("SELECT 1 FROM sqlite_master" if conn.dialect.name == "sqlite" else "SELECT 1")
        yield conn  # SQLite's snapshot is of its first read


@contextmanager
def whole(url: str) -> Iterator[Connection]:
    """Write to a database in one transaction: all of the block is kept, or nothing. Foreign keys of SQLite are off.

    The file of an SQLite database is made where it is missing.
    """
    with _connected(url, begin="BEGIN IMMEDIATE", read_only=False) as conn:
        yield conn
        conn.commit()


def shown(url: str) -> str:
    """A database's URL without its password."""
    return read_url(url).render_as_string(hide_password=True)


def is_postgres(url: str) -> bool:
    """Whether a URL is PostgreSQL's."""
    return read_url(url).drivername in POSTGRES_NAMES


@contextmanager
def _connected(url: str, *, begin: str, read_only: bool) -> Iterator[Connection]:
    where = read_url(url)
    engine = _postgres(where, read_only=read_only) if is_postgres(url) else _sqlite(where, begin, read_only=read_only)
    try:
        with translated(), engine.connect() as conn:
            yield conn
    except psycopg.OperationalError as error:  # rows are read and written past SQLAlchemy
        raise (DiskFull if error.sqlstate == _NO_ROOM else DatabaseGone)(str(error)) from error
    except sqlite3.OperationalError as error:
        raise (DiskFull if "full" in str(error) else DatabaseGone)(str(error)) from error
    finally:
        engine.dispose()


def _postgres(where: URL, *, read_only: bool) -> Engine:
    engine = create_engine(where.set(drivername="postgresql+psycopg"), poolclass=NullPool, hide_parameters=True)
    if read_only:
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine


def _sqlite(where: URL, begin: str, *, read_only: bool) -> Engine:
    if where.drivername != "sqlite" or not where.database:
        raise ValueError(f"not a database we know: {where.drivername}")
    if read_only and not Path(where.database).is_file():
        raise DatabaseGone(f"there is no database at {where.database}")
    if not read_only:
        os.close(os.open(where.database, os.O_RDWR | os.O_CREAT, 0o600))
    engine = create_engine(f"sqlite:///{where.database}", poolclass=NullPool, hide_parameters=True)
    begin_with(engine, begin)

    def set_up(driver: object, _record: object) -> None:
        for pragma in (_BUSY, "PRAGMA foreign_keys = OFF", *(["PRAGMA query_only = ON"] if read_only else [])):
            driver.execute(pragma)  # type: ignore[attr-defined]

    event.listen(engine, "connect", set_up)
    return engine
