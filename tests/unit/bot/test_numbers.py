"""What `aftercare numbers` answers, on a desk without anything to count."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.aftercare import Aftercare
from bot.errors import BotError
from bot.number_work import show
from console.api.numbers import NumbersDocument
from console.number_reading import registry
from tests.unit.console.world import opened_world


async def asked(folder: Path, **arguments: str) -> Any:
    async with opened_world(folder) as world:
        app = cast("Aftercare", SimpleNamespace(db=world.deps.db, clock=world.clock))
        return await show(app, arguments, lambda _: None)


async def test_the_command_gives_the_apis_document_and_words(tmp_path: Path) -> None:
    """The document reads as the API's model; each indicator has a card with its definition."""
    found = await asked(tmp_path, language="zh-Hans", client="nw", **{"from": "2026-11-01", "to": "2026-11-16"})
    cards = found.pop("cards")
    document = NumbersDocument.model_validate(found)
    assert document.filters == {"client": "nw"}
    assert len(cards) == len(document.indicators) == len(registry())
    assert cards[0]["title"] == "首次响应"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [({"language": "de"}, "no such language"), ({"client": "x"}, "no such client"), ({"from": "soon"}, "no date")],
)
async def test_what_cannot_be_read_is_said(tmp_path: Path, arguments: dict[str, str], says: str) -> None:
    """As a sentence."""
    with pytest.raises(BotError, match=says):
        await asked(tmp_path, **arguments)
