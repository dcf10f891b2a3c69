"""From a situation and what the manual gave to one act: what is said, opened, joined, and why."""
# ruff: noqa: PLR0917 -- the columns of a table

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import framing, gate, planning
from bot.answering import Declined, extract
from bot.model import Situation
from bot.planning import Reply
from handoff.kinds import Audience, Author, ChatKind, Level, Mode, Outcome, PersonKind, Tier
from handoff.model import Chat, Client, Message, Person
from knowledge.model import Search
from tests.unit.bot.passages import passage
from tests.unit.bot.test_gate import FIRE, NEW, NOW, turn

PASSAGES = (passage("在「设置」里改。"), passage("另一页。", title="添加小程序", page="zh/mini", chunk="c2", score=0.8))
FOUND = Search(passages=PASSAGES, evidence=0.8, enough=True, version=3, language="zh-Hans", ms=1)
NOTHING = replace(FOUND, passages=(), evidence=0.1, enough=False)


def situation(*texts: str, **known: object) -> Situation:
    pieces = tuple(
        Message(
            id=n,
            conversation_id=1,
            chat_id=1,
            person_id=1,
            author=Author.CLIENT,
            audience=Audience.CLIENT,
            name="Mei",
            text=text,
            mentioned=True,
            at=NOW + timedelta(seconds=n),
            stored_at=NOW,
        )
        for n, text in enumerate(texts, 1)
    )
    base = {
        "chat": Chat(id=1, platform="web", external_id="x", kind=ChatKind.DIRECT, client_id=1),
        "client": Client(
            id=1, slug="acme", name="Acme", tier=Tier.GOLD, timezone="Asia/Shanghai", site="acme.com", web_key="k"
        ),
        "person": Person(id=1, kind=PersonKind.CLIENT, name="Mei"),
        "pieces": pieces,
        "open_tickets": (),
        "turns": (),
        "history": pieces,
        "staff_spoke_at": None,
        "names": {},
    }
    return Situation(**{**base, **known})


@pytest.fixture
def frame(rules, texts):
    """The frame of a situation, read by the shipped rules."""

    def of(known: Situation, *, pressed: str | None = None) -> framing.Frame:
        return framing.frame(known, rules=rules, pressed=pressed, now=NOW, texts=texts)

    return of


def without(frame, known, **more):
    framed = frame(known, **more)
    return planning.without_manual(framed, known, gate.decide(framed.scene))


@pytest.mark.parametrize(
    ("texts_", "before", "language"),
    [
        (("首页标题怎么改",), None, "zh-Hans"),
        (("首頁標題怎麼改",), None, "zh-Hant"),
        (("how do I change it",), None, "en"),
        (("好",), "zh-Hant", "zh-Hant"),
        (("首页标题怎么改",), "zh-Hant", "zh-Hans"),
        (("👍",), "en", "en"),
        (("？",), "zh-Hant", "zh-Hant"),
        (("",), None, "zh-Hans"),
    ],
)
def test_the_clients_language_is_kept(frame, texts_, before, language):
    """The language is the text's own; where a short text fits both scripts, the one of the turns before."""
    turns = (replace(turn(), language=before),) if before else ()
    assert frame(situation(*texts_, turns=turns)).language == language


@pytest.mark.parametrize(
    ("text", "last", "question"),
    [
        ("首页标题怎么改", None, "首页标题怎么改"),
        ("2", replace(turn(Outcome.CLARIFY, reason="choose"), trace={"choices": ["甲", "乙"]}), "乙"),
        ("第二个吧", replace(turn(Outcome.CLARIFY, reason="choose"), trace={"choices": ["甲", "乙"]}), "乙"),
        ("第1个", replace(turn(Outcome.CLARIFY, reason="choose"), trace={"choices": ["甲", "乙"]}), "甲"),
        ("3", replace(turn(Outcome.CLARIFY, reason="choose"), trace={"choices": ["甲", "乙"]}), "3"),
        ("2", turn(), "2"),
        ("首页的", turn(Outcome.CLARIFY, reason="vague", question="标题怎么改"), "标题怎么改 首页的"),
    ],
)
def test_the_question_stands_alone(frame, text, last, question):
    """A number picks a choice, a second message completes a vague one, a whole question is itself."""
    known = situation(text, turns=(last,) if last else ())
    assert framing.question_of(frame(known), known) == question


def test_a_follow_up_carries_the_question_on(frame):
    """ "那手机版呢?" is looked up with the words of the question before."""
    known = situation("那手机版呢?", turns=(turn(question="首页标题怎么改"),))
    asked = framing.question_of(frame(known), known)
    assert ("首页标题怎么改" in asked, "手机版" in asked) == (True, True)


def test_a_hand_off_opens_a_ticket_dated_from_the_message(frame):
    """The ticket counts from the first message of the burst and tells what is asked and of which site."""
    act = without(frame, situation("在吗", "网站打不开了"))
    assert (act.outcome, act.reason, act.level) == (Outcome.ESCALATE, "emergency", Level.EMERGENCY)
    assert act.opening is not None
    assert act.opening.since == NOW + timedelta(seconds=1)
    assert ("网站打不开了" in act.opening.summary, "acme.com" in act.opening.summary) == (True, True)


