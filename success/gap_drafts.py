"""A gap's page: drafted from what colleagues answered, edited, and approved into the manual's folder."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import structlog
from sqlalchemy import Connection

from knowledge.errors import NothingIndexed
from knowledge.model import Page
from knowledge.service import Manual
from store.clock import Clock
from store.db import Database
from store.jobs import JsonValue
from success import gap_folder, gap_material, gap_outline, gap_store
from success.errors import NotWritten, OpenPoints, WrongState
from success.gap_material import Material
from success.gap_model import Gap, State
from success.ports import PageWriter

log = structlog.get_logger()

LONGEST = 60_000
Audience = Literal["client", "internal"]


@dataclass(frozen=True, kw_only=True)
class Approved:
    """What an approval did: the file below the manual's folder, how many golden questions came with it.

    ``golden_problem`` says why the golden questions could not be added, while the page was.
    """

    path: str
    golden: int
    golden_problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class GapDrafts:
    """Drafts and publishes pages for gaps. `writer` is None without a model; `folder` says where the manual lies."""

    db: Database
    manual: Manual
    clock: Clock
    folder: Callable[[], Path]
    writer: PageWriter | None = None

    async def draft(self, number: int, *, by: str) -> Gap:
        """Draft the page anew from the gap's questions and from the tickets that people resolved.

        Raises:
            UnknownGap; WrongState where the gap is dismissed or closed, or its page is in the folder already.
        """
        material = await self.db.read(partial(gap_material.gather, number=number))
        _editable(material.gap)
        text = (await self._outlined(material)).text
        return await self._keep(number, text, by=by, verb="drafted")

    async def edit(self, number: int, text: str, *, by: str) -> Gap:
        """Keep an edited draft, whatever is still missing in it. Raises UnknownGap, WrongState."""
        return await self._keep(number, _lines(text), by=by, verb="edited")

    async def golden(self, number: int) -> tuple[str, ...]:
        """The questions that would check the page: as clients asked, and not among those that it carries."""
        material = await self.db.read(partial(gap_material.gather, number=number))
        return gap_outline.kept_apart(material.questions)[1]

    async def approve(
        self, number: int, *, by: str, audience: Audience = "client", golden: bool = True, insist: bool = False
    ) -> Approved:
        """Write the draft into the manual's folder, for its next indexing; nothing is published.

        Raises:
            UnknownGap; WrongState where there is no draft, or it was written before; OpenPoints while marks are left
            in it, unless `insist`; BrokenDraft; NotWritten.
        """
        gap = await self.db.read(lambda conn: gap_store.one(conn, number))
        _editable(gap)
        if gap.draft is None:
            raise WrongState(gap.state)
        if not insist and (points := gap_outline.open_points(gap.draft)):
            raise OpenPoints(points)
        gap_folder.checked(gap.draft)
        text, root = gap_folder.for_audience(gap.draft, audience), self.folder()
        wanted = gap_folder.place(
            await self._pages(),
            language=gap.facts.language,
            category=gap.facts.category,
            title=gap.label,
            number=number,
        )
        name = await asyncio.to_thread(gap_folder.put, root, wanted, text)
        try:
            await self.db.write(partial(self._approved, number=number, name=name, by=by, insist=insist))
        except WrongState:
            await asyncio.to_thread(gap_folder.take_back, root, name, text)
            raise
        log.info("gap approved", gap=number, path=name)
        if not golden:
            return Approved(path=name, golden=0)
        return await self._with_golden(number, root, name)

    async def _with_golden(self, number: int, root: Path, name: str) -> Approved:
        questions = await self.golden(number)
        try:
            add = partial(gap_folder.add_golden, root, questions, page=name.removesuffix(".md"))
            return Approved(path=name, golden=await asyncio.to_thread(add))
        except NotWritten as error:
            return Approved(path=name, golden=0, golden_problem=str(error))

    async def _outlined(self, material: Material) -> gap_outline.Outline:
        gap, language = material.gap, material.gap.facts.language
        replies = gap_outline.best(material.replies)
        body = None
        if self.writer is not None and replies:
            carried, _ = gap_outline.kept_apart(material.questions)
            body = await self.writer.write(title=gap.label, questions=carried, replies=replies, language=language)
        comment = f"gap {gap.id}: {gap.size} questions; answers of {', '.join(material.tickets) or 'no ticket yet'}"
        return gap_outline.outline(
            title=gap.label,
            questions=material.questions,
            replies=material.replies,
            language=language,
            comment=comment,
            body=body,
        )

    async def _keep(self, number: int, text: str, *, by: str, verb: str) -> Gap:
        now = self.clock()

        def body(conn: Connection) -> Gap:
            gap = gap_store.one(conn, number, lock=True)
            _editable(gap)
            gap_store.move(conn, number, State.DRAFTED, by=by, verb=verb, now=now, data={}, size=gap.size)
            gap_store.change(conn, number, draft=text)
            return gap_store.one(conn, number)

        return await self.db.write(body)

    def _approved(self, conn: Connection, *, number: int, name: str, by: str, insist: bool) -> None:
        _editable(gap_store.one(conn, number, lock=True))
        gap_store.change(conn, number, written_to=name, changed_by=by, changed_at=self.clock())
        data: dict[str, JsonValue] = {"path": name, "insisted": insist}
        gap_store.note(conn, number, by=by, verb="approved", now=self.clock(), data=data)

    async def _pages(self) -> tuple[Page, ...]:
        try:
            return await self.manual.pages()
        except NothingIndexed:
            return ()


def _editable(gap: Gap) -> None:
    if gap.state not in (State.OPEN, State.DRAFTED):
        raise WrongState(gap.state)
    if gap.written_to is not None:
        raise WrongState("written")


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")[:LONGEST]
