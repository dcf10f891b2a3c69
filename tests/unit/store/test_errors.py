"""Database errors by our names."""

import sqlite3

import psycopg.errors
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from store.errors import DatabaseBusy, DatabaseGone, DiskFull, translate


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (sqlite3.OperationalError("database or disk is full"), DiskFull),
        (sqlite3.OperationalError("database is locked"), DatabaseBusy),
        (sqlite3.OperationalError("unable to open database file"), DatabaseGone),
        (sqlite3.OperationalError("no such table: job"), None),
        (psycopg.errors.DiskFull(), DiskFull),
        (psycopg.errors.DeadlockDetected(), DatabaseBusy),
        (psycopg.errors.SerializationFailure(), DatabaseBusy),
        (psycopg.errors.AdminShutdown(), DatabaseGone),
        (psycopg.errors.ConnectionFailure(), DatabaseGone),
        (psycopg.OperationalError("connection failed: refused"), DatabaseGone),
        (psycopg.errors.UndefinedTable(), None),
    ],
)
def test_translate(error: Exception, ours: type | None) -> None:
    """By SQLSTATE where there is one, by SQLite's fixed sentences where not."""
    found = translate(OperationalError("SELECT", {}, error))
    assert (found and type(found)) == ours


@pytest.mark.parametrize(("name", "ours"), [("SQLITE_IOERR_WRITE", DiskFull), ("SQLITE_IOERR_READ", None)])
def test_a_used_up_quota_is_a_full_disk(name: str, ours: type | None) -> None:
    """SQLite calls a write beyond a quota or a size limit an I/O error; only its code tells which."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name
    found = translate(OperationalError("INSERT", {}, error))
    assert (found and type(found)) == ours


def test_a_broken_connection_is_gone_whatever_it_says() -> None:
    """SQLAlchemy knows when the driver lost its server."""
    lost = DBAPIError("SELECT", {}, psycopg.OperationalError("x"), connection_invalidated=True)
    assert isinstance(translate(lost), DatabaseGone)


def test_constraints_stay_as_they_are() -> None:
    """Bodies expect them."""
    assert translate(IntegrityError("INSERT", {}, sqlite3.IntegrityError("UNIQUE constraint failed"))) is None
