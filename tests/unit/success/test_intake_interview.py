"""What a conversation about a form comes to: asked in order, named back once, paused, resumed, finished."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from success.intake import brief, forms_kept
from success.intake.brief import Evidence
from success.intake.interview import (
    CONTRADICTION,
    Ask,
    Clash,
    Doubt,
    Plain,
    Press,
    Standing,
    State,
    Step,
    Verb,
    add,
    ask_again,
    begin,
    hear,
    missing,
    press,
)
from success.intake.plausible import reason
from success.intake.resting import Draft, Remind, Wait, at_work, look
from success.intake.understanding import understand
from success.intake.values import Chosen, Links, Money, Number, Time, Value, Words

TODAY = date(2026, 11, 24)
FORM = forms_kept.parsed(forms_kept.shipped())
EVERYTHING: dict[str, Value] = {
    "industry": Chosen(keys=("food",)), "audience": Chosen(keys=("consumer",)), "functions": Chosen(keys=("show",)),
    "look": Words(text="简洁"), "references": Links(addresses=("a.cn",)), "competitors": Words(text="物流"),
    "budget": Money(currency="CNY", low=50_000, high=80_000), "wanted": Time(by=date(2027, 2, 1), words="二月"),
    "indicators": Words(text="询盘"),
}  # fmt: skip


def standing(*without: str, **more: Any) -> Standing:
    kept = {key: each for key, each in EVERYTHING.items() if key not in without}
    return Standing(answers=kept, **more)


def heard(text: str, before: Standing, *, assent: bool = False) -> Step:
    said = understand(text, FORM, asked=before.asked, today=TODAY, held=before.answers)
    return hear(FORM, before, said, assent=assent, today=TODAY)


def test_it_begins_with_the_first_question() -> None:
    """Nothing is known: the first question of the form."""
    step = begin(FORM, Standing(state=State.OFFERED))
    assert (step.after.state, step.lines) == (State.OPEN, (Plain(what="begun"), Ask(key="industry")))


def test_answers_in_any_order() -> None:
    """What was answered is not asked again, and a branch opens by an answer."""
    step = heard("预算8万，要在线卖东西", Standing(asked="industry"))
    assert {each.key for each in step.taken} == {"budget", "functions"}
    assert step.lines[-1] == Ask(key="industry")
    sells = Standing(answers={**EVERYTHING, "functions": Chosen(keys=("sell",))})
    assert heard("", sells).lines == (Ask(key="products"),)


def test_a_contradiction_is_named_once() -> None:
    """Named back with both; a press decides; said over again, or passed over, it holds in doubt."""
    before = Standing(answers={"functions": Chosen(keys=("show", "sell"))}, asked="industry")
    step = heard("我们不卖东西", before)
    assert step.taken == ()
    [clash] = step.lines
    assert clash == Clash(key="functions", old=Chosen(keys=("show", "sell")), new=Chosen(keys=("show",)))
    taken = press(FORM, step.after, Press(verb=Verb.TAKE, question="functions"), quote="").taken
    assert [(each.value, each.doubt) for each in taken] == [(Chosen(keys=("show",)), "")]
    kept = press(FORM, step.after, Press(verb=Verb.KEEP, question="functions"), quote="")
    assert (kept.taken, kept.after.answers["functions"], kept.after.pending) == (
        (),
        Chosen(keys=("show", "sell")),
        None,
    )
    passed = heard("做茶叶的", step.after)
    assert {each.key: each.doubt for each in passed.taken} == {"functions": CONTRADICTION, "industry": ""}


def test_another_amount_is_a_contradiction_unless_it_is_a_change() -> None:
    """ "It is 3" after "it is 8" is named back; "change it to 3" replaces, and so does an answer to the question."""
    before = standing(asked="look")
    assert any(isinstance(each, Clash) for each in heard("预算3万", before).lines)
    [changed] = heard("预算改成3万", before).taken
    assert (changed.value, changed.doubt) == (Money(currency="CNY", low=30_000, high=30_000), "")
    [answered] = heard("3万", standing(asked="budget")).taken
    assert answered.doubt == ""


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        ("5元", "budget", "too_small"), ("五百亿", "budget", "too_large"), ("$1", "budget", "too_small"),
        ("明天", "wanted", "too_soon"), ("2020年3月", "wanted", "past"), ("3000年", "wanted", "too_far"),
    ],
)  # fmt: skip
def test_what_can_hardly_be_true_is_asked_once(text: str, key: str, why: str) -> None:
    """With the reason; said again it is kept, in doubt, and nobody is asked a third time."""
    first = heard(text, standing(key, asked=key))
    assert first.taken == ()
    [line] = first.lines
    assert isinstance(line, Doubt)
    assert (line.key, line.why, first.after.asked) == (key, why, key)
    [taken] = heard(text, first.after).taken
    assert taken.doubt == why
    [assented] = hear(
        FORM, first.after, understand("对", FORM, asked=None, today=TODAY), assent=True, today=TODAY
    ).taken
    assert assented.doubt == why
    [mended] = heard("8万" if key == "budget" else "明年三月", first.after).taken
    assert mended.doubt == ""


def test_the_limits_are_the_forms() -> None:
    """By currency; a range is too small by its top and too large by its bottom; without a limit nothing is."""
    budget = FORM.question("budget")
    assert budget is not None
    assert reason(budget, Money(currency="CNY", low=1, high=50_000), today=TODAY) is None
    assert reason(budget, Money(currency="CNY", low=None, high=None), today=TODAY) is None
    products = FORM.question("products")
    assert products is not None
    assert reason(products, Number(value=0), today=TODAY) == "too_small"
    assert reason(products, Number(value=10**9), today=TODAY) == "too_large"


def test_pause_resume_skip_stop() -> None:
    """A pause keeps what came with it; going on asks what waits; who skips is not asked again; who stops is left."""
    paused = heard("预算8万，先到这", Standing(asked="industry"))
    assert (paused.after.state, len(paused.taken), paused.lines) == (State.PAUSED, 1, (Plain(what="paused"),))
    again = heard("继续", paused.after)
    assert (again.after.state, again.lines) == (State.OPEN, (Plain(what="resumed"), Ask(key="industry")))
    skipped = heard("跳过", again.after)
    assert skipped.lines == (Ask(key="audience"),)
    assert skipped.after.skipped == {"industry"}
    assert heard("不填了", skipped.after).after.state is State.STOPPED
    pressed = press(FORM, skipped.after, Press(verb=Verb.DECLINE), quote="")
    assert pressed.after.state is State.DECLINED


def test_options_are_pressed_one_after_the_other() -> None:
    """Of several the rest is offered, until that is enough; of one the press is the answer."""
    first = press(
        FORM, Standing(asked="functions"), Press(verb=Verb.OPTION, question="functions", option="show"), quote="展示"
    )
    assert first.lines == (Ask(key="functions", more=True),)
    second = press(FORM, first.after, Press(verb=Verb.OPTION, question="functions", option="book"), quote="预约")
    assert second.after.answers["functions"] == Chosen(keys=("show", "book"))
    done = press(FORM, second.after, Press(verb=Verb.ENOUGH, question="functions"), quote="")
    assert done.lines == (Ask(key="industry"),)
    one = press(FORM, done.after, Press(verb=Verb.OPTION, question="industry", option="food"), quote="餐饮")
    assert one.lines == (Ask(key="audience"),)


@pytest.mark.parametrize(
    "carried", ["", "solved", "in", "in:fly", "in:pick:a:b:c", "client:1", "in:pick:functions:nothing"]
)
def test_presses_that_fit_nothing(carried: str) -> None:
    """They are no press of ours, or change nothing."""
    read = Press.read(carried)
    if read is not None:
        step = press(FORM, standing("look"), read, quote="")
        assert (step.taken, step.lines) == ((), (Ask(key="look"),))
    else:
        assert carried != "in:pick:functions:nothing"


def test_a_press_is_carried_whole() -> None:
    """What a button carries fits the platforms, for every option of the form."""
    for question in FORM.questions:
        for option in question.options:
            made = Press(verb=Verb.OPTION, question=question.key, option=option.key)
            assert Press.read(made.id) == made
            assert len(made.id) <= 40


def test_the_end_and_what_is_changed_after_it() -> None:
    """With the last answer the brief is ready; what is put right afterwards is, and asks for nothing more."""
    done = heard("每月三十个询盘", standing("indicators", asked="indicators"))
    assert (done.after.state, done.lines) == (State.READY, (Plain(what="ready"),))
    changed = heard("预算改成12万", done.after)
    assert (changed.after.state, changed.lines, len(changed.taken)) == (State.READY, (Plain(what="changed"),), 1)
    asks = heard("改一下预算", done.after)
    assert asks.lines == (Ask(key="budget", again=True),)


def test_a_colleague_asks_again() -> None:
    """Any question of the form; none that it does not have."""
    step = ask_again(FORM, standing(state=State.READY), "budget")
    assert step is not None
    assert (step.after.state, step.after.asked, step.lines) == (State.OPEN, "budget", (Ask(key="budget", again=True),))
    assert ask_again(FORM, standing(), "colour") is None


def test_a_brief_names_what_is_missing_and_doubtful() -> None:
    """Typed, with the answers before, and other questions apart."""
    now = datetime(2026, 11, 24, tzinfo=UTC)

    def said(key: str, value: Value, **more: Any) -> Evidence:
        return Evidence(question=key, value=value, quote="q", person_id=1, name="Mei", message_id=1, at=now, **more)

    made = brief.make(
        FORM,
        [
            said("functions", Chosen(keys=("sell",), other="直播")),
            said("products", Number(value=200)),
            said("budget", Money(currency="CNY", low=1, high=1), former=True),
            said("budget", Money(currency="CNY", low=5, high=5), doubt="too_small"),
        ],
        interview_id=7, language="zh-Hans",
    )  # fmt: skip
    assert (made.functions, made.functions_other, made.others) == (("sell",), "直播", {"products": Number(value=200)})
    assert made.budget == Money(currency="CNY", low=5, high=5)
    assert made.doubtful == {"budget": "too_small"}
    assert made.missing == ("industry", "audience", "look", "wanted")
    assert made.left_open == ("references", "competitors", "indicators")
    assert not made.complete
    assert missing(FORM, standing("wanted")) == ("wanted",)


NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # a Tuesday, 10:00 in Shanghai


@pytest.mark.parametrize(
    ("facts", "decided"),
    [
        ({"resting": False}, None),
        ({}, Wait(NOW + timedelta(days=3))),
        ({"heard_at": NOW - timedelta(days=3)}, Remind()),
        ({"heard_at": NOW - timedelta(days=3), "held": True}, Wait(NOW + timedelta(days=3))),
        ({"heard_at": NOW - timedelta(days=6), "reminded_at": NOW - timedelta(days=2)}, Wait(NOW + timedelta(days=1))),
        ({"heard_at": NOW - timedelta(days=6), "reminded_at": NOW - timedelta(days=3)}, Draft()),
        ({"heard_at": NOW - timedelta(days=1), "reminded_at": NOW - timedelta(days=3)}, Wait(NOW + timedelta(days=2))),
    ],
)
def test_one_reminder_and_then_the_brief_as_it_is(facts: dict[str, Any], decided: Any) -> None:
    """Three days without a word, once; nothing while a colleague has it."""
    usual: dict[str, Any] = {"resting": True, "held": False, "heard_at": NOW, "reminded_at": None}
    assert look(**usual | facts, zone="Asia/Shanghai", now=NOW) == decided


@pytest.mark.parametrize(
    ("at", "then"),
    [
        (NOW, NOW),
        (datetime(2026, 11, 24, 15, 0, tzinfo=UTC), datetime(2026, 11, 25, 1, 30, tzinfo=UTC)),
        (datetime(2026, 11, 27, 12, 0, tzinfo=UTC), datetime(2026, 11, 30, 1, 30, tzinfo=UTC)),
        (datetime(2026, 11, 28, 3, 0, tzinfo=UTC), datetime(2026, 11, 30, 1, 30, tzinfo=UTC)),
        (datetime(2026, 11, 24, 0, 30, tzinfo=UTC), datetime(2026, 11, 24, 1, 30, tzinfo=UTC)),
    ],
)
def test_reminders_come_when_people_work(at: datetime, then: datetime) -> None:
    """By day, from Monday to Friday, there."""
    assert at_work("Asia/Shanghai", at) == then


def test_what_cannot_be_read_is_asked_once_more_and_left_open_then() -> None:
    """A number that is no budget becomes none; after the second one the question is left open, and named missing."""
    first = heard("我们公司50人", standing("budget", asked="budget"))
    assert (first.taken, first.lines) == ((), (Plain(what="unread"), Ask(key="budget")))
    second = heard("我们公司50人", first.after)
    assert "budget" in second.after.skipped
    assert missing(FORM, second.after) == ("budget",)


def test_what_they_do_not_know_yet_is_left_open() -> None:
    """Said of the question asked or of another one, alone or beside an answer; it is not asked again, and missing."""
    alone = heard("I don't know yet, what do you suggest?", standing("budget", asked="budget"))
    assert (alone.taken, alone.after.skipped) == ((), {"budget"})
    beside = heard("预算还没定，想年底上线", standing("budget", "wanted", asked="budget"))
    assert [each.key for each in beside.taken] == ["wanted"]
    assert beside.after.skipped == {"budget"}
    other = heard("预算先不谈", standing("look", "budget", asked="look"))
    assert (other.after.skipped, other.after.asked) == ({"budget"}, "look")


def test_words_to_an_amount_are_kept_and_answer_nothing() -> None:
    """That it "waits for the boss" is in the brief, and the budget is missing; an amount later is no contradiction."""
    step = heard("等老板定", standing("budget", asked="budget"))
    assert step.taken[0].value == Words(text="等老板定")
    assert missing(FORM, step.after) == ("budget",)
    later = heard("预算八万", replace(step.after, asked="look"))
    assert [each.value for each in later.taken] == [Money(currency="CNY", low=80_000, high=80_000)]


def test_a_currency_said_before_holds() -> None:
    """Put right without a currency, an amount is one in the currency of before."""
    dollars = Money(currency="USD", low=50_000, high=50_000)
    step = heard("actually make it 60k", replace(standing(asked="look"), answers={"budget": dollars}))
    assert [each.value for each in step.taken] == [Money(currency="USD", low=60_000, high=60_000)]


def test_what_is_said_when_all_is_answered_is_kept() -> None:
    """Remarks are never asked by themselves, and add up; before the end there are none, nor in a form without a place."""
    ready = standing(state=State.READY)
    step = add(FORM, ready, " 首页放合影 ")
    assert step is not None
    assert (step.after.state, step.lines) == (State.READY, (Plain(what="added"),))
    again = add(FORM, step.after, "英文也要")
    assert again is not None
    assert [each.value for each in again.taken] == [Words(text="首页放合影\n英文也要")]
    assert "remarks" not in missing(FORM, Standing())
    assert all(not each.remarks for each in FORM.asked({}))
    assert add(FORM, standing(state=State.OPEN), "英文也要") is None
    assert add(replace(FORM, questions=FORM.questions[:-1]), ready, "英文也要") is None
