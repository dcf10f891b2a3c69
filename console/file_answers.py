"""Files people sent, given back: a picture to look at, all else to keep, and nothing in it is ever run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from handoff.model import Attachment

_BYTES: Final = "application/octet-stream"
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, max-age=86400",
}


def is_picture(file: Attachment) -> bool:
    """Whether a browser may show it: a drawing in SVG may hold a script, and is none."""
    return file.media_type.startswith("image/") and file.media_type != "image/svg+xml"


def file_answer(
    folder: Path, file: Attachment | None, *, inline: bool = True, headers: Mapping[str, str] | None = None
) -> FileResponse:
    """The bytes of a file in the attachments folder; 404 for none, or where the bytes are gone."""
    path = folder / file.id if file is not None else None
    if file is None or path is None or not path.is_file():
        raise HTTPException(404)
    shown = inline and is_picture(file)
    return FileResponse(
        path, media_type=file.media_type if shown else _BYTES, filename=file.name,
        content_disposition_type="inline" if shown else "attachment", headers=_HEADERS | dict(headers or {}),
    )  # fmt: skip
