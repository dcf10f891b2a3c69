"""Brings a database to the newest revision; safe when several processes start at once."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, event, text

from store.errors import DatabaseNewer

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER: Final = Path(__file__).parent / "migrations"
_PG_LOCK: Final = 0x61667465  # "afte"
_alembic = threading.Lock()  # Alembic's `op` and `context` are global


def upgrade(engine: Engine) -> None:
    """Run the missing revisions in one transaction, while other starting processes wait.

    Raises:
        DatabaseNewer: a later version of this program has migrated it already.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _foreign_keys_off)  # batch mode drops and renames tables
        with _file_lock(Path(engine.url.database or "")), engine.begin() as conn:
            if _run(conn):
                _refuse_orphans(conn)
        return
    with engine.begin() as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _PG_LOCK})
        _run(conn)


def _run(conn: Connection) -> bool:
    """Whether there was anything to do; a database that is at the newest revision is only asked for its own."""
    from alembic import command
    from alembic.runtime.migration import MigrationContext

    with _alembic:
        ours, newest = _revisions()
        at = frozenset(MigrationContext.configure(conn).get_current_heads())
        if unknown := at - ours:
            raise DatabaseNewer(max(unknown))
        if at == newest:
            return False
        config = _config()
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
        return True


@cache
def _revisions() -> tuple[frozenset[str], frozenset[str]]:
    """All our revisions, and the newest."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_config())
    return frozenset(each.revision for each in script.walk_revisions()), frozenset(script.get_heads())


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def _foreign_keys_off(dbapi: object, _record: object) -> None:
    dbapi.execute("PRAGMA foreign_keys = OFF")  # type: ignore[attr-defined]


def _refuse_orphans(conn: Connection) -> None:
    orphans = conn.execute(text("PRAGMA foreign_key_check")).first()
    if orphans is not None:
        raise RuntimeError(f"a migration left a row without its parent: {orphans}")


@contextmanager
def _file_lock(database: Path) -> Iterator[None]:
    path = database.with_name(f"{database.name}.migrating")
    with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600)) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
