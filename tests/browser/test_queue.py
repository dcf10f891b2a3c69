"""The queue and the search in a real browser: by the keyboard alone, on a phone, and in two browsers at once."""

import pytest
from playwright.sync_api import Page, expect

from handoff.kinds import Level
from tests.browser.conftest import Served

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)> 表单"
LISTEN = """
window.tones = 0;
const Real = window.AudioContext;
window.AudioContext = class extends Real { constructor() { super(); window.tones += 1; } };
"""


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_find_select_claim_by_keys_alone(served: Served) -> None:
    """j moves, x selects, Shift+X to here, a all, Escape none, c claims them, b reaches the other actions."""
    numbers = [served.run(served.world.ticket(title=f"Case {n}")).number for n in range(4)]
    page = served.page()
    chosen = page.locator("input[name=ticket]:checked")
    press(page, "j", "x", "j", "j", "Shift+X")
    expect(chosen).to_have_count(3)
    expect(page.locator("[data-picked]")).to_have_text("3")
    press(page, "a")
    expect(chosen).to_have_count(4)
    press(page, "Escape")
    expect(chosen).to_have_count(0)
    press(page, "k", "k", "x", "j", "x", "c")
    expect(page.locator("#verdicts")).to_contain_text("Done for all 2")
    for number, name in zip(numbers, ("林薇", "林薇", "Claim", "Claim"), strict=True):
        expect(page.locator(f"[data-key='{number}'] .row-who")).to_contain_text(name)
    press(page, "x", "b")
    expect(page.locator("#bulk [value=claim]")).to_be_focused()
    press(page, "Tab")
    press(page, "Enter")  # resolve
    expect(page.locator("[data-row]")).to_have_count(3)


def test_search_by_keys_alone(served: Served) -> None:
    """/ finds the box, Enter looks, j and Enter open; a number opens at once; g goes to places, ? says them."""
    ticket = served.run(served.world.ticket(title=HOSTILE, text=HOSTILE, name=HOSTILE))
    page = served.page()
    press(page, "/")
    page.keyboard.type("表單")
    press(page, "Enter")
    expect(page.locator("mark").first).to_have_text("表单")
    expect(page.locator("#main img")).to_have_count(0)
    press(page, "j", "Enter")
    page.wait_for_url(f"**/desk/t/{ticket.number}")
    press(page, "g", "m")
    page.wait_for_url("**/desk?view=mine")
    press(page, "g", "q")
    page.wait_for_url("**/desk")
    press(page, "g", "s")
    page.wait_for_url("**/desk/search")
    expect(page.locator("#main input[name=q]")).to_be_focused()
    page.keyboard.type(ticket.number.lower())
    press(page, "Enter")
    page.wait_for_url(f"**/desk/t/{ticket.number}")
    press(page, "?")
    expect(page.get_by_role("dialog")).to_contain_text("select all from the last one selected")
    press(page, "g", "m")  # the dialog is open: no key goes anywhere
    assert page.url.endswith(ticket.number)


def test_a_found_message_is_shown_where_it_was_said(served: Served) -> None:
    """The link from the search goes to the message itself."""
    ticket = served.run(served.world.ticket(text="the words"))
    page = served.page("/desk/search?q=words")
    page.locator(".excerpts a").click()
    page.wait_for_url(f"**/desk/t/{ticket.number}#m*")
    expect(page.locator(".line:target")).to_contain_text("the words")


def test_two_claim_at_once_and_nothing_is_lost(served: Served) -> None:
    """A colleague was faster for one: the other is claimed, the first is listed with who has it and stays chosen."""
    one, two = (served.run(served.world.ticket(title=title)) for title in ("One", "Two"))
    lin, tom = served.page(login="lin"), served.page(login="tom")
    lin.route("**/desk", lambda route: route.abort() if route.request.headers.get("x-live") else route.continue_())
    press(tom, "j", "c")
    expect(tom.locator(f"[data-key='{one.number}'] .row-who")).to_contain_text("Tom Baker")
    press(lin, "a", "c")
    expect(lin.locator("#verdicts")).to_contain_text(f"{one.number}: Tom Baker has already claimed this ticket")
    expect(lin.locator("input[name=ticket]:checked")).to_have_value(one.number)
    expect(tom.locator(f"[data-key='{two.number}'] .row-who")).to_contain_text("林薇")


