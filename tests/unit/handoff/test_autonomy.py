"""How good silent drafts were, when auto is offered, and when a chat falls back from it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.autonomy import Bound, Fall, Tally, by_category, falls, lower_bound, offers, total, unsolved_answers
from handoff.kinds import Level, Mode, Outcome
from handoff.model import Turn

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hits", "n", "bound"),
    [
        (0, 0, 0.0),
        (0, 10, 0.0),
        (1, 1, 0.2699),
        (10, 10, 0.7871),
        (20, 20, 0.8808),
        (19, 20, 0.8040),
        (81, 100, 0.7376),
    ],
)
def test_the_lower_bound_is_wilsons(hits: int, n: int, bound: float) -> None:
    """One-sided 95 %: few trials prove little, even if all of them hit."""
    assert lower_bound(hits, n) == pytest.approx(bound, abs=2e-3)


@given(st.integers(0, 300), st.integers(1, 300))
def test_the_bound_is_below_the_share_and_grows_with_evidence(hits: int, n: int) -> None:
    """It is a share, never above the one seen, and ten times the same evidence never lowers it."""
    hits = min(hits, n)
    bound = lower_bound(hits, n)
    assert 0.0 <= bound <= hits / n
    assert lower_bound(10 * hits, 10 * n) >= bound - 1e-12


@pytest.mark.parametrize(
    ("hits", "answers", "mode", "offered"),
    [
        (20, 20, Mode.MENTION, True),
        (20, 20, Mode.SHADOW, True),
        (20, 20, Mode.AUTO, False),
        (20, 20, Mode.OFF, False),
        (19, 19, Mode.MENTION, False),
        (19, 20, Mode.MENTION, True),
        (18, 20, Mode.MENTION, False),
        (0, 0, Mode.MENTION, False),
    ],
)
def test_auto_is_offered_past_the_bound(hits: int, answers: int, mode: Mode, offered: bool) -> None:
    """Only with enough answers, only if their lower bound reaches it, and only where it is not auto or off already."""
    halves = [Tally(category="mail", hits=hits // 2, answers=answers // 2)]
    halves.append(Tally(hits=hits - hits // 2, answers=answers - answers // 2))
    assert offers(halves, Bound(), mode=mode) is offered


def test_a_stricter_bound_is_obeyed() -> None:
    """The admin's numbers count, not the default ones."""
    good = [Tally(hits=20, answers=20)]
    assert offers(good, Bound(percent=88, least=20), mode=Mode.MENTION)
    assert not offers(good, Bound(percent=89, least=20), mode=Mode.MENTION)
    assert not offers(good, Bound(percent=80, least=21), mode=Mode.MENTION)


@pytest.mark.parametrize(
    ("unsolved", "fall"),
    [
        ([], None),
        ([True, True], None),
        ([True, True, True], Fall(unsolved=3, answers=3)),
        ([False] * 3 + [True] * 3, Fall(unsolved=3, answers=6)),
        ([False] * 4 + [True] * 3, None),
        ([False] * 20 + [True] * 5, None),
        ([True] * 20 + [False] * 30, None),
        ([False] * 100 + [True] * 11, Fall(unsolved=11, answers=30)),
    ],
)
def test_a_chat_falls_back_when_not_solved_rises(unsolved: list[bool], fall: Fall | None) -> None:
    """Three unsolved at least, and more than a fifth for sure; only the latest thirty count."""
    assert falls(unsolved) == fall


def turn(number: int, outcome: Outcome, reason: str, *, person: int = 1, minutes: float = 0) -> Turn:
    return Turn(
        id=number,
        conversation_id=1,
        person_id=person,
        message_ids=(number,),
        outcome=outcome,
        reason=reason,
        level=Level.QUESTION,
        language="zh-Hans",
        question="?",
        reply_id=100 + number if outcome is Outcome.ANSWERED else None,
        at=NOW + timedelta(minutes=minutes),
        ms=1,
    )


ANSWER = turn(1, Outcome.ANSWERED, "extract")
NOT_SOLVED = turn(2, Outcome.ESCALATE, "not_solved", minutes=5)


@pytest.mark.parametrize(
    ("later", "unsolved"),
    [
        ((), False),
        ((NOT_SOLVED,), True),
        ((replace(NOT_SOLVED, reason="asked_for_person"),), True),
        ((replace(NOT_SOLVED, reason="upset"),), True),
        ((replace(NOT_SOLVED, person_id=2),), False),
        ((replace(NOT_SOLVED, conversation_id=2),), False),
        ((replace(NOT_SOLVED, at=NOW + timedelta(minutes=121)),), False),
        ((turn(2, Outcome.SILENT, "small_talk", minutes=1), replace(NOT_SOLVED, id=3)), True),
        ((turn(2, Outcome.SILENT, "solved", minutes=1), replace(NOT_SOLVED, id=3)), True),
        ((turn(2, Outcome.SILENT, "unsure", minutes=1), replace(NOT_SOLVED, id=3)), False),
        ((turn(2, Outcome.ESCALATE, "not_in_manual", minutes=1),), False),
    ],
)
def test_what_makes_an_answer_unsolved(later: tuple[Turn, ...], unsolved: bool) -> None:
    """Its own asker says so soon, thanks or "solved" in between or not; another matter or person says nothing."""
    assert unsolved_answers([ANSWER, *later])[0] is unsolved


def test_a_press_for_a_person_makes_it_unsolved() -> None:
    """The button under the very answer counts without any words; only answers are judged."""
    answers = [ANSWER, turn(2, Outcome.SILENT, "shadow"), turn(3, Outcome.ANSWERED, "extract", person=2)]
    assert unsolved_answers(answers, pressed_human={103}) == [False, True]


def test_tallies_add_up() -> None:
    """All categories together, and those with most answers first."""
    rows = by_category({"mail": (1, 2), None: (3, 3), "seo": (2, 2)})
    assert [each.category for each in rows] == [None, "mail", "seo"]
    assert total(rows) == Tally(hits=6, answers=7)
