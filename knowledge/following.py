"""The live version as this process holds it: whatever process publishes, rolls back or withdraws is followed."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from knowledge import index, store
from knowledge.embedders import Embedder
from knowledge.errors import ChromaFailed, NothingIndexed
from knowledge.live import Live, Shelf
from store.db import Database

P = ParamSpec("P")
T = TypeVar("T")

#: Between two tries to write collections while Chroma is away.
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0


class Pools:
    """Bounded threads: two that search, two that build (both only while there is nothing to search yet)."""

    def __init__(self) -> None:
        self.searching = ThreadPoolExecutor(max_workers=2, thread_name_prefix="manual-search")
        self.building = ThreadPoolExecutor(max_workers=2, thread_name_prefix="manual-index")

    async def search(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something where searching is done."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.searching, partial(work, *args, **kwargs))


class Following:
    """Holds the live version and what is withdrawn, as of the last look.

    ``live`` is None where there is none, or it cannot be searched here.
    """

    def __init__(self, db: Database, *, shelf: Shelf, builder: index.Builder, embedder: Embedder, pools: Pools) -> None:
        self._db, self._shelf, self._builder, self._embedder, self._pools = db, shelf, builder, embedder, pools
        self.live: Live | None = None
        self.seen = store.State(version=None, revision=-1, withdrawn=frozenset())
        self._made_by: str | None = None
        self._one_load = asyncio.Lock()
        self._mending: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Leave what is being mended."""
        if self._mending is not None:
            self._mending.cancel()
            await asyncio.gather(self._mending, return_exceptions=True)

    @property
    def version(self) -> int | None:
        """The version that can be searched; None before the first."""
        return self.live.version if self.live else None

    async def current(self) -> Live:
        """Return the version that is live at this moment.

        Raises:
            NothingIndexed: there is none, or another embedder made it.
        """
        await self.refresh()
        if self.live is None:
            raise NothingIndexed(made_by=self._made_by)
        return self.live

    async def refresh(self) -> None:
        """Notice what any process published, rolled back or withdrew since the last look."""
        state = await self._db.read(store.state)
        if state.version != self.version and state.revision > self.seen.revision:
            async with self._one_load:
                await self._follow(state)
        if state.revision >= self.seen.revision:  # a look that began earlier may end later
            self.seen = state
        self._mend_soon()

    async def _follow(self, state: store.State) -> None:
        if state.version is None or state.version == self.version or state.revision <= self.seen.revision:
            return
        try:
            self.live, self._made_by = await self.load(state.version), None
        except NothingIndexed as error:
            self.live, self._made_by = None, error.made_by

    @property
    def exact(self) -> bool:
        """Whether searches compare with every vector for want of Chroma's collections, which are being mended."""
        return self.live is not None and self._shelf.lacks(self.live.searcher)

    def _mend_soon(self) -> None:
        if self.exact and (self._mending is None or self._mending.done()):
            self._mending = asyncio.create_task(self._mend(), name="manual-mending")

    async def _mend(self) -> None:
        """Write missing collections beside searching; while Chroma is away, try again now and then."""
        wait = _FIRST_WAIT_S
        while self.live is not None and self.exact:
            work = partial(self._shelf.mend, self.live.searcher, rest=1.0)
            try:
                await asyncio.get_running_loop().run_in_executor(self._pools.building, work)
            except ChromaFailed:
                await asyncio.sleep(wait)
                wait = min(_LONGEST_WAIT_S, 2 * wait)

    async def take(self, live: Live) -> None:
        """Search this version from now on: this process published it."""
        self.live, self._made_by = live, None
        state = await self._db.read(store.state)
        if state.version == live.version:  # else another process was faster, and the next look follows it
            self.seen = state

    async def load(self, version: int) -> Live:
        """Load a version.

        Raises:
            UnknownVersion; NothingIndexed: another embedder made it.
        """
        stored = await self._db.read(lambda conn: store.load(conn, version))
        name = self._embedder.name
        if stored.embedder != name:
            raise NothingIndexed(made_by=stored.embedder, version=version, here=name)
        built = await self._builder.load(stored.pages, chunks=stored.chunks, pool=self._pools.searching)
        return await self._pools.search(self._shelf.live, stored, built.catalogue)
