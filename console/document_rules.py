"""Which files are taken as shared documents, told by name and first bytes together. Pure."""

from pathlib import PurePath
from typing import Final

from console.attachments import picture_type
from console.errors import RefusedUpload

_PDF: Final = b"%PDF-"
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNS: Final = {
    ".pdf": _PDF, ".docx": _ZIP, ".xlsx": _ZIP, ".pptx": _ZIP, ".zip": _ZIP,
    ".doc": _OLE, ".xls": _OLE, ".ppt": _OLE, ".txt": b"", ".csv": b"", ".md": b"",
}  # fmt: skip
_PICTURES: Final = {".png", ".jpg", ".jpeg", ".gif", ".webp"}
ACCEPTED: Final = ",".join(sorted(_SIGNS.keys() | _PICTURES))
"""As a form's `accept` says it."""


def check_document(name: str, content: bytes) -> None:
    """Raise RefusedUpload unless the file is of a type we take and its bytes are what its name says."""
    ending = PurePath(name).suffix.lower()
    if ending in _PICTURES and picture_type(content) is not None:
        return
    if ending not in _SIGNS or not content.startswith(_SIGNS[ending]) or not content:
        raise RefusedUpload(name, "type")
    if not _SIGNS[ending] and b"\0" in content[:4096]:
        raise RefusedUpload(name, "type")
