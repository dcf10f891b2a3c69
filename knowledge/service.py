"""The manual as the rest of the program sees it: index, search, publish, roll back, withdraw."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import ParamSpec, TypedDict, TypeVar

import structlog

from knowledge import gallery, index, store, words_alone
from knowledge.asking import question
from knowledge.chroma import Chroma, ChromaFolder, ChromaServer
from knowledge.embedders import Embedder
from knowledge.errors import ChromaFailed, EmbedderUnreachable, NothingIndexed, UnknownPage
from knowledge.following import Following, Pools
from knowledge.language import clean, detect
from knowledge.live import Live, Shelf, passages
from knowledge.model import IndexReport, Page, Preview, Progress, Scope, Search, Version
from knowledge.publishing import Order, Outcome, Publisher
from knowledge.reranking import Reranking
from knowledge.search import Found
from knowledge.translations import preferred
from knowledge.words_alone import Worded
from store.clock import Clock
from store.db import Database

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")

#: What is read of a question; the rest says little.
LONGEST = 5_000
#: Questions that stay ready: a turn searches for what it then files under a category.
_REMEMBERED = 64


class _Seen(TypedDict):
    """What a search may return, and how much."""

    scope: Scope
    hidden: frozenset[str]
    limit: int


class Manual:
    """One manual and its index. Open it with :meth:`open`; use it from that event loop; close it."""

    def __init__(
        self,
        db: Database,
        *,
        chroma: Chroma,
        following: Following,
        publisher: Publisher,
        pools: Pools,
        embedder: Embedder,
        clock: Clock,
    ) -> None:
        self._db = db
        self._chroma = chroma
        self._publisher = publisher
        self._pools = pools
        self._embedder = embedder
        self._ready = lru_cache(maxsize=_REMEMBERED)(partial(question, embedder=embedder))
        self._clock = clock
        self._following = following
        self._one_run = asyncio.Lock()

    @classmethod
    async def open(
        cls,
        db: Database,
        folder: Path,
        *,
        embedder: Embedder,
        clock: Clock,
        reranking: Reranking | None = None,
        chroma_url: str | None = None,
    ) -> "Manual":
        """Open the index kept in ``folder``, or by a Chroma server, and load the live version, if there is one.

        ``folder`` must belong to this process alone; what a crash left half-built is deleted.

        Raises:
            ChromaUnreachable: there is no server at ``chroma_url``.
        """
        pools = Pools()
        chroma = await asyncio.to_thread(_chroma, folder, chroma_url)
        builder = index.Builder(db, embedder=embedder, pool=pools.building, clock=clock)
        background = await builder.background()
        shelf = Shelf(chroma, embedder=embedder, background=background, reranking=reranking, clock=clock)
        publisher = Publisher(
            db,
            shelf=shelf,
            builder=builder,
            embedder=embedder,
            pool=pools.building,
            clock=clock,
            kept=folder / "documents",
        )
        manual = cls(
            db,
            chroma=chroma,
            following=Following(db, shelf=shelf, builder=builder, embedder=embedder, pools=pools),
            publisher=publisher,
            pools=pools,
            embedder=embedder,
            clock=clock,
        )
        now = None if db.dialect == "sqlite" else clock()
        await db.write(lambda conn: store.drop_unfinished(conn, now=now))
        await manual._following.refresh()
        live = manual._following.live
        await asyncio.to_thread(shelf.keep, *([live.searcher] if live else []))
        return manual

    async def close(self) -> None:
        """Let running searches end and let go of the folder."""
        await self._following.close()
        await asyncio.to_thread(self._pools.searching.shutdown)
        await asyncio.to_thread(self._pools.building.shutdown)
        await asyncio.to_thread(self._chroma.close)

    @property
    def version(self) -> int | None:
        """The live version that can be searched; None before the first."""
        return self._following.version

    async def follow(self) -> None:
        """Notice what any process published, rolled back or withdrew since the last search here."""
        await self._following.refresh()

    @property
    def outdated(self) -> bool:
        """Whether an earlier program indexed the live version, so that indexing it again makes it answer better."""
        live = self._following.live
        return live is not None and live.outdated

    async def search(self, text: str, *, scope: Scope, limit: int = 6) -> Search:
        """Return the passages that may answer a question, best first, and how good the evidence is.

        Raises:
            NothingIndexed: there is no live version, or another embedder made it.
        """
        started = time.perf_counter()
        live = await self._following.current()
        short = clean(text[:LONGEST])
        seen: _Seen = {"scope": scope, "hidden": self._following.seen.withdrawn, "limit": limit}
        found: Found | Worded | None
        try:
            found = await self._in_search(self._find, live, short, **seen)
        except EmbedderUnreachable as error:
            log.warning("searched by words alone", embedder=self._embedder.name, reason=error.reason)
            found = await self._in_search(words_alone.find, live.searcher.held, short, **seen)
            evidence, enough, degraded = (found.evidence, found.exact, True) if found else (0.0, False, True)
        else:
            evidence = live.evidence.probability(found.signals) if found else 0.0
            enough, degraded = found is not None and live.evidence.enough(found.signals), False
        language = detect(short)
        quotable = passages(live.searcher.held, found, client=scope.client) if found else ()
        return Search(
            passages=preferred(quotable, language=language),
            evidence=evidence,
            enough=enough,
            version=live.version,
            language=language,
            ms=(time.perf_counter() - started) * 1000,
            degraded=degraded,
        )

    def _find(self, live: Live, text: str, *, scope: Scope, hidden: frozenset[str], limit: int) -> Found | None:
        ready = self._ready(text)
        return live.searcher.find(ready, scope=scope, hidden=hidden, limit=limit) if ready else None

    async def category(self, text: str) -> str | None:
        """Return the category (folder of the manual) a question belongs to; None if none is likely or known.

        Raises:
            NothingIndexed: there is no live version.
        """
        classifier = (await self._following.current()).classifier
        try:
            ready = await self._in_search(self._ready, clean(text[:LONGEST]))
        except EmbedderUnreachable:
            return None
        return classifier.label(ready.vector) if ready and classifier else None

    async def likeness(self, one: str, other: str) -> float:
        """Return how much two texts mean the same, by the embedder, placed on its own scale of 0..1."""
        texts = [clean(text[:LONGEST]) for text in (one, other)]
        rows = await self._in_search(self._embedder.passages, texts)
        cosine = float(rows[0] @ rows[1])
        return min(1.0, max(0.0, (cosine - self._embedder.floor) / self._embedder.span))

    async def pages(self) -> tuple[Page, ...]:
        """Return the pages of the live version, internal ones too, withdrawn ones not.

        Raises:
            NothingIndexed: there is no live version.
        """
        found = await self.every_page()
        return tuple(page for page in found if page.id not in self._following.seen.withdrawn)

    async def every_page(self) -> tuple[Page, ...]:
        """Return the pages of the live version, withdrawn ones too.

        Raises:
            NothingIndexed: there is no live version.
        """
        return (await self._following.current()).searcher.held.pages

    async def page(self, page_id: str) -> Page | None:
        """Return a page of the live version; None if there is none or it is withdrawn."""
        return next((page for page in await self.pages() if page.id == page_id), None)

    async def picture(self, name: str) -> bytes | None:
        """Return a picture of any kept version by its hash; None if there is none. Who may see it is the caller's."""
        return await self._db.read(lambda conn: gallery.content(conn, name))

    async def versions(self) -> tuple[Version, ...]:
        """Return all kept versions, latest first."""
        return await self._db.read(store.versions)

    async def withdrawn(self) -> frozenset[str]:
        """Return the ids of withdrawn pages."""
        return (await self._db.read(store.state)).withdrawn

    async def withdraw(self, page: str, *, by: str, reason: str = "") -> None:
        """Hide a page from every search at once, in every process and version, until it is restored.

        Raises:
            UnknownPage: the live version has no such page.
        """
        if await self.page(page) is None:
            raise UnknownPage(page)
        now = self._clock()
        await self._db.write(lambda conn: store.withdraw(conn, page, by=by, reason=reason, now=now))

    async def restore(self, page: str, *, by: str, reason: str = "") -> None:
        """Undo a withdrawal.

        Raises:
            UnknownPage: no such page is withdrawn.
        """
        if page not in await self.withdrawn():
            raise UnknownPage(page)
        now = self._clock()
        await self._db.write(lambda conn: store.restore(conn, page, by=by, reason=reason, now=now))

    async def rollback(self, version: int | None = None, *, by: str, reason: str = "") -> int:
        """Make an earlier version live (by default the one published before the live one); return it.

        Raises:
            UnknownVersion: there is no such version.
            NothingIndexed: there is no live version, or another embedder made the earlier one (which the error names).
        """
        now, live = self._clock(), (await self._db.read(store.state)).version
        if live is None:
            raise NothingIndexed
        target = version
        if target is None:
            target = await self._db.read(lambda conn: store.before(conn, live))
        loaded = await self._following.load(target)
        found = loaded.version
        await self._db.write(lambda conn: store.publish(conn, found, by=by, verb="rollback", reason=reason, now=now))
        await self._following.take(loaded)
        return found

    async def index(
        self,
        source: Path,
        *,
        by: str,
        progress: Callable[[Progress], None] | None = None,
        force: bool = False,
        reason: str = "",
        expects: str | None = None,
    ) -> IndexReport:
        """Build a version from a folder and publish it, unless nothing changed or it does worse.

        ``force`` publishes a version that does worse on the golden questions; ``by`` and ``reason`` are logged.
        ``expects`` is the ``source`` of a preview: only what was previewed is published.

        Raises:
            SourceMissing: there is no such folder.
            SourceChanged: it is not what was previewed.
            AlreadyIndexing: another process is building a version.
            LiveChanged: meanwhile another version was made live, by a rollback for one; it stays.
        """
        started = time.perf_counter()
        async with self._one_run:
            await self._following.refresh()
            since = self._following.seen.version
            order = Order(by=by, reason=reason, force=force, since=since, tell=progress or _silent, expects=expects)
            outcome: Outcome = await self._publisher.publish(source, live=self._following.live, order=order)
            if outcome.live:
                await self._following.take(outcome.live)
        return replace(outcome.report, seconds=time.perf_counter() - started)

    async def preview(
        self, source: Path, *, progress: Callable[[Progress], None] | None = None, spend: bool = True
    ) -> Preview:
        """Return what indexing a folder would change, and its golden scores, publishing nothing.

        Without ``spend`` nothing is asked of an embedder that is paid for: then there may be no golden scores, but what
        indexing would cost.

        Raises:
            SourceMissing: there is no such folder.
        """
        async with self._one_run:
            await self._following.refresh()
            tell = progress or _silent
            return await self._publisher.preview(source, live=self._following.live, tell=tell, spend=spend)

    async def chroma_trouble(self) -> str | None:
        """Return why Chroma does not answer; None if it does."""
        try:
            await asyncio.to_thread(self._chroma.ping)
        except ChromaFailed as error:
            return str(error)
        return None

    @property
    def exact(self) -> bool:
        """Whether searches compare with every vector for want of Chroma's collections, which are being mended."""
        return self._following.exact

    async def _in_search(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._pools.search(work, *args, **kwargs)


def _chroma(folder: Path, url: str | None) -> Chroma:
    return ChromaServer(url) if url else ChromaFolder(folder / "chroma")


def _silent(_: Progress) -> None:
    """Report progress to nobody."""
