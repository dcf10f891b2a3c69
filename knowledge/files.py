"""The files of a manual as people change them: read, saved whole or not at all, never over somebody else's. Blocking.

A name is the path below the manual's folder. Nothing outside it is read or written, no hidden file, no link out.
"""

import fcntl
import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from knowledge import golden
from knowledge.errors import FileChanged, FileRefused

LONGEST: Final = 2_000_000
TEXTS: Final = frozenset({".md", ".markdown", ".html", ".htm", ".yaml"})
_NAME_BYTES: Final = 120
_DEEPEST: Final = 8
_HOSTILE: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+')
_COMMON: Final = frozenset("的一是了我不在人有这这個个为為上以会會到说說时時要就可您请請后後站点點击擊页頁网網设設置")


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """A text of the manual: its lines end with a line feed here, with ``newline`` in the file."""

    name: str
    text: str
    hash: str
    encoding: str
    newline: str


class SourceFiles:
    """The manual's folder, to be changed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str) -> TextFile:
        """Return a text file.

        Raises:
            FileRefused: there is no such file, it is too long, or no text.
        """
        path = self._place(name)
        if path.suffix.lower() not in TEXTS:
            raise FileRefused("no_text", name=name)
        return _decoded(name, _bytes(path, name))

    def fingerprint(self, name: str) -> str:
        """Return the hash of a file as it is now, "" if there is none."""
        path = self._place(name)
        return _hashed(_bytes(path, name)) if path.is_file() else ""

    def save(self, name: str, text: str, *, seen: str) -> TextFile:
        """Save a text, in the encoding and with the line ends that its file has, if it still is what was ``seen``.

        ``seen`` is the hash that was read, "" for a new file. A text that the file's encoding cannot hold becomes
        UTF-8.

        Raises:
            FileChanged: it is another file by now.
            FileRefused: it may not stand there, or cannot be written.
        """
        path = self._place(name)
        if path.suffix.lower() not in TEXTS:
            raise FileRefused("kind", name=name)
        with self._alone(name):
            there = _bytes(path, name) if path.is_file() else None
            if (_hashed(there) if there is not None else "") != seen:
                raise FileChanged(name)
            raw = _encoded(text, like=_decoded(name, there) if there else None)
            if len(raw) > LONGEST:
                raise FileRefused("long", name=name)
            self._write(path, raw, name=name)
        return _decoded(name, raw)

    def put(self, name: str, raw: bytes, *, replace: bool = False) -> None:
        """Store a file as it is.

        Raises:
            FileRefused: ``exists`` unless it may be replaced; ``twin`` where another file is the same page; or it
                may not stand there.
        """
        path = self._place(name)
        with self._alone(name):
            if path.exists() and not replace:
                raise FileRefused("exists", name=name)
            if twin := self._twin(path):
                raise FileRefused("twin", name=twin.relative_to(self._root.resolve()).as_posix())
            self._write(path, raw, name=name)

    def categories(self) -> tuple[str, ...]:
        """Return the folders below the manual, as paths."""
        found = []
        for folder, folders, _ in os.walk(self._root, followlinks=False):
            folders[:] = sorted(each for each in folders if not each.startswith((".", "_")))
            place = Path(folder).relative_to(self._root).as_posix()
            if place.count("/") >= _DEEPEST:
                folders.clear()
            found += [place] if place != "." else []
        return tuple(sorted(found))

    @property
    def writable(self) -> bool:
        """Whether files of the folder may be changed."""
        return self._root.is_dir() and os.access(self._root, os.W_OK)

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """One saver of this folder at a time, in all processes."""
        try:
            folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise FileRefused("unreadable", name=name) from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _twin(self, path: Path) -> Path | None:
        if not path.parent.is_dir() or path.name.endswith(".yaml"):
            return None
        others = (each for each in path.parent.iterdir() if each.stem == path.stem and each.name != path.name)
        return next((each for each in others if each.suffix.lower() != ".yaml" and each.is_file()), None)

    def _place(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        bad = not parts or len(parts) > _DEEPEST or name != "/".join(parts) or "\\" in name
        if bad or any(part.startswith((".", "_")) and part != "_defaults.yaml" for part in parts):
            raise FileRefused("place", name=name)
        if any(_HOSTILE.search(part) or len(part.encode("utf-8", "replace")) > _NAME_BYTES for part in parts):
            raise FileRefused("name", name=name)
        root = self._root.resolve()
        path = (root / name).resolve()
        if not path.is_relative_to(root) or path == root or path.is_dir():
            raise FileRefused("place", name=name)
        return path

    def _write(self, path: Path, raw: bytes, *, name: str) -> None:
        part = path.with_name(f".{secrets.token_hex(6)}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
            with part.open("xb") as stream:
                stream.write(raw)
                stream.flush()
                os.fsync(stream.fileno())
            part.chmod(mode)
            part.replace(path)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise FileRefused("full" if error.errno == 28 else "read_only", name=name) from error  # noqa: PLR2004 - ENOSPC


def safe_name(typed: str) -> str:
    """Return a file's name without what a file system or a page could trip over; "" if nothing is left."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", typed.encode("utf-8", "replace").decode()))[-1]
    stem, dot, suffix = _HOSTILE.sub("-", last).strip().rpartition(".")
    stem = re.sub(r"[\s-]+", "-", stem if dot else suffix).strip("-._ ")
    while len(stem.encode()) > _NAME_BYTES - 30:
        stem = stem[:-1]
    return f"{stem}.{suffix.lower()}" if dot and stem else stem


