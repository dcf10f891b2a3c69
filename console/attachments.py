"""Files people send: pictures checked by their first bytes, kept under a random name in the attachments folder."""

import errno
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from console.errors import RefusedUpload
from handoff.model import Attachment
from store.errors import DatabaseGone, DiskFull

MAX_BYTES: Final = 10 * 1024 * 1024
MAX_FILES: Final = 6
_NAME_LENGTH: Final = 120
_BYTES: Final = "application/octet-stream"
_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
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


def keep(folder: Path, uploads: Sequence[tuple[str, bytes]], *, any_type: bool = False) -> tuple[Attachment, ...]:
    """Store pictures (name, content) under random tokens, all of them or none. Blocks until they are on the disk.

    With `any_type` other files are kept too, as bytes that no page shows.

    Raises:
        RefusedUpload: one is too large, or not a picture.
        DiskFull: there is no room for them.
    """
    checked = [(*_checked(name, content, any_type=any_type), content) for name, content in uploads]
    kept: list[Attachment] = []
    try:
        for name, kind, content in checked:
            kept.append(Attachment(id=secrets.token_urlsafe(18), name=name, media_type=kind, size=len(content)))
            _write(folder / kept[-1].id, content)
    except OSError as error:
        drop(folder, kept)
        raise no_room(error) or error from error
    return tuple(kept)


def drop(folder: Path, kept: Iterable[Attachment]) -> None:
    """Remove pictures that belong to no message."""
    for attachment in kept:
        (folder / attachment.id).unlink(missing_ok=True)


@contextmanager
def named_by(folder: Path, kept: Sequence[Attachment]) -> Iterator[None]:
    """The block commits the message that names these pictures; if it fails to, they are dropped again."""
    try:
        yield
    except DatabaseGone:  # the commit may have happened: an orphan is better than a message without its picture
        raise
    except Exception:
        drop(folder, kept)
        raise


def no_room(error: OSError) -> DiskFull | None:
    """Our name for an error that says that the disk, or this user's share of it, is full; else None."""
    return DiskFull(error.strerror or "") if error.errno in _NO_ROOM else None


def _checked(name: str, content: bytes, *, any_type: bool) -> tuple[str, str]:
    shown = "".join(letter for letter in name.replace("\\", "/").rsplit("/", 1)[-1] if letter.isprintable())
    shown = shown[-_NAME_LENGTH:] or "picture"
    if len(content) > MAX_BYTES:
        raise RefusedUpload(shown, "size")
    kind = picture_type(content) or (_BYTES if any_type else None)
    if kind is None:
        raise RefusedUpload(shown, "type")
    return shown, kind


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
