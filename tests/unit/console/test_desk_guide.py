"""The desk's guide says what the desk shows: each button and place it names stands in the catalogue."""

import re
from pathlib import Path

import pytest

from console.pages import HERE
from console.texts import Texts, forms_of

DOCS: Path = HERE.parent / "docs"


@pytest.mark.parametrize(("guide", "language"), [("desk.md", "en"), ("desk.zh-CN.md", "zh-Hans")])
def test_the_guide_names_what_is_there(guide: str, language: str) -> None:
    """Everything in italics is a text of the console, word for word."""
    named = set(re.findall(r"(?<!\*)\*([^*|\n]+)\*(?!\*)", (DOCS / guide).read_text("utf-8")))
    assert len(named) > 30
    said = {form for entry in Texts.shipped().entries.values() for form in forms_of(entry[language])}
    assert sorted(named - said) == []


def test_the_keys_of_the_guide_are_those_of_the_desk() -> None:
    """Each key that the guide gives is bound on the queue or on a ticket."""
    keys = set(re.findall(r"`([a-z])`", (DOCS / "desk.md").read_text("utf-8")))
    shown = "".join(
        (HERE / "templates" / name).read_text("utf-8") for name in ("_keys.html", "_case_keys.html", "desk.html")
    )
    assert {key for key in keys if f'"{key}"' not in shown and f"<kbd>{key}</kbd>" not in shown} == set()
