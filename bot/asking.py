"""How a question finds its person: along which ways, through which doors; for tickets and surveys alike."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from bot.direct import Doors, begin_direct
from bot.questions import Questions
from handoff import directory
from store.clock import Clock
from store.db import Database
from success.reach import Addresses, Ways, nobodys


@dataclass(frozen=True)
class Asking:
    """The ways there are; `addresses` tells a person's own e-mail address, `pages` are chats on a page of ours."""

    db: Database
    questions: Questions
    platforms: Collection[str]
    doors: Mapping[str, Doors]
    clock: Clock
    addresses: Addresses = nobodys
    pages: Collection[str] = ()

    @property
    def ways(self) -> Ways:
        """The same for the rules."""
        links = self.questions.public_url is not None
        return Ways(platforms=self.platforms, pages=self.pages, addresses=self.addresses, links=links)

    async def open_doors(self, person_id: int) -> None:
        """Begin a direct chat with somebody, where a platform lets us and there is none yet."""
        for platform, account in await self.db.read(partial(self._unopened, person_id=person_id)):
            found = await self.doors[platform].open_direct(account)
            if found is not None:
                body = partial(
                    begin_direct, platform=platform, external_id=found, person_id=person_id, now=self.clock()
                )
                await self.db.write(body)

    def _unopened(self, conn: Connection, *, person_id: int) -> tuple[tuple[str, str], ...]:
        return self.ways.unopened(conn, directory.person(conn, person_id), doors=self.doors)
