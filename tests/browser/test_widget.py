"""The widget on a client's own page, which another origin serves; the desk is real, the bot is away."""

import http.server
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from playwright.sync_api import Frame, FrameLocator, Page, expect

from bot.channels.web.pages import routes as chat_pages
from bot.channels.web.routes import routes as chat_routes
from bot.channels.web.visitor import WebChat
from bot.shipped import load_rules, load_texts
from console.widgets import save, user_secret, user_signature, widget_of
from handoff import messages
from handoff.desk import Desk
from handoff.kinds import Audience, Level
from success import ratings
from tests.browser.conftest import Served
from tests.unit.console.world import World

pytestmark = pytest.mark.browser
STRICT = "default-src 'none'; script-src {desk}; frame-src {desk}; style-src 'none'"
BLOCKED = """
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("blocked", "SecurityError"); } });
"""


@dataclass
class Site:
    """A client's website on an origin of its own: `localhost`, where the desk is `127.0.0.1`."""

    url: str
    body: str = ""
    policy: str = ""
    language: str = "en"


@pytest.fixture
def site(served: Served) -> Iterator[Site]:
    """One page, any path, with what the test puts into its body."""
    page = Site("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            head = f'<!doctype html><html lang="{page.language}"><meta name="viewport" content="width=device-width"><title>Site</title>'
            content = f"{head}<body><h1>Our site</h1><a href=# id=link>link</a>{page.body}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if page.policy:
                self.send_header("Content-Security-Policy", page.policy)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    page.url = f"http://localhost:{server.server_address[1]}"
    page.policy = STRICT.format(desk=served.url)
    world = served.world
    chat = WebChat(
        db=world.deps.db,
        desk=Desk(),
        rules=load_rules(),
        texts=load_texts(),
        clock=world.deps.clock,
        secret=world.deps.secret,
        files=world.deps.files,
        default_client=world.client.slug,
        secure_cookies=False,
    )
    world.app.state.chat = chat
    world.app.include_router(chat_pages)
    world.app.include_router(chat_routes)
    page.body = tag(served)
    yield page
    server.shutdown()
    server.server_close()
    thread.join(10)


def tag(served: Served, **attributes: str) -> str:
    more = "".join(f' data-{name}="{value}"' for name, value in attributes.items())
    return f'<script src="{served.url}/widget.js" data-client="{served.world.client.web_key}"{more} defer></script>'


def allow(served: Served, *origins: str) -> None:
    world = served.world

    def body(conn: Any) -> None:
        save(conn, replace(widget_of(conn, world.client.id), origins=origins, changed_at=world.deps.clock()))

    served.run(world.write(body))


def opened(served: Served, site: Site, **options: Any) -> Page:
    context = served.chromium.new_context(**({"locale": "en-GB"} | options))
    served.contexts.append(context)
    context.add_init_script(OPEN)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: served.said.append(str(error)))
    page.goto(site.url)
    return page


# The tree is closed to the site; the test opens it, to look inside.
OPEN = """
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (how) { return attach.call(this, { ...how, mode: "open" }); };
"""


def button(page: Page) -> Any:
    return page.locator("[data-aftercare] button.button")


def chat(page: Page) -> FrameLocator:
    return page.frame_locator("[data-aftercare] iframe")


def chat_frame(page: Page) -> Frame:
    return next(frame for frame in page.frames if "/embed/" in frame.url)


def write(page: Page, text: str) -> None:
    expect(chat(page).locator("#empty, .msg").first).to_be_visible()  # before, nobody listens to the keys
    chat(page).locator("#text").fill(text)
    chat(page).locator("#text").press("Enter")
    expect(chat(page).locator(".msg.mine:not(.unsent)").last).to_contain_text(text)


def answer(served: Served, text: str) -> None:
    """Somebody of ours writes into the newest chat."""
    world: World = served.world

    def body(conn: Any) -> None:
        talk = max(row.conversation_id for row in messages.transcript(conn, 1, audience=Audience.CLIENT))
        messages.say(conn, conversation_id=talk, text=text, author="staff", name="林薇", now=world.deps.clock())

    served.run(world.write(body))


def test_a_visitor_chats_on_the_clients_site(served: Served, site: Site) -> None:
    """Under a policy without inline styles: open, write, reload, it is still there; no cookie was kept anywhere."""
    allow(served, site.url)
    page = opened(served, site)
    expect(button(page)).to_have_attribute("aria-expanded", "false")
    assert page.locator("iframe").count() == 0  # a visitor who never opened it loads no chat
    button(page).click()
    expect(chat(page).locator("#text")).to_be_focused()
    write(page, "Is anybody there?")
    page.reload()
    button(page).click()
    expect(chat(page).locator(".msg.mine")).to_contain_text("Is anybody there?")
    assert page.context.cookies() == []
    left = page.evaluate("Object.keys(window).filter((name) => /aftercare|widget/i.test(name))")
    assert left == []


