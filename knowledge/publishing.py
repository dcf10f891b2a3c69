"""From a folder to a published version: read, build beside the live one, ask the golden questions, publish."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from sqlalchemy import Connection

from knowledge import gate, golden, index, loaders, store
from knowledge.answers import Answers, Examiner
from knowledge.embedders import Embedder
from knowledge.errors import GoldenInvalid
from knowledge.evidence import Evidence
from knowledge.golden import Golden
from knowledge.live import Live, Shelf
from knowledge.model import GoldenScore, IndexReport, Page, Preview, Problem, Progress
from knowledge.search import Searcher
from store.clock import Clock
from store.db import Database

P = ParamSpec("P")
T = TypeVar("T")

#: Published versions kept for rollback, the live one included.
KEEP = 4
#: How long building rests after each batch of vectors it writes and each golden question of a whole run, as a share
#: of the time that took: both hold the interpreter, for which the answers to clients wait.
_REST = 1.0


@dataclass(frozen=True, kw_only=True)
class Source:
    """A folder read for indexing; ``hash`` tells whether indexing it again would change anything."""

    pages: tuple[Page, ...]
    golden: tuple[Golden, ...]
    problems: tuple[Problem, ...]
    hash: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a run: its report, and the version to search from now on if one was published."""

    report: IndexReport
    live: Live | None


@dataclass(frozen=True, kw_only=True)
class Order:
    """Who wants a folder indexed, and why; ``force`` publishes even what does worse.

    ``since`` is the version that was live when it was ordered: where another is by the end, nothing is published.
    """

    by: str
    reason: str
    force: bool
    since: int | None
    tell: index.Tell


def read(source: Path, *, embedder: str) -> Source:
    """Read a folder and its golden questions; a golden file that cannot be read is a problem, no stop.

    Raises:
        SourceMissing: there is no such folder.
    """
    folder = loaders.load(source)
    problems = list(folder.problems)
    questions: tuple[Golden, ...] = ()
    path = source / golden.FILE
    try:
        questions = golden.read(path)
    except GoldenInvalid as error:
        problems.append(Problem(file=golden.FILE, line=error.line, message=error.reason))
    pages = loaders.current(folder.pages)
    raw = path.read_bytes() if path.is_file() else b""
    return Source(
        pages=pages,
        golden=questions,
        problems=(*problems, *_unknown(questions, pages=pages)),
        hash=index.source_hash(folder.hash, golden=raw, embedder=embedder),
    )


def _unknown(questions: tuple[Golden, ...], *, pages: tuple[Page, ...]) -> tuple[Problem, ...]:
    known = {page.id for page in pages}
    missing = sorted({name for item in questions for name in item.pages if name not in known})
    return tuple(Problem(file=golden.FILE, line=None, message=f"names an unknown page: {name}") for name in missing)


