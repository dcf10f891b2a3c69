"""From a folder to a published version: read, build beside the live one, ask the golden questions, publish."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from sqlalchemy import Connection

from knowledge import asking, costs, differing, gallery, index, kept_vectors, pictures, record, store
from knowledge.changes import Fate, PageChange, QuestionChange
from knowledge.embedders import Embedder
from knowledge.errors import SourceChanged
from knowledge.exams import REST, Exam, Exams, Sitting
from knowledge.live import Live, Shelf
from knowledge.model import Cost, IndexReport, Preview, Progress
from knowledge.reading import Source, read
from knowledge.search import Searcher
from store.clock import Clock
from store.db import Database
from store.errors import StoreError

P = ParamSpec("P")
T = TypeVar("T")

#: Published versions kept for rollback, the live one included.
KEEP = 4


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a run: its report, and the version to search from now on if one was published."""

    report: IndexReport
    live: Live | None


@dataclass(frozen=True, kw_only=True)
class Order:
    """Who wants a folder indexed, and why; ``force`` publishes even what does worse.

    ``since`` is the version that was live when it was ordered: where another is by the end, nothing is published.
    ``expects`` names the state of the folder that was previewed; any other is not published.
    """

    by: str
    reason: str
    force: bool
    since: int | None
    tell: index.Tell
    expects: str | None = None


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
        kept: Path | None = None,
    ) -> None:
        self._db = db
        self._shelf = shelf
        self._kept = kept
        self._embedder = embedder
        self._pool = pool
        self._clock = clock
        self._builder = builder
        self._exams = Exams(builder=builder, embedder=embedder, pool=pool, remembered=2 * KEEP)

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args, **kwargs))

    async def publish(self, source: Path, *, live: Live | None, order: Order) -> Outcome:
        """Build a version and publish it, unless nothing changed or it does worse than the live one."""
        order.tell(Progress(stage="read", done=0, total=1))
        found = await self._run(read, source, embedder=self._embedder.name, kept=self._kept)
        if order.expects is not None and order.expects != found.hash:
            raise SourceChanged(source)
        if live and live.source_hash == found.hash:
            return Outcome(report=_unchanged(live, found=found), live=None)
        order = replace(order, reason=_with_commit(order.reason, found.revision))
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
            with suppress(StoreError):  # what failed first is told; what stays half-built is dropped at the next start
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
        meter = costs.reading(self._embedder)
        built = await self._builder.build(found.pages, version=version, tell=order.tell, hurry=live is None)
        held = built.catalogue
        await self._store(version, built, tell=order.tell)
        await self._hang(version, found)
        searcher = await self._run(self._shelf.put, held, rest=REST if live else 0.0)
        exam = await self._sat(found, searcher=searcher, live=live, version=version, tell=order.tell)
        decision = exam.decision
        published = order.force or decision.passes
        report = IndexReport(
            pages=len(held.pages),
            chunks=len(held.chunks),
            embedded=built.embedded,
            reused=built.reused,
            problems=found.problems,
            version=version if published else None,
            published=published,
            unchanged=False,
            before=exam.before.score,
            after=exam.after.score,
            seconds=0.0,
            revision=found.revision,
            cost=costs.since(meter, costs.reading(self._embedder)),
            questions=exam.turned,
            decision=decision,
        )
        if not published:
            await self._refuse(version, by=order.by, turned=exam.turned)
            return Outcome(report=report, live=None)
        make = partial(self._shelf.made, version, source_hash=found.hash, searcher=searcher)
        fresh = await self._run(make, evidence=exam.evidence, like=live)
        self._exams.remember(version, exam.answers)
        await self._release(fresh, exam=exam, order=order, live=live)
        return Outcome(report=report, live=fresh)

    async def _store(self, version: int, built: index.Built, *, tell: index.Tell) -> None:
        tell(Progress(stage="store", done=0, total=1))
        held, digests, name = built.catalogue, built.digests, self._embedder.name

        def body(conn: Connection) -> None:
            store.put_contents(conn, version, pages=held.pages, chunks=held.chunks)
            absent = kept_vectors.use(conn, name, digests.all, used_in=version)
            kept_vectors.put(conn, name, made=index.halves(built, absent), used_in=version)

        await self._db.write(body)
        tell(Progress(stage="store", done=1, total=1))

    async def _hang(self, version: int, found: Source) -> None:
        """Keep the pictures of a version. One whose file was exchanged since it was read is not shown."""
        shown = {each.hash: each for page in found.pages for each in page.pictures}
        new = await self._db.read(lambda conn: gallery.missing(conn, shown.keys()))
        for name in sorted(new):
            content = await self._run(pictures.read, shown[name], root=found.folder)
            if content is not None:
                await self._db.write(partial(gallery.put, contents={name: content}, used_in=version))
        await self._db.write(lambda conn: gallery.use(conn, shown.keys(), used_in=version))

    async def _release(self, fresh: Live, *, exam: Exam, order: Order, live: Live | None) -> None:
        """Complete and publish in one transaction, unless another version went live since the gate was asked."""
        now, version, held = self._clock(), fresh.version, fresh.searcher.held
        verb, since = "publish" if exam.decision.passes else "override", order.since
        order.tell(Progress(stage="publish", done=0, total=1))

        def body(conn: Connection) -> None:
            store.stays(conn, since)
            counts, model = {"pages": len(held.pages), "chunks": len(held.chunks)}, fresh.evidence.as_json()
            store.complete(conn, version, golden=exam.after.score, evidence=model, **counts)
            record.put_results(conn, version, exam.after.results)
            store.publish(conn, version, by=order.by, verb=verb, reason=order.reason, now=now)
            store.prune(conn, keep=KEEP)

        await self._db.write(body)
        await self._run(self._shelf.keep, fresh.searcher, *([live.searcher] if live else []))
        order.tell(Progress(stage="publish", done=1, total=1))

    async def _refuse(self, version: int, *, by: str, turned: tuple[QuestionChange, ...]) -> None:
        now, why = self._clock(), record.why_refused(turned)
        await self._db.write(lambda conn: store.refuse(conn, version, by=by, reason=why, now=now))

    async def preview(self, source: Path, *, live: Live | None, tell: index.Tell, spend: bool = True) -> Preview:
        """Return what indexing a folder would change, and its golden results, publishing nothing.

        Without ``spend`` an embedder that is paid for is not asked: golden results are left out if they would cost.
        """
        tell(Progress(stage="read", done=0, total=1))
        found = await self._run(read, source, embedder=self._embedder.name, kept=self._kept)
        if live and live.source_hash == found.hash:
            return _previewed(found, pages=(), exam=None, live=live, unchanged=True)
        cost = None if spend else await self._cost(found)
        exam = await self._tried(found, live=live, tell=tell) if cost is None or not cost.tokens else None
        old = live.searcher.held.pages if live else ()
        pages = await self._run(differing.compare, old, found.pages)
        return _previewed(found, pages=pages, exam=exam, live=live, cost=cost)

    async def _tried(self, found: Source, *, live: Live | None, tell: index.Tell) -> Exam:
        """Build a version aside and ask it the golden questions."""
        number = live.version if live else 0
        built = await self._builder.build(found.pages, version=number, tell=tell)
        searcher = await self._run(self._shelf.aside, built.catalogue)
        return await self._sat(found, searcher=searcher, live=live, version=number, tell=tell)

    async def _sat(
        self, found: Source, *, searcher: Searcher, live: Live | None, version: int, tell: index.Tell
    ) -> Exam:
        score, results = await self._db.read(record.of_live)
        kept = Sitting(score=score, results=results)
        return await self._exams.sit(found.golden, searcher=searcher, live=live, version=version, kept=kept, tell=tell)

    async def _cost(self, found: Source) -> Cost | None:
        """What indexing would use: texts without vectors, of pages and of golden questions."""
        if not isinstance(self._embedder, costs.Metered):
            return None
        asked = [form for item in found.golden for form in asking.forms(item.text)]
        unmade = await self._builder.unmade(found.pages, queries=asked)
        return costs.estimate(unmade, price=self._embedder.price)


