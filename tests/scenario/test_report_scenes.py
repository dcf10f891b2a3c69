"""Scene 14: month's end. The real program drafts each client's report, a manager approves it, the group gets it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pypdfium2
import pytest

from bot.commands import execute
from bot.errors import BotError
from handoff import directory, progress_links
from handoff.kinds import ChatKind, Role, Tier
from store.jobs import dead_letters
from success import tasks
from success.reports import schedule, store
from success.reports.model import Kind, State
from tests.house import House, embedder, house, indexed
from tests.unit.console.world import field

__all__ = ["embedder", "house", "indexed"]
ORIGIN = {"Origin": "http://desk.test"}


def printed(folder: Path) -> list[int]:
    """How many pages each PDF in a folder has."""
    return [len(pypdfium2.PdfDocument(each)) for each in sorted(folder.glob("*.pdf"))]


async def test_months_end(house: House) -> None:
    """The first of December at nine: drafts and tasks; approved in the desk, it is in the group and on the private page."""
    app, now = house.app, house.clock() - timedelta(days=10)
    client = await app.db.write(
        lambda conn: directory.add_client(conn, slug="tea", name="晴川茶业", tier=Tier.GOLD, now=now)
    )
    await app.db.write(
        lambda conn: directory.ensure_chat(
            conn, platform="web", external_id="tea", kind=ChatKind.GROUP, client_id=client.id, now=now
        )
    )
    lead = await house.agent("tom", role=Role.LEAD)
    await house.idle()
    house.clock.jump(datetime(2026, 12, 1, 1, 30, tzinfo=UTC) - house.clock())
    await app.db.write(lambda conn: schedule.sweep(conn, now=house.clock()))
    await house.idle()
    (report,) = await app.db.read(lambda conn: store.latest(conn, client_id=client.id, kinds=(Kind.HEALTH,)))
    assert str(report.first_on) == "2026-11-01"
    assert f"/desk/reports/{report.id}" in {each.link for each in await app.db.read(tasks.open_of)}
    browser, at = await house.desk(lead), f"/desk/reports/{report.id}"
    page = (await browser.get(at)).text
    form = {"csrf": field(page, "csrf"), "once": field(page, "once"), "edits": "0"}
    assert (await browser.post(f"{at}/approve", data=form, headers=ORIGIN)).status_code == 303
    await house.idle()
    kept = await app.db.read(lambda conn: store.report(conn, report.id))
    assert kept.state is State.SENT
    assert kept.sent["message"]
    made = await app.db.read(lambda conn: progress_links.of_client(conn, client.id))
    assert made == ()  # without PUBLIC_URL no link is given
    link = await app.db.write(lambda conn: progress_links.for_group(conn, client.id, now=house.clock()))
    private = progress_links.token(link, secret=app.secret)
    shown = await browser.get(f"/p/{private}/reports/{report.id}/pdf")
    with pypdfium2.PdfDocument(shown.content) as document:
        assert len(document) == 1
    house.clock.jump(timedelta(hours=1))
    await app.db.write(lambda conn: schedule.sweep(conn, now=house.clock()))
    await house.idle()
    assert len(await app.db.read(lambda conn: store.latest(conn, client_id=client.id, kinds=(Kind.HEALTH,)))) == 1
    assert await app.db.read(dead_letters) == []


async def test_the_command_writes_a_report_and_keeps_none(house: House, tmp_path: Path) -> None:
    """As PDF or HTML, in the language asked for; what cannot be meant is one sentence."""
    app, now = house.app, house.clock()
    await app.db.write(
        lambda conn: directory.add_client(
            conn, slug="tea", name="晴川茶业", tier=Tier.GOLD, site="https://tea.example", now=now
        )
    )
    asked = {"client": "tea", "kind": "health", "month": "2026-10", "language": "en", "folder": str(tmp_path)}
    told = await execute(app, "report", asked, lambda _: None)
    assert told["title"] == "Website health report October 2026 晴川茶业"
    assert printed(tmp_path) == [2]
    html = tmp_path / "own.html"
    await execute(app, "report", asked | {"kind": "review", "client": "agency", "out": str(html)}, lambda _: None)
    assert "Monthly service review" in html.read_text("utf-8")
    assert await app.db.read(store.latest) == ()
    for wrong, why in (
        ({"client": "nobody"}, "no such client"), ({"kind": "weather"}, "no such report"), ({"kind": "review"}, "no such report"),
        ({"month": "2027-10"}, "begins on"), ({"month": "10/2026"}, "written as"), ({"out": "x.docx"}, "pdf or .html"),
        ({"language": "fr"}, "no such language"),
    ):  # fmt: skip
        with pytest.raises(BotError, match=why):
            await execute(app, "report", asked | wrong, lambda _: None)
    log = tmp_path / "access.log"
    log.write_text('1.2.3.4 - - [01/Oct/2026:10:00:00 +0800] "GET / HTTP/1.1" 200 1 "-" "Mozilla/5.0 Chrome"\n')
    done = await execute(app, "visits.import", {"site": "tea.example", "file": str(log), "kind": ""}, lambda _: None)
    assert (done["kind"], done["first"], done["lines"]) == ("logs", "2026-10-01", 1)
    with pytest.raises(BotError, match="no such site"):
        await execute(app, "visits.import", {"site": "else.example", "file": str(log), "kind": ""}, lambda _: None)
    log.write_text("nothing of the kind\n")
    with pytest.raises(BotError, match="no export of GA4"):
        await execute(app, "visits.import", {"site": "tea.example", "file": str(log), "kind": ""}, lambda _: None)
