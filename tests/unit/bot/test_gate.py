"""The scenes of a work group: what the bot does before it asks the manual."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.followups import carried, carries_on, may_carry_on
from bot.gate import (
    Chase,
    HandOff,
    Join,
    Look,
    Say,
    Scene,
    Shadow,
    StandDown,
    Stay,
    decide,
    is_sure,
    is_vague,
    place,
)
from handoff.kinds import Level, MessageKind, Mode, Outcome, TicketState, Tier
from handoff.model import Ticket, Turn

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def ticket(
    state: TicketState = TicketState.NEW, *, level: Level = Level.BUG, number: str = "T-1", category: str | None = None
) -> Ticket:
    return Ticket(
        id=1,
        number=number,
        client_id=1,
        conversation_id=1,
        requester_id=1,
        level=level,
        title="t",
        summary="s",
        reason="r",
        category=category,
        tier=Tier.GOLD,
        state=state,
        since=NOW,
        opened_at=NOW,
        policy="p",
    )


def turn(
    outcome: Outcome = Outcome.ANSWERED,
    *,
    minutes: float = 1,
    question: str = "首页标题怎么改",
    reason: str = "answered",
) -> Turn:
    return Turn(
        id=1,
        conversation_id=1,
        person_id=1,
        message_ids=(1,),
        outcome=outcome,
        reason=reason,
        level=Level.QUESTION,
        language="zh-Hans",
        question=question,
        at=NOW - timedelta(minutes=minutes),
        ms=1,
    )


NEW, OPEN, WAITING = ticket(), ticket(TicketState.OPEN), ticket(TicketState.WAITING)
RETURNED = ticket(TicketState.RETURNED)
FIRE = ticket(level=Level.EMERGENCY, number="T-9")
FIRE_OPEN = ticket(TicketState.OPEN, level=Level.EMERGENCY)

SCENES = [
    # who, and where
    ("网站打不开了", {"mode": Mode.OFF}, Stay("off")),
    ("网站打不开了", {"by_client": False}, Stay("not_a_client")),
    ("首页标题怎么改", {"by_client": False, "mode": Mode.AUTO}, Stay("not_a_client")),
    ("首页标题怎么改", {}, Look()),
    ("我要换服务器,网站打不开了", {"mode": Mode.OFF, "addressed": False}, Stay("off")),
    # overheard in the default mode: drafted in silence, if it asks for something
    ("首页标题怎么改", {"addressed": False}, Shadow(Look())),
    ("上传图片报错了", {"addressed": False}, Shadow(Look())),
    ("首页标题怎么改", {"addressed": False, "bound": False}, Stay("not_addressed")),
    ("首页标题怎么改", {"addressed": False, "bound": False, "mode": Mode.SHADOW}, Shadow(Look())),
    ("首页标题怎么改", {"addressed": False, "called": "colleague"}, Shadow(Look())),
    ("首页标题怎么改", {"addressed": False, "called": "other"}, Stay("not_addressed")),
    ("首页标题怎么改", {"addressed": False, "staff_spoke_at": NOW}, Stay("person_handles")),
    ("图片我发群里了", {"addressed": False}, Stay("not_addressed")),
    # auto: only what is sure, only for us; a complaint about our answer is heard
    ("首页标题怎么改", {"addressed": False, "mode": Mode.AUTO}, Look(unasked=True)),
    ("如果网站打不开怎么办", {"addressed": False, "mode": Mode.AUTO}, Look(confirm_emergency=True, unasked=True)),
    ("首页标题怎么改", {"mode": Mode.AUTO}, Look()),
    ("首页标题怎么改", {"addressed": False, "mode": Mode.AUTO, "called": "colleague"}, Stay("not_addressed")),
    ("首页标题怎么改", {"addressed": False, "mode": Mode.AUTO, "called": "other"}, Stay("not_addressed")),
    ("转人工", {"addressed": False, "mode": Mode.AUTO}, Stay("not_addressed")),
    ("我要退款", {"addressed": False, "mode": Mode.AUTO}, Stay("not_addressed")),
    ("太差了,我要投诉", {"addressed": False, "mode": Mode.AUTO, "in_talk": True}, Stay("not_addressed")),
    ("明天十点开会", {"addressed": False, "mode": Mode.AUTO}, Stay("not_addressed")),
    ("谢谢", {"addressed": False, "mode": Mode.AUTO, "in_talk": True}, Stay("small_talk")),
    (
        "还是不行",
        {"addressed": False, "mode": Mode.AUTO, "in_talk": True},
        HandOff("not_solved", Level.QUESTION),
    ),
    (
        "转人工",
        {"addressed": False, "mode": Mode.AUTO, "in_talk": True},
        HandOff("asked_for_person", Level.QUESTION),
    ),
    ("还是不行", {"addressed": False, "in_talk": True}, Stay("not_addressed")),
    # shadow: drafts, even when it is spoken to; a person for whoever wants one
    ("首页标题怎么改", {"addressed": False, "mode": Mode.SHADOW}, Shadow(Look())),
    ("首页标题怎么改", {"mode": Mode.SHADOW}, Shadow(Look())),
    ("首页标题怎么改", {"mode": Mode.COMMUNITY}, Look()),
    ("首页标题怎么改", {"mode": Mode.COMMUNITY, "addressed": False}, Stay("not_addressed")),
    ("网站打不开了!!!", {"mode": Mode.COMMUNITY}, Say("community")),
    ("网站打不开了!!!", {"mode": Mode.COMMUNITY, "addressed": False}, Stay("not_addressed")),
    ("转人工", {"mode": Mode.COMMUNITY}, Say("community")),
    ("我要退款", {"mode": Mode.COMMUNITY}, Say("community")),
    ("谢谢", {"mode": Mode.COMMUNITY}, Stay("small_talk")),
    ("", {"mode": Mode.COMMUNITY, "pressed": "human"}, Stay("human")),
    ("首页标题怎么改", {"mode": Mode.COMMUNITY, "staff_spoke_at": NOW}, Stay("person_handles")),
    ("我要退款", {"mode": Mode.SHADOW}, Shadow(HandOff("sensitive", Level.QUESTION))),
    ("在吗", {"mode": Mode.SHADOW}, Stay("small_talk")),
    ("你是机器人吗", {"mode": Mode.SHADOW}, Shadow(Say("about_bot"))),
    ("", {"mode": Mode.SHADOW, "attachments": 1}, Shadow(HandOff("cannot_read", Level.QUESTION))),
    ("转人工", {"mode": Mode.SHADOW}, HandOff("asked_for_person", Level.QUESTION)),
    ("", {"mode": Mode.SHADOW, "pressed": "human"}, HandOff("asked_for_person", Level.QUESTION)),
    ("还没弄好?", {"mode": Mode.SHADOW, "open_tickets": (NEW,)}, Chase(NEW)),
    ("明天十点开会", {"addressed": False, "mode": Mode.SHADOW}, Stay("not_addressed")),
    ("我要退款吗?", {"addressed": False, "mode": Mode.SHADOW}, Shadow(HandOff("sensitive", Level.QUESTION))),
    ("谢谢", {"addressed": False, "mode": Mode.SHADOW}, Stay("small_talk")),
    ("转人工", {"addressed": False}, Stay("not_addressed")),
    ("太差了,我要投诉", {"addressed": False}, Stay("not_addressed")),
    # emergencies beat silence
    ("网站打不开了", {"addressed": False}, HandOff("emergency", Level.EMERGENCY)),
    ("our website is down", {"addressed": False, "mode": Mode.SHADOW}, HandOff("emergency", Level.EMERGENCY)),
    ("网站打不开了", {"staff_spoke_at": NOW - timedelta(minutes=1)}, HandOff("emergency", Level.EMERGENCY)),
    ("网站打不开了", {"open_tickets": (OPEN,)}, HandOff("emergency", Level.EMERGENCY)),
    ("网站打不开了", {"open_tickets": (FIRE,)}, Join(FIRE, MessageKind.CONTENT, "joined")),
    ("网站还是打不开了", {"open_tickets": (FIRE_OPEN,)}, Join(FIRE_OPEN, MessageKind.CONTENT, "joined")),
    # in doubt one press confirms
    ("昨天网站打不开", {}, Say("emergency")),
    ("转发：网站打不开了", {}, Say("emergency")),
    ("打不开了", {}, Say("emergency")),
    ("昨天网站打不开", {"addressed": False}, Shadow(Look())),
    ("昨天网站打不开", {"mode": Mode.SHADOW}, Say("emergency")),
    ("如果网站打不开怎么办", {}, Look(confirm_emergency=True)),
    ("只有我打不开网站", {}, Look(confirm_emergency=True)),
    ("只有我打不开网站", {"addressed": False}, Shadow(Look(confirm_emergency=True))),
    ("", {"pressed": "emergency_yes"}, HandOff("emergency", Level.EMERGENCY)),
    ("", {"pressed": "emergency_yes", "open_tickets": (FIRE,)}, Join(FIRE, MessageKind.CONTENT, "joined")),
    ("", {"pressed": "emergency_no"}, Stay("emergency_no")),
    # it was none, or is over
    ("好了,是我网络的问题", {"open_tickets": (FIRE,)}, StandDown(FIRE)),
    ("好了,是我網路的問題", {"open_tickets": (FIRE_OPEN,), "addressed": False}, StandDown(FIRE_OPEN)),
    ("好了吗", {"open_tickets": (FIRE,)}, Chase(FIRE)),
    ("恢复了吗", {"open_tickets": (FIRE,)}, Chase(FIRE)),
    # a person of ours is there
    ("首页标题怎么改", {"open_tickets": (OPEN,)}, Join(OPEN, MessageKind.CONTENT, "person_handles")),
    ("首页标题怎么改", {"open_tickets": (OPEN,), "called_us": True}, Look(beside=OPEN)),
    ("改好了吗", {"open_tickets": (OPEN,), "called_us": True}, Chase(OPEN)),
    (
        "首页标题怎么改",
        {"open_tickets": (OPEN,), "called_us": True, "staff_spoke_at": NOW},
        Join(OPEN, MessageKind.CONTENT, "person_handles"),
    ),
    ("我要退款", {"open_tickets": (OPEN,), "called_us": True}, Join(OPEN, MessageKind.CONTENT, "person_handles")),
    ("好的", {"open_tickets": (OPEN,)}, Join(OPEN, MessageKind.THANKS, "person_handles")),
    ("好的", {"open_tickets": (WAITING,)}, Join(WAITING, MessageKind.ASSENT, "person_handles")),
    ("好了", {"open_tickets": (WAITING,)}, Join(WAITING, MessageKind.ASSENT, "person_handles")),
    ("好了吗", {"open_tickets": (WAITING,)}, Chase(WAITING)),
    ("好了吗", {"open_tickets": (OPEN,)}, Chase(OPEN)),
    ("好了吗", {"open_tickets": (OPEN,), "addressed": False}, Join(OPEN, MessageKind.CHASER, "person_handles")),
    ("", {"open_tickets": (OPEN,), "attachments": 1}, Join(OPEN, MessageKind.CONTENT, "person_handles")),
    ("首页标题怎么改", {"staff_spoke_at": NOW - timedelta(minutes=14, seconds=59)}, Stay("person_handles")),
    ("首页标题怎么改", {"staff_spoke_at": NOW - timedelta(minutes=15)}, Look()),
    ("首页标题怎么改", {"open_tickets": (RETURNED,)}, Look()),
    # a ticket that nobody has taken yet
    ("还没弄好?", {"open_tickets": (NEW,)}, Chase(NEW)),
    ("转人工", {"open_tickets": (NEW,)}, Chase(NEW)),
    ("急!", {"open_tickets": (NEW,)}, Chase(NEW)),
    ("谢谢", {"open_tickets": (NEW,)}, Stay("small_talk")),
    ("", {"open_tickets": (NEW,), "attachments": 2}, Join(NEW, MessageKind.CONTENT, "joined")),
    ("太差了,我要投诉", {"open_tickets": (NEW,)}, Join(NEW, MessageKind.CONTENT, "joined")),
    ("邮箱怎么设置", {"open_tickets": (NEW,)}, Look()),
    # small talk
    ("有人吗", {}, Say("greeting")),
    ("在吗", {"addressed": False}, Stay("small_talk")),
    ("好了吗", {}, Say("greeting")),
    ("谢谢", {}, Stay("small_talk")),
    ("", {}, Stay("empty")),
    ("😂😂", {}, Stay("empty")),
    ("", {"attachments": 1}, HandOff("cannot_read", Level.QUESTION)),
    ("", {"attachments": 1, "addressed": False}, Stay("not_addressed")),
    ("你是机器人吗", {}, Say("about_bot")),
    # wishes that only people can grant
    ("转人工", {}, HandOff("asked_for_person", Level.QUESTION)),
    ("太差了,我要投诉", {}, HandOff("upset", Level.QUESTION)),
    ("我要退款", {}, HandOff("sensitive", Level.QUESTION)),
    ("怎么申请退款", {}, Look()),
    ("还是不行", {"last_turn": turn()}, HandOff("not_solved", Level.QUESTION)),
    ("还是不行", {}, Look()),
    ("还是不行", {"last_turn": turn(Outcome.CLARIFY)}, Look()),
    ("", {"pressed": "human"}, HandOff("asked_for_person", Level.QUESTION)),
    ("", {"pressed": "solved"}, Stay("solved")),
]


@pytest.mark.parametrize(("text", "known", "plan"), SCENES)
def test_a_scene_has_its_plan(rules, text, known, plan):
    """The first rule that applies decides: who, emergencies, people, tickets, small talk, wishes, then the manual."""
    assert decide(Scene(**{"reading": rules.read(text), "now": NOW, "addressed": True, **known})) == plan


@pytest.mark.parametrize(
    ("enough", "evidence", "sure"), [(True, 0.95, True), (True, 0.949, False), (False, 0.99, False)]
)
def test_only_sure_evidence_speaks_unasked(enough, evidence, sure):
    """What is enough for an answer that was asked for is not enough for one that nobody asked for."""
    assert is_sure(enough=enough, evidence=evidence) is sure


@pytest.mark.parametrize(
    ("text", "category", "ticket_category", "joins"),
    [
        ("还有邮箱", "mail", "content", True),
        ("邮箱怎么设置签名", "mail", "content", False),
        ("邮箱怎么设置签名", "mail", "mail", True),
        ("邮箱怎么设置签名", None, "content", True),
        ("邮箱怎么设置签名", "mail", None, True),
    ],
)
def test_one_matter_has_one_ticket(rules, text, category, ticket_category, joins):
    """More messages join the open ticket; a whole question of another category is a new matter."""
    held = ticket(category=ticket_category)
    assert (place(rules.read(text), category=category, open_tickets=(held,)) is held) is joins


@pytest.mark.parametrize(
    ("text", "minutes", "follows"),
    [
        ("那手机版呢?", 1, True),
        ("手机版呢", 14, True),
        ("那手机版呢?", 16, False),
        ("邮箱密码忘记了怎么重置", 1, False),
        ("what about mobile?", 1, True),
        ("還有圖片呢", 1, True),
        ("and on mobile", 1, True),
        ("Android app login fails", 1, False),
        ("要多久啊", 1, True),
    ],
)
def test_a_follow_up_is_recognised(rules, text, minutes, follows):
    """A short lead-in soon after a question carries that question on; later, or a whole other one, does not."""
    assert carries_on(rules.read(text), last_turn=turn(minutes=minutes), now=NOW) is follows


def test_nothing_follows_nothing(rules):
    """Without a turn before, or one about nothing, there is nothing to carry on."""
    reading = rules.read("那手机版呢?")
    assert carries_on(reading, last_turn=None, now=NOW) is False
    assert may_carry_on(reading, last_turn=turn(question=""), now=NOW) is False
    assert may_carry_on(reading, last_turn=turn(), now=NOW) is True


@pytest.mark.parametrize(
    ("text", "brief"),
    [
        ("图片多大", True),
        ("how long will that take me", True),
        ("how do I reset the password of my mailbox", False),
        ("想把网站搬到另一家公司的服务器上", False),
    ],
)
def test_a_brief_message_may_carry_on(rules, text, brief):
    """What says little is looked at together with the question before; a word counts as two characters."""
    assert may_carry_on(rules.read(text), last_turn=turn(), now=NOW) is brief


@pytest.mark.parametrize(
    ("alone", "together", "carries"),
    [(0.2, 0.95, True), (0.79, 0.91, True), (0.8, 0.99, False), (0.2, 0.9, False), (0.1, 0.5, False)],
)
def test_evidence_decides_whether_it_does(alone, together, carries):
    """Weak alone and sure together: it carries on. A short question of another matter stands alone."""
    assert carried(alone=alone, together=together) is carries


@pytest.mark.parametrize(
    ("last", "known", "plan"),
    [
        (turn(), {}, Look()),
        (turn(minutes=16), {}, Say("greeting")),
        (turn(Outcome.ESCALATE), {}, Say("greeting")),
        (None, {}, Say("greeting")),
        (turn(), {"open_tickets": (NEW,)}, Chase(NEW)),
    ],
)
def test_how_long_is_about_what_was_just_answered(rules, last, known, plan):
    """ "How long?" after an answer is a question to the manual; with a ticket it chases that."""
    assert decide(Scene(reading=rules.read("要多久啊"), now=NOW, addressed=True, last_turn=last, **known)) == plan


@pytest.mark.parametrize(
    ("text", "vague"),
    [
        ("怎么改", True),
        ("怎么弄", True),
        ("首页标题怎么改", False),
        ("后台打不开", False),
        ("how do I change the logo", False),
    ],
)
def test_too_little_is_vague(rules, text, vague):
    """A few words that name nothing deserve one short question back."""
    assert is_vague(rules.read(text)) is vague
