"""Settings in a real browser: the audit log, prompts and their bench, channels, one's sessions; at desk and phone width."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import bot
from bot.bench_rules import judged, thin
from bot.prompt_shelf import Shelf
from console import bench_store
from console.ports import Finding
from tests.browser.conftest import Served

pytestmark = pytest.mark.browser
PROMPTS = Path(bot.__file__).parents[1] / "prompts"
SIZES = {"desktop": (1280, 860), "phone": (390, 780)}
WIDE = pytest.mark.parametrize("size", SIZES)
LOOKS = pytest.mark.parametrize(("scheme", "locale"), [("light", "en-GB"), ("dark", "zh-CN")])
GOLDEN = "- {ask: '后台密码忘了怎么办', page: [zh/a]}\n- {ask: 'who won the match', page: none}\n"
FOUND = (
    Finding(what="database", state="ok", found="sqlite"),
    Finding(what="model", state="warning", found="gpt: unreachable", mend="check OPENAI_API_KEY"),
    Finding(what="Telegram", state="bad", found="InvalidToken", mend="take a new token from @BotFather"),
)


async def look() -> tuple[Finding, ...]:
    return FOUND


@pytest.fixture
def settled(served: Served, tmp_path: Path) -> Served:
    """A console with prompts, golden questions, a model's name and something that looks at the house."""
    (tmp_path / "golden.yaml").write_text(GOLDEN, encoding="utf-8")
    pages = served.world.app.state.pages
    shelf = Shelf.open(served.world.deps.db, PROMPTS)
    deps = replace(pages.deps, prompts=shelf, model="small-model", health=look, manual_folder=tmp_path)
    served.world.app.state.pages = replace(pages, deps=deps)
    return served


def opened(served: Served, path: str, size: str, scheme: str, locale: str) -> Page:
    wide, high = SIZES[size]
    options: dict[str, Any] = {"viewport": {"width": wide, "height": high}, "color_scheme": scheme, "locale": locale}
    return served.page(path, login="mira", **options)


def kept(page: Page, name: str) -> None:
    """Nothing scrolls sideways; a picture is kept where the environment names a folder for them."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/settings-{name}.png", full_page=True)


@WIDE
@LOOKS
def test_the_log_is_read_and_filtered(settled: Served, size: str, scheme: str, locale: str) -> None:
    """What a colleague did stands in it, in words; a filter without a hit says so; roles and sessions fit the width."""
    nasty = "<img src=x onerror=document.title='broken'>"
    ticket = settled.run(settled.world.ticket(title=nasty))
    page = opened(settled, "/desk", size, scheme, locale)
    page.locator("button[data-claim]").click()
    expect(page.locator("button[data-claim]")).to_have_count(0)
    page.goto(f"{settled.url}/desk/settings/audit")
    expect(page.locator(".audit-table tbody tr")).to_have_count(2)
    expect(page.locator(".audit-table tbody tr").first).to_contain_text(ticket.number)
    kept(page, f"audit-{size}-{scheme}")
    page.fill("#subject", nasty)
    page.locator(".sieve-form button").click()
    expect(page.locator(".empty-note")).to_be_visible()
    expect(page.locator("#subject")).to_have_value(nasty)
    for path in ("/desk/settings", "/desk/settings/roles", "/desk/account", "/desk/people"):
        page.goto(settled.url + path)
        kept(page, f"{path.rpartition('/')[2]}-{size}-{scheme}")


@WIDE
@LOOKS
def test_a_prompt_is_written_tried_and_published(settled: Served, size: str, scheme: str, locale: str) -> None:
    """Edit, see the difference, start the bench, watch it get on without a reload, publish."""
    page = opened(settled, "/desk/settings/prompts/answer", size, scheme, locale)
    text = page.locator("#text").input_value()
    page.fill("#text", text.replace("Be short:", "Be very short:"))
    page.fill("#why", "answers are too long <b>for phones</b>")
    page.locator("form[action$='/versions'] button").click()
    page.wait_for_url("**?version=1")
    expect(page.locator(".line-diff ins")).to_contain_text("Be very short:")
    kept(page, f"prompt-{size}-{scheme}")
    page.locator("form[action='/desk/settings/bench'] button").click()
    page.wait_for_url("**/desk/settings/bench/1")
    expect(page.locator("progress")).to_have_attribute("value", "0")
    pages, cited = ["zh/a"], ["zh/a"]
    good = judged(pages, outcome="model", cited=cited, trace={}) | {
        "text": "点击「忘记密码」。[1]",
        "ms": 812,
        "tokens": 2210,
    }
    bad = judged(pages, outcome="not_in_manual", cited=[], trace={}) | {"text": "", "ms": 640, "tokens": 2104}
    answered = bench_store.answered
    settled.run(settled.world.write(lambda conn: answered(conn, 1, 0, {0: good, 1: bad})))
    expect(page.locator("progress")).to_have_attribute("value", "1")
    settled.run(settled.world.write(lambda conn: answered(conn, 1, 1, {0: thin([]), 1: thin([])})))
    settled.run(settled.world.write(lambda conn: bench_store.ended(conn, 1, now=settled.world.clock())))
    expect(page.locator(".bench-row.turn-worse")).to_have_count(1)
    expect(page.locator("progress")).to_have_count(0)
    page.reload()
    expect(page.locator(".bench-row.turn-worse .answer-text")).to_contain_text("忘记密码")
    kept(page, f"bench-{size}-{scheme}")
    page.goto(f"{settled.url}/desk/settings/prompts/answer?version=1")
    page.fill("#publish-why", "shorter")
    page.locator("form[action$='/publish'] button").click()
    page.wait_for_url("**/desk/settings/prompts/answer")
    expect(page.locator(".version-list li[aria-current] .chip.ok")).to_be_visible()
    page.goto(f"{settled.url}/desk/settings/prompts")
    expect(page.locator(".prompt-list .chip.warn")).to_have_count(1)
    kept(page, f"prompts-{size}-{scheme}")


@WIDE
@LOOKS
def test_the_channels_are_checked(settled: Served, size: str, scheme: str, locale: str) -> None:
    """Before the first check it says that there was none; then what is wrong comes first, with what to do."""
    settled.run(settled.world.ticket())
    page = opened(settled, "/desk/settings/channels", size, scheme, locale)
    expect(page.locator(".finding")).to_have_count(0)
    page.locator("form[action$='/check'] button").click()
    expect(page.locator(".finding")).to_have_count(2)
    expect(page.locator(".finding.bad")).to_contain_text("InvalidToken")
    kept(page, f"channels-{size}-{scheme}")
