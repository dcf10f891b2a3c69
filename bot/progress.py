"""A slow model: the client sees what is being read, and that same message becomes the answer.

Nothing unchecked is shown meanwhile: only the title of the page that the manual gave.
"""

import asyncio
from collections.abc import Awaitable, Collection
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from bot import gate
from bot.framing import Frame
from bot.model import Situation
from console.texts import Texts
from handoff import messages, turn_records
from knowledge.language import to_script
from knowledge.model import Search
from store.clock import Clock
from store.db import Database

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Tells after `after_s` seconds what is being read, on the `platforms` whose readers see a message change."""

    db: Database
    texts: Texts
    clock: Clock
    platforms: Collection[str]
    after_s: float

    async def during(self, work: Awaitable[T], situation: Situation, frame: Frame, found: Search) -> T:
        """The result of `work`, whatever it raises included."""
        working = asyncio.ensure_future(work)
        try:
            done, _ = await asyncio.wait({working}, timeout=self.after_s)
            if not done and situation.chat.platform in self.platforms and gate.is_awaited(frame.scene):
                title = to_script(found.passages[0].title, frame.language)
                text = self.texts.say("answer.looking", frame.language, title=title)
                await self.db.write(partial(self._begin, situation=situation, text=text, language=frame.language))
            return await working
        finally:
            working.cancel()

    def _begin(self, conn: Connection, *, situation: Situation, text: str, language: str) -> None:
        """Once for a turn, and not where it is done already."""
        asked = situation.pieces[-1]
        if messages.begun(conn, asked.conversation_id, [asked.id]) or turn_records.turn_of_message(conn, asked.id):
            return
        name = self.texts.say("bot.name", language)
        talk = asked.conversation_id
        messages.say(conn, conversation_id=talk, text=text, name=name, reply_to=asked.id, now=self.clock())
