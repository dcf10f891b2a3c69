"""A client's own page in a real browser: on a phone, on paper, in three languages, live, and shut while it is open."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from handoff import progress_links, sites
from handoff.site_rules import read_site
from tests.browser.conftest import Served
from tests.unit.console.progress_world import Owned, owned

pytestmark = pytest.mark.browser
PHONE = {"width": 360, "height": 740}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
NAME = "青禾茶业 Greenleaf Tea <b>"


@pytest.fixture
def mine(served: Served) -> Owned:
    made = served.run(owned(served.world, "tea", NAME))
    now, by = served.world.deps.clock(), served.world.people["tom"].id
    dates = {f"{what}_on": str((now + timedelta(days=days)).date()) for what, days in
             (("domain", 5), ("tls", 12), ("icp", 26), ("hosting", 200), ("contract", -3))}  # fmt: skip
    draft = read_site({"name": "商城", "address": "https://商店.中国", "icp": "京ICP备12345678号-1"} | dates)
    served.run(served.world.write(lambda conn: sites.add(conn, client_id=made.client.id, draft=draft, by=by, now=now)))
    return made


def listening(page: Page) -> None:
    """Load the page afresh and wait until it listens: then it catches up, once. Nothing of its first loading is left."""
    address = page.url
    page.goto("about:blank")
    with page.expect_response(lambda answer: "x-live" in answer.request.headers):
        page.goto(address)


def shot(page: Page, name: str) -> None:
    """Kept where screenshots are asked for."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"progress-{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("locale", "scheme", "said"),
    [("en-GB", "light", "Waiting for us"), ("zh-CN", "dark", "等待我们处理"), ("zh-TW", "light", "等待我們處理")],
)
def test_it_reads_well_on_a_phone(served: Served, mine: Owned, *, locale: str, scheme: str, said: str) -> None:
    """As wide as the screen, in the reader's language, times in the reader's zone, what a client wrote as text."""
    page = served.page(mine.path, login=None, viewport=PHONE, locale=locale, color_scheme=scheme)
    expect(page.locator(".request .chip").first).to_have_text(said)
    expect(page.locator(".brand")).to_contain_text(NAME)
    expect(page.locator("[data-zone]")).to_have_text("Asia/Shanghai")
    expect(page.locator(".expiry .chip")).to_have_count(5)
    assert page.evaluate(OVERFLOW) == 0
    shot(page, f"phone-{locale}-{scheme}")
    page.locator(".request h2 a").first.click()
    expect(page.locator(".line .prose")).to_contain_text("please help")
    expect(page.locator(".shot img")).to_have_count(1)
    assert page.evaluate(OVERFLOW) == 0
    shot(page, f"phone-request-{locale}-{scheme}")


def test_another_zone_and_language(served: Served, mine: Owned) -> None:
    """A reader elsewhere has their own clock; the language is switched on the page."""
    page = served.page(mine.path, login=None, timezone_id="America/New_York", viewport={"width": 1280, "height": 900})
    expect(page.locator("[data-zone]")).to_have_text("America/New_York")
    shot(page, "desktop-en-light")
    page.locator(".menu summary").click()
    page.locator(".menu .pop-item[hreflang=zh-Hant]").click()
    expect(page.locator("#open-title")).to_contain_text("進行中的請求")


def test_a_reply_in_the_desk_appears_and_a_note_does_not(served: Served, mine: Owned) -> None:
    """The stage and the message change by themselves; what is internal stirs nothing."""
    overview = served.page(mine.path, login=None)
    detail = served.page(f"{mine.path}/t/{mine.ticket.number}", login=None)
    listening(detail)
    expect(overview.locator(".request .chip").first).to_have_text("Waiting for us")
    world, lin = served.world, served.world.people["lin"].id
    ticket, desk = mine.ticket.id, served.world.deps.desk
    asked: list[str] = []
    detail.on("request", lambda request: asked.append(request.url) if "x-live" in request.headers else None)
    served.run(world.write(lambda conn: desk.note(conn, ticket_id=ticket, by=lin, text="hush", now=world.deps.clock())))
    served.run(
        world.write(
            lambda conn: desk.reply(conn, ticket_id=ticket, by=lin, text="We are on it", now=world.deps.clock())
        )
    )
    expect(detail.locator(".line.ours .prose")).to_have_text("We are on it")
    expect(overview.locator(".request .chip").first).to_have_text("Being worked on")
    expect(detail.locator("body")).not_to_contain_text("hush")
    assert len(asked) == 1, asked


def test_others_news_do_not_arrive(served: Served, mine: Owned) -> None:
    """Another client's message stirs nothing here: the page asks again only after its own."""
    other = served.run(owned(served.world, "blue", "Blue Sea"))
    page = served.page(mine.path, login=None)
    listening(page)
    expect(page.locator(".request")).to_have_count(1)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "x-live" in request.headers else None)
    world, desk, lin = served.world, served.world.deps.desk, served.world.people["lin"].id
    for ticket in (other.ticket.id, other.ticket.id, mine.ticket.id):
        served.run(
            world.write(lambda conn, t=ticket: desk.reply(conn, ticket_id=t, by=lin, text="x", now=world.deps.clock()))
        )
    expect(page.locator(".request .chip").first).to_have_text("Being worked on")
    assert len(asked) == 1, asked


def test_revoked_while_open(served: Served, mine: Owned) -> None:
    """The open page goes at once, and says whom to ask."""
    page = served.page(mine.path, login=None)
    expect(page.locator(".request")).to_have_count(1)
    by, now = served.world.people["tom"].id, served.world.deps.clock()
    served.run(
        served.world.write(
            lambda conn: progress_links.revoke(conn, client_id=mine.client.id, link_id=mine.link.id, by=by, now=now)
        )
    )
    expect(page.locator("h1")).to_have_text("This link opens nothing")
    expect(page.locator("body")).not_to_contain_text("青禾")
    shot(page, "refused")


def test_on_paper(served: Served, mine: Owned) -> None:
    """No navigation, addresses written out, black on white; and a page of A4 can be made of it."""
    page = served.page(mine.path, login=None, color_scheme="dark")
    page.emulate_media(media="print")
    expect(page.locator(".top-acts")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    written = page.evaluate("getComputedStyle(document.querySelector('.site a'), '::after').content")
    assert "attr(href)" in written or "https://" in written
    shot(page, "print")
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_it_works_without_script(served: Served, mine: Owned) -> None:
    """All is there, the times at the client's place."""
    page = served.page(mine.path, login=None, java_script_enabled=False)
    expect(page.locator(".request")).to_have_count(1)
    expect(page.locator("[data-zone]")).to_have_text("Asia/Shanghai")
    expect(page.locator("[data-print]")).to_be_hidden()


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-GB"), ("dark", "zh-CN")])
def test_the_desk_s_side_on_a_phone(served: Served, mine: Owned, *, scheme: str, locale: str) -> None:
    """Every tab, the lists of clients and of sites: no wider than the screen."""
    for width in (360, 1280):
        page = served.page(
            "/desk", login="mira", viewport={"width": width, "height": 900}, color_scheme=scheme, locale=locale
        )
        for at in ("clients", "clients/tea", "clients/tea/sites", "clients/tea/people", "clients/tea/sharing",
                   "clients/tea/history", "sites"):  # fmt: skip
            page.goto(f"{served.url}/desk/{at}")
            expect(page.locator("h1")).to_be_visible()
            assert page.evaluate(OVERFLOW) == 0, (at, width)
            shot(page, f"desk-{at.replace('/', '-')}-{width}-{scheme}")
