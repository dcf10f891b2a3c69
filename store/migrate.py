"""Brings a database to the newest revision; safe when several processes start at once, of two releases even.

A release's revisions only add (expand); what is not used any more goes in a later release (contract). So a program that
finds a newer schema works on it, unless `schema_line` says that something it needs is gone.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import Connection, Engine, event, inspect, select, text, update

from store.errors import DatabaseNewer
from store.tables import schema_line

if TYPE_CHECKING:
    from alembic.config import Config

_log: Final = structlog.get_logger("store.migrate")
_FOLDER: Final = Path(__file__).parent / "migrations"
_PG_LOCK: Final = 0x61667465  # "afte"
_alembic = threading.Lock()  # Alembic's `op` and `context` are global


def upgrade(engine: Engine) -> None:
    """Run the missing revisions in one transaction, while other starting processes wait.

    Raises:
        DatabaseNewer: a later program has migrated it, and taken away something that this one needs.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _foreign_keys_off)  # batch mode drops and renames tables
        with _file_lock(Path(engine.url.database or "")), engine.begin() as conn:
            if bring(conn):
                _refuse_orphans(conn)
        return
    with engine.begin() as conn:
        lock(conn)
        bring(conn)


def lock(conn: Connection) -> None:
    """On PostgreSQL, let nobody else migrate until this transaction ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _PG_LOCK})


def revision_of(conn: Connection) -> str | None:
    """The revision that a database has; None where nothing was ever migrated."""
    from alembic.runtime.migration import MigrationContext

    with _alembic:
        return max(MigrationContext.configure(conn).get_current_heads(), default=None)


def newest() -> str:
    """The newest revision that this program knows."""
    return _chain().newest


def knows(revision: str) -> bool:
    """Whether a revision is one of this program's."""
    return revision in _chain().all


def bring(conn: Connection, to: str = "head") -> bool:
    """Run the missing revisions up to one, in the transaction of `conn`; whether there was anything to do.

    A database that is at the newest revision is only asked for its own. One that a later program has migrated is left
    as it is, where that only added to what we know.

    Raises:
        DatabaseNewer: a later program has taken away something that this one needs.
    """
    from alembic import command
    from alembic.runtime.migration import MigrationContext

    with _alembic:
        chain = _chain()
        at = max(MigrationContext.configure(conn).get_current_heads(), default=None)
        if at is not None and at not in chain.all:
            _refuse_contracted(conn, at, chain)
            return False
        if at == (chain.newest if to == "head" else to):
            return False
        config = _config()
        config.attributes["connection"] = conn
        command.upgrade(config, to)
        _note_line(conn, chain)
        return True


def _refuse_contracted(conn: Connection, at: str, chain: "_Chain") -> None:
    oldest = conn.execute(select(schema_line.c.oldest)).scalar() if inspect(conn).has_table(schema_line.name) else None
    if oldest is None or oldest > int(chain.newest):
        raise DatabaseNewer(at)
    _log.warning("database_is_newer", revision=at, ours=chain.newest, note="it has only more; update this program soon")


def _note_line(conn: Connection, chain: "_Chain") -> None:
    """Write down which programs can still work here."""
    if inspect(conn).has_table(schema_line.name):
        from alembic.runtime.migration import MigrationContext

        here = max(MigrationContext.configure(conn).get_current_heads())
        oldest = max((int(since) for revision, since in chain.contracting if revision <= here), default=0)
        raised = update(schema_line).where(schema_line.c.oldest < oldest)
        conn.execute(raised.values(oldest=oldest))


@dataclass(frozen=True)
class _Chain:
    """All our revisions, the newest, and those that take something away, with the revision that did without first."""

    all: frozenset[str]
    newest: str
    contracting: tuple[tuple[str, str], ...]


@cache
def _chain() -> _Chain:
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_config())
    walked = list(script.walk_revisions())
    contracting = tuple(
        (each.revision, str(since)) for each in walked if (since := getattr(each.module, "contracts", None)) is not None
    )
    (head,) = script.get_heads()
    return _Chain(frozenset(each.revision for each in walked), head, contracting)


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
