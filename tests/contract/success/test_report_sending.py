"""Reports on their way, on both databases: by the clock through real jobs to the group, by e-mail, to the page; once."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from bot.report_work import Reporting
from console.pages import environment
from console.report_document import Press
from console.report_pdf import NoFont, NotPrinted
from console.texts import Texts
from handoff import archive, directory
from handoff.kinds import ChatKind, Tier
from handoff.tables import chat
from handoff.tables import message as messages
from store.schedule import tick
from store.tables import job
from store.worker import GiveUp, Worker
from success import mails, tasks
from success.reports import office, store
from success.reports.model import Kind, Office, Report, State
from success.reports.periods import of_kind
from success.reports.sources import Sources
from tests.contract.handoff.conftest import World, world

__all__ = ["world"]
PRESS = Press(environment(), Texts.shipped())
APRIL = datetime(2026, 4, 1, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai, a working day


@dataclass
class Paper:
    """A printer that counts, and fails as often as told."""

    failures: list[Exception] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)

    async def pdf(self, html: str, *, title: str) -> bytes:
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        self.printed.append(title)
        return b"%PDF-1.7 " + html.encode()


@dataclass
class Post:
    """The handlers with their worker, a group on a platform that carries files, and where files are."""

    world: World
    reporting: Reporting
    worker: Worker
    paper: Paper
    files: Path

    async def approved(self, *, tier: Tier = Tier.GOLD) -> Report:
        """An approved report of March."""
        client, now = self.world.clients[tier], self.world.clock()
        span = of_kind(Kind.HEALTH, date(2026, 3, 1), ZoneInfo("Asia/Shanghai"))
        found = await self.world.db.read(
            lambda conn: self.reporting._gathered(
                conn, kind=Kind.HEALTH, client_id=client.id, first=span.first, now=now
            )
        )
        assert found is not None
        made = await self.world.do(
            store.draft, kind=Kind.HEALTH, client_id=client.id, span=span, language="zh-Hans", facts=found[2]
        )
        return await self.world.do(store.approve, report_id=made.id, edits=0, by=self.world.lead.id)

    async def said(self) -> list[Any]:
        """What groups were told."""
        query = select(messages).where(messages.c.author == "system").order_by(messages.c.id)
        return list(await self.world.db.read(lambda conn: conn.execute(query).mappings().all()))

    async def kept(self, report: Report) -> Report:
        """The report as it is kept."""
        return await self.world.ask(store.report, report.id)

    async def work(self) -> None:
        """Let the worker run all there is, retries included."""
        for _ in range(12):
            with capture_logs():  # else each failure is drawn with all that its frames hold
                await self.worker.drain()
            waiting = await self.world.db.read(
                lambda conn: (
                    conn.execute(select(job.c.run_at).where(job.c.state == "waiting", job.c.queue == store.SEND))
                    .scalars()
                    .all()
                )
            )
            if not waiting:
                return
            self.world.clock.set(max(self.world.clock(), *waiting) + timedelta(seconds=1))


@pytest.fixture
async def post(world: World, tmp_path: Path) -> Post:
    world.clock.set(APRIL)
    paper, files = Paper(), tmp_path / "files"
    reporting = Reporting(
        db=world.db, press=PRESS, files=files, secret=b"s" * 32, clock=world.clock, carrying={"telegram"},
        public_url="https://desk.example", printer=paper,  # type: ignore[arg-type]
        sources=Sources(addresses=lambda conn, client_id: ("boss@shop.example",)),
    )  # fmt: skip

    async def dead(running: Any, error: Exception) -> None:
        await reporting.dead(running, error)

    worker = Worker(world.db, clock=world.clock, owner="test", on_dead=dead)
    reporting.register(worker)
    client, now = world.clients[Tier.GOLD], world.clock()
    await world.db.write(
        lambda conn: directory.ensure_chat(
            conn, platform="telegram", external_id="-100", kind=ChatKind.GROUP, client_id=client.id, now=now
        )
    )
    return Post(world, reporting, worker, paper, files)


async def test_from_the_clock_to_the_draft(post: Post) -> None:
    """The hour strikes: every client has its draft and its task; the hour strikes again: none more."""
    world = post.world
    await world.do(office.put, office=Office(agency="云舟"), by=world.lead.id)
    world.clock.set(APRIL - timedelta(hours=2))
    await post.reporting.begin()
    world.clock.set(APRIL)
    for _ in range(3):
        await world.db.write(lambda conn: tick(conn, now=world.clock()))
        await post.worker.drain()
        world.clock.advance(timedelta(hours=1))
    found = await world.ask(store.latest)
    assert len(found) == len({(each.kind, each.client_id) for each in found}) == len(await world.ask(tasks.open_of))
    assert {each.kind for each in found} == {Kind.HEALTH, Kind.QUARTER, Kind.BRIEF, Kind.REVIEW, Kind.WEEK}
    assert {each.state for each in found} == {State.DRAFT}
    assert {each.facts["agency"] for each in found} == {"云舟"}
    assert await post.said() == []


async def test_an_approved_report_reaches_everybody_once(post: Post) -> None:
    """In the group with the file and a link, by e-mail with the file; a second job of the same report says nothing."""
    report = await post.approved()
    await post.work()
    await post.world.db.write(
        lambda conn: store.enqueue(conn, store.SEND, {"report": report.id}, now=post.world.clock())
    )
    await post.work()
    (said,) = await post.said()
    assert said["text"].startswith("【网站健康报告】2026年3月")
    assert len(said["text"]) <= 500
    assert "https://desk.example/p/" in said["text"]
    assert said["text"].rstrip().endswith(f"/reports/{report.id}")
    (file,) = said["attachments"]
    assert (file["media_type"], file["name"]) == ("application/pdf", "gold Ltd 网站健康报告2026年3月.pdf")
    assert (post.files / file["id"]).read_bytes().startswith(b"%PDF-")
    (letter,) = await post.world.ask(mails.latest)
    assert (letter.address, letter.files[0][0]) == ("boss@shop.example", file["id"])
    kept = await post.kept(report)
    assert (kept.state, kept.sent["letters"], kept.sent["message"]) == (State.SENT, ["boss@shop.example"], said["id"])
    assert len(post.paper.printed) == 1
    assert len(list(post.files.iterdir())) == 1


async def test_a_report_withdrawn_on_its_way_is_not_sent(post: Post) -> None:
    """Between the print and the commit: nothing is said, and its file goes."""
    report = await post.approved()
    pdf = post.paper.pdf

    async def withdrawing(html: str, *, title: str) -> bytes:
        await post.world.do(store.withdraw, report_id=report.id, by=post.world.lead.id)
        return await pdf(html, title=title)

    post.paper.pdf = withdrawing  # type: ignore[method-assign]
    await post.work()
    assert await post.said() == []
    assert (await post.kept(report)).state is State.WITHDRAWN
    assert list(post.files.iterdir()) == []


async def test_a_client_archived_on_the_way_hears_nothing(post: Post) -> None:
    """Its approved report is withdrawn, with the reason."""
    report = await post.approved()
    await post.world.do(archive.archive, client_id=report.client_id, by=post.world.lead.id)
    await post.work()
    kept = await post.kept(report)
    assert (kept.state, kept.why) == (State.WITHDRAWN, "archived")
    assert await post.said() == []


async def test_without_a_font_the_words_go_without_the_file(post: Post) -> None:
    """And the report says why."""
    report = await post.approved()
    post.paper.failures = [NoFont()]
    await post.work()
    (said,) = await post.said()
    assert said["attachments"] == []
    kept = await post.kept(report)
    assert (kept.state, kept.sent["no_file"], kept.sent["file"]) == (State.SENT, "font", None)


async def test_a_printer_that_fails_is_tried_again_and_then_told_of(post: Post) -> None:
    """Once it fails, the next attempt sends; always, somebody has a task, and a person's retry sends it."""
    report = await post.approved()
    post.paper.failures = [NotPrinted("x")]
    await post.work()
    assert (await post.kept(report)).state is State.SENT
    other = await post.approved(tier=Tier.PLATINUM)
    post.paper.failures = [NotPrinted("x")] * 9
    await post.work()
    kept = await post.kept(other)
    assert (kept.state, kept.sent["failed"]) == (State.APPROVED, "print")
    (given,) = [each for each in await post.world.ask(tasks.open_of) if each.facts.get("text") == "not_sent"]
    assert given.link == f"/desk/reports/{other.id}"
    post.paper.failures = []
    await post.world.do(store.resend, report_id=other.id)
    await post.work()
    assert (await post.kept(other)).state is State.SENT
    assert len(await post.said()) == 2


