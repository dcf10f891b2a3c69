"""Two colleagues on one ticket, in two browsers at once; the page by keyboard alone, and on a phone."""

import pytest
from playwright.sync_api import Page, expect

from handoff import directory, macro_store, messages
from handoff.kinds import MessageKind
from handoff.macros import Draft
from handoff.model import Ticket
from tests.browser.conftest import Served

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)>\"'"


def both(served: Served, ticket: Ticket, **options) -> tuple[Page, Page]:
    return tuple(served.page(f"/desk/t/{ticket.number}", login=login, **options) for login in ("lin", "tom"))


def client_writes(served: Served, ticket: Ticket, text: str) -> None:
    def body(conn):
        talk = directory.conversation(conn, ticket.conversation_id)
        who, now = directory.person(conn, ticket.requester_id), served.world.deps.clock()
        said = messages.accept(conn, conversation=talk, person=who, external_id=f"x{text}", text=text, at=now, now=now)
        desk = served.world.deps.desk
        desk.client_message(conn, ticket_id=ticket.id, message_id=said.id, kind=MessageKind.CONTENT, now=now)

    served.run(served.world.write(body))


def test_typing_is_seen_and_a_closed_tab_is_gone(served: Served) -> None:
    """Lin opens, Tom sees her; she types, he sees that; she closes the tab, and her name goes."""
    ticket = served.run(served.world.ticket())
    lin, tom = both(served, ticket)
    expect(tom.locator("#attending")).to_contain_text("林薇 is looking at this")
    expect(lin.locator("#attending")).to_contain_text("Tom Baker is looking at this")
    lin.fill("#reply", "Dear Sarah")
    expect(tom.locator("#attending")).to_contain_text("林薇 is writing a reply")
    lin.close()
    expect(tom.locator("#attending")).to_be_empty()


def test_a_reply_that_was_overtaken_is_kept_and_goes_anyway(served: Served) -> None:
    """Both write; Lin sends; Tom's is held back with her words shown, his text and picture kept; then he sends it."""
    ticket = served.run(served.world.ticket())
    lin, tom = both(served, ticket)
    tom.fill("#reply", "Tom's careful text")
    picture = {"name": "shot.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"0" * 40}
    tom.set_input_files("input[type=file]", [picture])
    lin.fill("#reply", "Lin was first")
    lin.get_by_role("button", name="Send", exact=True).click()
    expect(tom.locator(".line.staff")).to_contain_text("Lin was first")
    expect(tom.locator("[data-news]")).to_contain_text("New from 林薇 since you began")
    tom.get_by_role("button", name="Send", exact=True).click()
    asking = tom.get_by_role("alertdialog")
    expect(asking).to_contain_text("林薇 has answered the client meanwhile")
    expect(asking).to_contain_text("Lin was first")
    expect(tom.locator("#reply")).to_have_value("Tom's careful text")
    served.run(served.world.ticket(title="Another matter"))  # the page follows what happens, the question stays
    tom.get_by_role("button", name="Send anyway").click()
    expect(lin.locator(".line.staff", has_text="Tom's careful text")).to_be_visible()
    expect(lin.locator(".line.staff img")).to_have_count(1)
    expect(tom.locator("#reply")).to_have_value("")
    expect(asking).to_have_count(0)


def test_what_one_has_read_holds_nothing_up(served: Served) -> None:
    """New words while the box is empty are seen; while one writes, one press says that they were read."""
    ticket = served.run(served.world.ticket())
    page = served.page(f"/desk/t/{ticket.number}")
    client_writes(served, ticket, "the first new thing")
    expect(page.locator("#lines")).to_contain_text("the first new thing")
    expect(page.locator("[data-news]")).to_be_hidden()
    page.fill("#reply", "Answer to all of it")
    client_writes(served, ticket, "the second new thing")
    expect(page.locator("[data-news]")).to_contain_text("New from Sarah")
    page.get_by_role("button", name="I have read it").click()
    expect(page.locator("[data-news]")).to_be_hidden()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".line.staff")).to_contain_text("Answer to all of it")


def test_a_stale_tab_asks_before_it_resolves(served: Served) -> None:
    """A page that hears nothing more: resolving asks, and leaving it does nothing."""
    ticket = served.run(served.world.ticket())
    page = served.page(f"/desk/t/{ticket.number}")
    page.route("**/desk/t/*", lambda route: route.abort() if _live_get(route.request) else route.continue_())
    client_writes(served, ticket, "still broken")
    page.keyboard.press("e")
    page.keyboard.press("Enter")
    asking = page.get_by_role("alertdialog")
    expect(asking).to_contain_text("still broken")
    expect(asking).to_contain_text("was not resolved")
    asking.get_by_role("link", name="Leave it").click()
    expect(asking).to_have_count(0)
    page.keyboard.press("e")
    page.keyboard.press("Enter")
    expect(page.locator(".ticket-head")).to_contain_text("Resolved")


