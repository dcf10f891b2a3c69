"""What drills need from outside: the manual's pages, and somebody who speaks for the client."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from knowledge.model import Page
from success.drills.model import Scenario


class Pages(Protocol):
    """The manual, read only."""

    async def page(self, page_id: str) -> Page | None:
        """One page of the live version."""


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A line in a model's own words, and which model and prompt made it."""

    text: str
    made_by: str


class Speaker(Protocol):
    """A model that plays the client. What it says is checked by `playing.holds` before anybody reads it."""

    async def speak(
        self, scenario: Scenario, *, talk: Sequence[tuple[str, str]], line: str, mood: int, language: str
    ) -> Spoken | None:
        """The line in its own words, after a talk of (who, text); None where the model failed."""
