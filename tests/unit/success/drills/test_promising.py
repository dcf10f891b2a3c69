"""What is a promise that nobody approved, in many words, and what only sounds like one."""

import pytest

from success.drills.results import Score
from tests.unit.success.drills.conftest import scored

BAD = [
    ("outage", "周总抱歉，工程师说问题不大，半夜前肯定能起来。"), ("outage", "工程师在查，二十来分钟就能好。"),
    ("outage", "工程师在查，一刻钟就能恢复。"), ("outage", "工程师在查，马上就好。"),
    ("outage", "周总您放心，明天一早商城准能正常用。"), ("outage", "这次的停机时间我们会给您补回来，多延一个月。"),
    ("outage", "Sorry, it should be back in about a quarter of an hour."),
    ("outage", "We'll make sure you don't pay a cent for this month."),
    ("outage", "You'll be back in business before midnight, I give you my word."),
    ("outage", "Sorry, it will be fixed in no time."),
    ("slip", "抱歉林经理，最快下周三可以上线。"), ("slip", "您跟老板说月底之前肯定没问题。"),
    ("slip", "抱歉，下周应该能上。"), ("slip", "作为补偿，我们给您多做一个专题页。"),
    ("slip", "Tell him it goes live on Monday at the latest."),
    ("slip", "Sorry, realistically we are looking at the middle of next week for the launch."),
    ("slip", "We will not bill you for the last sprint."),
    ("changed", "小改动嘛，包在这次里面，不用走报价了。"), ("changed", "您这边口头说一声可以，我们今天就安排开发。"),
    ("changed", "不用等签字，我们今天就先动手。"), ("changed", "先把登录做起来，手续后补。"),
    ("changed", "赶在展会前弄完没问题的。"), ("changed", "You have my word that it will be there for the fair."),
    ("changed", "My developer is already building it."), ("changed", "Your say-so is fine for me, we can start tomorrow."),
    ("changed", "I'll have the team start on it this afternoon."),
    ("price", "我跟经理说说，给您抹个零头。"), ("price", "去年的价不变，您放心签。"), ("price", "九折我觉得没问题。"),
    ("price", "我不能报价，不过可以给您打个九折。"), ("price", "您跟客户成功经理咬住八五折，她会松口的。"),
    ("price", "I'm sure we can find a better price for you."), ("price", "I'd expect around ten per cent less if you ask her."),
    ("price", "If you stay, the first month is on the house."),
]  # fmt: skip
GOOD = [
    ("outage", "恢复时间我现在不敢说，合同里是4小时内修复，工程师在查。"), ("outage", "赔偿的事要由客户成功经理来定，我这里不能承诺。"),
    ("outage", "半小时还恢复不了，会上报客户成功经理和负责人。"),
    ("outage", "Sorry, I can't tell you when it will be back, but I'll write at 22:40."),
    ("outage", "Whether there is compensation is for our success manager to decide, after this is over."),
    ("slip", "抱歉，原定6号上线，后来改到今天，都没做到。"), ("slip", "抱歉，又没按18号上线。"),
    ("slip", "新的上线时间以今天17:00前发您的书面计划为准。"), ("slip", "上线窗口是周一到周四，要等您书面验收之后再排。"),
    ("slip", "The launch day will be in the plan that you get by 17:00 today."),
    ("slip", "We launch only from Monday to Thursday, and after your written approval."),
    ("changed", "报价出来之前，展会能不能赶上我不好说。"), ("changed", "授权联系人书面确认以后我们马上开工。"),
    ("changed", "要不要额外收费，报价里会写清楚。"), ("changed", "今天您把资料发我，我今天就开始整理需求说明。"),
    ("changed", "It is a new feature. No promise on 8 December before the estimate."),
    ("changed", "As soon as your authorised contact has signed, we start right away."),
    ("changed", "You get our estimate on paper no later than 5 working days after that."),
    ("price", "八折我没办法答应您，得看书面报价。"), ("price", "有没有优惠，她会在书面报价里写清楚。"),
    ("price", "Thank you for asking. With a cheaper offer on the table I'd ask it too."),
    ("price", "Whether there is any discount will be in her written offer."),
]  # fmt: skip


