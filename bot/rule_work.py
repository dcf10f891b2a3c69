"""Rules look at what happens, go on with what waited, and forget what is old; sites and tasks are told of to them."""

from collections.abc import Sequence
from functools import partial

import structlog
from sqlalchemy import Connection

from console.texts import Texts
from handoff.desk import Desk
from store.clock import Clock
from store.db import Database
from store.errors import StoreError
from store.schedule import plan
from store.worker import Running, Worker
from success import alerts, rule_causes, rule_engine, rules
from success.checks.outcomes import SITE_CHANGED
from success.incident_watch import LANGUAGE
from success.rule_actions import Acting
from success.rule_engine import STEP
from success.rules import HAPPENED

LATE = "rules_late"
SWEEP = "rules_sweep"
_EVERY = "*/10 * * * *"
_NIGHTLY = "41 3 * * *"
MOST_BATCHES = 200
"""A night's work is bounded: the rest goes the next night."""
log = structlog.get_logger()


class RuleWork:
    """The handlers of `rules`, `rule_step`, `site_changed`, `rules_late` and `rules_sweep` jobs."""

    def __init__(self, db: Database, *, desk: Desk, texts: Texts, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._acting = Acting(desk=desk, name=texts.say("recall.bot", LANGUAGE))

    async def begin(self) -> None:
        """Look for late tasks every few minutes, and forget at night."""
        now = self._clock()

        def planned(conn: Connection) -> None:
            plan(conn, LATE, cron=_EVERY, zone="UTC", queue=LATE, body={}, now=now)
            plan(conn, SWEEP, cron=_NIGHTLY, zone="UTC", queue=SWEEP, body={}, now=now)

        await self._db.write(planned)

    async def look(self, running: Running) -> None:
        """Look at each event in a transaction of its own: one that cannot be looked at holds up none of the others."""
        ids = running.job.body["events"]
        assert isinstance(ids, Sequence)
        failures: list[Exception] = []
        for each in ids:
            look = partial(rule_engine.look, event_id=int(str(each)), acting=self._acting, now=self._clock())
            try:
                await self._db.write(look)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - the others are looked at first
                log.warning("rules_not_looked_at", rule_event=each, error=type(error).__name__)
                failures.append(error)
        if failures:
            raise failures[0]

    async def go_on(self, running: Running) -> None:
        """Go on with a firing."""
        body, now = running.job.body, self._clock()
        steps = {name: int(str(body[name])) for name in ("only", "woken") if name in body}
        facts = {"firing_id": int(str(body["firing"])), **steps}
        await running.finish(partial(rule_engine.go_on, **facts, acting=self._acting, now=now))  # type: ignore[arg-type]

    async def site(self, running: Running) -> None:
        """A site went down or came back."""
        body, now = running.job.body, self._clock()
        run = body.get("run")
        facts = {"site_id": int(str(body["site"])), "state": str(body["state"])}
        run_id = None if run is None else int(str(run))
        await running.finish(partial(rule_causes.site_changed, **facts, run=run_id, now=now))  # type: ignore[arg-type]

    async def late(self, running: Running) -> None:
        """Tell of late tasks."""
        await running.finish(partial(rule_causes.tasks_late, now=self._clock()))

    async def sweep(self, _: Running) -> None:
        """Forget old events, what rules did about them, and alerts that are long over, a few at a time."""
        for forget, name in ((rules.sweep, "rule_events"), (alerts.sweep, "alerts")):
            gone = 0
            for _batch in range(MOST_BATCHES):
                found = await self._db.write(partial(forget, now=self._clock()))
                gone += found
                if not found:
                    break
            log.info("forgotten", what=name, number=gone)

    def register(self, worker: Worker) -> None:
        """Let a worker do it."""
        worker.register(HAPPENED, self.look, slots=1)
        worker.register(STEP, self.go_on)
        worker.register(SITE_CHANGED, self.site)
        worker.register(LATE, self.late, slots=1)
        worker.register(SWEEP, self.sweep, slots=1)