def test_asking_for_a_person_is_about_the_question_before(frame):
    """ "转人工" after an answer hands over that question, counted from when it was asked."""
    act = without(frame, situation("转人工", turns=(turn(question="邮箱怎么设置", minutes=5),)))
    assert (act.question, act.reason) == ("邮箱怎么设置", "asked_for_person")
    assert act.opening is not None
    assert act.opening.since == NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("text", "known", "outcome", "reason", "joins"),
    [
        ("谢谢", {}, Outcome.SILENT, "small_talk", None),
        ("好了吗", {"open_tickets": (NEW,)}, Outcome.SILENT, "chased", NEW),
        ("好了,是我网络的问题", {"open_tickets": (FIRE,)}, Outcome.SILENT, "stood_down", FIRE),
        ("在吗", {}, Outcome.CLARIFY, "greeting", None),
        ("昨天网站打不开", {}, Outcome.CLARIFY, "emergency", None),
    ],
)
def test_what_needs_no_manual(frame, text, known, outcome, reason, joins):
    """Every plan without the manual becomes one act with its reason."""
    act = without(frame, situation(text, **known))
    assert (act.outcome, act.reason, act.joins, act.opening) == (outcome, reason, joins, None)
    assert [b.id for b in act.buttons] == (["emergency_yes", "emergency_no"] if reason == "emergency" else [])


@pytest.mark.parametrize(
    ("text", "known", "found", "came"),
    [
        ("服务器用的什么显卡型号", {}, NOTHING, (Outcome.ESCALATE, "not_in_manual")),
        ("帮我们首页加一个预约按钮", {}, NOTHING, (Outcome.ESCALATE, "change_request")),
        ("怎么改", {}, NOTHING, (Outcome.CLARIFY, "vague")),
        ("怎么改", {}, replace(FOUND, enough=False), (Outcome.CLARIFY, "choose")),
        ("怎么改", {"turns": (turn(Outcome.CLARIFY, reason="vague"),)}, NOTHING, (Outcome.ESCALATE, "not_in_manual")),
        ("还有邮箱", {"open_tickets": (NEW,)}, NOTHING, (Outcome.SILENT, "joined")),
    ],
)
def test_thin_evidence_is_never_an_answer(frame, text, known, found, came):
    """Asked back once where that would settle it, joined to an open ticket, else handed over; never answered."""
    whole = situation(text, **known)
    act = planning.thin(frame(whole), whole, found, question=text, category=None)
    assert ((act.outcome, act.reason), act.draft) == (came, None)
    assert (act.opening is not None) is (act.outcome is Outcome.ESCALATE)


def test_an_answer_has_its_buttons(frame, texts):
    """An answer offers solved and a person; a supposed emergency offers to raise it by one press."""
    draft = extract(PASSAGES, language="zh-Hans", texts=texts)
    for text, ids in (
        ("首页标题怎么改", ["solved", "human"]),
        ("如果网站打不开怎么办", ["emergency_yes", "solved", "human"]),
    ):
        known = situation(text)
        framed = frame(known)
        plan = gate.decide(framed.scene)
        assert isinstance(plan, gate.Look)
        act = planning.with_manual(framed, known, plan, FOUND, Reply(result=draft), question=text, category="content")
        assert (act.outcome, act.reason, [b.id for b in act.buttons]) == (Outcome.ANSWERED, "extract", ids)


@pytest.mark.parametrize(
    ("declined", "turns", "outcome"),
    [
        ("not_in_manual", (), Outcome.ESCALATE),
        ("clarify", (), Outcome.CLARIFY),
        ("clarify", (turn(Outcome.CLARIFY, reason="vague"),), Outcome.ESCALATE),
    ],
)
def test_the_models_refusal_is_heard(frame, declined, turns, outcome):
    """ "Not in the manual" goes to a person; a question back is asked once."""
    known = situation("首页标题怎么改", turns=turns)
    reply = Reply(result=Declined(reason=declined, text="哪个页面？"))
    act = planning.with_manual(frame(known), known, gate.Look(), FOUND, reply, question="q", category=None)
    assert (act.outcome, act.draft) == (outcome, None)


ASKED = turn(Outcome.CLARIFY, reason="emergency", question="昨天网站打不开,怎么回事")


