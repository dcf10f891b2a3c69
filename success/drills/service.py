"""Drills for the desk: what is said outside a transaction (pages, a model) around what is kept in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from handoff import contracts
from knowledge.model import Audience
from store.clock import Clock
from store.db import Database
from success.drills import plays, shelf
from success.drills.model import Scenario
from success.drills.plays import Line, Play
from success.drills.ports import Pages, Speaker
from success.drills.results import Ground

_TALK: Final = 12


@dataclass(frozen=True, kw_only=True)
class Drills:
    """Plays drills for people who are signed in; `speaker` is None without a model."""

    db: Database
    pages: Pages
    clock: Clock
    speaker: Speaker | None = None

    async def say(self, play_id: int, text: str, *, person_id: int, seen: int) -> Play:
        """Say something in one's own play. Raises NotFound, DrillRefused, DrillBroken."""
        looked = partial(plays.reply_to, play_id=play_id, text=text, person_id=person_id, seen=seen)
        scenario, talk, said, reply = await self.db.write(looked)
        language = (await self.db.read(partial(plays.play, play_id=play_id))).language
        spoken = None
        if self.speaker is not None and reply.over is None:
            told = [*((line.who, line.text) for line in _last(talk)), (plays.TRAINEE, said)]
            spoken = await self.speaker.speak(scenario, talk=told, line=reply.text, mood=reply.mood, language=language)
        ground = await self.ground(scenario)
        return await self.db.write(
            lambda conn: plays.say(
                conn, play_id, text, person_id=person_id, seen=seen, spoken=spoken, ground=ground,
                contract=contracts.book(conn).current, now=self.clock(),
            )
        )  # fmt: skip

    async def leave(self, play_id: int, *, person_id: int) -> Play:
        """End one's own play. Raises NotFound, DrillBroken."""
        held = await self.db.read(partial(plays.play, play_id=play_id))
        scenario = await self.db.read(partial(shelf.edition, version=held.edition))
        ground = await self.ground(scenario)
        return await self.db.write(
            lambda conn: plays.leave(
                conn, play_id, person_id=person_id, ground=ground, contract=contracts.book(conn).current,
                now=self.clock(),
            )
        )  # fmt: skip

    async def ground(self, scenario: Scenario) -> Ground:
        """The texts of a drill's pages as the manual has them now; a page that is gone holds nothing."""
        found = [page for each in scenario.pages if (page := await self.pages.page(each)) is not None]
        public = tuple(page.body for page in found if page.audience is Audience.CLIENT)
        return Ground(
            public=public, internal=tuple(page.body for page in found if page.audience is not Audience.CLIENT)
        )


def _last(talk: Sequence[Line]) -> Sequence[Line]:
    return talk[-_TALK:]