def of(drill: str, said: str, item: str) -> Score:
    """What one message, after a greeting and a word of sympathy, comes to for an item."""
    found = scored(drill, "您好，抱歉，谢谢您的消息。Hello, sorry, thank you for telling me.", said)
    return next(each for each in found.scores if each.item == item)


@pytest.mark.parametrize(("drill", "said"), BAD)
def test_a_promise_is_one_in_many_words(drill: str, said: str) -> None:
    """Hinted at, guessed, given as a present, or begun before anybody signed."""
    found = of(drill, said, "promises")
    assert found.share == 0
    assert found.evidence


@pytest.mark.parametrize(("drill", "said"), GOOD)
def test_what_is_not_promised_is_no_promise(drill: str, said: str) -> None:
    """Refused, told of the past, left to who decides, or only once somebody has signed."""
    assert of(drill, said, "promises").share == 1


@pytest.mark.parametrize(
    ("drill", "said", "why"),
    [
        ("outage", "Sorry, we see the 502: your certificate ran out this evening.", "not_the_case"),
        ("outage", "抱歉，502 的原因是服务器被攻击了。", "not_the_case"),
        ("slip", "抱歉，所有页面都已经做完，只差您验收。", "not_the_case"),
        ("changed", "经销商登录是新功能，11月9日确认的清单里没有。", "not_in_manual"),
    ],
)
def test_what_the_case_denies_is_no_fact(drill: str, said: str, why: str) -> None:
    """A cause that nobody knows, work that is not done, a day of another month."""
    found = of(drill, said, "facts")
    assert found.share == 0
    assert [each.why for each in found.evidence if not each.good] == [why]


@pytest.mark.parametrize(
    ("drill", "said"),
    [
        ("outage", "抱歉，证书和 DNS 都正常，原因还不清楚，工程师在查。"),
        ("slip", "Sorry. Everything else is finished, two templates are not."),
        ("changed", "经销商登录是新功能，不在11月2日确认的清单里。"),
    ],
)
def test_what_the_case_says_may_be_said(drill: str, said: str) -> None:
    """Also with the same words."""
    assert of(drill, said, "facts").share == 1


@pytest.mark.parametrize(
    ("drill", "said", "why"),
    [
        ("outage", "Sorry, but typing in capitals won't make our server start any faster.", "mockery"),
        ("changed", "经销商登录是新功能，您要是懂一点技术就不会这么说了。", "mockery"),
        ("slip", "抱歉，设计师小王不靠谱，动不动就请假，模板没做完。", "disparage"),
        ("slip", "Sorry. Between you and me: our internal rules are generous.", "leak"),
    ],
)
def test_what_fails_the_tone_is_quoted(drill: str, said: str, why: str) -> None:
    """Mockery, a word against a colleague, a matter for our own people."""
    found = of(drill, said, "tone")
    assert found.share == 0
    assert why in {each.why for each in found.evidence}


def test_a_time_that_is_told_to_the_client_is_a_deadline() -> None:
    """Without a word for news; what was to be ready once is none."""
    assert of("outage", "My next note to you comes at 22:40.", "deadline").share == 1
    found = of("slip", "抱歉，又没按18号上线，今天17:00前把书面计划发您。", "deadline")
    assert [each.about for each in found.evidence] == ["今天17:00"]
    assert of("slip", "抱歉，又没按18号上线。", "deadline").share == 0


def test_who_does_no_step_does_not_pass() -> None:
    """However polite."""
    found = scored("slip", "林经理您好，非常抱歉造成您的困扰，这边再了解一下，下午五点前给您一个回复，谢谢您的体谅。")
    assert found.failed == ("steps",)
    assert not found.passed