async def test_of_a_withdrawn_report_no_failure_is_told(post: Post) -> None:
    """Withdrawn while it was printed for the last time, in vain: nobody has a task, and the report says nothing."""
    report = await post.approved()

    async def withdrawing(_: str, *, title: str) -> bytes:
        del title
        await post.world.do(store.withdraw, report_id=report.id, by=post.world.lead.id)
        raise GiveUp("no paper")

    post.paper.pdf = withdrawing  # type: ignore[method-assign,assignment]
    await post.work()
    kept = await post.kept(report)
    assert (kept.state, "failed" in kept.sent) == (State.WITHDRAWN, False)
    assert await post.world.ask(tasks.open_of) == ()


async def test_two_workers_at_once_say_it_once(post: Post) -> None:
    """The same report in two jobs at the same time: one of them commits, the other one's file goes."""
    report = await post.approved()
    second = Worker(post.world.db, clock=post.world.clock, owner="second")
    replace(post.reporting).register(second)
    await post.world.db.write(
        lambda conn: store.enqueue(conn, store.SEND, {"report": report.id}, now=post.world.clock())
    )
    await asyncio.gather(post.worker.drain(), second.drain())
    assert len(await post.said()) == 1
    assert len(list(post.files.iterdir())) == 1
    assert len(await post.world.ask(mails.latest)) == 1


async def test_where_nobody_can_be_told_the_page_has_it(post: Post) -> None:
    """A client whose only group is lost, without an address: it stands on the private page, and the desk says so."""
    quiet = replace(post.reporting, sources=Sources())
    quiet.register(post.worker)
    report = await post.approved()
    await post.world.db.write(lambda conn: conn.execute(update(chat).values(mode="off")))
    await post.work()
    kept = await post.kept(report)
    assert (kept.state, kept.sent.get("message"), kept.sent["letters"]) == (State.SENT, None, [])
    assert [each.id for each in await post.world.ask(store.shown_to, report.client_id)] == [report.id]
