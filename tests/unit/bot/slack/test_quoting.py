"""What a colleague quotes in Slack: only a quotation and nothing else is meant for the client."""

import pytest

from bot.channels.slack.quoting import meant
from bot.leaving import Leaves, Stays, leaving


@pytest.mark.parametrize(
    ("typed", "leaves"),
    [
        ("> 您好", "您好"),
        (">您好", "您好"),
        ("＞ 您好", "您好"),
        ("> 第一行\n> 第二行", "第一行\n第二行"),
        ("> 第一行\n\n> 第二行", "第一行\n\n第二行"),
        ("> a > b", "a > b"),
    ],
)
def test_a_quotation_leaves(typed: str, leaves: str) -> None:
    """Line by line, without its signs."""
    assert leaving(meant(typed), answers=False, has_files=False, author=1, assignee=1) == Leaves(leaves)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("您好", "您好"),
        ("> 打不开了\n他说的是哪个站", "│ 打不开了\n他说的是哪个站"),
        ("看这句\n> 打不开了", "看这句\n│ 打不开了"),
        ("5 > 3", "5 > 3"),
    ],
)
def test_words_about_a_quotation_stay(typed: str, kept: str) -> None:
    """Whoever quotes the client to a colleague does not speak to the client."""
    assert meant(typed) == kept
    assert leaving(meant(typed), answers=False, has_files=False, author=1, assignee=None) == Stays(kept, offered=False)


@pytest.mark.parametrize("typed", ["", ">", "> \n>"])
def test_nothing_leaves_as_nothing(typed: str) -> None:
    """A bare sign says nothing."""
    assert isinstance(leaving(meant(typed), answers=False, has_files=False, author=1, assignee=1), Stays)
