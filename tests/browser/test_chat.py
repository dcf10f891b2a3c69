"""The chat page's own behaviour, against an API in memory that says what the real one says."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from playwright.sync_api import Page, expect
from sse_starlette import EventSourceResponse, ServerSentEvent

from console.pages import pages_of
from console.rendering import message_html, plain_html
from handoff.model import Citation
from tests.browser.conftest import Served

pytestmark = pytest.mark.browser
AT = "2026-11-16T02:00:00.000Z"
SOURCE = Citation(n=1, page="en/a", title="Reset a password", heading="Steps", anchor="steps", chunk="c")


@dataclass
class MemoryChat:
    """One visitor's chat; `refusal` is what it answers to posts instead of taking them."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    pressed: list[dict[str, Any]] = field(default_factory=list)
    ticket: dict[str, Any] | None = None
    typing: bool = False
    refusal: str | None = None
    rating: dict[str, Any] | None = None
    talk: int | None = 1
    anew: bool = False
    writer: str | None = None
    answering: asyncio.Event = field(default_factory=asyncio.Event)  # cleared, posts are stored but not yet answered
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.answering.set()

    async def add(self, **message: Any) -> dict[str, Any]:
        blank = {"author": "bot", "mine": False, "name": "Aftercare", "html": "", "sources": [], "video": None}
        blank |= {"buttons": [], "pressed": None, "images": [], "files": [], "at": AT, "talk": self.talk, "key": None}
        self.messages.append({"id": len(self.messages) + 1} | blank | message)
        await self.tell()
        return self.messages[-1]

    async def tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def post(self, request: Request) -> Response:
        if request.headers["content-type"].startswith("multipart/"):
            async with request.form() as form:
                sent = {"id": form["id"], "text": form["text"], "files": len(form.getlist("file"))}
        else:
            sent = await request.json()
        if self.refusal:
            return JSONResponse({"error": self.refusal}, status_code=422)
        self.posts.append(sent)
        known = [message for message in self.messages if message["key"] == sent["id"]]
        mine = {"author": "client", "mine": True, "name": "", "html": plain_html(sent["text"]), "key": sent["id"]}
        message = known[0] if known else await self.add(**mine)
        await self.answering.wait()
        return JSONResponse({"id": message["id"]}, status_code=202)

    async def read(self, after: int = 0) -> dict[str, Any]:
        news = [message for message in self.messages if message["id"] > after]
        rest = {"rating": self.rating, "talk": self.talk, "anew": self.anew}
        return {"messages": news, "typing": self.typing, "ticket": self.ticket} | rest

    async def press(self, request: Request) -> Response:
        pressed = await request.json()
        self.pressed.append(pressed)
        self.messages[pressed["message"] - 1]["pressed"] = pressed["button"]
        return Response(status_code=204)

    async def stream(self) -> EventSourceResponse:
        return EventSourceResponse(self._changes())

    async def _changes(self) -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(comment="ready")
        while True:
            async with self.changed:
                await self.changed.wait()
            if self.writer:
                yield ServerSentEvent(event="typing", data=json.dumps({"name": self.writer}))
            yield ServerSentEvent(event="changed", data="{}")


async def chat_page(request: Request) -> Response:
    pages, language = pages_of(request), request.state.language
    words = json.dumps(pages.texts.under("chat.js.", language), ensure_ascii=False)
    return pages.page(
        request,
        "chat.html",
        agency="Greenfield",
        client_name=None,
        api="/chat/k",
        js_texts=words,
        max_mb=1,
        max_files=2,
        max_text=500,
        store_key="test",
        examples=["I forgot my password"],
        frame=None,
        notice=None,
        requests="",
        has_asked=False,
    )


@pytest.fixture
def chat(served: Served) -> MemoryChat:
    memory, app = MemoryChat(), served.world.app
    app.add_api_route("/", chat_page)
    app.add_api_route("/chat/k/messages", memory.post, methods=["POST"])
    app.add_api_route("/chat/k/messages", memory.read)
    app.add_api_route("/chat/k/press", memory.press, methods=["POST"])
    app.add_api_route("/chat/k/anew", lambda: Response(status_code=204), methods=["POST"])
    app.add_api_route("/chat/k/stream", memory.stream)
    return memory


def opened(served: Served, **options: Any) -> Page:
    page = served.page("/", login=None, **options)
    expect(page.locator("#empty, .msg").first).to_be_visible()
    return page


def test_an_example_starts_the_conversation(served: Served, chat: MemoryChat) -> None:
    """The greeting gives way to one bubble, shown once though the server's copy comes by two ways."""
    page = opened(served)
    page.get_by_role("button", name="I forgot my password").click()
    expect(page.locator(".msg.mine:not(.unsent)")).to_have_text(["I forgot my password10:00"])
    expect(page.locator("#empty")).to_be_hidden()
    assert [sent["text"] for sent in chat.posts] == ["I forgot my password"]


