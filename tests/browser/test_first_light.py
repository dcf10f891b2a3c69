"""The whole way, as a stranger walks it: the real server, two browsers, Chinese and English, from question to reply."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("scenario")]
PICTURES = Path(os.environ.get("AFTERCARE_PICTURES", "artifacts"))
PASSWORD = "a long enough passphrase"


@pytest.fixture
def server(indexed: Path, tmp_path: Path) -> Iterator[Server]:
    shutil.copytree(indexed, tmp_path / "data")
    running = Server(tmp_path / "data")
    running.start()
    yield running
    running.end()


def _open(chromium: Browser, url: str, **options: object) -> Page:
    settings = {"viewport": {"width": 1280, "height": 820}, "timezone_id": "Asia/Shanghai"} | options
    page = chromium.new_context(**settings).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(20_000)
    page.goto(url)
    return page


def _say(page: Page, text: str) -> Locator:
    """Type a message; the bot's or a colleague's newest one after it."""
    before = page.locator("article.msg:not(.mine)").count()
    page.fill("#text", text)
    page.keyboard.press("Enter")
    expect(page.locator("article.msg:not(.mine)")).to_have_count(before + 1)
    return page.locator("article.msg:not(.mine)").nth(before)


def _keep(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.wait_for_timeout(250)
    page.screenshot(path=PICTURES / f"{name}.png")


def test_from_question_to_reply(server: Server, chromium: Browser) -> None:
    """Ask in Chinese and English, cry for help, see the ticket with its clock, claim, reply, read it in the chat."""
    phone = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
    client = _open(chromium, server.url, locale="zh-CN", **phone)
    answer = _say(client, "后台密码忘了怎么办？")
    expect(answer).to_contain_text("忘记密码")
    expect(answer.locator("a.cite").first).to_be_visible()
    _keep(client, "chat-answer")
    english = _say(client, "How do I change the site title?")
    expect(english).to_contain_text("Settings")
    with client.expect_popup() as opened:
        answer.locator("a.cite").first.click()
    expect(opened.value.locator("h1")).to_contain_text("WordPress")
    told = _say(client, "网站打不开了!!!")
    expect(told).to_contain_text("T-1001")
    expect(client.locator("#ticket")).to_contain_text("T-1001")
    _keep(client, "chat-emergency")

    agent = _open(chromium, f"{server.url}/desk", locale="en-GB")
    agent.fill("#login", "admin")
    agent.fill("#password", server.password())
    agent.keyboard.press("Enter")
    agent.fill("#new", PASSWORD)
    agent.fill("#again", PASSWORD)
    agent.keyboard.press("Enter")
    expect(agent.locator("main")).to_contain_text("T-1001")
    expect(agent.locator("main")).to_contain_text(re.compile("due in", re.IGNORECASE))
    _keep(agent, "desk-queue")
    agent.locator("a.row-link").first.click()
    agent.wait_for_url("**/desk/t/T-1001")
    agent.keyboard.press("c")
    expect(client.locator("#log")).to_contain_text("已接手")
    agent.fill("#reply", "您好，我是值班工程师，正在重启服务器，预计 10 分钟内恢复。")
    agent.locator("#reply").press("Control+Enter")
    expect(client.locator("article.msg.staff").last).to_contain_text("正在重启服务器")
    _keep(agent, "desk-ticket")
    _keep(client, "chat-reply")

    client.fill("#text", "好了吗？")
    client.keyboard.press("Enter")
    expect(agent.locator("main")).to_contain_text("好了吗？")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light"), (390, "dark")])
def test_pages_on_other_screens(server: Server, chromium: Browser, width: int, scheme: str) -> None:
    """The chat and the sign-in page fit a phone and the dark, without sideways scrolling."""
    for name, path in (("chat", "/"), ("sign-in", "/desk")):
        page = _open(
            chromium, server.url + path, locale="zh-CN", color_scheme=scheme, viewport={"width": width, "height": 800}
        )
        if name == "chat":
            _say(page, "邮箱满了怎么清理")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        _keep(page, f"{name}-{width}-{scheme}")