def _bytes(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as stream:
            raw = stream.read(LONGEST + 1)
    except FileNotFoundError:
        raise FileRefused("missing", name=name) from None
    except OSError as error:
        raise FileRefused("unreadable", name=name) from error
    if len(raw) > LONGEST and path.suffix.lower() in TEXTS:
        raise FileRefused("long", name=name)
    return raw


def _hashed(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _decoded(name: str, raw: bytes) -> TextFile:
    encoding = _encoding(raw)
    if encoding is None:
        raise FileRefused("no_text", name=name)
    text = raw.decode(encoding)
    newline = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return TextFile(name=name, text=plain, hash=_hashed(raw), encoding=encoding, newline=newline)


def _encoding(raw: bytes) -> str | None:
    """UTF-8 or UTF-16 by their marks, else UTF-8, else the Chinese encoding in which more common letters stand."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return name if _reads(raw, name) is not None else None
    if b"\0" in raw:
        return None
    if _reads(raw, "utf-8") is not None:
        return "utf-8"
    tried = {name: _reads(raw, name) for name in ("gb18030", "big5hkscs")}
    known = {name: sum(letter in _COMMON for letter in text) for name, text in tried.items() if text is not None}
    return max(known, key=lambda name: known[name]) if known else None


def _reads(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _encoded(text: str, *, like: TextFile | None) -> bytes:
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").encode("utf-8", "replace").decode()
    if like is None:
        return plain.encode("utf-8")
    ended = plain.replace("\n", like.newline)
    try:
        return ended.encode(like.encoding)
    except UnicodeEncodeError:
        return ended.encode("utf-8")


def with_question(text: str, *, ask: str, pages: tuple[str, ...], after: str = "", must: bool = False) -> str:
    """Return the text of golden.yaml with one more question at its end; all else, comments too, stays as it is."""
    page = f"[{', '.join(_quoted(page) for page in pages)}]" if pages else "none"
    row = f"- {{ask: {_quoted(ask)}" + (f", after: {_quoted(after)}" if after else "") + f", page: {page}"
    return text.rstrip("\n") + ("\n" if text.strip() else "") + row + (", must: true" if must else "") + "}\n"


def _quoted(text: str) -> str:
    clean = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def is_golden(name: str) -> bool:
    """Whether a name is that of the golden questions."""
    return name == golden.FILE
