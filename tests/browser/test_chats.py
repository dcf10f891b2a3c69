"""The chats' page in a real browser: a mode chosen on a phone, and nothing wider than its screen."""

import pytest
from playwright.sync_api import expect

from handoff import directory
from handoff.kinds import Mode
from tests.browser.conftest import Served
from tests.unit.console.test_chats import group

pytestmark = pytest.mark.browser
PHONE = {"width": 360, "height": 740}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN", "zh-TW"])
def test_a_mode_is_chosen_on_a_phone(served: Served, scheme: str, locale: str) -> None:
    """Opened, chosen among sentences, saved; the offer stands there, and the page is as wide as the screen."""
    chat = served.run(group(served.world, title="青禾茶业 Greenleaf Tea · 官网与商城售后服务群", hits=20, misses=1))
    page = served.page("/desk/chats", login="tom", viewport=PHONE, color_scheme=scheme, locale=locale)
    expect(page.locator(".offer .btn")).to_be_visible()
    page.locator(".chat-card summary").click()
    assert page.evaluate(OVERFLOW) == 0
    page.locator('.mode-choice label:has([value="shadow"])').click()
    page.locator(".mode-form .btn.primary").click()
    expect(page.locator(".chip.mode-shadow")).to_be_visible()
    kept = served.run(served.world.deps.db.read(lambda conn: directory.chat(conn, chat.id)))
    assert kept.mode is Mode.SHADOW
