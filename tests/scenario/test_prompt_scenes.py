"""A prompt is published in the desk while clients chat, on the whole application with a model behind HTTP."""

from pathlib import Path
from typing import Any

from bot.app import open_app
from bot.commands import index
from bot.settings import Settings
from handoff.kinds import Role
from handoff.tables import turn
from knowledge.embedders import HashingEmbedder
from tests.house import WORKING_HOURS, House, MovableClock
from tests.model_server import ModelServer, serving
from tests.unit.console.keeping import MENU, sample
from tests.unit.console.world import submit

HOME = "/desk/settings/prompts/answer"
ASK = "where is the menu"


def says(messages: list[dict[str, str]]) -> dict[str, Any]:
    """Declines by the strict prompt; else it says what the manual's page says."""
    strict = "STRICT" in messages[0]["content"]
    outcome = "not_in_manual" if strict else "answer"
    return {"outcome": outcome, "text": f"{MENU} [1]", "level": "question", "reason": "r"}


async def test_the_next_answer_uses_what_was_published(tmp_path: Path) -> None:
    """One client is answered by the file, the next by the version published in between; each turn says by which."""
    clock, server = MovableClock(WORKING_HOURS), ModelServer(says=says)
    sample(tmp_path / "manual")
    settings = Settings(data=tmp_path / "data", manual=tmp_path / "manual")
    async with (
        serving(server) as model,
        open_app(settings, clock=clock, embedder=HashingEmbedder(), model=model) as app,
    ):
        assert (await index(app, {}, lambda _: None))["published"]
        house = House(app, clock)
        desk = await house.desk(await house.agent("mira", role=Role.ADMIN))
        async with house.visitor() as first, house.visitor() as second, house.visitor() as third:
            assert "Appearance" in (await first.say(ASK))[-1]["html"]
            text = app.shelf.written["answer"].replace("Be short:", "Be STRICT:")
            await submit(desk, HOME, f"{HOME}/versions", text=text, why="stricter")
            done = await submit(desk, HOME, f"{HOME}/publish", version="1", why="stricter")
            assert done.status_code == 303
            assert "T-1001" in (await second.say(ASK))[-1]["html"]
            await submit(desk, HOME, f"{HOME}/publish", version="0", why="too strict")
            assert "Appearance" in (await third.say(ASK))[-1]["html"]
        traces = await app.db.read(lambda conn: [row.trace for row in conn.execute(turn.select().order_by(turn.c.id))])
        by = [trace["prompt"] for trace in traces if "prompt" in trace]
        assert by == ["answer@1", "answer@desk.1", "answer@1"]
        page = (await desk.get("/desk/settings/prompts/answer")).text
        assert "too strict" in page
        await submit(desk, "/desk/settings/channels", "/desk/settings/channels/check")
        html = (await desk.get("/desk/settings/channels")).text
        assert "small-model" in html
        assert "Web chat" in html
        await desk.aclose()
