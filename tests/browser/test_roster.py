"""The roster in a real browser: presence without a page load, what one is asked to take, and the browser's own notice."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import Connection

from handoff import directory, roster, routes
from handoff.kinds import Tier
from handoff.model import Ticket
from tests.browser.conftest import Served

pytestmark = pytest.mark.browser
REMEMBERED = "window.shown = []; window.Notification = class { static permission = 'granted'; constructor(words) { window.shown.push(words); } };"


def route(served: Served) -> None:
    """The rules of routing, and a client whose people are on duty whatever time it is."""
    world = served.world

    def body(conn: Connection) -> None:
        roster.adopt(conn, routes.load(), now=world.clock())
        directory.update_client(conn, world.client.id, tier=Tier.PLATINUM)

    served.run(world.write(body))


def opened(served: Served, title: str) -> Ticket:
    return served.run(served.world.ticket(title=title))


def test_presence_changes_in_place(served: Served) -> None:
    """One press: the dot changes on this very page, and on another page of the same person."""
    page = served.page()
    page.click(".presence-menu > summary")
    page.get_by_role("button", name="Busy").click()
    expect(page.locator(".presence-menu > summary .dot.busy")).to_be_visible()
    assert page.url.endswith("/desk")
    page.click(".presence-menu > summary")
    page.get_by_role("button", name="Away for 1 h").click()
    expect(page.locator(".presence-menu > summary .dot.away")).to_be_visible()


def test_who_is_asked_sees_it_at_once_and_the_browser_says_so(served: Served) -> None:
    """The row appears on top of mine with its mark; the browser's notice comes once, and not again after a reload."""
    route(served)
    page = served.page("/desk?view=mine")
    page.add_init_script(REMEMBERED)
    with page.expect_response("**/desk/events"):  # the event stream is open
        page.reload()
    expect(page.locator(".nothing")).to_be_visible()
    ticket = opened(served, "Form sends no mail")
    expect(page.locator(f'[data-key="{ticket.number}"] .chip.asked')).to_have_text("asked of you")
    page.wait_for_function("window.shown.length > 0")
    assert page.evaluate("window.shown") == [f"You are asked to take {ticket.number}"]
    page.reload()
    expect(page.locator(".chip.asked")).to_be_visible()
    assert page.evaluate("window.shown") == []


def test_the_menu_lies_over_the_queue(served: Served) -> None:
    """Every state can be pressed where rows lie beneath the menu."""
    route(served)
    for number in range(4):
        opened(served, f"Matter {number}")
    page = served.page()
    page.click(".presence-menu > summary")
    page.get_by_role("button", name="Away for 4 h").click()
    expect(page.locator(".presence-menu > summary .dot.away")).to_be_visible()
