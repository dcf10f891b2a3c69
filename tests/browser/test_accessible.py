"""Every page of the desk, as axe-core judges it and as a phone shows it: the real server, with a day's work in it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_first_light import PASSWORD, PICTURES
from tests.house import embedder, indexed
from tests.promises import TABLE, WHO
from tests.server import Server

__all__ = ["embedder", "indexed"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("scenario")]
NO_PAGE = {"/desk/events", "/desk/manual/_edit"}
FILES = (".csv", ".xlsx", ".md")
SHAPES = {
    "desktop": {"viewport": {"width": 1280, "height": 820}, "color_scheme": "light", "locale": "en-GB"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "locale": "zh-CN", "has_touch": True},
}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def worked(indexed: Path, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which an admin is known and a client has a ticket."""
    folder = tmp_path_factory.mktemp("worked")
    shutil.copytree(indexed, folder / "data")
    server = Server(folder / "data")
    server.start()
    try:
        _work(server, chromium)
        yield server
    finally:
        server.abandon()


def _work(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(locale="zh-CN")
    chat = context.new_page()
    chat.goto(server.url)
    for text in ("后台密码忘了怎么办?", "网站打不开了!!!"):
        before = chat.locator("article.msg:not(.mine)").count()
        chat.fill("#text", text)
        chat.keyboard.press("Enter")
        expect(chat.locator("article.msg:not(.mine)")).to_have_count(before + 1)
    context.close()
    _signed_in(server, chromium, password=server.password()).close()


def _signed_in(server: Server, chromium: Browser, *, password: str = PASSWORD, **shape: Any) -> BrowserContext:
    """A browser in which the admin is signed in; the one-time password is changed on the way."""
    context = chromium.new_context(timezone_id="Asia/Shanghai", **shape)
    page = context.new_page()
    page.goto(f"{server.url}/desk")
    page.fill("#login", "admin")
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    if page.url.endswith("/password"):
        page.fill("#new", PASSWORD)
        page.fill("#again", PASSWORD)
        page.keyboard.press("Enter")
    page.wait_for_url("**/desk")
    page.close()
    return context


def pages() -> list[str]:
    """Every page of the desk that has one address, and one of each kind that has many."""
    known = [door.path for door, who in TABLE.items() if who in WHO and door.method == "GET" and "{" not in door.path]
    plain = [path for path in known if not path.endswith(FILES)]
    one_each = [
        "/", "/api/v1/docs", "/desk/t/T-1001", "/desk/search?q=网站", "/desk/team/1", "/desk/numbers/first_response",
        "/desk/manual/_edit?file=en/mail/mailbox-full.md", "/desk/settings/prompts/answer", "/desk/settings/widget/demo",
        *(f"/desk/clients/demo{tab}" for tab in ("", "/agreement", "/sites", "/people", "/sharing", "/history")),
    ]  # fmt: skip
    return sorted({*plain, *one_each} - NO_PAGE)


def complaints(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA, and whether the page is wider than its screen."""
    page.evaluate(Axe().axe_script)
    found = page.evaluate(f"axe.run({json.dumps(RULES)})")["violations"]
    said = [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"][:3]]
    return said + ([f"wider by {wider}px"] if (wider := page.evaluate(WIDER)) else [])


@pytest.mark.parametrize("shape", SHAPES)
def test_every_page_of_the_desk_is_accessible(worked: Server, chromium: Browser, shape: str) -> None:
    """No page breaks WCAG 2.2 AA as far as a program can tell, none is wider than the screen; pictures are kept."""
    context = _signed_in(worked, chromium, **SHAPES[shape])
    page = context.new_page()
    PICTURES.mkdir(exist_ok=True)
    wrong = {}
    for path in pages():
        answer = page.goto(worked.url + path)
        status = answer.status if answer else 0
        if said := complaints(page) if status == 200 else [f"status {status}"]:
            wrong[path] = said
        name = path.strip("/").partition("?")[0].replace("/", "-") or "chat"
        page.screenshot(path=PICTURES / f"page-{name}-{shape}.png", full_page=shape == "desktop")
    context.close()
    assert wrong == {}, json.dumps(wrong, indent=1, ensure_ascii=False)
