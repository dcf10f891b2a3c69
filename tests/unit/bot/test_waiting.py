"""What a client's request is that somebody waits with, and what answers it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.waiting import Request, answered, called, request
from handoff.kinds import Audience, Author, Outcome
from handoff.model import Attachment, Message, Turn
from tests.unit.bot.test_gate import NOW, turn

STAFF = ("Lin", "lin", "林薇", "tom.b")
ASKED = replace(turn(Outcome.SILENT, reason="not_addressed"), message_ids=(5,))


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        ("首页怎么改", None),
        ("写到 info@acme.com 了", None),
        ("@Lin 首页怎么改", "colleague"),
        ("@lin_agent 首页怎么改", "colleague"),
        ("麻烦 @林薇 看下", "colleague"),
        ("@林薇，看下", "colleague"),
        ("@Linda 图发了吗", "other"),
        ("@王强 图发了吗", "other"),
        ("@王强 @Lin 看下", "colleague"),
        ("＠Tom.B hi", "colleague"),
        ("@", None),
    ],
)
def test_whom_a_text_calls(text: str, whom: str | None) -> None:
    """A colleague by name or sign-in name, somebody else, or nobody."""
    assert called(text, colleagues=STAFF) == whom


STRONG, PLAIN = Request(plain=False), Request(plain=True)


@pytest.mark.parametrize(
    ("text", "known", "found"),
    [
        ("首页标题怎么改", {}, STRONG),
        ("上传图片报错了", {}, STRONG),
        ("麻烦帮我们加一个栏目", {}, STRONG),
        ("转人工", {}, STRONG),
        ("太差了,我要投诉", {}, STRONG),
        ("我要退款", {}, STRONG),
        ("图片你发了吗", {}, PLAIN),
        ("图片你发了吗", {"whom": "colleague"}, STRONG),
        ("图片你发了吗", {"whom": "other"}, None),
        ("首页标题怎么改", {"whom": "other"}, None),
        ("首页标题怎么改", {"whom": "other", "spoken_to": True}, STRONG),
        ("图换成昨天那张", {"whom": "colleague"}, STRONG),
        ("明天十点开会", {}, None),
        ("谢谢", {}, None),
        ("谢谢", {"whom": "colleague"}, None),
        ("在吗", {}, None),
        ("好了吗", {}, None),
        ("还没弄好?", {"whom": "colleague"}, None),
        ("", {}, None),
        ("", {"files": True}, None),
        ("", {"files": True, "spoken_to": True}, STRONG),
    ],
)
def test_what_reads_as_a_request(rules, text: str, known: dict, found: Request | None) -> None:
    """Questions, wishes and reports for us; no small talk, no thanks, no chasing, nothing for others."""
    facts = {"spoken_to": False, "whom": None, "files": False} | known
    assert request(rules.read(text), **facts) == found


def said(text: str, *, author: Author = Author.CLIENT, person: int = 1, **more: object) -> Message:
    values = {"audience": Audience.CLIENT, "name": "x", "at": NOW + timedelta(minutes=1), "stored_at": NOW}
    return Message(id=9, conversation_id=1, chat_id=1, person_id=person, author=author, text=text, **{**values, **more})


def bots(outcome: Outcome = Outcome.ANSWERED, *, person: int = 1, reason: str = "extract") -> dict[int, Turn]:
    return {7: replace(turn(outcome, reason=reason), id=7, person_id=person)}


BOT = said("请看", author=Author.BOT, person=0, turn_id=7)
PICTURE = Attachment(id="a", name="a.png", media_type="image/png", size=1)


@pytest.mark.parametrize(
    ("later", "turns", "why"),
    [
        ([], {}, None),
        ([said("换到哪个机房？", author=Author.STAFF, person=3)], {}, "colleague"),
        ([said("稍等", author=Author.STAFF, person=3)], {}, "colleague"),
        ([said("👌", author=Author.STAFF, person=3)], {}, None),
        ([said("", author=Author.STAFF, person=3, attachments=(PICTURE,))], {}, "colleague"),
        ([BOT], bots(), "bot"),
        ([BOT], bots(Outcome.ESCALATE), "bot"),
        ([BOT], bots(Outcome.CLARIFY, reason="vague"), "bot"),
        ([BOT], bots(Outcome.CLARIFY, reason="greeting"), None),
        ([BOT], bots(Outcome.SILENT, reason="joined"), None),
        ([BOT], bots(person=2), None),
        ([said("机器人通知", author=Author.SYSTEM, person=0)], {}, None),
        ([said("后台里改", person=2, reply_to=5)], {}, "reply"),
        ([said("👍", person=2, reply_to=5)], {}, None),
        ([said("后台里改", person=2, reply_to=4)], {}, None),
        ([said("有人看到吗", reply_to=5)], {}, None),
        ([said("我也想知道", person=2)], {}, None),
        ([said("好了")], {}, "settled"),
        ([said("自己弄好了")], {}, "settled"),
        ([said("never mind")], {}, "settled"),
        ([said("不用了，谢谢")], {}, "settled"),
        ([said("好了吗")], {}, None),
        ([said("谢谢")], {}, None),
        ([said("好的")], {}, None),
        ([said("设置里改", person=2), said("好的")], {}, "settled"),
        ([said("设置里改", person=2), said("谢谢")], {}, "settled"),
        ([said("好了", person=2)], {}, None),
        ([said("有人吗"), said("？？")], {}, None),
    ],
)
def test_what_answers_a_request(rules, later: list[Message], turns: dict[int, Turn], why: str | None) -> None:
    """A colleague's word, the bot's answer to the same person, a reply to the very message, or the asker's own "done"."""
    assert answered(ASKED, later, plain=False, turns=turns, read=rules.read) == why


def test_a_plain_question_is_among_clients_once_another_of_them_speaks(rules) -> None:
    """ "Did you send the picture?" is answered by whoever speaks next; a report of an error is not."""
    later = [said("发了", person=2)]
    assert answered(ASKED, later, plain=True, turns={}, read=rules.read) == "among_clients"
    assert answered(ASKED, later, plain=False, turns={}, read=rules.read) is None
