"""Brings a database to the newest revision; safe when several processes start at once."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, event, text

from store.errors import DatabaseNewer

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
            _run(conn)
            _refuse_orphans(conn)
        return
    with engine.begin() as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _PG_LOCK})
        _run(conn)


def _run(conn: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = conn
    with _alembic:
        ours = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
        unknown = set(MigrationContext.configure(conn).get_current_heads()) - ours
        if unknown:
            raise DatabaseNewer(max(unknown))
        command.upgrade(config, "head")


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
