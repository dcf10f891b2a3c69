"""Whether an Office file may be opened at all: what it is, how far it swells, what it hides. Pure but for zipfile."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from knowledge.parsing.model import RefusedError

MOST_PARTS: Final = 10_000
#: Bytes of all parts together, unpacked.
MOST_UNPACKED: Final = 300_000_000
#: Bytes of one part of text, unpacked.
MOST_XML: Final = 64_000_000
#: A part that is larger than this and swells more than MOST_RATIO is a bomb; Office's own parts swell 10 to 50 times.
_LARGE: Final = 4_000_000
MOST_RATIO: Final = 200
_MAIN: Final = {"docx": "word/", "pptx": "ppt/", "xlsx": "xl/"}
_NAMES: Final = {"docx": "a Word document", "pptx": "a PowerPoint presentation", "xlsx": "an Excel workbook"}
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SEALED: Final = "EncryptedPackage".encode("utf-16-le")
_DECLARATIONS: Final = tuple(
    word.encode(encoding) for word in ("<!DOCTYPE", "<!ENTITY") for encoding in ("ascii", "utf-16-le", "utf-16-be")
)
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError)
_TEXT: Final = (".xml", ".rels", ".vml")


def kind_of(raw: bytes) -> str | None:
    """Return what a file is by its first bytes, as the word for its extension; None if they do not tell."""
    if raw.startswith(b"PK\x03\x04"):
        return _office_kind(raw)
    if b"%PDF-" in raw[:1024]:
        return "pdf"
    if raw.startswith(_OLE):
        return "sealed" if _SEALED in raw else "ole"
    return None


def _office_kind(raw: bytes) -> str:
    try:
        names = zipfile.ZipFile(io.BytesIO(raw)).namelist()
    except _BROKEN:
        return "zip"
    return next((kind for kind, main in _MAIN.items() if any(name.startswith(main) for name in names)), "zip")


def check(raw: bytes, *, kind: str) -> None:
    """Look at an Office file before any parser does.

    Raises:
        RefusedError: it is something else, sealed, a bomb, carries macros or declares entities.
    """
    _is_one(raw, kind=kind)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
            _sizes(parts)
            _macros(archive, parts)
            for part in parts:
                if part.filename.lower().endswith(_TEXT):
                    _declarations(archive, part)
    except _BROKEN as error:
        raise RefusedError("is damaged or cut off: open it and save it anew") from error


def _is_one(raw: bytes, *, kind: str) -> None:
    found = kind_of(raw)
    if found in {kind, "zip"}:
        return
    if found == "sealed":
        raise RefusedError("is protected by a password: save a copy without one")
    if found == "ole":
        raise RefusedError(f"is in an old Office format by its content: save it as .{kind}")
    if found:
        raise RefusedError(f"is .{found} by its content, not .{kind}: give it its right name")
    raise RefusedError(f"is not {_NAMES[kind]}, or is damaged: open it and save it anew as .{kind}")


def _sizes(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MOST_PARTS:
        raise RefusedError(f"has more than {MOST_PARTS:,} parts")
    total = sum(part.file_size for part in parts)
    swollen = any(
        part.file_size > _LARGE and part.file_size > MOST_RATIO * max(part.compress_size, 1) for part in parts
    )
    too_long = any(part.file_size > MOST_XML and part.filename.lower().endswith(_TEXT) for part in parts)
    if total > MOST_UNPACKED or swollen or too_long:
        raise RefusedError(f"swells to {total // 1_000_000:,} MB when unpacked: it is not opened")


def _macros(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    names = {part.filename.lower() for part in parts}
    types = next((part for part in parts if part.filename.lower() == "[content_types].xml"), None)
    if types is None:
        raise RefusedError("is not an Office document: its list of parts is missing")
    named = b"macroenabled" in archive.read(types).lower()
    if named or any(name.endswith("vbaproject.bin") for name in names):
        raise RefusedError("carries macros and is not read: save it without macros")


def _declarations(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse entities: Office never writes a document type, and one is there to swell or to fetch."""
    before = b""
    for piece in _pieces(archive, part):
        if any(word in before + piece for word in _DECLARATIONS):
            raise RefusedError("declares XML entities, which no Office program does: it is not opened")
        before = piece[-32:]


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(part) as stream:
        while piece := stream.read(1 << 20):
            yield piece