def test_blocked_storage_and_cookies_do_not_matter(served: Served, site: Site) -> None:
    """The frame may keep nothing; the page around it does. In the site's own storage too blocked, the tab remembers."""
    allow(served, site.url)
    page = opened(served, site)
    page.context.add_init_script(f"if (location.hostname === '127.0.0.1') {{ {BLOCKED} }}")
    page.route("**/*", lambda route: route.continue_(headers={**route.request.headers, "cookie": ""}))
    page.reload()
    button(page).click()
    write(page, "no cookies here")
    page.reload()
    button(page).click()
    expect(chat(page).locator(".msg.mine")).to_contain_text("no cookies here")


def test_another_site_cannot_show_it(served: Served, site: Site) -> None:
    """Not in the list: the frame is refused by the browser, and the visitor gets a way that works."""
    allow(served, "https://elsewhere.example")
    page = opened(served, site)
    button(page).click()
    apart = page.locator("[data-aftercare] .panel a")
    expect(apart).to_have_attribute("href", re.compile(rf"{served.url}/c/"))
    assert page.locator("iframe").count() == 0


def test_a_page_that_may_not_speak_is_not_heard(served: Served, site: Site) -> None:
    """A hello from an origin that is not set starts nothing, though it frames the very page."""
    allow(served, site.url)
    page = opened(served, site)
    button(page).click()
    expect(chat(page).locator("#text")).to_be_focused()
    frame = chat_frame(page)
    before = frame.evaluate("document.querySelectorAll('.msg').length")
    frame.evaluate("window.postMessage({ aftercare: 'visible', open: false }, '*')")  # from itself, not from its parent
    page.evaluate("window.postMessage({ aftercare: 'close' }, '*')")  # from the site itself, not from the frame
    page.evaluate("window.postMessage({ aftercare: 'token', token: 'stolen' }, '*')")
    expect(chat(page).locator("#text")).to_be_visible()
    assert frame.evaluate("document.querySelectorAll('.msg').length") == before
    assert "stolen" not in page.evaluate("JSON.stringify({ ...localStorage })")


def test_keyboard_all_the_way(served: Served, site: Site) -> None:
    """Enter opens and the field has the focus; Tab stays inside; Escape closes and gives the focus back."""
    allow(served, site.url)
    page = opened(served, site)
    button(page).focus()
    page.keyboard.press("Enter")
    expect(chat(page).locator("#text")).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") != "link"
    page.keyboard.press("Escape")
    expect(page.locator("[data-aftercare] .panel")).to_be_hidden()
    expect(button(page)).to_be_focused()


def test_a_phone_gets_the_whole_screen(served: Served, site: Site) -> None:
    """Full width and height, closed by its own button; nothing scrolls sideways."""
    allow(served, site.url)
    site.language = "zh-CN"
    page = opened(served, site, viewport={"width": 360, "height": 700}, has_touch=True, is_mobile=True)
    button(page).tap()
    box = page.locator("[data-aftercare] .panel").bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 360, 700)
    expect(chat(page).get_by_role("heading", name="您好，有什么可以帮您？")).to_be_visible()
    assert chat_frame(page).evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    chat(page).get_by_role("button", name="关闭聊天").tap()
    expect(page.locator("[data-aftercare] .panel")).to_be_hidden()
    expect(button(page)).to_be_visible()


def test_an_answer_is_counted_while_the_chat_is_closed(served: Served, site: Site) -> None:
    """The badge counts, also after a reload; opening clears it. Two tabs are one conversation."""
    allow(served, site.url)
    page = opened(served, site)
    button(page).click()
    write(page, "hello")
    other = page.context.new_page()
    other.goto(site.url)
    other.locator("[data-aftercare] button.button").click()
    expect(chat(other).locator(".msg.mine")).to_have_count(1)
    other.close()
    page.bring_to_front()
    page.keyboard.press("Escape")
    answer(served, "On it")
    expect(page.locator("[data-aftercare] .badge")).to_have_text("1")
    page.reload()
    expect(page.locator("[data-aftercare] .badge")).to_have_text("1")
    expect(button(page)).to_have_attribute("aria-label", "Open the chat (1 unread)")
    button(page).click()
    expect(chat(page).locator(".msg.staff")).to_contain_text("On it")
    expect(page.locator("[data-aftercare] .badge")).to_be_hidden()


