import pytest
from playwright.sync_api import expect

from handoff.kinds import Level
from tests.browser.conftest import Served

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)> title"


def test_one_claims_and_the_other_sees_it(served: Served) -> None:
    """Two browsers: a claim in one is in the other's queue without reloading, and its Claim button is gone."""
    ticket = served.run(served.world.ticket(title="Form sends no mail"))
    lin, tom = served.page(login="lin"), served.page(login="tom")
    row = tom.locator(f"[data-key='{ticket.number}']")
    expect(row.get_by_role("button", name="Claim")).to_be_visible()
    tom.evaluate("window.untouched = true")
    lin.get_by_role("button", name="Claim").click()
    expect(lin.locator(f"[data-key='{ticket.number}']")).to_contain_text("林薇")
    expect(row).to_contain_text("林薇")
    expect(row.get_by_role("button", name="Claim")).to_have_count(0)
    assert tom.evaluate("window.untouched") is True


def test_a_new_ticket_appears_by_itself(served: Served) -> None:
    """The queue, the counts and the bell follow what happens."""
    page = served.page()
    expect(page.get_by_text("Nothing here")).to_be_visible()
    served.run(served.world.ticket(title="Site is down", level=Level.EMERGENCY))
    expect(page.get_by_role("link", name="Site is down")).to_be_visible()
    expect(page.locator(".badge")).to_have_text("1")


def test_typed_text_survives_what_others_do(served: Served) -> None:
    """While one types, a colleague's note arrives: it is shown, the text, the focus and the caret stay."""
    ticket = served.run(served.world.ticket())
    lin, tom = (served.page(f"/desk/t/{ticket.number}", login=login) for login in ("lin", "tom"))
    lin.keyboard.press("r")
    lin.keyboard.type("Dear Sarah, ")
    tom.keyboard.press("n")
    tom.keyboard.type("I know this one")
    tom.keyboard.press("Control+Enter")
    expect(lin.locator(".line.internal")).to_contain_text("I know this one")
    lin.keyboard.type("it works.")
    expect(lin.locator("#reply")).to_have_value("Dear Sarah, it works.")
    expect(tom.locator("#note")).to_have_value("")


def test_a_stale_claim_is_a_sentence(served: Served) -> None:
    """A page that did not hear of the claim in time gets a clear sentence and shows who has it."""
    ticket = served.run(served.world.ticket())
    tom = served.page(login="tom")
    tom.route("**/desk", lambda route: route.abort() if route.request.headers.get("x-live") else route.continue_())
    lin = served.page(login="lin")
    lin.get_by_role("button", name="Claim").click()
    expect(lin.locator(f"[data-key='{ticket.number}']")).to_contain_text("林薇")
    tom.get_by_role("button", name="Claim").click()
    expect(tom.get_by_role("alert")).to_contain_text("林薇 has already claimed this ticket")
    expect(tom.locator(f"[data-key='{ticket.number}']")).to_contain_text("林薇")


def test_the_keyboard_alone_is_enough(served: Served) -> None:
    """j and k move, c claims, Enter opens, r writes, Ctrl+Enter sends, ? helps."""
    served.run(served.world.ticket(title="First", level=Level.EMERGENCY))
    second = served.run(served.world.ticket(title="Second"))
    page = served.page()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    for key in ("j", "j", "k", "j"):
        page.keyboard.press(key)
    page.keyboard.press("c")
    expect(page.locator(f"[data-key='{second.number}']")).to_contain_text("林薇")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/t/{second.number}")
    page.keyboard.press("r")
    page.keyboard.type("We are on it, it is mended")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line.staff")).to_contain_text("We are on it, it is mended")
    expect(page.locator("#reply")).to_have_value("")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    page.wait_for_url("**/desk")


def test_a_refused_reply_is_still_in_its_box(served: Served) -> None:
    """Waiting before any reply is refused with a sentence; nothing that was typed is lost."""
    ticket = served.run(served.world.ticket())
    page = served.page(f"/desk/t/{ticket.number}")
    page.fill("#reply", "my careful text")
    page.get_by_role("button", name="Claim").click()
    page.get_by_role("button", name="Wait for client", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("needs a public reply first")
    expect(page.locator("#reply")).to_have_value("my careful text")
    page.reload()
    expect(page.locator("#reply")).to_have_value("my careful text")


def test_forms_work_without_javascript(served: Served) -> None:
    """Claim, reply and resolve with scripts off."""
    ticket = served.run(served.world.ticket())
    page = served.page(f"/desk/t/{ticket.number}", java_script_enabled=False)
    page.get_by_role("button", name="Claim").click()
    page.fill("#reply", "by form")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".line.staff")).to_contain_text("by form")
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.locator(".ticket-head")).to_contain_text("Resolved")


def test_the_deadline_ticks(served: Served) -> None:
    """The words follow the clock without the server."""
    served.run(served.world.ticket(title="Site is down", level=Level.EMERGENCY))
    page = served.page()
    due = page.locator(".due").first
    expect(due).to_contain_text("due in")
    page.clock.install()
    page.reload()
    page.clock.fast_forward("01:30:00")
    expect(due).to_contain_text("late by")
    expect(due).to_have_class("due late")


def test_a_hostile_title_runs_nowhere(served: Served) -> None:
    """Also not after the page has folded in a change."""
    ticket = served.run(served.world.ticket(title=HOSTILE, text=HOSTILE, name=HOSTILE))
    page = served.page()
    page.on("dialog", lambda dialog: served.said.append(dialog.message))
    page.get_by_role("button", name="Claim").click()
    expect(page.locator(f"[data-key='{ticket.number}']")).to_contain_text("林薇")
    expect(page.get_by_role("link", name=HOSTILE)).to_be_visible()
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits(served: Served, width: int, scheme: str) -> None:
    """No page scrolls sideways, at 360 pixels too."""
    ticket = served.run(served.world.ticket(title="A title that is rather long and goes on for a while, 很长的标题"))
    page = served.page(login="mira", viewport={"width": width, "height": 800}, color_scheme=scheme)
    for path in (
        "/desk",
        f"/desk/t/{ticket.number}",
        "/desk/people",
        "/desk/notices",
        "/desk/manual",
        "/desk/password",
        "/desk/numbers",
    ):
        page.goto(served.url + path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