def test_an_answer_has_its_sources_video_and_buttons(served: Served, chat: MemoryChat) -> None:
    """Marks and sources are links; a press is shown and cannot be repeated."""
    page = opened(served)
    html = message_html("Click **Lost?** [1]", citations=[SOURCE], href=lambda _: "/m/en/a?s=x")
    source = {"n": 1, "title": SOURCE.title, "heading": SOURCE.heading, "url": "/m/en/a?s=x"}
    bad = {"n": 2, "title": "Bad", "heading": "", "url": "javascript:alert(1)"}
    buttons = [{"id": "solved", "label": "Solved"}, {"id": "human", "label": "A person, please"}]
    served.run(chat.add(html=html, sources=[source, bad], video="https://help.example.com/v", buttons=buttons))
    expect(page.get_by_role("link", name="Reset a password › Steps")).to_have_attribute("href", "/m/en/a?s=x")
    expect(page.get_by_role("link", name="Bad")).to_have_count(0)
    expect(page.get_by_role("link", name="Watch the video")).to_be_visible()
    page.get_by_role("button", name="A person, please").click()
    expect(page.get_by_role("button", name="Solved")).to_be_disabled()
    expect(page.get_by_role("button", name="A person, please")).to_have_attribute("aria-pressed", "true")
    assert chat.pressed == [{"message": 1, "button": "human"}]


def test_staff_ticket_and_typing_are_shown(served: Served, chat: MemoryChat) -> None:
    """A person has a name; the banner has number and promise; dots while somebody writes."""
    page = opened(served, color_scheme="dark")
    chat.ticket = {"number": "T-1001", "state": "open", "line": "Lin answers by 21:30"}
    chat.typing = True
    served.run(chat.add(author="staff", name="林薇", html=plain_html("On it <b>now</b>")))
    expect(page.locator("#ticket")).to_contain_text("T-1001")
    expect(page.locator("#ticket")).to_contain_text("Lin answers by 21:30")
    expect(page.locator(".msg.staff")).to_contain_text("林薇")
    expect(page.locator(".msg.staff .bubble")).to_have_text("On it <b>now</b>")
    expect(page.locator("#typing")).to_be_visible()


def test_a_lost_connection_loses_and_doubles_nothing(served: Served, chat: MemoryChat) -> None:
    """Typed offline, kept over a reload, sent once when the network is back, in order."""
    page = opened(served)
    page.route("**/chat/k/**", lambda route: route.abort())
    for text in ("first", "second"):
        page.fill("#text", text)
        page.keyboard.press("Enter")
    expect(page.locator(".msg.unsent")).to_have_count(2)
    expect(page.locator("#offline")).to_be_visible()
    page.reload()
    expect(page.locator(".msg.unsent")).to_have_count(2)
    page.unroute("**/chat/k/**")
    expect(page.locator(".msg.mine:not(.unsent)")).to_have_count(2)
    expect(page.locator(".msg.unsent")).to_have_count(0)
    assert [sent["text"] for sent in chat.posts] == ["first", "second"]


def test_a_lost_answer_is_not_a_second_message(served: Served, chat: MemoryChat) -> None:
    """The server stored it but its answer was lost: the repeat carries the same id."""
    page = opened(served)
    lost = []

    def lose_once(route: Any) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    page.route("**/chat/k/messages**", lose_once)
    page.fill("#text", "only once")
    page.keyboard.press("Enter")
    expect(page.locator(".msg.mine:not(.unsent)")).to_have_count(1)
    expect(page.locator(".msg")).to_have_count(1)
    assert len({sent["id"] for sent in chat.posts}) == 1
    assert len(chat.messages) == 1


def test_news_before_the_answer_loses_nothing(served: Served, chat: MemoryChat) -> None:
    """The stream shows the first message before its POST is answered; the next one, typed meanwhile, is still sent."""
    chat.answering.clear()
    page = opened(served)
    page.fill("#text", "first")
    page.keyboard.press("Enter")
    expect(page.locator(".msg.mine:not(.unsent)")).to_have_count(1)
    page.fill("#text", "second")
    page.keyboard.press("Enter")
    expect(page.locator(".msg.unsent")).to_have_count(1)
    served.run(released(chat))
    expect(page.locator(".msg.mine:not(.unsent)")).to_have_count(2)
    assert [sent["text"] for sent in chat.posts] == ["first", "second"]


async def released(chat: MemoryChat) -> None:
    chat.answering.set()