def _with_commit(reason: str, revision: str | None) -> str:
    """What the book and the log say of a version: why it was made, and from which commit."""
    commit = f"commit {revision[:12]}" if revision else ""
    return " · ".join(part for part in (reason, commit) if part)


def _previewed(
    found: Source,
    *,
    pages: tuple[PageChange, ...],
    exam: Exam | None,
    live: Live | None,
    cost: Cost | None = None,
    unchanged: bool = False,
) -> Preview:
    named = {fate: tuple(sorted(each.page for each in pages if each.fate is fate)) for fate in Fate}
    return Preview(
        added=named[Fate.ADDED],
        changed=named[Fate.CHANGED],
        removed=named[Fate.REMOVED],
        problems=found.problems,
        before=exam.before.score if exam else None,
        after=exam.after.score if exam else None,
        would_cost=cost,
        source=found.hash,
        base=live.version if live else None,
        unchanged=unchanged,
        pages=pages,
        questions=exam.turned if exam else (),
        decision=exam.decision if exam else None,
    )


def _unchanged(live: Live, *, found: Source) -> IndexReport:
    held = live.searcher.held
    return IndexReport(
        pages=len(held.pages),
        chunks=len(held.chunks),
        embedded=0,
        reused=0,
        problems=found.problems,
        version=live.version,
        published=False,
        unchanged=True,
        before=None,
        after=None,
        seconds=0.0,
        revision=found.revision,
    )
