"""What of a ticket's thread leaves for the client."""

import pytest

from bot.leaving import Asks, Leaves, Stays, leaving, without_prefix

LIN, TOM = 1, 2


@pytest.mark.parametrize(
    ("text", "answers", "files", "author", "assignee", "expected"),
    [
        ("马上处理", True, False, LIN, LIN, Leaves("马上处理")),
        ("马上处理", True, False, LIN, None, Leaves("马上处理")),
        ("> 马上处理", False, False, LIN, LIN, Leaves("马上处理")),
        ("＞马上处理", False, False, LIN, None, Leaves("马上处理")),
        (">\n第一行\n> 第二行", False, False, LIN, LIN, Leaves("第一行\n> 第二行")),
        ("> 补充", False, False, TOM, LIN, Asks("补充")),
        ("补充", True, False, TOM, LIN, Asks("补充")),
        ("", True, True, LIN, LIN, Leaves("")),
        (">", False, True, LIN, LIN, Leaves("")),
        (">", False, False, LIN, LIN, Stays(">", offered=True)),
        ("  ", True, False, LIN, LIN, Stays("  ", offered=True)),
        ("先别回", False, False, LIN, LIN, Stays("先别回", offered=True)),
        ("先别回", False, False, TOM, LIN, Stays("先别回", offered=False)),
        ("先别回", False, True, TOM, None, Stays("先别回", offered=False)),
        ("a > b", False, False, LIN, LIN, Stays("a > b", offered=True)),
    ],
)
def test_only_what_is_explicitly_sent_leaves(*, text, answers, files, author, assignee, expected) -> None:
    """A reply to the card or the client, or a prefix; by whoever has it or if nobody has, else after a confirm."""
    assert leaving(text, answers=answers, has_files=files, author=author, assignee=assignee) == expected


def test_a_reply_to_something_unknown_is_offered() -> None:
    """Our own message may not be known to be delivered yet: what replies to it is not lost in silence."""
    facts = {"answers": False, "has_files": False, "author": TOM, "assignee": LIN}
    assert leaving("好的", **facts, in_doubt=True) == Stays("好的", offered=True)
    assert leaving("> 好的", **facts, in_doubt=True) == Asks("好的")


@pytest.mark.parametrize(("text", "sent"), [("> 好", "好"), ("好", "好"), ("＞ > 好", "> 好")])
def test_one_prefix_is_taken_off(text: str, sent: str) -> None:
    """The prefix says that it is sent, and is no part of it."""
    assert without_prefix(text) == sent
