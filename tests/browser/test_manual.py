"""The manual in a real browser: a page edited, previewed, published and rolled back, without a line of code."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Served
from tests.unit.console.keeping import Keeping, kept

pytestmark = pytest.mark.browser


@pytest.fixture
def keeping(served: Served, tmp_path: Path) -> Iterator[Keeping]:
    """The served desk gets a real manual, and a worker that does its runs."""
    stack, stop = AsyncExitStack(), asyncio.Event()

    async def begin() -> tuple[Keeping, asyncio.Task[None]]:
        opened = await stack.enter_async_context(kept(served.world, tmp_path))
        served.world.app.state.pages = opened.world.app.state.pages
        return opened, asyncio.create_task(opened.worker.run(stop))

    async def end(working: asyncio.Task[None]) -> None:
        stop.set()
        await working
        await stack.aclose()

    opened, working = served.run(begin())
    yield opened
    served.run(end(working))


def test_an_admin_edits_previews_publishes_and_rolls_back(served: Served, keeping: Keeping) -> None:
    """What is typed is shown while one types; the preview marks the words; a press publishes, a press goes back."""
    page = served.page("/desk/manual", login="mira")
    page.get_by_role("link", name="menu", exact=True).click()
    page.get_by_role("link", name="Edit", exact=True).click()
    text = page.get_by_label("The file's text")
    text.fill(text.input_value().replace("Call us.", "Call us <b>by 17:00</b>."))
    expect(page.locator("#sketch")).to_contain_text("Call us <b>by 17:00</b>.")
    text.fill(text.input_value().replace("language: en", "language: klingon"))
    expect(page.locator("#sketch .faults")).to_contain_text("language is one of")
    page.locator("#sketch [data-line]").click()
    assert page.evaluate("getSelection().toString()") == "language: klingon"
    text.fill(text.input_value().replace("klingon", "en"))
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved. Clients see it once")).to_be_visible()
    page.get_by_role("button", name="Preview changes").click()
    expect(page.locator(".diff ins")).to_contain_text("by 17:00")
    page.get_by_label("Reason (kept in the log)").fill("office hours")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Version 2 is live, with 4 pages.")).to_be_visible()
    page.get_by_role("link", name="Versions", exact=True).click()
    page.get_by_text("Roll back…").click()
    page.get_by_role("button", name="Make version 1 live").click()
    expect(page.locator("#v1 .chip.ok")).to_have_text("live")
    assert keeping.manual.version == 1
    page.get_by_role("link", name="Log", exact=True).click()
    expect(page.get_by_text("office hours")).to_be_visible()


def test_another_admin_sees_a_run_while_it_goes_on(served: Served, keeping: Keeping) -> None:
    """A page that is open tells of the other's run without being loaded again."""
    watching = served.page("/desk/manual", login="tom")
    with watching.expect_response("**/desk/events*"):
        watching.reload()
    for number in range(300):
        (keeping.folder / "zh" / f"more{number}.md").write_text(
            f"---\naudience: client\n---\n# More {number}\n\n{'Text. ' * 60}"
        )
    watching.evaluate("""() => {
        window.told = "";
        const going = document.querySelector('[data-live="going"]');
        new MutationObserver(() => { window.told += going.textContent; }).observe(going, { childList: true, subtree: true });
    }""")
    admin = served.page("/desk/manual", login="mira")
    admin.get_by_role("button", name="Preview changes").click()
    for _ in range(400):  # our pages forbid what wait_for_function does
        if "Mira Chen (mira) is previewing changes" in watching.evaluate("() => window.told"):
            break
        watching.wait_for_timeout(50)
    else:
        pytest.fail("the other admin's run was never shown")
    expect(admin.get_by_text("May be published.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_on_a_phone(served: Served, keeping: Keeping, scheme: str) -> None:
    """Every page of the manual fits 360 pixels, in both schemes."""
    (keeping.folder / "zh" / "mail.md").unlink()
    (keeping.folder / "zh" / "long.md").write_text(
        "---\naudience: client\n---\n# " + "很长的标题" * 20 + "\n\n" + "x" * 300
    )
    page = served.page("/desk/manual", login="mira", viewport={"width": 360, "height": 740}, color_scheme=scheme)
    page.get_by_role("button", name="Preview changes").click()
    expect(page.get_by_text("This would not be published.")).to_be_visible()
    addresses = [page.url.removeprefix(served.url)]
    addresses += [
        f"/desk/manual{rest}"
        for rest in ("", "/zh/menu", "/_golden", "/_versions", "/_log", "/_new", "/_upload", "/_edit?file=zh/long.md")
    ]
    for address in addresses:
        page.goto(served.url + address)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, (address, wide)
        assert (
            page.evaluate("""() => [...document.querySelectorAll("main input:not([type=hidden]), main select, main textarea")]
            .filter((field) => !field.labels?.length && !field.getAttribute("aria-label")).map((field) => field.name)""")
            == []
        )
