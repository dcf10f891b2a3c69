"""A `.tar.gz` written so that no half of it is ever left, and read as if whoever made it meant us harm.

Only plain files with short names of ours are written and taken: no links, no devices, no long headers, no path.
"""

import gzip
import hashlib
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self

from store.errors import BadBackup, DiskFull

PIECE: Final = 1 << 20
_BLOCK: Final = tarfile.BLOCKSIZE
_LEVEL: Final = 5
_NAME: Final = re.compile(r"[a-z]+(/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,2}(\.[a-z]+)?")
_LONGEST_NAME: Final = 100
_FULL: Final = {28, 122, 27}  # no space, quota, file too large
_RATIO: Final = 400
_HARMLESS: Final = 256 * PIECE
"""What is smaller than this unpacked is no bomb, however well it was packed."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive."""

    name: str
    size: int
    sha256: str


class Writer:
    """Writes members one after the other; `members` has what was written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.members = file, list[Member]()

    def add(self, name: str, content: bytes) -> None:
        """Write a member that is at hand."""
        self._head(name, len(content))
        self._file.write(content)
        self._tail(Member(name, len(content), hashlib.sha256(content).hexdigest()))

    def add_file(self, name: str, path: Path) -> bool:
        """Write a file of the disk as it is now; whether there is one. One that grows is cut where it ended."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return False
        with os.fdopen(handle, "rb") as file:
            size, found = os.fstat(handle).st_size, hashlib.sha256()
            self._head(name, size)
            left = size
            while left and (piece := file.read(min(PIECE, left))):
                self._file.write(piece)
                found.update(piece)
                left -= len(piece)
            if left:
                raise BadBackup(f"{path.name} became shorter while it was copied; make the backup again")
        self._tail(Member(name, size, found.hexdigest()))
        return True

    def end(self) -> None:
        """Write what ends an archive."""
        self._file.write(bytes(2 * _BLOCK))

    def _head(self, name: str, size: int) -> None:
        head = tarfile.TarInfo(_named(name))
        head.size, head.mode = size, 0o600
        self._file.write(head.tobuf(tarfile.USTAR_FORMAT))

    def _tail(self, member: Member) -> None:
        self._file.write(bytes(-member.size % _BLOCK))
        self.members.append(member)


class Reader:
    """One pass over an archive. `unpacked` counts what came out of it so far."""

    def __init__(self, file: IO[bytes], *, packed: int) -> None:
        self._file, self._most, self.unpacked = file, max(packed * _RATIO, _HARMLESS), 0

    def __iter__(self) -> Iterator["Content"]:
        """The members, in their order; of each the content must be read before the next.

        Raises:
            BadBackup: cut off, changed, packed beyond measure, or with something in it that we never write.
        """
        while any(head := self._take(_BLOCK)):
            member = _read_head(head)
            content = Content(self, member.name, member.size)
            yield content
            content.skip()
            self._take(-member.size % _BLOCK)
        if any(self._take(_BLOCK)) or self._read(1):
            raise BadBackup("there is something behind its end")

    def _take(self, size: int) -> bytes:
        found = self._read(size)
        if len(found) != size:
            raise BadBackup("it is cut off")
        return found

    def _read(self, size: int) -> bytes:
        try:
            found = self._file.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile, OSError) as error:
            raise BadBackup(f"it cannot be unpacked ({error})") from error
        self.unpacked += len(found)
        if self.unpacked > self._most:
            raise BadBackup("it unpacks to far more than a backup can hold")
        return found


class Content:
    """What a member holds."""

    def __init__(self, reader: Reader, name: str, size: int) -> None:
        self.name, self.size = name, size
        self._reader, self._left, self._found = reader, size, hashlib.sha256()

    def pieces(self) -> Iterator[bytes]:
        """The content in pieces of a bounded size."""
        while self._left:
            piece = self._reader._take(min(PIECE, self._left))  # noqa: SLF001 - two halves of one reader
            self._left -= len(piece)
            self._found.update(piece)
            yield piece

    def read(self, *, most: int) -> bytes:
        """All of it; BadBackup where it is larger than it may be."""
        if self.size > most:
            raise BadBackup(f"{self.name} is larger than it can be")
        return b"".join(self.pieces())

    def skip(self) -> None:
        """Read what is left."""
        for _ in self.pieces():
            pass

    @property
    def member(self) -> Member:
        """What was read of it."""
        self.skip()
        return Member(self.name, self.size, self._found.hexdigest())


class Unfinished:
    """A file that is only there once it is whole: written beside its place, and put there in the end."""

    def __init__(self, path: Path) -> None:
        self.path, self.part = path, path.with_name(f".{path.name}.part")

    def __enter__(self) -> Self:
        self.part.unlink(missing_ok=True)
        self._file = os.fdopen(os.open(self.part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
                os.link(self.part, self.path)  # never over another
                sync_folder(self.path.parent)
        finally:
            self.part.unlink(missing_ok=True)
            try:
                self._file.close()
            except OSError:  # what it had still in hand finds no room either
                if kind is None:
                    raise

    @property
    def file(self) -> IO[bytes]:
        """To be written."""
        return self._file


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Write an archive that only its owner can read; it is there when the block has ended well, or not at all.

    Raises:
        DiskFull: no room for it.
        FileExistsError: there is a file of that name.
    """
    with (
        no_room(path.parent),
        Unfinished(path) as unfinished,
        gzip.GzipFile(fileobj=unfinished.file, mode="wb", compresslevel=_LEVEL, mtime=0, filename="") as packed,
    ):
        writer = Writer(packed)  # type: ignore[arg-type]
        yield writer
        writer.end()


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """Read an archive from its beginning."""
    try:
        with path.open("rb") as file, gzip.GzipFile(fileobj=file, mode="rb") as packed:
            yield Reader(packed, packed=path.stat().st_size)  # type: ignore[arg-type]
    except (FileNotFoundError, IsADirectoryError) as error:
        raise BadBackup(f"there is no file {path}") from error


@contextmanager
def no_room(folder: Path) -> Iterator[None]:
    """Say DiskFull for what a full disk says."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(f"no room on the disk of {folder}; nothing was left there") from error
        raise


def sync_folder(folder: Path) -> None:
    """Have a folder's names on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def may_be_called(name: str) -> bool:
    """Whether a member can have this name."""
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None


def _named(name: str) -> str:
    if not may_be_called(name):
        raise BadBackup(f"{name!r} is no name that a backup has")
    return name


def _read_head(head: bytes) -> Member:
    try:
        found = tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise BadBackup(f"it is no archive, or damaged ({error})") from error
    if found.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or found.size < 0:
        raise BadBackup(f"{found.name!r} is no plain file")
    return Member(_named(found.name), found.size, "")
