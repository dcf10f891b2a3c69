"""Pictures people send: checked by their first bytes, kept under a random name in the attachments folder."""

import os
import secrets
from pathlib import Path
from typing import Final

from console.errors import RefusedUpload
from handoff.model import Attachment

MAX_BYTES: Final = 10 * 1024 * 1024
MAX_FILES: Final = 6
_NAME_LENGTH: Final = 120
_SIGNS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def picture_type(content: bytes) -> str | None:
    """The media type of a picture we take, told from its bytes, never from its name; None for anything else."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for sign, kind in _SIGNS if content.startswith(sign)), None)


def keep(folder: Path, *, name: str, content: bytes) -> Attachment:
    """Store a picture under a random token; raises RefusedUpload (too large, or not a picture)."""
    shown = "".join(letter for letter in name.replace("\\", "/").rsplit("/", 1)[-1] if letter.isprintable())
    shown = shown[-_NAME_LENGTH:] or "picture"
    if len(content) > MAX_BYTES:
        raise RefusedUpload(shown, "size")
    kind = picture_type(content)
    if kind is None:
        raise RefusedUpload(shown, "type")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    token = secrets.token_urlsafe(18)
    handle = os.open(folder / token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return Attachment(id=token, name=shown, media_type=kind, size=len(content))
