"""Campaigns are looked at ahead: every hour it is seen whose morning has come, each in a transaction of its own."""

from functools import partial

from sqlalchemy import Connection

from store.clock import Clock
from store.db import Database
from store.schedule import plan
from store.worker import Running, Worker
from success import campaigns

LOOK = "campaigns"
EACH_HOUR = "7 * * * *"  # mornings begin at another hour in each client's zone


class CampaignWork:
    """The handler of `campaigns` jobs."""

    def __init__(self, db: Database, *, clock: Clock) -> None:
        self._db, self._clock = db, clock

    async def begin(self) -> None:
        """Look every hour."""
        now = self._clock()
        await self._db.write(lambda conn: plan(conn, LOOK, cron=EACH_HOUR, zone="UTC", queue=LOOK, body={}, now=now))

    async def look(self, running: Running) -> None:
        """Look at every campaign ahead."""
        now = self._clock()

        def near(conn: Connection) -> list[int]:
            return [each.id for each, _ in campaigns.ahead(conn, since=now.date())]

        for campaign_id in await self._db.read(near):
            await self._db.write(partial(campaigns.look, campaign_id=campaign_id, now=now))
        await running.finish(lambda _: None)

    def register(self, worker: Worker) -> None:
        """Let a worker look."""
        worker.register(LOOK, self.look, slots=1)
