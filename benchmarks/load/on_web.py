"""Players at the web chat: each a browser of its own, from an address of its own, that follows the page's events."""

import asyncio
import math
import re
import ssl
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from html import unescape

import httpx

from benchmarks.theatre.stages import Place, Said, Shown
from benchmarks.theatre.talk import Line
from benchmarks.theatre.troubles import Trouble

PLATFORM = "web"
_PATIENCE_S = 600.0
_PAGE_S = 20.0  # how long somebody stays who has their answer
_TAG = re.compile(r"<[^>]*>")
_TLS = ssl.create_default_context()  # nobody speaks it here; made once, as it takes long to make


@dataclass
class _Browser:
    http: httpx.AsyncClient
    slug: str
    api: str = ""
    seen: int = 0
    wrote_at: float = 0.0
    asked: list[Said] = field(default_factory=list)
    following: asyncio.Task[None] | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass
class OnWeb:
    """Visitors of the chats of clients, by their web keys; made once the program is there (`open`)."""

    chats: int
    name: str = PLATFORM
    notes: tuple[str, ...] = ()
    given_up: int = 0
    answers: Mapping[int, str] = field(default_factory=dict)
    """What each message of the bot's answers: the page does not say, the books do (`Kept.answers`)."""
    refused: dict[str, int] = field(default_factory=dict)
    _keys: Sequence[str] = ()
    _url: str = ""
    _browsers: dict[int, _Browser] = field(default_factory=dict)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _late: bool = False
    _seen: list[tuple[str, int, str, float]] = field(default_factory=list)

    def open(self, url: str, keys: Sequence[str]) -> None:
        """Where the page is, and the web key of each client."""
        self._url, self._keys = url, keys

    @asynccontextmanager
    async def running(self) -> AsyncIterator[dict[str, str]]:
        try:
            yield {}
        finally:
            tasks = [*self._under_way, *(b.following for b in self._browsers.values() if b.following)]
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)
            for browser in self._browsers.values():
                await browser.http.aclose()

    @property
    def shown(self) -> list[Shown]:
        return [
            Shown(chat=chat, answers=self.answers.get(number), text=text, at=at, cut=False)
            for chat, number, text, at in self._seen
        ]

    @property
    def places(self) -> list[Place]:
        return []

    def say(self, line: Line) -> Said:
        browser = self._browsers.get(line.chat) or self._arrive(line.chat)
        key = str(uuid.UUID(int=line.number, version=4))
        said = Said(version=key, message=key, asked=line.asked == "bot", at=time.monotonic(), kind=line.kind)
        task = asyncio.create_task(self._post(browser, said, line.text))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return said

    def trouble(self, trouble: Trouble) -> bool:
        del trouble
        return False

    @property
    def waiting(self) -> int:
        """Posts that are not taken yet."""
        return len(self._under_way)

    def tidy(self) -> None:
        """Let go of the pages of those who asked nothing for a while and have their answer."""
        for browser in self._browsers.values():
            quiet = time.monotonic() - browser.wrote_at > _PAGE_S
            if quiet and not browser.asked and browser.following is not None:
                browser.following.cancel()
                browser.following = None

    async def look_again(self) -> None:
        """Open every page once more: what came after it was closed is seen, late."""
        self._late = True
        for browser in self._browsers.values():
            if browser.following is None:
                with suppress(httpx.HTTPError):
                    await self._look(browser)
        self._late = False

    def _arrive(self, number: int) -> _Browser:
        address = f"127.{1 + number // 60000}.{number // 240 % 250}.{1 + number % 240}"
        transport = httpx.AsyncHTTPTransport(local_address=address, verify=_TLS)
        http = httpx.AsyncClient(transport=transport, base_url=self._url, timeout=60, trust_env=False)
        web_key = self._keys[number % len(self._keys)]
        self._browsers[number] = made = _Browser(http, str(number), api=f"/chat/api/{web_key}")
        return made

    async def _post(self, browser: _Browser, said: Said, text: str) -> None:
        """Until it is taken: a page tries again, with the same key."""
        async with browser.turn:
            browser.wrote_at = time.monotonic()
            browser.asked += [said] if said.asked else []
            until = time.monotonic() + _PATIENCE_S
            while time.monotonic() < until:
                with suppress(httpx.TransportError):
                    if not browser.http.cookies:
                        await browser.http.get(browser.api.replace("/chat/api/", "/c/"))
                    response = await browser.http.post(
                        f"{browser.api}/messages", json={"id": said.version, "text": text}
                    )
                    if response.status_code == 202:
                        break
                    kind = str(response.status_code)
                    self.refused[kind] = self.refused.get(kind, 0) + 1
                await asyncio.sleep(1)
            if browser.following is None:
                browser.following = asyncio.create_task(self._follow(browser))

    async def _follow(self, browser: _Browser) -> None:
        while True:
            with suppress(httpx.HTTPError):
                async with browser.http.stream("GET", f"{browser.api}/stream") as events:
                    await self._look(browser)
                    async for row in events.aiter_lines():
                        if row.startswith("event: changed"):
                            await self._look(browser)
            await asyncio.sleep(1)

    async def _look(self, browser: _Browser) -> None:
        response = await browser.http.get(f"{browser.api}/messages", params={"after": browser.seen})
        response.raise_for_status()
        for each in sorted(response.json()["messages"], key=lambda one: one["id"]):
            if each["id"] <= browser.seen:
                continue
            browser.seen = each["id"]
            if not each["mine"]:
                text = unescape(_TAG.sub("", each["html"])).strip()
                at = math.nan if self._late else time.monotonic()
                self._seen.append((browser.slug, each["id"], text, at))
                browser.asked = browser.asked[1:]
