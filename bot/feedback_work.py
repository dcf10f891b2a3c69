"""What is asked of clients by the calendar: each quarter a visit with every client, and of some a recommendation."""

from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from bot.asking import Asking
from handoff import directory
from handoff.figures import home_zone
from store.clock import Clock
from store.db import Database
from store.schedule import plan
from store.worker import Running, Worker
from success import nps, surveys, visits
from success.proactive import by_day, group_of
from success.survey_rules import SurveyKind
from success.surveys import BRING, Survey

VISITS: Final = "visits"
NPS: Final = "nps"
EACH_MORNING: Final = "5 6 * * *"
LATER_IN_THE_MORNING: Final = "5 10 * * *"


class Feedback:
    """Handlers of `visits` and `nps` jobs, every morning in the desk's zone, and of `survey`: `{"survey": id}`."""

    def __init__(self, db: Database, *, asking: Asking, clock: Clock) -> None:
        self._db, self._asking, self._clock = db, asking, clock

    async def begin(self) -> None:
        """Plan what recurs."""
        await self._db.write(self._begin)

    def register(self, worker: Worker) -> None:
        """Let a worker plan and ask."""
        worker.register(VISITS, self._visits, slots=1)
        worker.register(NPS, self._nps, slots=1)
        worker.register(BRING, self._bring)

    async def _visits(self, running: Running) -> None:
        await running.finish(lambda conn: _plan_visits(conn, now=self._clock()))

    async def _nps(self, running: Running) -> None:
        await running.finish(lambda conn: _plan_nps(conn, now=self._clock()))

    async def _bring(self, running: Running) -> None:
        survey_id = int(str(running.job.body["survey"]))
        who = await self._db.read(partial(self._whom, survey_id=survey_id))
        if who is not None:
            await self._asking.open_doors(who)
        later = await self._db.write(partial(self._put, survey_id=survey_id))
        if later is not None:
            await running.later(later)

    def _begin(self, conn: Connection) -> None:
        now, zone = self._clock(), str(home_zone(conn))
        plan(conn, VISITS, cron=EACH_MORNING, zone=zone, queue=VISITS, body={}, now=now)
        plan(conn, NPS, cron=LATER_IN_THE_MORNING, zone=zone, queue=NPS, body={}, now=now)

    def _whom(self, conn: Connection, *, survey_id: int) -> int | None:
        """Whom a survey is put to now, if it is."""
        found = surveys.survey(conn, survey_id)
        if found is None or self._why_not(conn, found) or self._not_before(conn, found) is not None:
            return None
        return found.person_id

    def _put(self, conn: Connection, *, survey_id: int) -> datetime | None:
        """Put a survey to its person; when to look again, where it is not the time."""
        found = surveys.survey(conn, survey_id, lock=True)
        if found is None or found.asked_at is not None or found.dropped:
            return None
        if why := self._why_not(conn, found):
            surveys.drop(conn, found.id, why)
            return None
        if (later := self._not_before(conn, found)) is not None:
            return later
        now, person = self._clock(), directory.person(conn, found.person_id)
        of_project = found.kind is SurveyKind.STAGE
        group = group_of(conn, found.client_id) if of_project else None
        reach = self._asking.ways.to(conn, person, group=group, page=of_project)
        if reach is not None:
            self._asking.questions.survey(conn, found, reach, now=now)
        surveys.put(conn, found.id, way=reach.name if reach else "", now=now)
        return None

    def _why_not(self, conn: Connection, found: Survey) -> str:
        """Why a survey is not put at all; "" where it is."""
        client, person = directory.client(conn, found.client_id), directory.person(conn, found.person_id)
        reasons = {
            "done": found.asked_at is not None or bool(found.dropped),
            "client": client.archived_at is not None or person.client_id != client.id or not person.active,
            "off": found.kind is SurveyKind.NPS and nps.is_off(conn),
            "rest": found.kind is SurveyKind.NPS and nps.rests_too_long(conn, found),
        }
        return next((why for why, holds in reasons.items() if holds), "")

    def _not_before(self, conn: Connection, found: Survey) -> datetime | None:
        """When to look again: it is night there, or the person was asked something else lately."""
        now, client = self._clock(), directory.client(conn, found.client_id)
        rests = nps.rests_until(conn, found) if found.kind is SurveyKind.NPS else None
        wanted = by_day(client, max(now, rests or now))
        return wanted if wanted > now else None


def _plan_visits(conn: Connection, *, now: datetime) -> None:
    visits.plan(conn, now=now)


def _plan_nps(conn: Connection, *, now: datetime) -> None:
    nps.plan_quarter(conn, now=now)