def test_what_is_chosen_survives_what_others_do(served: Served) -> None:
    """A new ticket arrives while one chooses; the tab counts it; the chosen stay chosen."""
    first = served.run(served.world.ticket(title="First"))
    page = served.page()
    expect(page).to_have_title("(1) Open · Aftercare")
    press(page, "j", "x")
    served.run(served.world.ticket(title="Second", level=Level.EMERGENCY))
    expect(page.locator("[data-row]")).to_have_count(2)
    expect(page).to_have_title("(2) Open · Aftercare")
    expect(page.locator("link[rel=icon]")).to_have_attribute(
        "href", page.locator("link[rel=icon]").get_attribute("data-badge") or ""
    )
    expect(page.locator("input[name=ticket]:checked")).to_have_value(first.number)


def test_a_view_is_kept_and_deleted(served: Served) -> None:
    """f filters, the filter gets a name, the side shows it with its count; gone when deleted."""
    served.run(served.world.ticket(title="A bug"))
    served.run(served.world.ticket(title="A question", level=Level.QUESTION))
    page = served.page()
    press(page, "f")
    expect(page.locator("#by-level")).to_be_focused()
    page.keyboard.type("Bug")
    press(page, "Enter")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("[data-row]")).to_have_count(1)
    page.get_by_label("Keep this view as").fill("My bugs")
    press(page, "Enter")
    expect(page.get_by_role("heading", name="My bugs")).to_be_visible()
    expect(page.get_by_role("navigation", name="Tickets").get_by_role("link", name="My bugs")).to_contain_text("1")
    page.get_by_role("button", name="Delete view").click()
    page.wait_for_url("**/desk")
    expect(page.get_by_role("link", name="My bugs")).to_have_count(0)


def test_sound_is_off_until_switched_on(served: Served) -> None:
    """Nothing sounds by itself; the switch says so, sounds once, is kept; then what presses sounds."""
    page = served.page()
    page.add_init_script(LISTEN)
    page.reload()
    served.run(served.world.ticket(title="Down", level=Level.EMERGENCY))
    expect(page.locator(".badge")).to_have_text("1")
    assert page.evaluate("window.tones") == 0
    page.locator(".presence-menu summary").click()
    switch = page.locator("[data-sound]")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("window.tones") == 1
    served.run(served.world.ticket(title="Down again", level=Level.EMERGENCY))
    expect(page.locator(".badge")).to_have_text("2")
    assert page.evaluate("window.tones") == 2
    page.reload()
    expect(page.locator("[data-sound]")).to_have_attribute("aria-pressed", "true")


def test_several_at_once_without_a_script(served: Served) -> None:
    """Choosing shows the actions, and the form does them."""
    served.run(served.world.ticket(title="One"))
    served.run(served.world.ticket(title="Two"))
    page = served.page(java_script_enabled=False)
    expect(page.locator("#bulk")).to_be_hidden()
    for box in page.locator("input[name=ticket]").all():
        box.check()
    page.locator("#bulk").get_by_role("button", name="Claim").click()
    expect(page.locator("#verdicts")).to_contain_text("Done for all 2")
    expect(page.locator(".row-who").first).to_contain_text("林薇")


@pytest.mark.parametrize("path", ["/desk", "/desk/search?q=form", "/desk?level=bug"])
def test_a_thumb_is_enough(served: Served, path: str) -> None:
    """At 360 pixels nothing scrolls sideways, and what one presses in a row is 44 pixels high."""
    served.run(served.world.ticket(title="Averylongtitlewithoutspaces" * 6, text="form " * 60, name="N" * 80))
    page = served.page(path, viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    if path != "/desk":
        return
    for pressed in (page.locator(".pick"), page.locator("[data-claim]")):
        box = pressed.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
    page.locator(".pick").click()
    page.locator("#bulk").get_by_role("button", name="Claim").click()
    expect(page.locator(".row-who")).to_contain_text("林薇")
