"""The files of a manual's folder: which of them are pages, and their bytes under limits."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from knowledge.encodings import UndecodableError, decode

MAX_BYTES: Final = 2_000_000
MAX_DOCUMENT_BYTES: Final = 30_000_000
MARKDOWN: Final = frozenset({".md", ".markdown"})
#: What the parser reads, and what it calls it.
DOCUMENTS: Final = {".docx": "docx", ".pdf": "pdf", ".html": "html", ".htm": "html", ".xlsx": "xlsx", ".pptx": "pptx"}
_MACROS: Final = {
    ".docm": ".docx", ".dotm": ".docx", ".xlsm": ".xlsx", ".xltm": ".xlsx", ".xlsb": ".xlsx", ".pptm": ".pptx",
    ".potm": ".pptx", ".ppsm": ".pptx",
}  # fmt: skip
_OTHERS: Final = {
    ".doc": ".docx", ".rtf": ".docx", ".odt": ".docx", ".wps": ".docx", ".pages": ".docx", ".xls": ".xlsx",
    ".ods": ".xlsx", ".et": ".xlsx", ".numbers": ".xlsx", ".csv": ".xlsx", ".ppt": ".pptx", ".odp": ".pptx",
    ".dps": ".pptx", ".txt": ".md", ".mht": ".html", ".mhtml": ".html",
}  # fmt: skip
_PAGES: Final = MARKDOWN | DOCUMENTS.keys() | _MACROS.keys() | _OTHERS.keys()
SIDECARS: Final = (".yaml", ".yml")
DEFAULTS: Final = "_defaults.yaml"


class RefusedError(Exception):
    """A file that is not read; the text says why."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def pages(root: Path) -> Iterator[Path]:
    """Yield, in order, the files below ``root`` that should be pages, and the linked folders, which are not followed.

    What is hidden (``.git`` too), begins with ``_`` or is an Office program's lock file is passed over.
    """
    for folder, linked, names in _walk(root):
        yield from (folder / name for name in linked)
        yield from (folder / name for name in names if _is_page(name))


def sidecars(root: Path) -> Iterator[Path]:
    """Yield what speaks about other files: ``page.docx.yaml`` and, of every folder, ``_defaults.yaml``."""
    for folder, _, names in _walk(root):
        yield from (folder / name for name in names if name == DEFAULTS or _is_sidecar(name))


def _walk(root: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    for folder, folders, names in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        linked = [name for name in folders if (Path(folder) / name).is_symlink()]
        yield Path(folder), linked, sorted(names)


def _is_page(name: str) -> bool:
    return not name.startswith((".", "_", "~$")) and Path(name).suffix.lower() in _PAGES


def _is_sidecar(name: str) -> bool:
    path = Path(name)
    return path.suffix.lower() in SIDECARS and _is_page(path.stem)


def shown(path: Path, *, root: Path) -> str:
    """Return how a file below ``root`` is called in texts: what cannot be written stands as an escape."""
    name = path.relative_to(root).as_posix().encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in name)


def raw(path: Path, *, root: Path) -> bytes:
    """Return the bytes of a page.

    Raises:
        RefusedError: it cannot be read, or must not be.
    """
    if path.relative_to(root).as_posix() != shown(path, root=root):
        raise RefusedError("the file's name has characters that cannot be written: give it another")
    suffix = path.suffix.lower()
    _reachable(path, root=root)
    if suffix in _MACROS:
        raise RefusedError(f"a file with macros is not read: save it as {_MACROS[suffix]}")
    if suffix in _OTHERS:
        raise RefusedError(f"{suffix} files are not read: save it as {_OTHERS[suffix]}")
    return _bounded(path, most=MAX_BYTES if suffix in MARKDOWN else MAX_DOCUMENT_BYTES)


def sidecar_text(path: Path, *, root: Path) -> str:
    """Return the text of a sidecar or of a folder's defaults.

    Raises:
        RefusedError: it cannot be read, or must not be.
    """
    _reachable(path, root=root)
    return text(_bounded(path, most=MAX_BYTES))[0]


def text(held: bytes) -> tuple[str, str]:
    """Return a text file's text, its lines ended by a newline each, and its encoding.

    Raises:
        RefusedError: it is no text.
    """
    try:
        decoded = decode(held)
    except UndecodableError as error:
        raise RefusedError(str(error), line=error.line) from error
    return decoded.text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""), decoded.encoding


def _reachable(path: Path, *, root: Path) -> None:
    try:
        inside = path.resolve().is_relative_to(root)
        mode = path.stat().st_mode
    except RuntimeError as error:
        raise RefusedError("links to itself") from error
    except OSError as error:
        if path.is_symlink() and not path.exists():
            raise RefusedError("links to what is not there") from error
        raise RefusedError(f"cannot be read: {error.strerror}") from error
    if not inside:
        raise RefusedError("a link out of the folder is not followed")
    if stat.S_ISDIR(mode):
        raise RefusedError("a linked folder is not followed")
    if not stat.S_ISREG(mode):
        raise RefusedError("is no ordinary file")


def _bounded(path: Path, *, most: int) -> bytes:
    try:
        with path.open("rb") as stream:
            held = stream.read(most + 1)
    except OSError as error:
        raise RefusedError(f"cannot be read: {error.strerror}") from error
    if len(held) > most:
        raise RefusedError(f"larger than {most // 1_000_000} MB")
    if not held.strip():
        raise RefusedError("the file is empty")
    return held
