"""Prompt versions tried on golden questions, on the way that answers take: retrieve, let the model write, check.

A durable job: each question's answers are kept as they come, and whoever takes the job up asks only for the rest.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import structlog

from bot import bench_rules, planning
from bot.answering import Draft, Writer, extract
from bot.errors import ModelError, PromptError
from bot.llm import Json, Messages, Model
from bot.prompt_shelf import Shelf
from bot.prompts import Prompt, Source
from console import bench_store
from console.bench_store import QUEUE, Run
from console.texts import Texts
from knowledge.errors import KnowledgeError
from knowledge.golden import standalone
from knowledge.language import detect
from knowledge.model import Audience, Scope, Search
from knowledge.service import Manual
from store.clock import Clock
from store.db import Database
from store.running import Retry
from store.worker import Running, Worker

log = structlog.get_logger()
_PASSAGES: Final = 6
_GONE: Final = frozenset({"unreachable", "refused", "resting", "rate_limited", "server"})
"""What says that the model is not there, and not that this answer was a bad one."""


class ModelGone(Exception):  # noqa: N818 - it ends a run, and is told
    """The model went away in the middle; carries how."""


@dataclass
class Counting:
    """A model that counts the letters that go in and come out."""

    model: Model
    asked: int = 0
    given: int = 0
    read: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The model's."""
        return self.model.name

    async def complete(self, messages: Messages, *, prompt: Prompt, schema: Json) -> Json:
        """See `Model.complete`."""
        self.asked += sum(bench_rules.tokens(each["content"]) for each in messages)
        answer = await self.model.complete(messages, prompt=prompt, schema=schema)
        self.given += bench_rules.tokens(str(answer))
        return answer


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The handler of the bench's jobs; `model` None: no run gets anywhere, and says so."""

    db: Database
    manual: Manual
    shelf: Shelf
    model: Model | None
    texts: Texts
    clock: Clock

    def register(self, worker: Worker) -> None:
        """Let a worker do the runs, one at a time."""
        worker.register(QUEUE, self.work, retry=Retry(attempts=3), slots=1)

    async def work(self, running: Running) -> None:
        """Ask what is left of a run, and end it."""
        number = int(str(running.job.body["run"]))
        run = await self.db.read(lambda conn: bench_store.find(conn, number))
        if run is None or not run.open:
            return
        await self.db.write(lambda conn: bench_store.began(conn, number))
        error = await self._asked(run)
        now = self.clock()
        await running.finish(lambda conn: bench_store.ended(conn, number, error=error, now=now))

    async def dead(self, running: Running, error: Exception) -> None:
        """A run that failed each time is told as failed."""
        if running.job.queue == QUEUE:
            number, now, said = int(str(running.job.body["run"])), self.clock(), f"broken: {type(error).__name__}"
            await running.bury(error, lambda conn: bench_store.ended(conn, number, error=said, now=now))

    async def _asked(self, run: Run) -> str | None:
        """Ask each question that has no answers yet; why it broke off, None where it came to its end."""
        if self.model is None:
            return "no_model"
        try:
            writers = {side: await self._writer(run.name, side) for side in run.sides}
            internal = {page.id for page in await self.manual.every_page() if page.audience is Audience.INTERNAL}
            known = await self.db.read(lambda conn: bench_store.results(conn, run.id))
            for place, question in enumerate(run.questions):
                if place in known:
                    continue
                facts = await self._question(question, writers, internal=internal)
                if not await self.db.write(partial(bench_store.answered, run_id=run.id, place=place, facts=facts)):
                    break
        except ModelGone as gone:
            return f"model_gone: {gone}"
        except PromptError as error:
            return f"prompt: {error}"
        except KnowledgeError as error:
            return f"manual: {type(error).__name__}"
        return None

    async def _writer(self, name: str, number: int) -> "tuple[Source, Source]":
        """The answering prompts, with this version in its place."""
        tried = await self.shelf.version(name, number)
        sources = {each: self.shelf.sure(each) for each in ("answer", "repair")} | {name: tried}
        return sources["answer"], sources["repair"]

    async def _question(
        self, question: Mapping[str, Any], writers: "Mapping[int, tuple[Source, Source]]", *, internal: set[str]
    ) -> dict[int, dict[str, Any]]:
        pages = tuple(question["pages"])
        ours = bool(pages) and all(page in internal for page in pages)
        scope = Scope(audiences=frozenset(Audience)) if ours else planning.scope(None)
        text = standalone(question["ask"], question.get("after"))
        found = await self.manual.search(text, scope=scope, limit=_PASSAGES)
        return {side: await self._side(text, pages, found, prompts) for side, prompts in writers.items()}

    async def _side(
        self, text: str, pages: tuple[str, ...], found: Search, prompts: "tuple[Source, Source]"
    ) -> dict[str, Any]:
        """What one version makes of a question, as `Conversations` would: too thin, refused, asked back, answered."""
        if not found.enough or not found.passages:
            return bench_rules.thin(pages)
        assert self.model is not None
        counting, started, language = Counting(self.model), time.perf_counter(), detect(text)
        writer = Writer(model=counting, answer=prompts[0], repair=prompts[1])
        trace: Mapping[str, Any] = {}
        try:
            written = await writer.write(
                text, passages=found.passages, language=language, history="", client=planning.told_of(None)
            )
            result, trace = written.result, written.trace
        except ModelError as error:
            if error.kind in _GONE:
                raise ModelGone(error.kind) from error
            result = extract(found.passages, language=language, texts=self.texts)
            trace = {"model_error": error.kind, "detail": error.detail}
        spent = round((time.perf_counter() - started) * 1000)
        said = result.text
        cited = [each.page for each in result.citations] if isinstance(result, Draft) else []
        outcome = result.by if isinstance(result, Draft) else result.reason
        facts = bench_rules.judged(pages, outcome=outcome, cited=cited, trace=trace)
        return facts | {"text": said, "ms": spent, "tokens": counting.asked + counting.given}
