"""The quarterly review over both databases, from what was asked to what is to be done."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from console import review_document
from console.texts import LANGUAGES, Texts
from handoff import retraction
from handoff.kinds import Outcome
from success.freshness import Concern
from success.review import Quarter, Review, review
from tests.contract.success.conftest import Agency

ZONE = ZoneInfo("Asia/Shanghai")


async def reviewed(agency: Agency) -> Review:
    pages, live, now = await agency.manual.pages(), agency.manual.version, agency.clock()
    quarter = Quarter.parse("2026Q1")
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
