"""docs/security.md promises what tests hold: every row names some, in both languages, and they are there."""

import re
from pathlib import Path

import pytest

from tests.injection.attempts import attempts
from tests.injection.obeying import WAYS

ROOT = Path(__file__).parents[3]
DOCUMENTS = ("security.md", "security.zh-CN.md")


def rows(name: str) -> list[list[str]]:
    """The cells of the table of threats."""
    text = (ROOT / "docs" / name).read_text("utf-8")
    table = text.split("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_row_is_held_by_tests_that_are_there(name: str) -> None:
    """Files with at least one test in each, and something in every other cell."""
    found = rows(name)
    assert len(found) >= 12
    for row in found:
        assert len(row) == 5, row
        assert all(row), row
        tests = re.findall(r"`(tests/[\w/]+\.py)`", row[3])
        assert tests, row
        for each in tests:
            assert re.search(r"^(?:async )?def test_", (ROOT / each).read_text("utf-8"), re.MULTILINE), each


def test_both_languages_name_the_same_tests() -> None:
    """Row by row."""
    english, chinese = ([re.findall(r"`([^`]+)`", row[3]) for row in rows(name)] for name in DOCUMENTS)
    assert english == chinese


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_figures_are_those_of_the_suite(name: str) -> None:
    """As many attempts and ways as there are, and the table is written: nothing leaked."""
    text = (ROOT / "docs" / name).read_text("utf-8")
    assert str(len(attempts())) in text
    assert re.search(rf"\b{len(WAYS)} (?:ways|种方式)|\n{len(WAYS)} ways", text)
    (last,) = re.findall(r"^\| \*\*all\*\* \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    assert last == (str(len(attempts())), "0", "0")
