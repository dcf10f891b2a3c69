"""How long clients wait, told by short conversations: each letter a message, a minute apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.kinds import Author
from handoff.waits import Line, latencies, waits, wordless

START = 1773021600
NOW = START + 60 * 60


def minute(number: int) -> int:
    return START + 60 * number


def talk(script: str, *, over: int | None = None, since: int = 0, conversation: int = 1) -> list[Line]:
    """c client, t client on a ticket, k thanks, b bot's answer, n bot's news, s staff, e staff's emoji, . nothing."""
    over_at = None if over is None else minute(over)
    lines = []
    for number, letter in enumerate(script):
        facts = {
            "c": {"author": Author.CLIENT, "starts": True},
            "t": {"author": Author.CLIENT, "starts": True, "since": minute(since), "over_at": over_at},
            "k": {"author": Author.CLIENT},
            "b": {"author": Author.BOT, "answers": True},
            "n": {"author": Author.BOT},
            "s": {"author": Author.STAFF, "answers": True},
            "e": {"author": Author.STAFF},
        }.get(letter)
        if facts is not None:
            lines.append(Line(conversation=conversation, at=minute(number), **facts))
    return lines


def minutes(script: str, *, person: bool, over: int | None = None, since: int = 0) -> list[str]:
    """Each wait's minutes, with a + if nobody answered."""
    found = waits(talk(script, over=over, since=since), now=NOW, person=person)
    return [f"{wait.seconds / 60:g}{'' if wait.ended else '+'}" for wait in found]


@pytest.mark.parametrize(
    ("script", "anybody", "by_person"),
    [
        ("", [], []),
        ("cb", ["1"], []),  # what the bot settled is no wait for a person
        ("c.ccb", ["4"], []),  # from the oldest unanswered message
        ("ckb", ["2"], []),
        ("kb", [], []),  # thanks want no answer
        ("cn", ["60+"], []),  # no ticket: no person was promised
        ("tn..s", ["4"], ["4"]),  # the news of a hand-off is no answer
        ("te..s", ["4"], ["4"]),  # an emoji is none either
        ("cs", ["1"], ["1"]),  # a colleague in the room, without a ticket
        ("cbt..s", ["1", "3"], ["5"]),  # left unresolved from minute 0 on, as the ticket says
        ("tsttts", ["1", "3"], ["1", "3"]),
        ("t", ["60+"], ["60+"]),  # nobody answered: the wait so far
    ],
)
def test_a_wait_is_from_the_oldest_unanswered_message(script: str, anybody: list[str], by_person: list[str]) -> None:
    """Until anybody answered, and until a person did."""
    assert minutes(script, person=False) == anybody
    assert minutes(script, person=True) == by_person


def test_a_resolution_ends_an_unanswered_wait() -> None:
    """Nobody answered, and nobody will."""
    assert minutes("t", person=True, over=30) == ["30+"]
    assert minutes("t........s", person=True, over=5) == ["5+"]
    assert minutes("t...s", person=True, over=30) == ["4"]


def test_a_later_wait_of_a_ticket_starts_at_its_own_message() -> None:
    """`since` counts for the first wait only."""
    assert minutes("..ts..t.s", person=True, since=0) == ["3", "2"]


def test_the_bots_latency_is_from_the_last_message_it_answers() -> None:
    """A burst of three, answered a minute after the last."""
    burst = [Line(conversation=1, at=minute(n), author=Author.CLIENT, starts=True, turn=7) for n in range(3)]
    answer = Line(conversation=1, at=minute(3), author=Author.BOT, answers=True, turn=7)
    assert [wait.seconds for wait in latencies([*burst, answer])] == [60]


@given(st.lists(st.text("ctkbnse.", max_size=12), max_size=4))
def test_no_conversation_breaks_a_wait(scripts: list[str]) -> None:
    """Waits are never negative, never overlap within a conversation, and each answered one ends at an answer."""
    lines = [line for n, script in enumerate(scripts) for line in talk(script, conversation=n)]
    found = list(waits(lines, now=NOW, person=False))
    assert all(0 <= wait.seconds <= 3600 for wait in found)
    assert sum(wait.ended for wait in found) <= sum(line.answers for line in lines)
    assert sum(not wait.ended for wait in found) <= len(scripts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("👌", True),
        ("❤️", True),
        ("👍👍!", True),
        ("...", True),
        ("?", False),
        ("？", False),
        ("", False),
        ("好", False),
        ("ok 👌", False),
    ],
)
def test_an_emoji_has_no_words(text: str, *, expected: bool) -> None:
    """A question mark asks; an empty text comes with a picture."""
    assert wordless(text) is expected
