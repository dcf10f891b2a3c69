"""Pages: how soon a person sees something of the desk and the chat, in a real browser, with a thousand open tickets.

Run: ``python -m benchmarks.pages [--tickets 1000] [--looks 5]``; needs Chromium. Prints one JSON object: for each page
the milliseconds to the first paint of content and to the loaded page (median and worst), with an empty cache (a new
browser context each time) and again with what the first look left there; and the bytes that came over the wire.
"""

import argparse
import asyncio
import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, BrowserContext, sync_playwright
from sqlalchemy import Connection

from bot.first_start import DEMO
from handoff import directory
from handoff.desk import Desk
from handoff.kinds import ChatKind, Level
from store.clock import utc_now
from store.db import Database
from tests.server import Server

PASSWORD = "a quiet harbour, at noon"
PAGES = ("/", "/desk", "/desk?view=unclaimed", "/desk/t/T-1500", "/desk/clients", "/desk/manual", "/desk/numbers")
TIMES = """() => {
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const [page] = performance.getEntriesByType("navigation");
  const parts = performance.getEntriesByType("resource");
  const bytes = parts.reduce((sum, part) => sum + part.transferSize, page.transferSize);
  return { paint: paint ? paint.startTime : page.domContentLoadedEventEnd, loaded: page.loadEventEnd, bytes };
}"""


def fill(conn: Connection, *, after: int, tickets: int) -> None:
    """Open tickets of the demonstration client, of all levels."""
    now, desk, levels = utc_now(), Desk(), list(Level)
    client = directory.client_by_slug(conn, DEMO)
    assert client is not None
    for n in range(after, after + tickets):
        name = f"bench-{n}"
        chat = directory.ensure_chat(
            conn, platform="web", external_id=name, kind=ChatKind.DIRECT, client_id=client.id, now=now
        )
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        who = directory.ensure_person(
            conn, platform="web", external_id=name, name=f"客户 {n}", client_id=client.id, now=now
        )
        desk.open(
            conn, conversation_id=talk.id, client_id=client.id, requester_id=who.id, level=levels[n % len(levels)],
            title=f"首页的图片显示不出来 {n}", summary="从昨天开始", reason="not_in_manual", since=now, now=now,
        )  # fmt: skip


async def filled(folder: Path, *, tickets: int) -> None:
    """Put the tickets into the stopped server's database, a hundred a transaction."""
    db = await Database.open(f"sqlite:///{folder / 'aftercare.sqlite3'}")
    for after in range(0, tickets, 100):
        await db.write(partial(fill, after=after, tickets=100))
    await db.close()


def look(context: BrowserContext, address: str) -> dict[str, float]:
    """One look at a page."""
    page = context.new_page()
    page.goto(address, wait_until="load")
    times: dict[str, float] = page.evaluate(TIMES)
    page.close()
    return times


def looks(browser: Browser, server: Server, state: Path, path: str, *, times: int) -> dict[str, dict[str, float]]:
    """A page looked at several times, with an empty cache and with a full one."""
    cold, warm = [], []
    for _ in range(times):
        context = browser.new_context(storage_state=state, locale="zh-CN", timezone_id="Asia/Shanghai")
        cold.append(look(context, server.url + path))
        warm.append(look(context, server.url + path))
        context.close()
    return {"first": summed(cold), "again": summed(warm)}


def summed(found: list[dict[str, float]]) -> dict[str, float]:
    """Median and worst of the looks."""
    return {
        "paint_ms": round(median(one["paint"] for one in found)),
        "paint_worst_ms": round(max(one["paint"] for one in found)),
        "loaded_ms": round(median(one["loaded"] for one in found)),
        "kb": round(max(one["bytes"] for one in found) / 1024, 1),
    }


def sign_in(browser: Browser, server: Server, state: Path) -> None:
    """The first admin, with a password of their own; the cookies are kept in a file."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/desk")
    page.fill("#login", "admin")
    page.fill("#password", server.password())
    page.keyboard.press("Enter")
    page.fill("#new", PASSWORD)
    page.fill("#again", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk")
    context.storage_state(path=state)
    context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1000)
    parser.add_argument("--looks", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as room, sync_playwright() as playwright:
        server, state = Server(Path(room) / "data"), Path(room) / "state.json"
        server.start()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            sign_in(browser, server, state)
            server.end()
            with ThreadPoolExecutor(1) as apart:  # playwright has an event loop running in this thread
                apart.submit(asyncio.run, filled(Path(room) / "data", tickets=chosen.tickets)).result()
            server.start()
            found = {path: looks(browser, server, state, path, times=chosen.looks) for path in PAGES}
        finally:
            browser.close()
            server.abandon()
    print(json.dumps({"tickets": chosen.tickets, "looks": chosen.looks, "pages": found}, indent=1))


if __name__ == "__main__":
    main()