def _live_get(request) -> bool:
    return request.method == "GET" and "x-live" in request.headers


def test_keys_lead_to_every_verb(served: Served) -> None:
    """Snooze, transfer, level and merge open where they are; ? lists them all."""
    ticket = served.run(served.world.ticket())
    page = served.page(f"/desk/t/{ticket.number}")
    page.keyboard.press("t")
    expect(page.locator("#to")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    expect(page.locator("#into")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("take the ticket over")
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    expect(page.get_by_role("button", name="For an hour")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".ticket-head")).to_contain_text("Snoozed until")


def test_pictures_open_large_and_close_by_escape(served: Served) -> None:
    """Enter opens, arrows go on, Escape closes and the focus is back; the file's name is its alternative text."""
    ticket = served.run(served.world.ticket())
    page = served.page(f"/desk/t/{ticket.number}")
    picture = b"\x89PNG\r\n\x1a\n" + b"0" * 40
    names = ["one.png", "<img src=x onerror=alert(1)>'.png"]
    page.fill("#reply", "Two pictures")
    page.set_input_files(
        "input[type=file]", [{"name": name, "mimeType": "image/png", "buffer": picture} for name in names]
    )
    page.get_by_role("button", name="Send", exact=True).click()
    thumbs = page.locator("[data-light]")
    expect(thumbs).to_have_count(2)
    thumbs.first.focus()
    page.keyboard.press("Enter")
    light = page.locator("#light")
    expect(light).to_be_visible()
    expect(light.locator("img")).to_have_attribute("alt", "one.png")
    page.keyboard.press("ArrowRight")
    expect(light.locator("img")).to_have_attribute("alt", names[1])
    page.keyboard.press("Escape")
    expect(light).to_be_hidden()
    expect(thumbs.nth(1)).to_be_focused()


def test_a_macro_by_semicolon_and_by_key(served: Served) -> None:
    """Part of the name, Enter, and it stands in the text, filled; m opens the list; Escape leaves the text alone."""
    ticket = served.run(served.world.ticket(name="Sarah"))
    tom, now = served.world.people["tom"], served.world.clock()
    for name, text, then in (("Greeting", "Dear {requester},", None), ("Goodbye", "Yours, {agent}", "resolve")):
        draft = Draft(name=name, texts={"en": text}, then=then, shared=True)
        served.run(served.world.write(lambda conn, draft=draft: macro_store.create(conn, draft, by=tom, now=now)))
    page = served.page(f"/desk/t/{ticket.number}")
    page.keyboard.press("r")
    page.keyboard.type(";gree")
    expect(page.locator("#macro-list [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#reply")).to_have_value("Dear Sarah,")
    page.keyboard.type(" it is done. ;")
    expect(page.locator("#macro-list [role=option]")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator("#reply")).to_have_value("Dear Sarah, it is done. ")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    expect(page.locator("#macro-list [role=option]")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#reply")).to_have_value("Dear Sarah, it is done. Yours, 林薇")
    expect(page.locator(".macro-then")).to_contain_text("resolve")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".ticket-head")).to_contain_text("Resolved")
    expect(page.locator(".macro-then")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone(served: Served, scheme: str) -> None:
    """Nothing scrolls sideways, with a colleague there and hostile names everywhere; nothing runs."""
    ticket = served.run(served.world.ticket(title=HOSTILE * 4, text=HOSTILE * 20, name=HOSTILE * 3))
    page = served.page(f"/desk/t/{ticket.number}", viewport={"width": 360, "height": 740}, color_scheme=scheme)
    page.on("dialog", lambda dialog: served.said.append(dialog.message))
    served.page(f"/desk/t/{ticket.number}", login="tom")
    expect(page.locator("#attending")).to_contain_text("Tom Baker")
    expect(page.locator("[data-load]")).to_contain_text("No ticket is much like")
    for part in ("reasoning", "audit"):
        page.locator(f"[data-part='{part}'] summary").first.click()
    expect(page.locator("[data-part='audit']")).to_contain_text("Ticket opened")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    for path in ("/desk/settings/macros", f"/desk/t/{ticket.number}/about/audit"):
        page.goto(served.url + path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
