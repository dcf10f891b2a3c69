"""Scene 4 goes on: what the manual did not hold joins the gap list, night by night, without a press."""

import asyncio
from datetime import timedelta

from bot import commands
from success import gap_store
from success.gap_model import Gap
from tests.house import House

UNKNOWN = ("官网首页能不能加 VR 全景看厂", "想在网站上放 VR 全景展厅")


async def night(house: House) -> tuple[Gap, ...]:
    """Let a day go by; the gaps, once a run of the new day has ended."""
    house.clock.jump(timedelta(days=1))
    morning = house.clock()
    for _ in range(1000):
        run = await house.app.db.read(gap_store.last_run)
        if run is not None and run.at >= morning:
            return await house.app.db.read(gap_store.gaps)
        await asyncio.sleep(0.05)
    raise AssertionError("nobody looked for gaps within the bound")


async def test_what_the_manual_did_not_hold_is_a_gap_in_the_morning(house: House) -> None:
    """Two clients ask it in two ways, one of them wants a person; what was asked at the terminal does not count."""
    for text in UNKNOWN:
        async with house.visitor() as visitor:
            await visitor.say(text)
    await commands.execute(house.app, "ask", {"text": "官网能接入元宇宙展会吗"}, lambda _: None)
    (gap,) = await night(house)
    assert gap.size == 2
    assert gap.label in UNKNOWN
    assert (gap.facts.people, gap.state) == (2, "open")
    run = await house.app.db.read(gap_store.last_run)
    assert run is not None
    assert run.left_out == 1


async def test_the_command_line_shows_drafts_and_dismisses(house: House) -> None:
    """Beside a running process, by the same commands: list, draft, show, dismiss, review."""
    async with house.visitor() as visitor:
        await visitor.say(UNKNOWN[0])

    async def run(name: str, **given: object) -> dict[str, object]:
        answer: dict[str, object] = await commands.execute(house.app, name, given, lambda _: None)
        return answer

    found = await run("gaps", recompute=True)
    (gap,) = found["gaps"]  # type: ignore[misc]
    drafted = await run("gaps.draft", gap=gap["gap"])
    assert UNKNOWN[0] in str(drafted["text"])
    assert drafted["open_points"]
    shown = await run("gaps.show", gap=gap["gap"])
    assert [each["verb"] for each in shown["history"]] == ["drafted", "found"]  # type: ignore[attr-defined]
    gone = await run("gaps.dismiss", gap=gap["gap"], reason="我们不做 VR")
    assert (gone["state"], gone["reason"]) == ("dismissed", "我们不做 VR")
    reviewed = await run("review", language="zh-Hant")
    assert str(reviewed["document"]).startswith("# 2026Q4 手冊季度檢視")
