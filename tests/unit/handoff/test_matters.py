"""What came of the bot's matters, on turns made by hand."""

import pytest

from handoff.indicators import NOTHING
from handoff.kinds import Outcome
from handoff.matters import End, Said, matters

HOUR = 3600


def said(
    minute: int, outcome: str, reason: str = "x", *, ticket: int | None = None, pressed: str | None = None
) -> Said:
    return Said(1, 60 * minute, Outcome(outcome), reason, NOTHING, ticket, pressed)


ANSWER = said(0, "answered")


@pytest.mark.parametrize(
    ("turns", "people", "hours", "ends"),
    [
        ([ANSWER], [], 3, ["assumed"]),
        ([ANSWER], [], 1, ["open"]),  # younger than two hours
        ([ANSWER], [], 2, ["open"]),  # to the second
        ([said(0, "answered", pressed="solved")], [], 1, ["confirmed"]),
        ([ANSWER, said(5, "silent", "solved")], [], 1, ["confirmed"]),
        ([said(0, "answered", pressed="human")], [], 3, ["handed_off"]),
        ([ANSWER, said(5, "escalate", "not_solved", ticket=3)], [], 3, ["handed_off"]),
        ([said(0, "answered", pressed="solved"), said(9, "escalate", ticket=3)], [], 3, ["handed_off"]),
        ([ANSWER, said(5, "silent", "upset")], [], 3, ["handed_off"]),
        ([said(0, "failed")], [], 3, ["handed_off"]),
        ([ANSWER], [30 * 60], 3, ["joined"]),  # a colleague answered in the room
        ([ANSWER], [3 * HOUR], 4, ["assumed"]),  # later: another matter
        ([said(0, "clarify")], [], 3, ["unanswered"]),
        ([said(0, "clarify")], [], 1, ["open"]),
        ([said(0, "silent", "not_addressed")], [], 3, []),  # no matter of the bot's
        ([ANSWER, said(130, "answered")], [], 9, ["assumed", "assumed"]),  # two hours apart: two matters
        ([ANSWER, said(119, "answered")], [], 9, ["assumed"]),
    ],
)
def test_a_matter_comes_to_one_end(turns: list[Said], people: list[int], hours: int, ends: list[str]) -> None:
    """Confirmed, assumed, handed over, a colleague's, unanswered, or open still."""
    found = list(matters(turns, people={1: people}, now=hours * HOUR))
    assert [str(matter.end) for matter in found] == ends


def test_conversations_are_apart() -> None:
    """What happens in one ends nothing in another."""
    turns = [ANSWER, said(1, "escalate")._replace(conversation=2)]
    assert [matter.end for matter in matters(turns, people={}, now=9 * HOUR)] == [End.ASSUMED, End.HANDED_OFF]
