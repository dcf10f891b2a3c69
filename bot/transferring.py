"""`aftercare transfer`: from the SQLite file of the data folder into PostgreSQL, while nobody works in the folder."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.exc import ArgumentError

from bot.backup import note
from bot.errors import BotError, SettingsError
from bot.settings import SQLITE_FILE, Settings
from store import raw
from store.errors import AlreadyOwned, DatabaseGone
from store.lock import own
from store.transfer import transfer

CARRIED: Final = "transfer.make"


def carry(settings: Settings, target: str, *, mend: bool, now: datetime) -> Mapping[str, Any]:
    """Carry all rows over, compared one by one; what to do next.

    Raises:
        SettingsError: the target is no PostgreSQL.
        BotError: a process works in the data folder, or there is nothing to carry.
        StoreError: see `store.transfer.transfer`; nothing was kept in the target.
    """
    source = settings.data / SQLITE_FILE
    if not _is_postgres(target):
        raise SettingsError("--to", "must be a PostgreSQL database: postgresql://user:password@host/name")
    if not source.is_file():
        raise BotError(f"there is no SQLite database at {source}: nothing to carry over")
    try:
        with own(settings.data):
            found = transfer(f"sqlite:///{source}", target, mend=mend)
            _note(target, found.rows, now=now)
    except AlreadyOwned as error:
        raise BotError(f"process {error.pid} works in {settings.data}: stop it first, then carry over") from None
    except DatabaseGone as error:
        raise BotError(f"{raw.shown(target)} does not answer: {error}") from None
    return {
        "from": str(source),
        "to": raw.shown(target),
        "revision": found.revision,
        "rows": found.rows,
        "tables": {each.table: {"rows": each.rows, "sha256": each.digest} for each in found.tables},
        "mended": [f"{table}, {key}, {column}" for table, key, column in found.mended],
        "next": [
            "set DATABASE_URL to that database and CHROMA_URL to your Chroma server; leave AFTERCARE_DATA as it is",
            "start, and see `aftercare doctor`",
            f"then put {source.name} away: it is as it was, and nothing reads it any more",
        ],
    }


def _is_postgres(target: str) -> bool:
    try:
        return raw.is_postgres(target)
    except ArgumentError:
        return False


def _note(target: str, rows: int, *, now: datetime) -> None:
    with raw.whole(target) as conn:
        note(conn, CARRIED, {"rows": rows}, kind="database", subject="postgresql", now=now)
