"""What `aftercare doctor` says of the database, of backups, and of the files' folder."""

import os
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

from bot import backup
from bot.findings import Finding
from store.clock import Clock
from store.db import Database
from store.errors import StoreError
from store.migrate import knows, newest, revision_of

OLD: Final = timedelta(days=2)
_NEWER: Final = 140_000
"""The oldest PostgreSQL that its makers still mend, as a number."""
_LEFT: Final = 10
_APART_S: Final = 5.0
_BEHIND_S: Final = 60.0
_FACTS: Final = text(
    """
    SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
            - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS left,
        clock_timestamp() AS at, pg_is_in_recovery() AS copy,
        (SELECT count(*) FROM pg_stat_replication) AS copies,
        (SELECT extract(epoch FROM max(replay_lag))::float FROM pg_stat_replication) AS behind
    """
)


async def examine(db: Database, *, data: Path, clock: Clock) -> list[Finding]:
    """The findings, from the ground up."""
    try:
        found = await db.read(lambda conn: _look(conn, postgres=db.dialect == "postgresql"))
    except StoreError as error:
        return [_bad("database", f"{type(error).__name__}: {error}", "see that it runs and that DATABASE_URL is right")]
    now = clock()
    return [
        *(_postgres(found, now=now) if db.dialect == "postgresql" else [_ok("database", "SQLite, in the data folder")]),
        _schema(found["revision"]),
        _backup(found["backup"], now=now),
        _files(data / "files"),
    ]


def _look(conn: Connection, *, postgres: bool) -> Mapping[str, Any]:
    found = {"revision": revision_of(conn), "backup": backup.last_made(conn)}
    return found | (dict(conn.execute(_FACTS).mappings().one()) if postgres else {})


def _postgres(found: Mapping[str, Any], *, now: datetime) -> list[Finding]:
    told = f"PostgreSQL {found['version']}, room for {found['left']} more connections"
    apart = abs((found["at"] - now).total_seconds())
    if found["copy"]:
        mend = "DATABASE_URL names a copy that follows another: name the one that is written to"
        return [_bad("database", f"{told}, read only", mend)]
    findings = [_ok("database", told)]
    if found["number"] < _NEWER:
        findings = [_warn("database", told, "this version is no longer mended by its makers: upgrade PostgreSQL")]
    elif found["left"] < _LEFT:
        findings = [_warn("database", told, "each process takes up to 21: raise max_connections, or run fewer")]
    if apart > _APART_S:
        mend = "set both machines' clocks (NTP): deadlines are reckoned by this one's"
        findings.append(_warn("database's clock", f"{apart:.0f} s apart from this machine's", mend))
    else:
        findings.append(_ok("database's clock", "as this machine's"))
    if found["copies"]:
        behind = found["behind"] or 0.0
        said = f"{found['copies']} follow, {behind:.0f} s behind"
        mend = "see that the copies' machines and the network keep up: what they lack is lost if this one dies"
        findings.append(_warn("copies", said, mend) if behind > _BEHIND_S else _ok("copies", said))
    return findings


def _schema(revision: str | None) -> Finding:
    if revision == newest():
        return _ok("schema", f"{revision}, the newest of this program")
    if revision is not None and not knows(revision):
        return _warn("schema", f"{revision}: a later release has extended it", "upgrade this process too, soon")
    return _bad("schema", f"{revision}, not yet {newest()}", "restart: what is missing is migrated at the start")


def _backup(made: datetime | None, *, now: datetime) -> Finding:
    mend = "run `aftercare backup` every night (cron, systemd timer), and keep the file on another machine"
    if made is None:
        return _warn("backup", "none was ever made", mend)
    age = now - made
    said = f"made {made:%Y-%m-%d %H:%M} UTC"
    if age > OLD:
        return _warn("backup", f"{said}, {age.days} days ago", mend)
    return _ok("backup", said)


def _files(folder: Path) -> Finding:
    probe = folder / f".probe-{secrets.token_hex(4)}"
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        probe.unlink()
    except OSError as error:
        mend = "give this process' user the folder, or mount it writable: what clients send is kept there"
        return _bad("files folder", f"{folder}: {error.strerror}", mend)
    return _ok("files folder", f"{folder} can be written to")


def _ok(what: str, found: str) -> Finding:
    return Finding(what=what, state="ok", found=found)


def _warn(what: str, found: str, mend: str) -> Finding:
    return Finding(what=what, state="warning", found=found, mend=mend)


def _bad(what: str, found: str, mend: str) -> Finding:
    return Finding(what=what, state="bad", found=found, mend=mend)
