"""How well the rubric judges: talks in words of people, good and bad, and how often it says the same."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from success.drills.results import Result
from tests.unit.success.drills.conftest import scored

HERE = Path(__file__).parent
HALVES = ("one", "two", "three", "four", "five", "six", "seven", "eight")


def talks(half: str) -> list[dict[str, Any]]:
    """One half of the talks."""
    found: list[dict[str, Any]] = yaml.safe_load((HERE / f"talks_{half}.yaml").read_text("utf-8"))
    return found


def agrees(talk: dict[str, Any], found: Result) -> bool:
    """Whether the rubric says of a talk what its writer says."""
    shares = {each.item: each.share for each in found.scores}
    lost = any(shares[item] <= 0.5 for item in talk.get("low", ())) or "low" not in talk
    return lost and found.passed == talk.get("passes", found.passed)


@pytest.mark.parametrize(
    ("half", "most"),
    [("one", 2), ("two", 3), ("three", 4), ("four", 4), ("five", 3), ("six", 0), ("seven", 5), ("eight", 2)],
)
def test_the_rubric_judges_as_people_do(half: str, most: int) -> None:
    """Good talks in many words pass, bad ones do not, and what is wrong with them is what they lose by."""
    every = talks(half)
    wrong = [
        f"{talk['drill']}: {talk['said'][0][:60]}"
        for talk in every
        if not agrees(talk, scored(talk["drill"], *talk["said"], language=talk["language"]))
    ]
    assert len(every) >= 20
    assert len(wrong) <= most, wrong


def test_the_talks_are_of_every_kind() -> None:
    """Each drill has good ones and bad ones, in each language."""
    every = [talk for half in HALVES for talk in talks(half)]
    kinds = {(talk["drill"], talk["language"], bool(talk.get("passes"))) for talk in every}
    assert {drill for drill, _, _ in kinds} == {"changed", "outage", "price", "slip"}
    assert {language for _, language, good in kinds if good} == {"zh-Hans", "zh-Hant", "en"}
    assert sum(bool(talk.get("passes")) for talk in every) >= 40
