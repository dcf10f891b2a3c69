"""How well the rubric judges: talks in words of people, good and bad, and how often it says the same."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from success.drills.results import Result
from tests.unit.success.drills.conftest import scored

HERE = Path(__file__).parent


def talks(half: str) -> list[dict[str, Any]]:
    """One half of the talks."""
    found: list[dict[str, Any]] = yaml.safe_load((HERE / f"talks_{half}.yaml").read_text("utf-8"))
    return found


def agrees(talk: dict[str, Any], found: Result) -> bool:
    """Whether the rubric says of a talk what its writer says."""
    shares = {each.item: each.share for each in found.scores}
    lost = any(shares[item] <= 0.5 for item in talk.get("low", ())) or "low" not in talk  # noqa: PLR2004
    return lost and found.passed == talk.get("passes", found.passed)
