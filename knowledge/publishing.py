"""From a folder to a published version: read, build beside the live one, ask the golden questions, publish."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from knowledge import costs, gallery, gate, golden, index, loaders, pictures, store
from knowledge.embedders import Embedder
from knowledge.errors import GoldenInvalid
from knowledge.evidence import Evidence
from knowledge.golden import Golden
from knowledge.live import Live, Shelf
from knowledge.model import Cost, GoldenScore, IndexReport, Page, Preview, Problem, Progress
from knowledge.search import Searcher
from store.clock import Clock
from store.db import Database

P = ParamSpec("P")
T = TypeVar("T")

#: Published versions kept for rollback, the live one included.
KEEP = 4


@dataclass(frozen=True, kw_only=True)
class Source:
    """A folder read for indexing; ``hash`` tells whether indexing it again would change anything."""

    folder: Path
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
    """Who wants a folder indexed, and why; ``force`` publishes even what does worse."""

    by: str
    reason: str
    force: bool
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
        folder=source,
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
            return await self._made(version, found, live=live, order=order)
        except BaseException:
            await self._db.write(lambda conn: store.drop_building(conn, version))
            raise

    async def _made(self, version: int, found: Source, *, live: Live | None, order: Order) -> Outcome:
        meter = costs.reading(self._embedder)
        built = await self._builder.build(found.pages, version=version, tell=order.tell)
        held = built.catalogue
        await self._store(version, built, tell=order.tell)
        await self._hang(version, found)
        searcher = await self._run(self._shelf.put, version, held)
        asked = await self._asked(found.golden, searcher=searcher, tell=order.tell)
        evidence = await self._run(gate.fit, asked)
        after = await self._run(gate.score, asked, evidence=evidence, held_out=True)
        before = await self._before(found.golden, live=live)
        counts = {"pages": len(held.pages), "chunks": len(held.chunks)}
        model = evidence.as_json()
        await self._db.write(lambda conn: store.complete(conn, version, golden=after, evidence=model, **counts))
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
            cost=costs.since(meter, costs.reading(self._embedder)),
        )
        if not published:
            await self._refuse(version, by=order.by)
            return Outcome(report=report, live=None)
        fresh = await self._run(self._shelf.made, version, source_hash=found.hash, searcher=searcher, evidence=evidence)
        await self._release(version, order=order)
        return Outcome(report=report, live=fresh)

    async def _store(self, version: int, built: index.Built, *, tell: index.Tell) -> None:
        tell(Progress(stage="store", done=0, total=1))
        held, digests, name = built.catalogue, built.digests.all, self._embedder.name
        await self._db.write(lambda conn: store.put_contents(conn, version, pages=held.pages, chunks=held.chunks))
        await self._db.write(lambda conn: store.use_vectors(conn, name, digests, used_in=version))

    async def _hang(self, version: int, found: Source) -> None:
        """Keep the pictures of a version. One whose file was exchanged since it was read is not shown."""
        shown = {each.hash: each for page in found.pages for each in page.pictures}
        new = await self._db.read(lambda conn: gallery.missing(conn, shown.keys()))
        for name in sorted(new):
            content = await self._run(pictures.read, shown[name], root=found.folder)
            if content is not None:
                await self._db.write(partial(gallery.put, contents={name: content}, used_in=version))
        await self._db.write(lambda conn: gallery.use(conn, shown.keys(), used_in=version))

    async def _asked(
        self, questions: tuple[Golden, ...], *, searcher: Searcher, tell: index.Tell
    ) -> tuple[gate.Asked, ...]:
        tell(Progress(stage="check", done=0, total=len(questions)))
        asked = await self._run(gate.ask, questions, searcher=searcher, embedder=self._embedder)
        tell(Progress(stage="check", done=len(questions), total=len(questions)))
        return asked

    async def _before(self, questions: tuple[Golden, ...], *, live: Live | None) -> GoldenScore | None:
        """Ask the live version the same questions, under its own model."""
        if live is None:
            return None
        asked = await self._run(gate.ask, questions, searcher=live.searcher, embedder=self._embedder)
        return await self._run(gate.score, asked, evidence=live.evidence)

    async def _release(self, version: int, *, order: Order) -> None:
        now = self._clock()
        order.tell(Progress(stage="publish", done=0, total=1))
        await self._db.write(
            lambda conn: store.publish(conn, version, by=order.by, verb="publish", reason=order.reason, now=now)
        )
        kept = await self._db.write(lambda conn: store.prune(conn, keep=KEEP))
        await self._run(self._shelf.keep, kept)
        order.tell(Progress(stage="publish", done=1, total=1))

    async def _refuse(self, version: int, *, by: str) -> None:
        now = self._clock()
        await self._db.write(lambda conn: store.refuse(conn, version, by=by, now=now))

    async def preview(self, source: Path, *, live: Live | None, spend: bool = True) -> Preview:
        """Return what indexing a folder would change, and its golden scores, publishing nothing.

        Without ``spend`` an embedder that is paid for is not asked: golden scores are left out if they would cost.
        """
        found = await self._run(read, source, embedder=self._embedder.name)
        cost = None if spend else await self._cost(found)
        after = before = None
        if cost is None or not cost.tokens:
            built = await self._builder.build(found.pages, version=live.version if live else 0, tell=lambda _: None)
            searcher = await self._run(self._shelf.aside, built.catalogue)
            asked = await self._asked(found.golden, searcher=searcher, tell=lambda _: None)
            evidence: Evidence = await self._run(gate.fit, asked)
            before = await self._before(found.golden, live=live)
            after = await self._run(gate.score, asked, evidence=evidence)
        old = {page.id: page.hash for page in live.searcher.held.pages} if live else {}
        new = {page.id: page.hash for page in found.pages}
        return Preview(
            added=tuple(sorted(new.keys() - old.keys())),
            changed=tuple(sorted(key for key in new.keys() & old.keys() if new[key] != old[key])),
            removed=tuple(sorted(old.keys() - new.keys())),
            problems=found.problems,
            before=before,
            after=after,
            would_cost=cost,
        )

    async def _cost(self, found: Source) -> Cost | None:
        """What indexing would use: texts without vectors, and the golden questions, which are asked each time."""
        if not isinstance(self._embedder, costs.Metered):
            return None
        unmade = await self._builder.unmade(found.pages)
        asked = [item.text for item in found.golden]
        return costs.estimate([*unmade, *asked], price=self._embedder.price)


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
