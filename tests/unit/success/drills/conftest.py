"""The shipped drills and the sample manual, read once."""

from functools import cache
from pathlib import Path

import pytest

from handoff.policy import Contract, load
from success.drills import reading, shelf
from success.drills.bounds import Bounds
from success.drills.model import Scenario
from success.drills.results import Ground, Result
from success.drills.rubric import score

MANUAL = Path(__file__).parents[4] / "manual"


@cache
def contract() -> Contract:
    """The default contract."""
    return load()


@cache
def drill(name: str) -> Scenario:
    """A shipped drill."""
    return reading.read(shelf.shipped()[name])


def page(page_id: str) -> str:
    """A page of the sample manual, as its file says."""
    return (MANUAL / f"{page_id}.md").read_text("utf-8")


def ground(scenario: Scenario) -> Ground:
    """The pages of a drill."""
    own = tuple(page(each) for each in scenario.pages if each.startswith("internal/"))
    return Ground(public=tuple(page(each) for each in scenario.pages if not each.startswith("internal/")), internal=own)


def scored(name: str, *said: str, language: str | None = None) -> Result:
    """What a trainee's messages come to."""
    scenario = drill(name)
    bounds = Bounds.of(contract(), level=scenario.level, tier=scenario.tier)
    return score(scenario, said, bounds=bounds, ground=ground(scenario), language=language)


@pytest.fixture(scope="session")
def names() -> tuple[str, ...]:
    """The shipped drills' names."""
    return tuple(shelf.shipped())