def test_a_refusal_keeps_the_text(served: Served, chat: MemoryChat) -> None:
    """The server's sentence is shown; trying again or discarding is up to the client."""
    chat.refusal = "Please slow down."
    page = opened(served)
    page.fill("#text", "hello")
    page.keyboard.press("Enter")
    expect(page.locator(".msg.refused")).to_contain_text("Please slow down.")
    chat.refusal = None
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".msg.mine:not(.unsent):not(.refused)")).to_contain_text("hello")
    assert len(chat.posts) == 1


def test_enter_of_an_input_method_does_not_send(served: Served, chat: MemoryChat) -> None:
    """Confirming a Chinese candidate is not sending; Shift+Enter is a new line."""
    page = opened(served)
    page.fill("#text", "hou tai")
    composing = "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true})"
    page.evaluate(f"document.getElementById('text').dispatchEvent({composing})")
    expect(page.locator("#text")).to_have_value("hou tai")
    page.keyboard.press("Shift+Enter")
    expect(page.locator("#text")).to_have_value("hou tai\n")
    assert chat.posts == []


def test_pictures_are_checked_shown_and_sent(served: Served, chat: MemoryChat) -> None:
    """Only pictures, not too large, not too many; each can be removed; they go with the text."""
    page = opened(served)
    png = b"\x89PNG\r\n\x1a\n"
    chosen = [
        {"name": "a.png", "mimeType": "image/png", "buffer": png},
        {"name": "b.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"},
    ]
    page.set_input_files("#files", chosen)
    expect(page.locator("#problem")).to_contain_text("b.pdf")
    page.set_input_files("#files", {"name": "big.png", "mimeType": "image/png", "buffer": png + b"0" * 1_100_000})
    expect(page.locator("#problem")).to_contain_text("too large (1 MB at most)")
    expect(page.locator("#tray li")).to_have_count(1)
    page.fill("#text", "see this")
    page.keyboard.press("Enter")
    expect(page.locator(".msg.mine:not(.unsent)")).to_have_count(1)
    expect(page.locator("#tray")).to_be_hidden()
    assert [(sent["text"], sent["files"]) for sent in chat.posts] == [("see this", 1)]


@pytest.mark.parametrize(
    ("locale", "greeting"),
    [("zh-CN", "您好，有什么可以帮您？"), ("zh-TW", "您好，有什麼可以幫您？"), ("en-GB", "Hello, how can we help?")],
)
def test_the_page_speaks_the_visitors_language(served: Served, chat: MemoryChat, locale: str, greeting: str) -> None:
    """By the browser, and by the switch; it fits a phone."""
    page = opened(served, locale=locale, viewport={"width": 360, "height": 700})
    expect(page.get_by_role("heading", name=greeting)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.locator(".menu summary").click()
    page.get_by_role("link", name="繁體中文").click()
    expect(page.get_by_role("heading", name="您好，有什麼可以幫您？")).to_be_visible()
    assert chat.posts == []


def test_a_settled_matter_offers_another_conversation(served: Served, chat: MemoryChat) -> None:
    """The choice is a button; what comes after it stands under a line of its own."""
    page = opened(served)
    chat.anew = True
    served.run(chat.add(html=plain_html("Done")))
    page.get_by_role("button", name="New conversation").click()
    chat.anew, chat.talk = False, 2
    served.run(chat.tell())
    expect(page.locator(".begun")).to_be_visible()
    expect(page.get_by_role("button", name="New conversation")).to_be_hidden()
    served.run(chat.add(html=plain_html("Hello again")))
    expect(page.locator(".begun + .msg")).to_contain_text("Hello again")


def test_a_colleague_who_writes_is_named(served: Served, chat: MemoryChat) -> None:
    """The bot looks it up; a colleague is named, until the message is there."""
    page = opened(served)
    chat.typing = True
    served.run(chat.tell())
    expect(page.locator("#typing")).to_contain_text("Looking it up")
    chat.typing, chat.writer = False, "林薇"
    served.run(chat.tell())
    expect(page.locator("#typing")).to_contain_text("林薇 is typing")
    chat.writer = None
    served.run(chat.add(author="staff", name="林薇", html=plain_html("On it")))
    expect(page.locator("#typing")).to_be_hidden()


def test_a_chat_that_is_gone_says_so(served: Served, chat: MemoryChat) -> None:
    """A stale tab whose key was changed does not try for ever; what was typed is still there."""
    page = opened(served)
    page.fill("#text", "half a sentence")
    page.route("**/chat/k/messages**", lambda route: route.fulfill(status=404, json={"error": "Not Found"}))
    served.run(chat.tell())
    expect(page.get_by_role("alert")).to_contain_text("no longer here")
    expect(page.locator("#text")).to_be_disabled()
    expect(page.locator("#text")).to_have_value("half a sentence")
