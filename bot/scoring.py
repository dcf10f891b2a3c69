"""Silent drafts are held against what colleagues answered, once they have finished speaking."""

from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy import Connection

from bot import sameness
from handoff import contracts, drafts, messages, turn_records
from handoff.model import Message, Turn
from knowledge.language import SIMPLIFIED, to_script
from knowledge.service import Manual
from store.clock import Clock
from store.db import Database
from store.worker import Running, Worker

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """The handler of `score_draft` jobs: `{"turn": id, "message": id}`."""

    db: Database
    manual: Manual
    clock: Clock

    async def score(self, running: Running) -> None:
        """Compare and keep the verdict. "One moment" is no answer yet: the colleague's next word is looked at."""
        body = running.job.body
        load = partial(_load, turn_id=int(str(body["turn"])), message_id=int(str(body["message"])))
        found = await self.db.read(load)
        if found is None:
            return
        draft, said, answer = found
        shadow = draft.trace.get(drafts.DRAFTED)
        shadow = shadow if isinstance(shadow, dict) else {}
        text = sameness.drafted(shadow)
        likeness = None
        if text and sameness.comparable(text, answer):
            likeness = await self.manual.likeness(to_script(text, SIMPLIFIED), to_script(answer, SIMPLIFIED))
        judged = sameness.judge(shadow, answer, likeness=likeness)
        keep = partial(drafts.score, draft=draft, verdict=judged.verdict, how=judged.how, similarity=likeness)
        await running.finish(partial(keep, message_id=said.id, now=self.clock()))
        log.info("draft scored", turn=draft.id, verdict=judged.verdict, how=judged.how)

    def register(self, worker: Worker) -> None:
        """Let a worker compare."""
        worker.register(drafts.SCORE, self.score, slots=1)


def _load(conn: Connection, *, turn_id: int, message_id: int) -> tuple[Turn, Message, str] | None:
    if drafts.is_scored(conn, turn_id):
        return None
    draft, said = turn_records.turn(conn, turn_id), messages.message(conn, message_id)
    answer = drafts.answer_to(conn, draft, said)
    if not answer.strip() or contracts.book(conn).current.is_holding(answer):
        return None
    return draft, said, answer
