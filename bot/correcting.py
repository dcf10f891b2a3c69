"""Corrections of answers whose ground has changed: looked for in the background, and written better by a model."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import Connection

from bot.answering import LANGUAGE_NAMES, numbered
from bot.checks import check
from bot.errors import ModelError
from bot.llm import TEXT_ALONE, Model
from bot.meters import Meters
from bot.prompt_shelf import Shelf
from bot.prompts import Source, current
from bot.settings import Settings
from console.correction_words import draft, opening, spoken
from console.texts import Texts
from handoff import directory
from knowledge.model import Passage
from knowledge.wording import plain
from store.clock import Clock
from store.db import Database
from store.schedule import plan
from store.worker import Retry, Running, Worker
from success import corrections, recalling
from success.corrections import Correction
from success.recall import Section
from success.recall_errors import NoCorrection
from success.recalling import DRAFT, REVIEW, Recalls

log = structlog.get_logger()

_EVERY = "*/5 * * * *"


@dataclass(frozen=True, kw_only=True)
class Rewriter:
    """Says with a model what holds now; what does not pass the check of answers is not used."""

    model: Model
    prompt: Source

    async def write(self, known: Correction) -> str | None:
        """What holds now, with its marks; None where the model states what the manual does not. Raises ModelError."""
        passages, language = [_passage(each) for each in known.now], spoken(known.language)
        changed = "\n".join(f"- {plain(each.old) or '–'} → {plain(each.new) or '–'}" for each in known.changes)
        prompt = await current(self.prompt)
        messages = prompt.fill(
            language=LANGUAGE_NAMES[language],
            passages=numbered(passages),
            changes=changed,
            question=known.question,
        )
        answer = await self.model.complete(messages, prompt=prompt, schema=TEXT_ALONE)
        text = str(answer.get("text") or "").strip()
        told = f"{messages[0]['content']}\n{prompt.material}"
        problems = check(text, passages=passages, language=language, told=told) if text else ("empty",)
        if problems:
            log.info("correction kept in the manual's words", problems=len(problems))
        return None if problems else text


@dataclass(frozen=True, kw_only=True)
class Correcting:
    """The handlers of `recall` and `recall_draft` jobs. `rewriter` is None without a model."""

    db: Database
    recalls: Recalls
    texts: Texts
    clock: Clock
    meters: Meters
    rewriter: Rewriter | None = None

    async def begin(self) -> None:
        """Look every few minutes from now on."""
        now = self.clock()
        await self.db.write(lambda conn: plan(conn, REVIEW, cron=_EVERY, zone="UTC", queue=REVIEW, body={}, now=now))

    def register(self, worker: Worker) -> None:
        """Let a worker look, and write."""
        worker.register(REVIEW, self.review, slots=1)
        worker.register(DRAFT, self.draft, retry=Retry(attempts=3, first=timedelta(seconds=5)), slots=1)

    async def review(self, _: Running) -> None:
        """Bring what is to be corrected up to date with the manual."""
        found = await self.recalls.review()
        self.meters.corrections(found.waiting)

    async def draft(self, running: Running) -> None:
        """Let the model write one correction; the extract stays where it cannot, or where a person was faster."""
        number, says = int(str(running.job.body["correction"])), str(running.job.body["says"])
        found = await self.db.read(partial(_open, number=number, says=says))
        text = await self._written(found[0]) if found and self.rewriter else None
        if found is None or text is None:
            return
        known, zone = found
        begun = opening(
            self.texts,
            kind=known.kind,
            question=known.question,
            at=known.answered_at,
            zone=zone,
            language=spoken(known.language),
        )
        await running.finish(partial(recalling.redraft, number=number, says=says, text=f"{begun}\n\n{text}"))

    async def _written(self, known: Correction) -> str | None:
        assert self.rewriter is not None, "asked for with a model only"
        try:
            return await self.rewriter.write(known)
        except ModelError as error:
            log.warning("model failed", kind=error.kind)
            return None


def correcting_of(
    db: Database,
    settings: Settings,
    *,
    texts: Texts,
    model: Model | None,
    shelf: Shelf,
    meters: Meters,
    clock: Clock,
) -> Correcting:
    """Looks and corrects as the settings say; written by a model, if there is one and its prompt is among the files."""
    prompt = shelf.source("correction") if model is not None else None
    rewriter = Rewriter(model=model, prompt=prompt) if model is not None and prompt is not None else None
    window, compose = timedelta(days=settings.recall_days), partial(draft, texts=texts)
    recalls = Recalls(db=db, clock=clock, compose=compose, window=window, drafts=rewriter is not None)
    return Correcting(db=db, recalls=recalls, texts=texts, clock=clock, meters=meters, rewriter=rewriter)


def _open(conn: Connection, *, number: int, says: str) -> tuple[Correction, str] | None:
    try:
        found = corrections.one(conn, number)
    except NoCorrection:
        return None
    if found.state != "open" or found.says != says:
        return None
    owner = directory.chat(conn, found.chat_id).client_id
    return found, directory.client(conn, owner).timezone if owner is not None else ""


def _passage(section: Section) -> Passage:
    return Passage(
        chunk=section.chunk,
        page=section.page,
        title=section.title,
        heading=section.heading,
        anchor=section.anchor,
        text=section.text,
        language=section.language,
        video=None,
        url=section.url,
        category="",
        score=1.0,
    )
