"""Everything this package raises of its own.

    StoreError
    ├── DatabaseGone        cannot be reached, or is closed; a commit under way may have happened
    ├── DatabaseBusy        locks or conflicts did not clear within the bounded retries
    ├── DatabaseNewer       a later version of this program has migrated it
    ├── DiskFull            no room to write; nothing of the transaction was kept
    ├── LeaseLost           another worker has this job now; nothing of the transaction was kept
    ├── AttemptsExhausted   a job's workers died as often as its retry policy allows
    ├── GiveUp              raised by a handler: dead letter at once, no retry
    ├── AlreadyOwned        another process owns the data folder
    ├── OddTable            a table that cannot be copied to another database
    ├── OddRow              a row that cannot; which, and why
    ├── NotEmpty            where rows should go there are some already
    ├── NotTheSame          what was copied is not what it was copied from
    ├── BadBackup           a backup that is cut, changed, hostile, or no backup
    └── BadSchedule         a cron expression or a time zone that cannot be read

Constraint violations stay SQLAlchemy's (`sqlalchemy.exc.IntegrityError`): bodies may expect them. `OutOfRange` is a
`ValueError`, no StoreError: the number that was asked for is wrong, and stays wrong however often one tries.
"""

# ruff: noqa: N818 -- the names say what happened, as the field does

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.exc import DBAPIError

_BUSY_STATES = {"40001", "40P01", "55P03"}
_DISK_STATES = {"53100"}
_DISK_NAMES = {"SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"}  # a used-up quota is a failed write
_RANGE_STATES = {"22003"}
_RANGE_TEXT = "too large to convert to SQLite INTEGER"
_BUSY_TEXTS = ("database is locked", "database table is locked", "database schema is locked")
_GONE_TEXTS = ("unable to open database file", "connection is closed", "connection failed")


class StoreError(Exception):
    """Root of this package's errors."""


class DatabaseGone(StoreError):
    """The database cannot be reached. If it broke during a commit, the commit's fate is unknown."""


class DatabaseBusy(StoreError):
    """Another writer held its locks for longer than we wait."""


class DatabaseNewer(StoreError):
    """The database has a revision that this version does not know."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"a newer version of Aftercare has migrated this database (to {revision}); "
            "run that version again, or restore the backup made before it"
        )
        self.revision = revision


class DiskFull(StoreError):
    """There is no room for the write."""


class LeaseLost(StoreError):
    """The job is no longer held by (owner, claim)."""

    def __init__(self, job_id: int, *, owner: str, claims: int) -> None:
        super().__init__(f"job {job_id} is no longer held by {owner} (claim {claims})")
        self.job_id, self.owner, self.claims = job_id, owner, claims


class AttemptsExhausted(StoreError):
    """Every allowed attempt ended without a result, the last ones without even an error."""

    def __init__(self, job_id: int, *, attempts: int) -> None:
        super().__init__(f"job {job_id} was started {attempts} times and never ended")
        self.job_id, self.attempts = job_id, attempts


class GiveUp(StoreError):
    """Raise in a handler when trying again cannot help."""


class AlreadyOwned(StoreError):
    """Another process owns the data folder (`pid` 0 and `since` None while it is only just starting)."""

    def __init__(self, pid: int, since: datetime | None) -> None:
        super().__init__(f"owned by process {pid} since {since}")
        self.pid, self.since = pid, since


class OddTable(StoreError):
    """A table cannot be copied."""

    def __init__(self, table: str, why: str) -> None:
        super().__init__(f"table {table} {why}")
        self.table, self.why = table, why


class OddRow(StoreError):
    """A row cannot be copied: `key` names it, `column` what of it (or ""), `why` goes on from there."""

    def __init__(self, table: str, key: str, column: str, why: str) -> None:
        place = f"table {table}, row {key}" + (f", column {column}" if column else "")
        super().__init__(f"{place}: {why}")
        self.table, self.key, self.column, self.why = table, key, column, why


class NotEmpty(StoreError):
    """Rows are only put where there are none. `where` says what is in the way."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where}; nothing was changed there")
        self.where = where


class NotTheSame(StoreError):
    """A copy differs from what it was made of; nothing of it was kept."""

    def __init__(self, table: str, what: str) -> None:
        super().__init__(f"table {table} was not copied as it is: {what}; nothing was kept")
        self.table, self.what = table, what


class BadBackup(StoreError):
    """A backup cannot be used."""


class BadSchedule(StoreError):
    """`part` ("cron" or "zone") has the unreadable `value`."""

    def __init__(self, part: str, value: str) -> None:
        super().__init__(f"cannot read {part} {value!r}")
        self.part, self.value = part, value


class OutOfRange(ValueError):
    """A statement had a number that its column cannot hold; nothing of the transaction was kept."""


def translate(error: DBAPIError) -> StoreError | OutOfRange | None:
    """Our name for a database error; None for those callers handle themselves, such as IntegrityError."""
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state in _RANGE_STATES:
        return OutOfRange()
    text = str(error.orig).lower()
    name: str | None = getattr(error.orig, "sqlite_errorname", None)
    if "database or disk is full" in text or name in _DISK_NAMES or state in _DISK_STATES:
        return DiskFull(text)
    if text.startswith(_BUSY_TEXTS) or state in _BUSY_STATES:
        return DatabaseBusy(text)
    if error.connection_invalidated or text.startswith(_GONE_TEXTS) or (state or "").startswith(("08", "57P")):
        return DatabaseGone(text)
    return None


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors for the database's where there is one."""
    try:
        yield
    except DBAPIError as error:
        ours = translate(error)
        if ours is None:
            raise
        raise ours from error
    except OverflowError as error:  # the driver's own, which SQLAlchemy hands on as it is
        if _RANGE_TEXT not in str(error):
            raise
        raise OutOfRange from error
