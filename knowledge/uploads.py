"""Files that people bring: whether one is what its name says, and the sidecar that goes with it. Pure but for zip."""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final

import yaml

from knowledge import front_matter
from knowledge.errors import FileRefused

LIMIT: Final = 20 * 1024 * 1024
KINDS: Final = (".md", ".markdown", ".html", ".htm", ".docx", ".pdf", ".pptx", ".xlsx")
_INSIDE: Final = {".docx": "word/document.xml", ".pptx": "ppt/presentation.xml", ".xlsx": "xl/workbook.xml"}
_MARKDOWN: Final = frozenset({".md", ".markdown"})
_PDF_WITHIN: Final = 1024
_MEMBERS: Final = 10_000


def check(name: str, raw: bytes) -> None:
    """Look whether a file may be taken.

    Raises:
        FileRefused: ``kind`` for another extension, ``long``, ``empty``, ``disguised`` where the content is not what
            the name says, ``macros``.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in KINDS:
        raise FileRefused("kind", name=name)
    if len(raw) > LIMIT:
        raise FileRefused("long", name=name)
    if not raw.strip():
        raise FileRefused("empty", name=name)
    if suffix in _INSIDE:
        _check_office(name, raw, inside=_INSIDE[suffix])
    elif suffix == ".pdf":
        if b"%PDF-" not in raw[:_PDF_WITHIN]:
            raise FileRefused("disguised", name=name)
    elif b"\0" in raw and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused("disguised", name=name)


def _check_office(name: str, raw: bytes, *, inside: str) -> None:
    """Only the list of the archive is read; nothing is unpacked here."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            held = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RecursionError) as error:
        raise FileRefused("disguised", name=name) from error
    if inside not in held or len(held) > _MEMBERS:
        raise FileRefused("disguised", name=name)
    if any(member.lower().endswith("vbaproject.bin") for member in held):
        raise FileRefused("macros", name=name)


def front(values: Mapping[str, Any]) -> str:
    """Return keys as YAML, without the empty ones.

    Raises:
        FileRefused: ``front`` where a value is not what a page's head may hold.
    """
    given = {key: value for key, value in values.items() if value}
    text = yaml.safe_dump(given, allow_unicode=True, sort_keys=False, width=1_000) if given else ""
    found = front_matter.read(f"---\n{text}---\n")
    if found.faults:
        raise FileRefused("front", name=found.faults[0].message)
    return text


def dressed(name: str, raw: bytes, *, head: str) -> dict[str, bytes]:
    """Return the files to store: a Markdown page takes its head in, other documents get a sidecar."""
    if not head:
        return {name: raw}
    if PurePosixPath(name).suffix.lower() not in _MARKDOWN:
        return {name: raw, f"{name}.yaml": head.encode()}
    if re.match(rb"(\xef\xbb\xbf)?---[ \t]*\r?\n", raw):
        return {name: raw}
    return {name: f"---\n{head}---\n\n".encode() + raw.removeprefix(b"\xef\xbb\xbf")}
