"""Corrections in a real browser: both texts side by side, nothing cut off on a phone, sent by one press."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import Connection

from handoff import directory
from handoff.kinds import ChatKind
from tests.browser.conftest import Served
from tests.contract.success.manual import answer, page, publish, recalls

pytestmark = pytest.mark.browser
BODY = "## 费用\n\n1. 维护套餐每月 {price} 元，含每周巡检、每日备份与一次紧急处理。\n2. 可随时取消。\n3. 发票在付款后 {days} 个工作日内寄出。"
OLD, NEW = page(BODY.format(price=300, days=3)), page(BODY.format(price=380, days=5))


def told(served: Served) -> None:
    """A client was told the old price."""
    world = served.world

    def body(conn: Connection) -> None:
        now, client = world.clock(), world.client.id
        chat = directory.ensure_chat(
            conn, platform="telegram", external_id="-1", kind=ChatKind.GROUP, client_id=client, now=now
        )
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        answer(conn, talk, OLD, version=publish(conn, OLD, now=now), now=now)
        publish(conn, NEW, now=now)

    served.run(world.write(body))
    served.run(recalls(world.deps.db, world.clock).review())


@pytest.mark.parametrize("size", [(1280, 860), (390, 780)], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_correction_is_read_and_sent(served: Served, size: tuple[int, int], scheme: str) -> None:
    """What differs is marked; the page never scrolls sideways; one press sends and empties the list."""
    told(served)
    wide, high = size
    shown = served.page("/desk/recall", login="tom", viewport={"width": wide, "height": high}, color_scheme=scheme)
    expect(shown.locator(".side-row del").first).to_have_text("300")
    expect(shown.locator(".side-row ins").first).to_have_text("380")
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shown.get_by_role("button", name="Send to the client").click()
    expect(shown.locator(".correction")).to_have_count(0)
    expect(shown.locator(".history li")).to_contain_text("Tom Baker")
