"""Files that people send on a chat platform, fetched and kept; what cannot be kept is a line in the text instead."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from bot import reception
from bot.arrived import File, Said
from bot.errors import FileLostError
from console import attachments
from console.errors import RefusedUpload
from console.texts import Texts
from handoff.model import Attachment
from store.db import Database

log = structlog.get_logger()

Fetch = Callable[[File], Awaitable[bytes]]
_TRIES: Final = 2
_PAUSE_S: Final = 0.2
_MB: Final = 1024 * 1024


async def with_files(
    said: Said, fetch: Fetch, *, db: Database, texts: Texts, folder: Path
) -> tuple[str, tuple[Attachment, ...]]:
    """The text, with a line for each file that is not kept, and the files that are.

    `fetch` gives a file's bytes, or raises FileLostError.
    """
    lines = [said.text] if said.text else []
    kept: list[Attachment] = []

    async def note(key: str, **values: object) -> None:
        tongue = await db.read(partial(reception.language, place=said.place, author=said.author))
        lines.append(texts.say(key, tongue, **values))

    for file in said.files:
        try:
            content = await _fetched(file, fetch)
            kept += await asyncio.to_thread(attachments.keep, folder, [(file.name, content)], any_type=True)
        except RefusedUpload:
            await note("chat.file.large", name=file.name, mb=(file.size or 0) // _MB)
        except FileLostError as error:
            log.warning("file_lost", platform=said.place.platform, error=str(error))
            await note("chat.file.lost", name=file.name)
    return "\n".join(lines), tuple(kept)


async def _fetched(file: File, fetch: Fetch) -> bytes:
    if file.size is not None and file.size > attachments.MAX_BYTES:
        raise RefusedUpload(file.name, "size")
    for attempt in range(_TRIES):
        try:
            return await fetch(file)
        except FileLostError:
            if attempt == _TRIES - 1:
                raise
            await asyncio.sleep(_PAUSE_S)
    raise AssertionError("every try returns or raises")
