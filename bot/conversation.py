"""One turn: load the situation, ask the rules, the manual and the model, and write everything in one transaction.

The rules are in `gate`, `triage`, `bursts`, `answering` and `checks`; this shell only does what they say.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from bot import belonging, bursts, following, followups, framing, gate, interviewing, planning
from bot.answering import Declined, Draft, Writer, extract
from bot.errors import ModelError
from bot.grounds import resting
from bot.illustrating import Illustrating
from bot.intake import TURN
from bot.logs import Words
from bot.meters import Meters
from bot.model import Act, Situation
from bot.pictures import Pictures
from bot.progress import Progress
from bot.recording import record
from bot.situation import as_history, load
from bot.triage import Rules
from console.texts import Texts
from handoff.desk import Desk
from handoff.kinds import Level, MessageKind
from knowledge.errors import KnowledgeError
from knowledge.model import Scope, Search
from knowledge.readable import readable
from knowledge.service import Manual
from store.clock import Clock
from store.db import Database
from store.worker import Retry, Running, Worker

log = structlog.get_logger()

_PASSAGES = 6
SLOTS = 8  # turns at a time; with a model most of them wait for it


@dataclass(frozen=True, kw_only=True)
class Conversations:
    """Answers what comes in. `writer` is None without a model: answers are then quoted from the manual."""

    db: Database
    desk: Desk
    manual: Manual
    rules: Rules
    texts: Texts
    clock: Clock
    meters: Meters
    pictures: Pictures
    writer: Writer | None = None
    progress: Progress | None = None
    illustrating: Illustrating | None = None

    async def turn(self, running: Running) -> None:
        """The handler of a `turn` job: one burst of one person's messages, one outcome, recorded with its reason."""
        started = self.clock()
        situation = await self._situation(running)
        if situation is None:
            return
        ready = self._ready_at(situation, more=bool(running.job.body.get("more")))
        if not running.job.body["at_once"] and started < ready <= started + bursts.LONGEST:
            await running.later(ready, yields=True)  # an emergency may have come meanwhile
            return
        following.of_burst(situation.pieces)
        self._time_waits(situation, running, ready=ready, started=started)
        act = await self._decide(running, situation)
        with self.meters.stage("commit"):
            outcome = await running.finish(
                partial(
                    record,
                    act=act,
                    situation=situation,
                    desk=self.desk,
                    texts=self.texts,
                    started=started,
                    clock=self.clock,
                )
            )
        self.meters.turn(outcome.outcome, outcome.reason)
        log.info(
            "turn",
            turn=outcome.id,
            outcome=outcome.outcome,
            reason=outcome.reason,
            level=outcome.level,
            ticket=outcome.ticket_id,
            ms=outcome.ms,
        )

    async def dead(self, running: Running, error: Exception) -> None:
        """A turn that failed each time is our own fault: the client hears so, and a person gets the matter."""
        job = running.job
        if job.queue != TURN:
            return
        situation = await self._situation(running)
        if situation is None:
            return
        now = self.clock()
        frame = framing.frame(situation, rules=self.rules, pressed=_pressed(running), now=now, texts=self.texts)
        act = planning.failed(frame, situation, error=type(error).__name__)
        turn = partial(
            record, act=act, situation=situation, desk=self.desk, texts=self.texts, started=now, clock=self.clock
        )
        await running.bury(error, turn)
        self.meters.turn(act.outcome, act.reason)
        log.info("turn", outcome=act.outcome, reason=act.reason, level=act.level)

    def register(self, worker: Worker) -> None:
        """Let a worker answer; a turn that cannot be finished is tried again for a few seconds, then handed over."""
        retry = Retry(attempts=4, first=timedelta(milliseconds=500))
        worker.register(TURN, self.turn, retry=retry, slots=SLOTS, spare=True)

    async def _situation(self, running: Running) -> Situation | None:
        """What a job's turn is decided on; None if it was had already."""
        pressed = _pressed(running)
        number = int(str(running.job.body["message"]))
        found = await self.db.read(partial(load, message_id=number, pressed=pressed is not None))
        return belonging.settle(found, pressed=pressed, now=self.clock()) if found else None

    def _time_waits(self, situation: Situation, running: Running, *, ready: datetime, started: datetime) -> None:
        """The parts of the way before a turn: until the burst was complete, then until there was room for it."""
        last = situation.pieces[-1].stored_at
        complete = last if running.job.body["at_once"] else min(max(ready, last), started)
        self.meters.spent("burst", complete - last)
        self.meters.spent("queue", started - complete)
        log.info("turn_started", waited_ms=round((started - situation.pieces[0].stored_at).total_seconds() * 1000))

    def _ready_at(self, situation: Situation, *, more: bool) -> datetime:
        return bursts.ready_at(
            [
                bursts.Piece(stored_at=m.stored_at, reading=self.rules.read(m.text), addressed=m.mentioned)
                for m in situation.pieces
            ],
            more=more,
        )

    async def _decide(self, running: Running, situation: Situation) -> Act:
        now = self.clock()
        frame = framing.frame(situation, rules=self.rules, pressed=_pressed(running), now=now, texts=self.texts)
        if gate.wants_pictures(frame.scene) and (seen := await self._seen(running, situation)):
            situation = replace(situation, pictured=seen)
            frame = framing.frame(situation, rules=self.rules, pressed=None, now=self.clock(), texts=self.texts)
        try:
            act = await self._act(running, situation, frame)
            if self.illustrating is not None:
                act = await self.illustrating.of(act, platform=situation.chat.platform)
            return replace(act, trace={**act.trace, **_known(situation)})
        except KnowledgeError as error:
            log.exception("the manual failed", error=type(error).__name__)
            return planning.failed(frame, situation, error=type(error).__name__)

    async def _seen(self, running: Running, situation: Situation) -> str:
        """What stands in the pictures of the burst, read once, whatever restarts."""
        sent = [file for piece in situation.pieces for file in piece.attachments]

        async def read() -> str:
            with self.meters.stage("pictures"):
                return await self.pictures.text(sent)

        return str(await running.step(f"pictures:{situation.pieces[-1].id}", read))

    async def _act(self, running: Running, situation: Situation, frame: framing.Frame) -> Act:
        asked = interviewing.act(frame, situation, pressed=_pressed(running), texts=Texts.shipped())
        if asked is not None:
            return asked
        plan = gate.decide(frame.scene)
        if isinstance(plan, gate.Shadow):
            return planning.hushed(await self._carry_out(running, situation, frame, plan.plan))
        return await self._carry_out(running, situation, frame, plan)

    async def _carry_out(self, running: Running, situation: Situation, frame: framing.Frame, plan: gate.Plan) -> Act:
        if not isinstance(plan, gate.Look):
            return await self._plainly(situation, frame, plan)
        question, found = await self._look(situation, frame)
        category = await self.manual.category(question)
        vague = frame.reading.vague and question == frame.text
        if plan.beside is not None and not gate.is_beside(plan.beside, category=category):
            theirs = gate.Join(plan.beside, MessageKind.CONTENT, "person_handles")
            return planning.without_manual(frame, situation, theirs)
        if plan.unasked and (vague or not gate.is_sure(enough=found.enough, evidence=found.evidence)):
            return planning.unsure(frame, plan, found, question=question, category=category)
        if not found.enough or not found.passages or vague:
            return planning.thin(frame, situation, found, question=question, category=category)
        written = await self._write(running, situation, frame, question, found)
        if self.writer is not None and not await self._holds(situation, written, found):
            found = await self._search(situation, question)  # while the model wrote, a page was taken away
            if not found.enough or not found.passages:
                return planning.thin(frame, situation, found, question=question, category=category)
            written = planning.Reply(result=self._quoted(found, frame))
        return planning.with_manual(frame, situation, plan, found, written, question=question, category=category)

    async def _plainly(self, situation: Situation, frame: framing.Frame, plan: gate.Plan) -> Act:
        act = planning.without_manual(frame, situation, plan)
        if act.opening is None:
            return act
        try:
            act = replace(act, category=await self.manual.category(act.question))
            return await self._with_first_aid(act) if act.level is Level.EMERGENCY else act
        except KnowledgeError as error:  # a hand-off, an emergency above all, does not wait for the manual
            log.warning("no first aid", error=type(error).__name__)
            return act

    async def _look(self, situation: Situation, frame: framing.Frame) -> tuple[str, Search]:
        """The manual's passages for the turn, and the stand-alone question that found them."""
        question = framing.question_of(frame, situation)
        found = await self._search(situation, question)
        if (shown := framing.with_picture(question, situation)) != question:
            pictured = await self._search(situation, shown)
            if pictured.evidence > found.evidence:
                return shown, pictured
        if question != frame.text or not frame.may_carry_on:
            return question, found
        together = framing.together(frame, situation)
        again = await self._search(situation, together)
        carried = again.enough and followups.carried(alone=found.evidence, together=again.evidence)
        return (together, again) if carried else (question, found)

    async def _search(self, situation: Situation, question: str) -> Search:
        with self.meters.stage("retrieve"):
            found = await self.manual.search(question, scope=planning.scope(situation.client), limit=_PASSAGES)
        log.info(
            "retrieved",
            version=found.version,
            passages=len(found.passages),
            best=found.passages[0].page if found.passages else None,
            evidence=round(found.evidence, 3),
            enough=found.enough,
            question=Words(question),
        )
        return found

    async def _holds(self, situation: Situation, written: planning.Reply, found: Search) -> bool:
        """Whether the client may read, still, all that the model read and all that it cites."""
        cited = written.result.citations if isinstance(written.result, Draft) else ()
        pages = {passage.page for passage in found.passages} | {each.page for each in cited}
        seen = planning.scope(situation.client)
        return await self.db.read(partial(readable, pages=pages, scope=seen)) == pages

    def _quoted(self, found: Search, frame: framing.Frame) -> Draft:
        return resting(extract(found.passages, language=frame.language, texts=self.texts), found)

    async def _with_first_aid(self, act: Act) -> Act:
        """What the client can check while an engineer is on the way: the manual's page for a site that is down."""
        found = await self.manual.search(act.question, scope=Scope(), limit=_PASSAGES)
        if not found.enough:
            found = await self.manual.search(
                self.texts.say("first_aid.question", act.language), scope=Scope(), limit=_PASSAGES
            )
        if not found.enough:
            return act
        draft = resting(extract(found.passages[:1], language=act.language, texts=self.texts), found)
        return replace(act, draft=draft, passages=found.passages, index_version=found.version, evidence=found.evidence)

    async def _write(
        self, running: Running, situation: Situation, frame: framing.Frame, question: str, found: Search
    ) -> planning.Reply:
        """A draft by the model, checked; else the manual's own words. The model is called once, whatever restarts."""
        quoted = self._quoted(found, frame)
        if self.writer is None:
            return planning.Reply(result=quoted)
        writer = self.writer

        async def ask() -> Mapping[str, Any]:
            try:
                written = await writer.write(
                    question,
                    passages=found.passages,
                    language=frame.language,
                    history=as_history(situation.history, before=situation.pieces[0].id),
                    client=planning.about(situation),
                )
            except ModelError as error:
                log.warning("model failed", kind=error.kind)
                return {"error": error.kind, "detail": error.detail}
            return _kept(written.result, found) | {"level": written.level, "trace": dict(written.trace)}

        writing = running.step(f"write:{situation.pieces[-1].id}", ask)
        answer: Any = await (self.progress.during(writing, situation, frame, found) if self.progress else writing)
        if "error" in answer:
            return planning.Reply(result=quoted, trace={"model_error": answer["error"], "detail": answer["detail"]})
        return planning.Reply(result=_restored(answer), level=_level(answer["level"]), trace=answer["trace"])


def _known(situation: Situation) -> dict[str, Any]:
    """What a turn's record keeps of its situation, for the turns after it and for people."""
    found: dict[str, Any] = {"pictured": situation.pictured} if situation.pictured else {}
    if situation.several and situation.client is not None:
        found[belonging.CHOSEN] = situation.client.id
    return found


def _kept(result: Draft | Declined, found: Search) -> dict[str, Any]:
    """Kept with what it rests on: after a crash the manual may be another one."""
    if isinstance(result, Draft):
        return {"draft": asdict(resting(result, found))}
    return {"declined": asdict(result)}


def _restored(kept: Mapping[str, Any]) -> Draft | Declined:
    if "declined" in kept:
        return Declined(**kept["declined"])
    return Draft.from_json(kept["draft"])


def _level(value: object) -> Level | None:
    return Level(str(value)) if value else None


def _pressed(running: Running) -> str | None:
    """The button whose press a job is about."""
    return str(running.job.body["pressed"]) if running.job.body["pressed"] else None
