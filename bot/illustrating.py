"""The pictures that go with an answer: those of the section it quotes, where the chat's platform can show them."""

import asyncio
import os
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

import structlog

from bot.answering import Draft
from bot.model import Act
from handoff.model import Attachment
from knowledge.model import Passage, Picture
from knowledge.service import Manual

log = structlog.get_logger()

MOST: Final = 3
_NAME: Final = 80


def chosen(draft: Draft, passages: Collection[Passage]) -> tuple[Picture, ...]:
    """The pictures of the sections that an answer stands on, in the order in which it names them, none twice.

    A quoted answer quotes its first source; the others it only names.
    """
    cited = draft.citations[:1] if draft.by == "extract" else draft.citations
    sections = {passage.chunk: passage for passage in passages}
    found = (picture for each in cited if each.chunk in sections for picture in sections[each.chunk].pictures)
    return tuple({picture.hash: picture for picture in found}.values())[:MOST]


@dataclass(frozen=True, kw_only=True)
class Illustrating:
    """Keeps an answer's pictures among the files of the chats; `platforms` are those that show pictures."""

    manual: Manual
    files: Path
    platforms: Collection[str]

    async def of(self, act: Act, *, platform: str) -> Act:
        """The act with its pictures. One that cannot be had is left out: the answer goes without it."""
        if act.draft is None or platform not in self.platforms:
            return act
        kept = [await self._kept(picture) for picture in chosen(act.draft, act.passages)]
        return replace(act, pictures=tuple(each for each in kept if each is not None))

    async def _kept(self, picture: Picture) -> Attachment | None:
        content = await self.manual.picture(picture.hash)
        if content is None:
            return None
        attachment = Attachment(
            id=f"manual-{picture.hash[:40]}", name=_named(picture), media_type=picture.media_type, size=len(content)
        )
        try:
            await asyncio.to_thread(_write, self.files / attachment.id, content)
        except OSError as error:
            log.warning("answered without a picture", error=type(error).__name__)
            return None
        return attachment


def _named(picture: Picture) -> str:
    """What the picture shows, as a file's name: read out by the web page, and shown by platforms that name files."""
    path = PurePosixPath(picture.path)
    shown = "".join(
        letter for letter in picture.alt or path.stem if letter.isprintable() and letter not in '/\\:*?"<>|'
    )
    return f"{shown.strip()[:_NAME] or path.stem}{path.suffix.lower()}"


def _write(path: Path, content: bytes) -> None:
    """Put a picture there, whole or not at all; one that is there already is the same."""
    if path.exists() and path.stat().st_size == len(content):
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
