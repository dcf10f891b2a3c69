"""A client asks while the embeddings server is down: no silence, no guess, no "nothing found"."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import doctor
from bot.app import open_app
from bot.commands import index
from bot.settings import Settings
from handoff import turn_records
from handoff.kinds import Outcome
from tests.embedders import Away
from tests.house import WORKING_HOURS, House, MovableClock

PAGE = """---
title: 修改导航菜单
audience: client
language: zh-Hans
questions: [导航菜单怎么修改]
---
菜单在「外观」里。

## 修改

1. 打开「外观 → 菜单」。
2. 点「保存菜单」。
"""


@pytest.fixture
def vectors() -> Away:
    return Away()


@pytest.fixture
async def house(tmp_path: Path, vectors: Away) -> AsyncIterator[House]:
    (tmp_path / "manual").mkdir()
    (tmp_path / "manual" / "menu.md").write_text(PAGE, encoding="utf-8")
    clock = MovableClock(WORKING_HOURS)
    settings = Settings(data=tmp_path / "data", manual=tmp_path / "manual")
    async with open_app(settings, clock=clock, embedder=vectors) as app:
        assert (await index(app, {}, lambda _: None))["published"]
        yield House(app, clock)


async def test_a_person_answers_what_words_alone_cannot_settle(house: House, vectors: Away) -> None:
    """The client hears that there is no checked answer now, with a ticket; the record says why."""
    vectors.away = True
    async with house.visitor() as visitor:
        (told,) = await visitor.say("我们网站导航上面的那个菜单想换一下顺序怎么弄")
    ticket = await house.open_ticket()
    assert ticket.number in told["html"]
    assert "暂时给不出经过核对的答案" in told["html"]
    (turn,) = await house.app.db.read(lambda conn: turn_records.recent_turns(conn, ticket.conversation_id, limit=1))
    assert (turn.outcome, turn.reason, turn.trace["degraded"]) == (Outcome.ESCALATE, "model_failed", True)


async def test_a_pages_own_question_is_answered_all_the_same(house: House, vectors: Away) -> None:
    """Asked word for word it needs no vectors."""
    vectors.away = True
    async with house.visitor() as visitor:
        (answer,) = await visitor.say("您好,导航菜单怎么修改?")
    assert "保存菜单" in answer["html"]
    assert answer["sources"][0]["title"] == "修改导航菜单"


async def test_doctor_names_the_engines(house: House, vectors: Away) -> None:
    """What makes vectors, how wide, whether it answers; and that nothing re-ranks."""

    async def found() -> dict[str, dict]:
        return {row["what"]: row for row in await doctor.examine(house.app, {}, lambda _: None)}

    rows = await found()
    assert "hashing-256, 256 dimensions" in rows["embedder"]["found"]
    assert (rows["embedder"]["state"], rows["re-ranker"]["found"]) == ("ok", "none")
    vectors.away = True
    row = (await found())["embedder"]
    assert row["state"] == "bad"
    assert "503" in row["found"]
    assert "words alone" in row["mend"]
