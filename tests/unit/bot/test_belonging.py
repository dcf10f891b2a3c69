"""Which client a direct chat is about, where its author speaks for several."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import belonging, framing, gate, planning
from bot.model import Situation
from bot.shipped import load_rules, load_texts
from handoff.kinds import Level, Outcome, Tier
from handoff.model import Client
from tests.unit.bot.test_gate import NOW, ticket, turn
from tests.unit.bot.test_planning import situation

RULES, TEXTS = load_rules(), load_texts()
TEA = Client(id=3, slug="tea", name="青禾茶业 Greenleaf Tea", tier=Tier.GOLD, timezone="Asia/Shanghai", web_key="a")
TOYS = Client(id=4, slug="toys", name="小熊玩具 Bear Toys", tier=Tier.STANDARD, timezone="Asia/Shanghai", web_key="b")
ASKED = replace(turn(Outcome.CLARIFY, reason=belonging.WHICH), question="首页标题怎么改")


def of_both(text: str, **known: object) -> Situation:
    return situation(text, **{"client": None, "several": (TEA, TOYS), **known})


def act(known: Situation, pressed: str | None = None) -> tuple[Situation, framing.Frame, gate.Plan]:
    settled = belonging.settle(known, pressed=pressed, now=NOW)
    frame = framing.frame(settled, rules=RULES, pressed=pressed, now=NOW, texts=TEXTS)
    return settled, frame, gate.decide(frame.scene)


@pytest.mark.parametrize("text", ["首页标题怎么改", "网站打不开了!!!", "转人工"])
def test_who_speaks_for_several_is_asked_for_which(text: str) -> None:
    """One question with their names to press, before anything is looked up or opened."""
    settled, frame, plan = act(of_both(text))
    assert plan == gate.Say("which_client")
    asked = planning.without_manual(frame, settled, plan)
    assert (asked.outcome, asked.reason, asked.opening) == (Outcome.CLARIFY, "which_client", None)
    assert [(button.id, button.label) for button in asked.buttons] == [("client:3", TEA.name), ("client:4", TOYS.name)]


def test_small_talk_asks_for_nothing() -> None:
    """Thanks are thanks, whoever it is about."""
    assert isinstance(act(of_both("谢谢"))[2], gate.Stay)


@pytest.mark.parametrize(
    ("text", "pressed"),
    [("小熊玩具 Bear Toys", "client:4"), ("小熊玩具", None), ("bear", None), ("小熊玩具 Bear Toys", None)],
)
def test_the_choice_takes_the_question_up_again(text: str, pressed: str | None) -> None:
    """By its button or by its name; then what was asked is answered for that client."""
    settled, frame, plan = act(of_both(text, turns=(ASKED,)), pressed)
    assert settled.client == TOYS
    assert (frame.text, plan) == ("首页标题怎么改", gate.Look())


def test_a_name_that_fits_both_chooses_none() -> None:
    """Then the question stands."""
    twin = replace(TOYS, name="青禾茶业 二店")
    assert act(of_both("青禾茶业", several=(TEA, twin), turns=(ASKED,)))[2] == gate.Say("which_client")


@pytest.mark.parametrize(("hours", "client"), [(0.0, TOYS), (11.9, TOYS), (12.1, None)])
def test_a_choice_holds_for_half_a_day(hours: float, client: Client | None) -> None:
    """After a night's silence it may be about the other one."""
    before = replace(turn(), at=NOW - timedelta(hours=hours), trace={"client": 4})
    assert belonging.settle(of_both("首页标题怎么改", turns=(before,)), pressed=None, now=NOW).client == client


def test_a_choice_of_somebody_elses_client_is_none() -> None:
    """A forged press, or a group that was bound anew meanwhile."""
    before = replace(turn(), trace={"client": 99})
    assert act(of_both("怎么改标题呢", turns=(before,)), "client:99")[0].client is None


def test_what_is_open_for_the_other_client_stays_apart() -> None:
    """A new matter of one client never joins a ticket of the other's."""
    mine, other = replace(ticket(), id=8, client_id=4), replace(ticket(level=Level.BUG), id=9, client_id=3)
    before = replace(turn(), trace={"client": 4})
    known = of_both("好了吗", turns=(before,), open_tickets=(other, mine), resolved=other, returned=other)
    settled = belonging.settle(known, pressed=None, now=NOW)
    assert (settled.open_tickets, settled.resolved, settled.returned) == ((mine,), None, None)


def test_one_client_is_never_asked_for() -> None:
    """The usual case: nothing changes."""
    known = situation("首页标题怎么改")
    assert belonging.settle(known, pressed=None, now=NOW) is known