class Publisher:
    """Runs indexing, one run at a time (the caller sees to that)."""

    def __init__(
        self,
        db: Database,
        *,
        shelf: Shelf,
        builder: index.Builder,
        embedder: Embedder,
        pool: Executor,
        clock: Clock,
    ) -> None:
        self._db = db
        self._shelf = shelf
        self._embedder = embedder
        self._pool = pool
        self._clock = clock
        self._builder = builder
        self._examiner = Examiner(embedder)
        self._answers: dict[int, Answers] = {}

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args, **kwargs))

    async def publish(self, source: Path, *, live: Live | None, order: Order) -> Outcome:
        """Build a version and publish it, unless nothing changed or it does worse than the live one."""
        order.tell(Progress(stage="read", done=0, total=1))
        found = await self._run(read, source, embedder=self._embedder.name)
        if live and live.source_hash == found.hash:
            return Outcome(report=_unchanged(live, problems=found.problems), live=None)
        now, name = self._clock(), self._embedder.name
        version = await self._db.write(
            lambda conn: store.begin(
                conn, by=order.by, reason=order.reason, source_hash=found.hash, embedder=name, now=now
            )
        )
        try:
            async with self._alive(version):
                return await self._made(version, found, live=live, order=order)
        except BaseException:
            await self._db.write(lambda conn: store.drop_building(conn, version))
            raise

    @asynccontextmanager
    async def _alive(self, version: int) -> AsyncIterator[None]:
        """Say again and again that the builder is alive."""

        async def say() -> None:
            while True:
                await asyncio.sleep(store.LEASE.total_seconds() / 4)
                now = self._clock()
                await self._db.write(partial(store.renew, number=version, now=now))

        saying = asyncio.create_task(say(), name="manual-lease")
        try:
            yield
        finally:
            saying.cancel()
            await asyncio.gather(saying, return_exceptions=True)

    async def _made(self, version: int, found: Source, *, live: Live | None, order: Order) -> Outcome:
        built = await self._builder.build(found.pages, version=version, tell=order.tell, hurry=live is None)
        held = built.catalogue
        await self._store(version, built, tell=order.tell)
        searcher = await self._run(self._shelf.put, held, rest=_REST if live else 0.0)
        exam = await self._examined(found.golden, searcher=searcher, live=live, version=version, tell=order.tell)
        evidence, before, after = exam.evidence, exam.before, exam.after
        counts = {"pages": len(held.pages), "chunks": len(held.chunks)}
        published = order.force or gate.passes(before, after)
        report = IndexReport(
            **counts,
            embedded=built.embedded,
            reused=built.reused,
            problems=found.problems,
            version=version if published else None,
            published=published,
            unchanged=False,
            before=before,
            after=after,
            seconds=0.0,
        )
        if not published:
            await self._refuse(version, by=order.by)
            return Outcome(report=report, live=None)
        fresh = await self._run(
            self._shelf.made, version, source_hash=found.hash, searcher=searcher, evidence=evidence, like=live
        )
        self._remember(version, exam.answers)
        await self._release(fresh, score=after, order=order, live=live)
        return Outcome(report=report, live=fresh)

    async def _store(self, version: int, built: index.Built, *, tell: index.Tell) -> None:
        tell(Progress(stage="store", done=0, total=1))
        held, digests, name = built.catalogue, built.digests, self._embedder.name

        def body(conn: Connection) -> None:
            store.put_contents(conn, version, pages=held.pages, chunks=held.chunks)
            absent = store.use_vectors(conn, name, digests.all, used_in=version)
            store.put_vectors(conn, name, made=index.halves(built, absent), used_in=version)

        await self._db.write(body)
        tell(Progress(stage="store", done=1, total=1))

    async def _examined(
        self, questions: tuple[Golden, ...], *, searcher: Searcher, live: Live | None, version: int, tell: index.Tell
    ) -> "_Exam":
        """Ask the new version, and the live one under its own model; all questions again before it is refused."""
        count = len(questions)
        tell(Progress(stage="check", done=0, total=count))
        vectors = await self._builder.queries(self._examiner.unprepared(questions), version=version)
        await self._run(self._examiner.prepare, questions, vectors=vectors)

        loop = asyncio.get_running_loop()

        def told(done: int) -> None:
            step = Progress(stage="check", done=min(done, count), total=count)
            loop.call_soon_threadsafe(tell, step)

        exam = await self._run(self._exam, questions, searcher=searcher, live=live, whole=False, tell=told)
        if exam.partly and not gate.passes(exam.before, exam.after):
            exam = await self._run(self._exam, questions, searcher=searcher, live=live, whole=True, tell=told)
        tell(Progress(stage="check", done=count, total=count))
        return exam

    def _exam(
        self,
        questions: tuple[Golden, ...],
        *,
        searcher: Searcher,
        live: Live | None,
        whole: bool,
        tell: Callable[[int], None],
    ) -> "_Exam":
        examiner, known, again = self._examiner, None, None
        if live is not None:
            known = None if whole else self._answers.get(live.version)
            nothing = Answers(asked={}, reaches={}, changed=frozenset())
            known = examiner.more(questions, searcher=live.searcher, known=known or nothing, rest=_REST)
            self._remember(live.version, known)
            held = live.searcher.held
            if not whole:
                again = examiner.again(questions, searcher=searcher, live=held, before=known, tell=tell)
        answers = again or examiner.all(questions, searcher=searcher, tell=tell, rest=_REST if live else 0.0)
        asked = answers.of(questions)
        evidence = gate.fit(asked)
        return _Exam(
            answers=answers,
            evidence=evidence,
            before=gate.score(known.of(questions), evidence=live.evidence) if live and known else None,
            after=gate.score(asked, evidence=evidence),
            partly=again is not None,
        )

    def _remember(self, version: int, answers: Answers) -> None:
        self._answers[version] = answers
        for old in sorted(self._answers)[: -2 * KEEP]:
            del self._answers[old]

    async def _release(self, fresh: Live, *, score: GoldenScore | None, order: Order, live: Live | None) -> None:
        """Complete and publish in one transaction, unless another version went live since the gate was asked."""
        now, version, held = self._clock(), fresh.version, fresh.searcher.held
        since = order.since
        order.tell(Progress(stage="publish", done=0, total=1))

        def body(conn: Connection) -> None:
            store.stays(conn, since)
            counts, model = {"pages": len(held.pages), "chunks": len(held.chunks)}, fresh.evidence.as_json()
            store.complete(conn, version, golden=score, evidence=model, **counts)
            store.publish(conn, version, by=order.by, verb="publish", reason=order.reason, now=now)
            store.prune(conn, keep=KEEP)

        await self._db.write(body)
        await self._run(self._shelf.keep, fresh.searcher, *([live.searcher] if live else []))
        order.tell(Progress(stage="publish", done=1, total=1))

    async def _refuse(self, version: int, *, by: str) -> None:
        now = self._clock()
        await self._db.write(lambda conn: store.refuse(conn, version, by=by, now=now))

    async def preview(self, source: Path, *, live: Live | None) -> Preview:
        """Return what indexing a folder would change, and its golden scores, publishing nothing."""
        found = await self._run(read, source, embedder=self._embedder.name)
        built = await self._builder.build(found.pages, version=live.version if live else 0, tell=lambda _: None)
        searcher = await self._run(self._shelf.aside, built.catalogue)
        number = live.version if live else 0
        exam = await self._examined(found.golden, searcher=searcher, live=live, version=number, tell=lambda _: None)
        old = {page.id: page.hash for page in live.searcher.held.pages} if live else {}
        new = {page.id: page.hash for page in found.pages}
        return Preview(
            added=tuple(sorted(new.keys() - old.keys())),
            changed=tuple(sorted(key for key in new.keys() & old.keys() if new[key] != old[key])),
            removed=tuple(sorted(old.keys() - new.keys())),
            problems=found.problems,
            before=exam.before,
            after=exam.after,
        )


@dataclass(frozen=True, kw_only=True)
class _Exam:
    """The golden answers of a version being built, its evidence, and the scores of the live one and of this."""

    answers: Answers
    evidence: Evidence
    before: GoldenScore | None
    after: GoldenScore | None
    partly: bool


def _unchanged(live: Live, *, problems: tuple[Problem, ...]) -> IndexReport:
    held = live.searcher.held
    return IndexReport(
        pages=len(held.pages),
        chunks=len(held.chunks),
        embedded=0,
        reused=0,
        problems=problems,
        version=live.version,
        published=False,
        unchanged=True,
        before=None,
        after=None,
        seconds=0.0,
    )