@pytest.mark.parametrize(
    ("text", "pressed"),
    [
        ("不是，只是问问", "emergency_no"),
        ("不是", None),
        ("没有，现在好了", None),
        ("好了", None),
        ("不緊急", None),
        ("it's not an emergency", None),
        ("no, just asking", None),
    ],
)
def test_a_denied_emergency_leaves_its_question(frame, text, pressed):
    """Pressed or said, "not an emergency" takes the question up again, as an ordinary one, from when it was asked."""
    known = situation(text, turns=(ASKED,))
    framed = frame(known, pressed=pressed)
    assert gate.decide(framed.scene) == gate.Look()
    assert framing.question_of(framed, known) == ASKED.question
    act = planning.thin(framed, known, NOTHING, question=framed.text, category=None)
    assert (act.outcome, act.reason, act.question) == (Outcome.ESCALATE, "not_in_manual", ASKED.question)
    assert act.opening is not None
    assert act.opening.since == ASKED.at


@pytest.mark.parametrize(
    ("text", "turns", "plan"),
    [
        ("是的", (ASKED,), gate.HandOff("emergency", Level.EMERGENCY)),
        ("网站打不开了", (ASKED,), gate.HandOff("emergency", Level.EMERGENCY)),
        ("不是，昨天网站打不开，想问下原因", (ASKED,), gate.Look()),
        ("不是", (turn(), ASKED), gate.Look()),
        ("昨天网站打不开", (turn(), ASKED), gate.Say("emergency")),
    ],
)
def test_after_an_emergency_was_asked_about(frame, text, turns, plan):
    """Confirmed it is one; it is asked about once; later questions are about something else."""
    framed = frame(situation(text, turns=turns))
    assert (gate.decide(framed.scene), framed.about) == (plan, None)


def test_a_shadow_draft_is_silent(frame, texts):
    """What would have been said is kept in the trace; nothing goes out, opens or joins."""
    draft = extract(PASSAGES, language="zh-Hans", texts=texts)
    known = situation("首页标题怎么改")
    reply = Reply(result=draft)
    act = planning.with_manual(frame(known), known, gate.Look(), FOUND, reply, question="q", category="content")
    hushed = planning.hushed(act)
    assert (hushed.outcome, hushed.reason, hushed.draft, hushed.buttons) == (Outcome.SILENT, "shadow", None, ())
    assert hushed.trace["shadow"]["outcome"] == "answered"
    assert hushed.trace["shadow"]["text"] == draft.text
    assert hushed.trace["shadow"]["citations"][0]["page"] == PASSAGES[0].page
    opened = planning.hushed(planning.thin(frame(known), known, NOTHING, question="q", category=None))
    assert (opened.opening, opened.joins, opened.trace["shadow"]["outcome"]) == (None, None, "escalate")


def test_our_own_fault_is_no_nothing_found(frame):
    """A failure of ours is recorded as one, with a ticket."""
    known = situation("首页标题怎么改")
    act = planning.failed(frame(known), known, error="Broken")
    assert (act.outcome, act.reason, act.trace) == (Outcome.FAILED, "failed", {"error": "Broken"})
    assert act.opening is not None


def test_off_is_off(frame):
    """A chat that is off stays silent even in an emergency."""
    known = situation(
        "网站打不开了", chat=Chat(id=1, platform="web", external_id="x", kind=ChatKind.GROUP, mode=Mode.OFF)
    )
    assert without(frame, known).reason == "off"


@pytest.mark.parametrize("found", [FOUND, NOTHING], ids=["answered", "thin"])
def test_a_community_hears_what_anybody_may_know_and_gets_no_ticket(frame, found: Search) -> None:
    """Whatever the manual lacks is for the client's own group; there is no button for a person."""
    known = situation("首页标题怎么改", client=None)
    known = replace(known, chat=replace(known.chat, kind=ChatKind.GROUP, mode=Mode.COMMUNITY))
    framed = frame(known)
    facts = {"question": "首页标题怎么改", "category": "seo"}
    if found is NOTHING:
        act = planning.thin(framed, known, found, **facts)
        assert (act.outcome, act.reason) == (Outcome.CLARIFY, "community")
    else:
        draft = extract(found.passages, language="zh-Hans", texts=framed.texts)
        act = planning.with_manual(framed, known, gate.Look(), found, Reply(result=draft), **facts)
        assert (act.outcome, [button.id for button in act.buttons]) == (Outcome.ANSWERED, ["solved"])
    failed = planning.failed(framed, known, error="KnowledgeError")
    assert (failed.outcome, failed.opening) == (Outcome.FAILED, None)
    assert act.opening is None


def test_what_words_alone_found_is_no_answer(frame):
    """While vectors cannot be had a person answers, and nobody is told that the manual has nothing."""
    seen = situation("怎么绑定小程序到网站?")
    degraded = replace(FOUND, enough=False, evidence=0.0, degraded=True)
    act = planning.thin(frame(seen), seen, degraded, question="怎么绑定小程序到网站?", category=None)
    assert (act.outcome, act.reason) == (Outcome.ESCALATE, "model_failed")
    assert act.trace["degraded"] is True
    vague = situation("打不开怎么弄")
    asked = planning.thin(frame(vague), vague, degraded, question="打不开怎么弄", category=None)
    assert asked.outcome in (Outcome.CLARIFY, Outcome.ESCALATE)
    assert asked.trace["degraded"] is True
