"""The guides of the desk and of care say what the desk shows: each button and place they name is in the catalogue."""

import re
from pathlib import Path

import pytest

from console.care_pages import PLACES
from console.pages import HERE
from console.texts import Texts, forms_of
from success import rule_reading
from success.projects.price_reading import read_prices

DOCS: Path = HERE.parent / "docs"


GUIDES: list[tuple[str, str]] = [
    ("desk.md", "en"),
    ("desk.zh-CN.md", "zh-Hans"),
    ("care.md", "en"),
    ("care.zh-CN.md", "zh-Hans"),
    ("intake.md", "en"),
    ("intake.zh-CN.md", "zh-Hans"),
    ("training.md", "en"),
    ("training.zh-CN.md", "zh-Hans"),
    ("projects.md", "en"),
    ("projects.zh-CN.md", "zh-Hans"),
]


@pytest.mark.parametrize(("guide", "language"), GUIDES)
def test_the_guide_names_what_is_there(guide: str, language: str) -> None:
    """Everything in italics is a text of the console, word for word."""
    named = set(re.findall(r"(?<!\*)\*([^*|\n]+)\*(?!\*)", (DOCS / guide).read_text("utf-8")))
    assert len(named) > 15
    said = {form for entry in Texts.shipped().entries.values() for form in forms_of(entry[language])}
    assert sorted(named - said) == []


def test_the_keys_of_the_guide_are_those_of_the_desk() -> None:
    """Each key that the guide gives is bound on the queue or on a ticket."""
    keys = set(re.findall(r"`([a-z])`", (DOCS / "desk.md").read_text("utf-8")))
    shown = "".join(
        (HERE / "templates" / name).read_text("utf-8") for name in ("_keys.html", "_case_keys.html", "desk.html")
    )
    assert {key for key in keys if f'"{key}"' not in shown and f"<kbd>{key}</kbd>" not in shown} == set()


@pytest.mark.parametrize("guide", ["care.md", "care.zh-CN.md"])
def test_the_guide_says_every_place_of_care(guide: str) -> None:
    """Nothing that the page of care offers is left out."""
    said, language = (DOCS / guide).read_text("utf-8"), dict(GUIDES)[guide]
    texts = Texts.shipped()
    assert [place.name for place in PLACES if f"*{texts.say(f'care.{place.name}', language)}*" not in said] == []


@pytest.mark.parametrize("guide", ["care.md", "care.zh-CN.md"])
def test_the_rules_of_the_guide_can_be_read(guide: str) -> None:
    """What is given to be copied is taken by the desk."""
    found = re.findall(r"```yaml\n(.*?)```", (DOCS / guide).read_text("utf-8"), re.DOTALL)
    assert [len(rule_reading.read(each).rules) for each in found] == [1]


@pytest.mark.parametrize("guide", ["projects.md", "projects.zh-CN.md"])
def test_the_prices_of_the_guide_can_be_read(guide: str) -> None:
    """What is given to be copied is taken by the desk."""
    (found,) = re.findall(r"```yaml\n(.*?)```", (DOCS / guide).read_text("utf-8"), re.DOTALL)
    assert [each.key for each in read_prices(found).modules] == ["base"]
