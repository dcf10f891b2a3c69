"""Looks at the line of questions again and again, and tells who has waited long how matters stand; once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from bot import crowding
from bot.crowding import Standing
from bot.intake import TURN
from bot.triage import Rules
from console.texts import Texts
from handoff import directory, messages, turn_records
from handoff.kinds import Author
from handoff.model import Client, Message
from knowledge.language import detect
from store import jobs, rates
from store.clock import Clock
from store.db import Database
from store.errors import StoreError
from store.jobs import Job

log = structlog.get_logger()

_EVERY: Final = timedelta(seconds=5)
_SEEN: Final = 5_000  # of the line; who stands behind is looked at when they have come nearer
_MOST: Final = 40  # told in one look: what is sent for it takes from what answers may take


@dataclass(frozen=True, kw_only=True)
class CrowdWatch:
    """Runs beside the worker, not in it: it speaks when every slot is taken."""

    db: Database
    rules: Rules
    texts: Texts
    clock: Clock
    _settled: set[int] = field(default_factory=set)
    """Jobs about which nobody need be told, or somebody was."""

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look every few seconds for as long as the block lasts."""
        task = asyncio.create_task(self._watch(), name="crowd-watch")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def look(self) -> int:
        """Tell those who have waited long enough; how many were told. Of several processes one looks at a time."""
        line = await self.db.read(partial(self._line, now=self.clock()))
        self._settled.intersection_update(job.id for _, job in line)
        late = [(place, job) for place, job in line if job.id not in self._settled and self._waited(job)]
        if not late:
            return 0
        told, looked_at = await self.db.write(partial(self._tell, late=late))
        self._settled.update(looked_at)
        if told:
            log.warning("crowded", waiting=len(line), told=told)
        return told

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_EVERY.total_seconds())
            try:
                await self.look()
            except StoreError as error:
                log.warning("line_not_seen", error=type(error).__name__)
            except Exception:
                log.exception("line_not_seen")

    def _waited(self, job: Job) -> bool:
        return not job.ahead and self.clock() - job.created_at >= crowding.PATIENCE

    def _line(self, conn: Connection, *, now: datetime) -> list[tuple[int, Job]]:
        return list(enumerate(jobs.line(conn, TURN, now=now, limit=_SEEN), start=1))

    def _tell(self, conn: Connection, *, late: list[tuple[int, Job]]) -> tuple[int, list[int]]:
        now, looked_at, told = self.clock(), [], 0
        if rates.take(conn, "crowd-watch", per=_EVERY / 2, limit=1, now=now):
            return 0, []
        pace = turn_records.count_since(conn, now - crowding.PACE)
        for place, job in late:
            told += self._tell_one(conn, job, place=place, pace=pace, now=now)
            looked_at.append(job.id)
            if told >= _MOST:
                break
        return told, looked_at

    def _tell_one(self, conn: Connection, job: Job, *, place: int, pace: int, now: datetime) -> bool:
        asked = messages.find(conn, int(str(job.body["message"])))
        if asked is None or asked.turn_id is not None or asked.author is not Author.CLIENT:
            return False
        chat, reading = directory.chat(conn, asked.chat_id), self.rules.read(asked.text)
        if not crowding.is_told(reading, spoken_to=asked.mentioned, mode=chat.mode, waited=now - job.created_at):
            return False
        if messages.noted_since(conn, asked.conversation_id, now - crowding.ONCE_IN):
            return False
        client = directory.client(conn, chat.client_id) if chat.client_id is not None else None
        language = _language(conn, asked, client)
        zone = client.timezone if client else "Asia/Shanghai"
        standing = Standing(place=place, pace=pace, zone=zone, now=now)
        messages.say(
            conn,
            conversation_id=asked.conversation_id,
            text=crowding.sentence(standing, language=language, texts=self.texts),
            author="system",
            name=self.texts.say("bot.name", language),
            reply_to=asked.id,
            now=now,
        )
        return True


def _language(conn: Connection, asked: Message, client: Client | None) -> str:
    """Of the question; where no letter tells, of the turn before, else the client's."""
    before = turn_records.recent_turns(conn, asked.conversation_id, limit=1)
    default = before[0].language if before else (client.language if client else None)
    return detect(asked.text, default=default or "zh-Hans")
