"""`aftercare backup`: everything that an installation is, in one file, while it runs or not; and a look at such a file.

The rows come first, as they were at one instant. A file that a row names was whole on the disk before that row was
committed, so copying the files after the rows misses none.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import Connection, select

from bot.errors import BotError
from bot.settings import Settings, shipped
from handoff import audit, search_index
from handoff.audit import Action
from handoff.audit_tables import audit as audit_table
from store import archive, backup, raw
from store.archive import Content, Writer
from store.backup import MANIFEST, Manifest, MemberFacts
from store.errors import DatabaseNewer, StoreError
from store.migrate import knows, newest, revision_of
from success.checks import versions

log = structlog.get_logger()

MADE: Final = "backup.make"
FOLDER: Final = ("secret", "routes.yaml", "contract.yaml", versions.NAME)
"""What lies in the data folder itself and belongs to a backup, where it is there."""
ROOM: Final = "backups"
_WHO: Final = "command line"
Tell = Callable[[str], None]


def default_path(settings: Settings, *, now: datetime) -> Path:
    """A dated name in the data folder."""
    return settings.data / ROOM / f"aftercare-{now:%Y%m%d-%H%M%S}.tar.gz"


def make(settings: Settings, path: Path, *, now: datetime, tell: Tell = lambda _: None) -> Mapping[str, Any]:
    """Write a backup; what it holds.

    Raises:
        BotError: there is a file of that name, or its folder cannot be written to.
        StoreError: the database does not answer, a row cannot be kept, the disk is full; nothing is left then.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            raise BotError(f"{path} is there already; a backup is never written over another")
        with archive.writing(path) as writer:
            manifest = _written(settings, writer, now=now, tell=tell)
    except FileExistsError:
        raise BotError(f"{path} is there already; a backup is never written over another") from None
    except PermissionError as error:
        raise BotError(f"cannot write to {error.filename}: {error.strerror}") from None
    facts = {**told(manifest), "file": str(path), "bytes": path.stat().st_size}
    return {**facts, "noted": _note(settings, facts, now=now)}


def look(path: Path) -> Manifest:
    """Read all of a backup, and see that nothing of it is missing or changed. Raises BadBackup."""
    with archive.reading(path) as reader:
        return backup.check(reader)


def verify(path: Path) -> Mapping[str, Any]:
    """See that a backup is whole, then put its rows into a database that is thrown away: a restore, but for the end.

    Raises:
        StoreError: it could not be restored, and why.
    """
    manifest = look(path)
    with (
        tempfile.TemporaryDirectory(prefix="aftercare-verify-") as room,
        archive.no_room(Path(room)),
        archive.reading(path) as reader,
        raw.whole(f"sqlite:///{room}/verify.sqlite3") as conn,
    ):
        backup.load_rows(conn, reader, manifest, others=Content.skip)
        backup.finish(conn)
        search_index.rebuild(conn)
    return {**told(manifest), "file": str(path), "bytes": path.stat().st_size, "verified": True}


def told(manifest: Manifest) -> dict[str, Any]:
    """A manifest in a few numbers."""
    return {
        "made_at": manifest.made_at,
        "program": manifest.program,
        "revision": manifest.revision,
        "database": manifest.database,
        "tables": len(manifest.tables),
        "rows": manifest.rows,
        "files": manifest.count("files"),
        "manual": manifest.count("manual"),
        "gone": len(manifest.gone),
    }


def last_made(conn: Connection) -> datetime | None:
    """When the newest backup was made, by the audit log. A transaction body."""
    made = select(audit_table.c.at).where(audit_table.c.action == MADE)
    return conn.execute(made.order_by(audit_table.c.id.desc()).limit(1)).scalar()


def program() -> str:
    """This program's version."""
    try:
        return version("aftercare")
    except PackageNotFoundError:
        return "unknown"


def note(conn: Connection, action: str, facts: Mapping[str, Any], *, kind: str, subject: str, now: datetime) -> None:
    """Write the audit log's line of a command."""
    done = Action(person_id=None, via=_WHO, name=action, kind=kind, subject=subject, facts=facts)
    audit.keep(conn, done, now=now)


def _written(settings: Settings, writer: Writer, *, now: datetime, tell: Tell) -> Manifest:
    tell("rows")
    with raw.snapshot(settings.database) as conn:
        dialect = conn.dialect.name
        revision, tables = backup.write_rows(conn, writer)
    places: dict[str, str] = {}
    gone = [name for name, path in _files(settings, places) if not writer.add_file(name, path)]
    tell("files")
    manifest = Manifest(
        format=backup.FORMAT,
        program=program(),
        revision=revision,
        made_at=now.isoformat(timespec="seconds"),
        database="postgresql" if dialect == "postgresql" else "sqlite",
        tables=tables,
        members=[
            MemberFacts(name=each.name, size=each.size, sha256=each.sha256, place=places.get(each.name))
            for each in writer.members
        ],
        gone=gone,
    )
    writer.add(MANIFEST, manifest.model_dump_json().encode())
    return manifest


def _files(settings: Settings, places: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """The members that are files, after the rows were read; `places` learns where those belong that have a number."""
    for name in FOLDER:
        if (settings.data / name).is_file():
            yield f"folder/{name}", settings.data / name
    files = settings.data / "files"
    kept = sorted(files.iterdir()) if files.is_dir() else []
    plain = [each for each in kept if _is_plain(each) and not each.name.endswith(".part")]
    for number, each in enumerate(plain, 1):
        name = f"files/{each.name}"
        if not archive.may_be_called(name):
            name = f"files/odd-{number:06}"
            places[name] = each.name
        yield name, each
    if settings.manual != shipped("manual") and settings.manual.is_dir():
        yield from _manual(settings.manual, places)


def _manual(root: Path, places: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """The pages of an own manual, hidden folders such as Git's left out."""
    number = 0
    for path in sorted(root.rglob("*")):
        place = path.relative_to(root)
        if _is_plain(path) and not any(part.startswith(".") for part in place.parts):
            number += 1
            name = f"manual/{number:06}"
            places[name] = place.as_posix()
            yield name, path


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and not path.name.startswith(".")


def _note(settings: Settings, facts: Mapping[str, Any], *, now: datetime) -> bool:
    """Note in the audit log that a backup was made; whether that could be done. A backup is none the worse for it."""
    try:
        with raw.whole(settings.database) as conn:
            here = revision_of(conn)
            if here is None or (knows(here) and here != newest()):
                return False
            what = {name: facts[name] for name in ("rows", "files", "bytes", "revision")}
            note(conn, MADE, what, kind="backup", subject=Path(str(facts["file"])).name, now=now)
    except (StoreError, DatabaseNewer) as error:
        log.warning("backup not noted", error=type(error).__name__)
        return False
    return True
