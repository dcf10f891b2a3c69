"""The pages of figures in a real browser: on a desk, on a phone, in the dark, printed, without script."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import Connection

from handoff import directory, messages
from handoff.kinds import ChatKind, Level, Tier
from tests.browser.conftest import Served

pytestmark = pytest.mark.browser
KEPT = Path(os.environ.get("AFTERCARE_PICTURES", "artifacts"))
LEVELS = (Level.QUESTION, Level.QUESTION, Level.BUG, Level.QUESTION, Level.CHANGE, Level.EMERGENCY, Level.BUG)


def weeks(served: Served) -> None:
    """Four weeks of work for three clients: some answered soon, some late, some not at all."""
    world = served.world
    now = world.deps.clock()

    def seed(conn: Connection) -> None:
        clients = [world.client]
        for slug, name, tier in (("hx", "华信制造", Tier.PLATINUM), ("jf", "景福酒店集團", Tier.STANDARD)):
            clients.append(directory.add_client(conn, slug=slug, name=name, tier=tier, now=now))
        for n in range(42):
            one(conn, n, clients[(n * n) % 3])

    def one(conn: Connection, n: int, client: Any) -> None:
        at = now - timedelta(days=27) + timedelta(hours=14 * n + n % 5)
        chat = directory.ensure_chat(
            conn, platform="web", external_id=f"c{n}", kind=ChatKind.DIRECT, client_id=client.id, now=at
        )
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=at)
        who = directory.ensure_person(conn, platform="web", external_id=f"p{n}", name="王", client_id=client.id, now=at)
        said = messages.accept(conn, conversation=talk, person=who, external_id="1", text="首页打不开", at=at, now=at)
        assert said is not None
        ticket = world.deps.desk.open(
            conn, conversation_id=talk.id, client_id=client.id, requester_id=who.id, level=LEVELS[n % 7],
            category=("wordpress", "mail", "域名", None)[n % 4], title=f"首页打不开 {n}", summary="…",
            reason="not_in_manual", since=at, now=at,
        )  # fmt: skip
        messages.join_ticket(conn, [said.id], ticket.id)
        by = world.people[("lin", "tom", "mira")[n % 3]].id
        if n % 9 == 8:
            return
        soon = at + timedelta(minutes=(7, 35, 95, 420, 1800)[n % 5])
        world.deps.desk.claim(conn, ticket_id=ticket.id, by=by, now=soon)
        world.deps.desk.reply(conn, ticket_id=ticket.id, by=by, text="已经处理好了, 请刷新", now=soon)
        if n % 4:
            world.deps.desk.resolve(conn, ticket_id=ticket.id, by=by, now=soon + timedelta(hours=n % 30))

    served.run(world.write(seed))


def keep(page: Page, name: str) -> None:
    """A picture among the build's artefacts."""
    KEPT.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(KEPT / f"{name}.png"), full_page=True)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("desktop", {"viewport": {"width": 1280, "height": 900}}),
        ("dark-zh", {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark", "locale": "zh-CN"}),
        ("phone-zh", {"viewport": {"width": 390, "height": 844}, "locale": "zh-TW"}),
        ("phone-dark", {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}),
    ],
)
def test_the_pages_read_well_everywhere(served: Served, name: str, options: dict[str, Any]) -> None:
    """No page scrolls sideways, axe finds nothing, every plot has a name and a table."""
    weeks(served)
    page = served.page("/desk/numbers", login="tom", **options)
    for path, of in (("/desk/numbers", "all"), ("/desk/numbers/first_response", "one")):
        page.goto(served.url + path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        plots = page.locator(".plot > svg[role=img]")
        assert plots.count() >= 1
        for n in range(plots.count()):
            assert plots.nth(n).locator("title").first.text_content()
        assert page.locator(".as-table summary").count() == plots.count()
        found = Axe().run(page, context="#main")
        assert found.violations_count == 0, found.generate_report()
        keep(page, f"numbers-{of}-{name}")


def test_from_a_number_to_its_ticket_without_script(served: Served) -> None:
    """Definition, narrowing, list, ticket: each one click."""
    weeks(served)
    page = served.page("/desk/numbers", login="tom", java_script_enabled=False)
    tile = page.locator("#first_response")
    tile.get_by_text("What this means").click()
    expect(tile).to_contain_text("left unresolved")
    page.locator("#by-client-tickets").get_by_role("link", name="华信制造").click()
    expect(page.locator("h1")).to_have_text("Tickets opened")
    expect(page).to_have_url(f"{served.url}/desk/numbers/tickets?client=hx")
    page.locator(".rests-on a").first.click()
    expect(page.locator(".ticket-head")).to_contain_text("首页打不开")


def test_filters_are_chosen_and_kept(served: Served) -> None:
    """A form that becomes an address; presets keep what is chosen."""
    weeks(served)
    page = served.page("/desk/numbers", login="tom")
    page.get_by_text("Filters", exact=True).click()
    page.locator("#f-level").select_option("bug")
    page.get_by_role("button", name="Show").click()
    assert "level=bug" in page.url
    page.get_by_role("link", name="7 days").click()
    assert "level=bug" in page.url
    assert "period=7d" in page.url
    expect(page.locator("#f-level")).to_have_value("bug")
    page.get_by_role("link", name="Clear filters").click()
    assert "level" not in page.url


def test_a_file_is_downloaded(served: Served) -> None:
    """With the days in its name."""
    weeks(served)
    page = served.page("/desk/numbers?from=2026-01-01&to=2026-01-31", login="tom")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="As Excel workbook").click()
    assert downloading.value.suggested_filename == "numbers-2026-01-01-2026-01-31.xlsx"