def test_the_look_follows_the_attributes(served: Served, site: Site) -> None:
    """Left, bright, Chinese; a colour that is none changes nothing; the site's own styles stay out, ours stay in."""
    allow(served, site.url)
    site.body = tag(served, position="left", color="#ffe14d", language="zh-Hant")
    page = opened(served, site)
    expect(button(page)).to_have_attribute("aria-label", "開啟線上客服")
    box = button(page).bounding_box()
    assert box is not None
    assert box["x"] == 20
    assert button(page).evaluate("(node) => getComputedStyle(node).backgroundColor") == "rgb(255, 225, 77)"
    assert button(page).locator("svg").evaluate("(node) => getComputedStyle(node).stroke") == "rgb(17, 17, 17)"
    assert page.locator("h1").evaluate("(node) => getComputedStyle(node).color") == "rgb(0, 0, 0)"
    site.body = tag(served, color="red;} body{display:none")
    page.goto(site.url)
    assert button(page).evaluate("(node) => getComputedStyle(node).backgroundColor") == "rgb(58, 79, 208)"


@pytest.mark.parametrize("forged", [False, True])
def test_a_signed_user_is_known(served: Served, site: Site, forged: bool) -> None:
    """With the site's signature the desk knows the name; with a forged one it is somebody new and nameless."""
    allow(served, site.url)
    world = served.world
    widget = served.run(world.deps.db.read(lambda conn: widget_of(conn, world.client.id)))
    signature = user_signature(user_secret(world.deps.secret, widget), "7", "王芳")
    site.body = tag(served, user="7", name="王芳", signature="0" * 64 if forged else signature)
    page = opened(served, site)
    button(page).click()
    write(page, "it is me")
    said = served.run(world.deps.db.read(lambda conn: messages.transcript(conn, 1, audience=Audience.CLIENT)))
    assert (said[0].name == "王芳") is not forged
    assert (
        "token" not in page.evaluate("localStorage.getItem('aftercare:" + world.client.web_key + "') || ''") or forged
    )


def test_the_settings_page_gives_the_line_and_a_preview(served: Served, site: Site) -> None:
    """An address with a path is refused with what was typed; the line on the page works as it stands."""
    page = served.page(f"/desk/settings/widget/{served.world.client.slug}", login="tom")
    page.fill("#origins", "https://a.example/path")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".page-body [role=alert]")).to_contain_text("https://a.example/path")
    expect(page.locator("#origins")).to_have_value("https://a.example/path")
    page.fill("#origins", f"{site.url}\nHTTPS://WWW.Example.com/")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#origins")).to_have_value(f"{site.url}\nhttps://www.example.com")
    page.locator("[data-aftercare]").wait_for(state="attached")
    site.body = page.locator("#snippet").input_value()
    visitor = opened(served, site)
    button(visitor).click()
    write(visitor, "pasted")
    page.select_option("#side", "left")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#snippet")).to_have_value(re.compile('data-position="left"'))


def test_a_rating_in_the_chat_by_keyboard(served: Served, site: Site) -> None:
    """Five buttons with words, then a comment; the choice is pressed, the focus stays, the thanks are said."""
    allow(served, site.url)
    page = opened(served, site)
    button(page).click()
    write(page, "fixed?")
    world = served.world

    def resolve(conn: Any) -> None:
        now = world.deps.clock()
        said = messages.transcript(conn, 1, audience=Audience.CLIENT)[0]
        assert said.person_id is not None
        ticket = world.deps.desk.open(
            conn, conversation_id=1, client_id=world.client.id, requester_id=said.person_id, level=Level.BUG,
            title="t", summary="s", reason="human", since=now, now=now,
        )  # fmt: skip
        world.deps.desk.resolve(conn, ticket_id=ticket.id, by=world.people["lin"].id, now=now)
        ratings._ask(conn, ticket, channel="web", now=now)  # whatever the hour: the rules have tests of their own
        ratings._tell(conn, ticket)

    served.run(world.write(resolve))
    group = chat(page).get_by_role("group", name=re.compile("How did we do"))
    expect(group.get_by_role("button")).to_have_count(5)
    group.get_by_role("button", name="4 · Good").focus()
    page.keyboard.press("Enter")
    expect(chat(page).get_by_role("button", name="4 · Good")).to_have_attribute("aria-pressed", "true")
    expect(chat(page).get_by_role("button", name="4 · Good")).to_be_focused()
    chat(page).get_by_role("textbox", name=re.compile("Anything we should know")).fill("quick <b>")
    chat(page).get_by_role("button", name="Send", exact=True).first.click()
    expect(chat(page).get_by_role("button", name="Change")).to_be_visible()
