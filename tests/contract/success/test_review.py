"""The quarterly review over both databases, from what was asked to what is to be done."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, update

from console import review_document
from console.texts import LANGUAGES, Texts
from handoff import retraction, sources
from handoff.kinds import Delivery, Outcome
from handoff.tables import message
from knowledge import cited, store
from knowledge.cited import Cited
from success.freshness import Concern
from success.quarters import Quarter
from success.recalling import Recalls
from success.review import Review, review
from tests.contract.success.conftest import Agency

ZONE = ZoneInfo("Asia/Shanghai")


async def reviewed(agency: Agency) -> Review:
    pages, live, now = await agency.manual.pages(), agency.manual.version, agency.clock()
    quarter = Quarter(2026, 1)
    return await agency.db.read(lambda conn: review(conn, quarter, pages=pages, live=live, zone=ZONE, now=now))


async def busy(agency: Agency) -> None:
    """A quarter: one page that fails and was taken back, one that nobody uses, one gap, one withdrawal."""
    await agency.gaps.recompute()
    agency.clock.advance(timedelta(days=15))
    for place in range(3):
        told = await agency.turn(
            "邮箱满了怎么办", by=f"client{place}", outcome=Outcome.ANSWERED, reason="extract", page="zh/mail/full"
        )
        await agency.turn("还是不行", by=f"client{place}", reason="not_solved")
    asked = await agency.turn("发票抬头怎么改|{x}", by="client9")
    assert asked.ticket_id is not None
    ticket, reply = (await agency.turn("收不到", by="client2")).ticket_id, told.reply_id
    assert ticket is not None
    assert reply is not None
    await agency.db.write(
        lambda conn: retraction.retract(conn, ticket_id=ticket, message_id=reply, by=agency.ann.id, now=agency.clock())
    )
    await agency.write("zh/mail/new", "新的一页。", owner="ops")
    await agency.index(by="ada")
    await agency.manual.withdraw("zh/mail/new", by="ada")
    await agency.gaps.recompute()


async def test_a_quarter_is_told_from_what_was_recorded(agency: Agency) -> None:
    """Counts, gaps, pages with their concerns, who published and withdrew, and a task for each."""
    await busy(agency)
    found = await reviewed(agency)
    assert (found.total.asked, found.total.answered, found.total.helped) == (5, 3, 0)
    assert {gap.label for gap in found.gaps} >= {"发票抬头怎么改|{x}"}
    concerns = {each.page.id: each.concerns for each in found.findings}
    assert concerns["zh/mail/full"] == (Concern.RETRACTED, Concern.FAILING)
    assert concerns["zh/wordpress/menu"] == (Concern.UNUSED,)
    changes = [(each.by, each.verb) for each in found.changes]
    assert ("ada", "publish") in changes
    assert changes[-1] == ("ada", "withdraw")
    assert len(found.tasks) == len(found.gaps) + len(found.findings)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_document_is_whole_in_every_language(agency: Agency, language: str) -> None:
    """Tables keep their columns whatever a client typed, and the printed page loads nothing and runs nothing."""
    await busy(agency)
    await agency.turn("<script>alert(1)</script> ![x](http://evil.example/x.png)", by="client9")
    await agency.gaps.recompute()
    found = await reviewed(agency)
    told = review_document.markdown(found, Texts.shipped(), language, zone=ZONE)
    assert r"发票抬头怎么改\|\{x\}" in told
    page = review_document.printable(found, Texts.shipped(), language, zone=ZONE)
    assert page.count("<table>") == page.count("</table>") >= 3
    assert "<script" not in page
    assert "<img" not in page
    assert "发票抬头怎么改|{x}" in page


async def test_a_quiet_quarter_says_so(agency: Agency) -> None:
    """Nothing asked, nothing missing: no empty tables."""
    found = await reviewed(agency)
    told = review_document.markdown(found, Texts.shipped(), "en", zone=ZONE)
    assert "Nobody asked anything." in told
    assert "Nothing is missing that clients asked for." in told
    assert "Nothing is to be done." in told


async def test_the_log_is_told_once_in_words(agency: Agency) -> None:
    """A version that was published against the gate is one line, not two; what was edited has a sentence, too."""
    now = agency.clock()

    def noted(conn: Connection) -> None:
        live = store.state(conn).version
        store.note(conn, by="mira", verb="override", version=live, reason="must go out", now=now)
        store.note(conn, by="mira", verb="edit", page="zh/mail/full", now=now)

    await agency.db.write(noted)
    found = await reviewed(agency)
    told = review_document.markdown(found, Texts.shipped(), "en", zone=ZONE)
    assert "published against the gate (must go out)" in told
    assert "zh/mail/full edited" in told
    each = [(one.verb, one.version) for one in found.changes if one.version is not None]
    assert len(each) == len(set(each))


async def test_what_was_recalled_is_counted(agency: Agency) -> None:
    """A correction that waits, by its page; none of it where nothing was."""
    assert (await reviewed(agency)).recalled == ()
    await agency.write("zh/mail/full", "删除 30 天前的邮件。", owner="ops")
    told = await agency.turn("邮箱满了怎么办", outcome=Outcome.ANSWERED, reason="extract", page="zh/mail/full")
    assert told.reply_id is not None
    now, was = agency.clock(), Cited(chunk="c", page="zh/mail/full", title="邮箱满了", heading="", anchor="", text="删除 7 天前的邮件。", language="zh-Hans")  # fmt: skip

    def rested(conn: Connection) -> None:
        cited.keep(conn, [was], now=now)
        sources.rest(conn, told.reply_id or 0, [("c", "zh/mail/full")], version=1, at=now)
        conn.execute(update(message).where(message.c.id == told.reply_id).values(delivery=Delivery.SENT))

    await agency.db.write(rested)
    await agency.index(by="ada")
    await Recalls(db=agency.db, clock=agency.clock, compose=lambda _: "更正").review()
    found = await reviewed(agency)
    assert [(each.page, each.sent, each.dismissed, each.waiting) for each in found.recalled] == [
        ("zh/mail/full", 0, 0, 1)
    ]
    document = review_document.markdown(found, Texts.shipped(), "en", zone=ZONE)
    assert "What clients were told and the manual no longer says" in document
