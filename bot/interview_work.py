"""Interviews that rest: one gentle reminder by day, then the brief is drafted as it is; an offer nobody took ends."""

from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from console import intake_saying
from console.texts import Texts
from handoff import directory
from store.clock import Clock
from store.db import Database
from store.worker import Running, Worker
from success.intake import store
from success.intake.interview import State
from success.intake.resting import REST, Draft, End, Remind, Wait, look
from success.intake.store import DUE

ZONE: Final = "Asia/Shanghai"


class InterviewWork:
    """The handler of `intake` jobs: `{"intake": id}`."""

    def __init__(self, db: Database, *, texts: Texts, clock: Clock) -> None:
        self._db, self._texts, self._clock = db, texts, clock

    async def look(self, running: Running) -> None:
        """Remind, draft, or look again."""
        interview_id = int(str(running.job.body["intake"]))
        later = await self._db.write(partial(self._look, interview_id=interview_id))
        if later is not None:
            await running.later(later)

    def register(self, worker: Worker) -> None:
        """Let a worker look."""
        worker.register(DUE, self.look)

    def _look(self, conn: Connection, *, interview_id: int) -> datetime | None:
        """Do what is due for one interview; when to look again."""
        now, found = self._clock(), store.one(conn, interview_id, lock=True)
        client = directory.client(conn, found.client_id) if found.client_id is not None else None
        decided = look(
            offered=found.state is State.OFFERED, resting=found.state in {State.OPEN, State.PAUSED}, held=found.held,
            heard_at=found.heard_at, reminded_at=found.reminded_at, zone=client.timezone if client else ZONE, now=now,
        )  # fmt: skip
        match decided:
            case Wait(at=at):
                return at
            case Remind():
                intake_saying.remind(conn, found, texts=self._texts, now=now)
                store.reminded(conn, found.id, now=now)
                return now + REST
            case Draft():
                store.draft(conn, found.id, now=now)
            case End():
                store.expire(conn, found.id, now=now)
        return None
