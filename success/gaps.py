"""Looks for what the manual lacks: collects, clusters, searches for each cluster, keeps what it found."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from knowledge.asked import Asked as Comparing
from knowledge.errors import NothingIndexed
from knowledge.gap_facts import Near, advice, telling, trend
from knowledge.gaps import Cluster
from knowledge.model import Page, Scope, Search
from knowledge.service import Manual
from store.clock import Clock
from store.db import Database
from store.jobs import enqueue
from store.schedule import plan
from store.worker import Retry, Running, Worker
from success import gap_rules, gap_sources, gap_store
from success.gap_model import Asked, Facts, Found, Run, Why
from success.gap_store import RECOMPUTE

log = structlog.get_logger()

WINDOW: Final = timedelta(days=182)
NIGHTLY: Final = "17 3 * * *"
FOLLOWS: Final = "gaps_follow"
"""The queue of the job that looks whether another version of the manual is live."""
EACH_FEW_MINUTES: Final = "*/5 * * * *"
MOST_GAPS: Final = 300
TRIED: Final = 12
_IN_VAIN: Final = frozenset({Why.NOT_SOLVED, Why.RETRACTED})


@dataclass(frozen=True, kw_only=True)
class GapWatch:
    """Finds gaps, on demand and as durable jobs. `practice` are the platforms on which only we ask, as a test."""

    db: Database
    manual: Manual
    comparing: Comparing
    clock: Clock
    practice: frozenset[str] = frozenset()

    async def recompute(self, *, tests: bool = False) -> Run:
        """Look through all questions of the last half year; `tests` counts those of our own, too."""
        found, run, pages = await self._look(practice=frozenset() if tests else self.practice)
        await self.db.write(partial(_keep, found=found, run=run, pages=pages))
        log.info("gaps", found=len(found), questions=run.questions, version=run.version, ms=run.ms)
        return run

    async def nightly(self, running: Running) -> None:
        """The handler of the job."""
        found, run, pages = await self._look(practice=self.practice)
        await running.finish(partial(_keep, found=found, run=run, pages=pages))

    async def follow(self, running: Running) -> None:
        """Look again where another version is live than the last run saw: what it answers closes."""
        live = await self._version()
        await running.finish(partial(_follow, live=live, now=self.clock()))

    def register(self, worker: Worker) -> None:
        """Let a worker look, one run at a time."""
        worker.register(RECOMPUTE, self.nightly, slots=1, retry=Retry(attempts=3))
        worker.register(FOLLOWS, self.follow, slots=1, retry=Retry(attempts=1))

    async def _version(self) -> int | None:
        try:
            await self.manual.pages()
        except NothingIndexed:
            return None
        return self.manual.version

    async def _look(self, *, practice: Collection[str]) -> tuple[tuple[Found, ...], Run, tuple[Page, ...]]:
        now, started = self.clock(), time.perf_counter()
        heard = await self.db.read(partial(gap_sources.collect, since=now - WINDOW, practice=practice))
        version = await self._version()
        pages = await self.manual.pages() if version is not None else ()
        clusters = await self.comparing.clusters([asked.text for asked in heard.questions], version=version or 0)
        titles = {page.id: page.title for page in pages}
        everything = [asked.text for asked in heard.questions]
        found = [await self._found(heard.questions, each, titles, everything) for each in clusters[:MOST_GAPS]]
        ms = round((time.perf_counter() - started) * 1000)
        run = Run(at=now, questions=len(heard.questions), left_out=heard.left_out, version=version, ms=ms)
        return tuple(found), run, pages

    async def _found(
        self, questions: Sequence[Asked], cluster: Cluster, titles: dict[str, str], everything: Sequence[str]
    ) -> Found:
        mine = [questions[place] for place in cluster.members]
        tried = _to_try(mine)
        searched = {asked.turn_id: await self._search(asked) for asked in tried}
        answered = tuple(
            _is_answered(asked, searched[asked.turn_id]) if asked.turn_id in searched else None for asked in mine
        )
        near = [_near(found) for found in searched.values()]
        kind, page = advice(near, failed=[asked.page if asked.why in _IN_VAIN else None for asked in mine])
        grown = trend([asked.at for asked in mine], now=self.clock())
        facts = Facts(
            terms=telling([asked.text for asked in mine], everything),
            clients=len({asked.client_id for asked in mine}),
            people=len({asked.person_id for asked in mine}),
            weeks=grown.weeks,
            recent=grown.recent,
            before=grown.before,
            advice=kind,
            page=page,
            page_title=titles.get(page or ""),
            category=_commonest([asked.category for asked in mine]),
            language=_commonest([asked.language for asked in mine]) or "en",
            tried=len(tried),
            answered=sum(each is True for each in answered),
        )
        return Found(questions=tuple(mine), answered=answered, facts=facts)

    async def _search(self, asked: Asked) -> Search | None:
        try:
            return await self.manual.search(asked.text, scope=Scope(client=asked.client), limit=1)
        except NothingIndexed:
            return None


async def begin(db: Database, *, zone: str, clock: Clock) -> None:
    """Plan the nightly run and the look for another version."""

    def body(conn: Connection) -> None:
        now = clock()
        plan(conn, RECOMPUTE, cron=NIGHTLY, zone=zone, queue=RECOMPUTE, body={}, now=now)
        plan(conn, FOLLOWS, cron=EACH_FEW_MINUTES, zone="UTC", queue=FOLLOWS, body={}, now=now)

    await db.write(body)


def _keep(conn: Connection, *, found: Sequence[Found], run: Run, pages: Sequence[Page]) -> None:
    gap_store.take_in(conn, found, run=run)
    gap_store.see_pages(conn, pages, at=run.at)


def _follow(conn: Connection, *, live: int | None, now: datetime) -> None:
    last = gap_store.last_run(conn)
    if live is not None and (last is None or last.version != live):
        enqueue(conn, RECOMPUTE, {}, dedup=f"version:{live}", now=now)


def _to_try(mine: Sequence[Asked]) -> list[Asked]:
    """The most central question, and the newest of the others, each wording once."""
    others = sorted(mine[1:], key=lambda asked: (asked.at, asked.turn_id), reverse=True)
    worded: dict[str, Asked] = {}
    for asked in (mine[0], *others):
        worded.setdefault(asked.text, asked)
    return list(worded.values())[:TRIED]


def _is_answered(asked: Asked, found: Search | None) -> bool:
    if found is None or not found.enough or not found.passages:
        return False
    top = found.passages[0]
    return gap_rules.rests_on_news(asked, page=top.page, heading=top.heading, chunk=top.chunk, version=found.version)


def _near(found: Search | None) -> Near | None:
    if found is None or not found.passages:
        return None
    return Near(page=found.passages[0].page, evidence=found.evidence, enough=found.enough)


def _commonest(values: Sequence[str | None]) -> str | None:
    known = sorted(value for value in values if value)
    return max(known, key=known.count, default=None)
