"""A wrong answer of the bot's that was taken back says so in the client's chat, in the client's language."""

from functools import partial

from sqlalchemy import Connection

from console.texts import Texts
from handoff import messages, retraction, turn_records
from store.clock import Clock
from store.db import Database
from store.worker import Running, Worker


class Retractions:
    """The handler of `retract` jobs: `{"message": id}`."""

    def __init__(self, db: Database, *, texts: Texts, clock: Clock) -> None:
        self._db, self._texts, self._clock = db, texts, clock

    async def amend(self, running: Running) -> None:
        """Let the message say that a colleague's answer counts."""
        await running.finish(partial(self._amend, message_id=int(str(running.job.body["message"]))))

    def register(self, worker: Worker) -> None:
        """Let a worker take answers back."""
        worker.register(retraction.RETRACT, self.amend)

    def _amend(self, conn: Connection, *, message_id: int) -> None:
        said = messages.message(conn, message_id)
        language = turn_records.turn(conn, said.turn_id).language if said.turn_id is not None else "zh-Hans"
        text = self._texts.say("client.retracted", language)
        messages.amend(conn, message_id, text=text, now=self._clock())
