"""`aftercare restore`: a backup put where nothing is yet; never over anything, and never half of it."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from sqlalchemy import Connection

from bot import backup as backups
from bot.backup import FOLDER, ROOM, note, told
from bot.errors import BotError
from bot.settings import Settings
from handoff import search_index
from store import archive, backup, raw
from store.archive import Content
from store.backup import Manifest
from store.errors import AlreadyOwned, BadBackup, DatabaseNewer, DiskFull, NotEmpty
from store.lock import own
from store.migrate import knows
from success.privacy import tombstones
from success.privacy.tombstones import Tombstone

RESTORED: Final = "backup.restore"
MANUAL: Final = "manual"
_WORKING: Final = ".restoring"
_MAY_BE_THERE: Final = frozenset({"owner.lock", "owner.socket", "erasures.jsonl", ROOM, _WORKING, "lost+found"})
_ROOMY: Final = 2
"""How much of the disk a database and its files take, against the backup's rows and files."""


@dataclass(frozen=True, kw_only=True)
class Where:
    """Where a backup goes: a data folder, a database (in the folder, if it is SQLite), the list of who was erased."""

    data: Path
    database: str
    erasures: Path

    @classmethod
    def of(cls, settings: Settings, into: Path | None) -> "Where":
        """By the settings, or into another data folder."""
        data = settings.data if into is None else into.expanduser().absolute()
        there = settings.model_copy(update={"data": data})
        return cls(data=data, database=there.database, erasures=there.erasures_file)


def restore(path: Path, where: Where, *, now: datetime) -> Mapping[str, Any]:
    """Put a backup into an empty data folder and an empty database; what was put there.

    Raises:
        BadBackup, NotTheSame, OddRow: the backup cannot be put back.
        NotEmpty: something is there already.
        DatabaseNewer: a later program made it.
        DiskFull, DatabaseGone: no room, or no database.
        BotError: a process works in that folder.
    """
    manifest = backups.look(path)
    if not knows(manifest.revision):
        raise DatabaseNewer(manifest.revision)
    where.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with own(where.data):
            _refuse_anything(where.data)
            _refuse_too_large(where.data, manifest)
            with archive.no_room(where.data):
                return _restored(path, manifest, where, now=now)
    except AlreadyOwned as error:
        raise BotError(f"process {error.pid} works in {where.data}: stop it first, or restore into another") from None


def _restored(path: Path, manifest: Manifest, where: Where, *, now: datetime) -> Mapping[str, Any]:
    stones = tombstones.read(where.erasures)
    with _working(where.data) as room:
        files = _Files(room, manifest)
        there = where.database if raw.is_postgres(where.database) else f"sqlite:///{room / 'rows.sqlite3'}"
        with archive.reading(path) as reader, raw.whole(there) as conn:
            backup.load_rows(conn, reader, manifest, others=files.put)
            files.refuse_missing()
            erased = _made_ours(conn, manifest, stones, path=path, now=now)
            if raw.is_postgres(where.database):
                _place(room, where.data)  # before the rows are there: files that no row names do no harm
        if not raw.is_postgres(where.database):
            _place(room, where.data)
            (room / "rows.sqlite3").replace(where.data / Path(where.database).name)
        archive.sync_folder(where.data)
    return {
        **told(manifest),
        "file": str(path),
        "data": str(where.data),
        "into": raw.shown(where.database),
        "erased_again": erased,
        "erasures": str(where.erasures) if stones else None,
        "own_manual": str(where.data / MANUAL) if manifest.count("manual") else None,
    }


def _made_ours(
    conn: Connection, manifest: Manifest, stones: tuple[Tombstone, ...], *, path: Path, now: datetime
) -> int:
    """Bring the rows up to this program, and cut off whoever was erased since; how many these are."""
    backup.finish(conn)
    search_index.rebuild(conn)
    erased = tombstones.replay(conn, stones, now=now)
    facts = {"made_at": manifest.made_at, "rows": manifest.rows, "erased_again": erased}
    note(conn, RESTORED, facts, kind="backup", subject=path.name, now=now)
    return erased


class _Files:
    """Takes the members of a backup that are files, each to where it belongs below one folder."""

    def __init__(self, room: Path, manifest: Manifest) -> None:
        self._room = room
        self._facts = {each.name: each for each in manifest.members if backup.table_of(each.name) is None}

    def put(self, content: Content) -> None:
        """Write a file that only its owner can read; one that is not as the manifest says is refused."""
        said = self._facts.pop(content.name, None)
        if said is None:
            raise BadBackup(f"{content.name} was not there when it was looked through")
        path = self._room / _place_of(content.name, said.place)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with archive.Unfinished(path) as unfinished:
            for piece in content.pieces():
                unfinished.file.write(piece)
        if content.member.sha256 != said.sha256:
            raise BadBackup(f"{content.name} changed while it was read")

    def refuse_missing(self) -> None:
        """Raise where a file did not come."""
        if self._facts:
            raise BadBackup(f"{min(self._facts)} did not come again")


def _place_of(name: str, place: str | None) -> PurePosixPath:
    """Where a member belongs, below the data folder; BadBackup where it would be anywhere else."""
    kind, _, rest = name.partition("/")
    inside = PurePosixPath(place if place is not None else rest)
    plain = inside.parts and str(inside) == (place if place is not None else rest) and not inside.is_absolute()
    if not plain or any(part.startswith(".") or "\0" in part or "\\" in part for part in inside.parts):
        raise BadBackup(f"{name} belongs nowhere ({place!r})")
    match kind:
        case "folder" if str(inside) in FOLDER:
            return inside
        case "files" if len(inside.parts) == 1:
            return "files" / inside
        case "manual":
            return MANUAL / inside
    raise BadBackup(f"{name} is nothing that a backup has")


@contextmanager
def _working(data: Path) -> Iterator[Path]:
    """A folder of ours in the data folder, on the same disk; what a killed restore left there goes first."""
    room = data / _WORKING
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(mode=0o700)
    try:
        (room / "files").mkdir(mode=0o700)
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _place(room: Path, data: Path) -> None:
    """Put the files where they belong; the database comes last, so that without it nothing was restored."""
    for each in sorted(room.iterdir()):
        if not each.name.startswith("rows.sqlite3"):
            each.replace(data / each.name)


def _refuse_anything(data: Path) -> None:
    """Raise NotEmpty where a data folder has anything of an installation."""
    there = sorted(
        each.name
        for each in data.iterdir()
        if each.name not in _MAY_BE_THERE and not (each.is_dir() and not any(each.iterdir()))
    )
    if there:
        shown = ", ".join(there[:4])
        raise NotEmpty(f"{data} is not empty ({shown}): restore into an empty folder (--into), or move these away")


def _refuse_too_large(data: Path, manifest: Manifest) -> None:
    wanted = sum(each.size for each in manifest.members) * _ROOMY
    free = shutil.disk_usage(data).free
    if wanted > free:
        raise DiskFull(f"it needs about {wanted >> 20} MB, {data} has {free >> 20} MB free; nothing was changed")
