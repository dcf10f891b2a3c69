"""A console with people who can sign in, and the running program on a small manual."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import open_app
from bot.commands import index
from bot.settings import Settings
from knowledge.embedders import HashingEmbedder
from tests.house import WORKING_HOURS, House, MovableClock
from tests.unit.console.keeping import sample
from tests.unit.console.world import world

__all__ = ["house", "world"]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """The program with the sample of a manual."""
    sample(tmp_path / "manual")
    clock, settings = MovableClock(WORKING_HOURS), Settings(data=tmp_path / "data", manual=tmp_path / "manual")
    async with open_app(settings, clock=clock, embedder=HashingEmbedder()) as app:
        assert (await index(app, {}, lambda _: None))["published"]
        yield House(app, clock)
