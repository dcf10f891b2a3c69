"""What clients write to each other and to the bot: shapes of real conversations, one message at a time, from a seed."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Literal

QUESTIONS = (
    "后台密码忘了怎么办?", "首页标题怎么改?", "邮箱满了怎么清理?", "网站备案需要什么材料?", "怎么设置优惠券?",
    "域名续费怎么弄?", "浏览器提示不安全怎么办?", "怎么上传图片?", "wp登陆密码不记得了", "wp菜单下拉怎么搞",
    "contact form 7 加一个公司名称的输入框", "外觀裡面沒有選單這一項耶，要怎麼改導覽列",
    "手滑把联系我们整页删了，能救吗",
    "How do I add a new user?", "How do I refund an order?", "网站底部想放公众号二维码", "polylang 英文页怎么新建",
)  # fmt: skip
SMALL_TALK = (
    "好的", "收到", "我下午在公司", "小李你看一下", "合同已经寄出了", "周五一起吃饭", "哈哈", "嗯嗯", "图我晚点发",
    "明天开会再说", "辛苦了", "thanks all", "see you tomorrow", "👍",
)  # fmt: skip
OPENINGS = ("在吗", "你好", "那个", "想问一下")
CHASERS = ("有人吗", "好了吗", "还没弄好?", "？？")
EMERGENCIES = ("网站打不开了!!!", "我们官网又打不开了", "our website is down")
SHAPES = {"ask": 40, "burst": 8, "talk": 35, "edit_talk": 5, "edit_ask": 2, "chase": 3, "person": 1, "emergency": 0.4}
PEOPLE = 6
"""In each chat. The first three ask, each one thing at a time; the others talk."""

Asked = Literal["bot", "nobody"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing to do: somebody writes in a chat, or (`edits`) changes what line number so-and-so said.

    `person` is a place among those of the chat; -1 is a colleague of ours.
    """

    number: int
    chat: int
    person: int
    text: str
    asked: Asked = "nobody"
    edits: int | None = None
    kind: str = "question"

    @property
    def staff(self) -> bool:
        """Whether one of ours says it."""
        return self.person < 0


@dataclass(order=True)
class _Later:
    at: float
    number: int
    line: Line = field(compare=False)


class Script:
    """An endless conversation over many chats. `next` gives one line at a time, whatever the pace is."""

    def __init__(self, *, chats: int, seed: int) -> None:
        self._chance, self._chats, self._numbers = Random(seed), chats, count(1)
        self._later: list[_Later] = []
        self._asked: dict[tuple[int, int], float] = {}

    def next(self, now: float) -> Line:
        """What is said now, in seconds since the start: what belongs to a scene that runs, else a new scene."""
        if self._later and self._later[0].at <= now:
            return heapq.heappop(self._later).line
        scene = list(self._scene(now))
        for line, after in scene[1:]:
            heapq.heappush(self._later, _Later(now + after, line.number, line))
        return scene[0][0]

    def _scene(self, now: float) -> Iterator[tuple[Line, float]]:
        """The lines of a new scene, each with its seconds after the first."""
        pick = self._chance
        chat = pick.randrange(self._chats)
        shape = pick.choices(list(SHAPES), list(SHAPES.values()))[0]
        asker = min(range(3), key=lambda one: self._asked.get((chat, one), 0.0))
        talkers = pick.sample(range(3, PEOPLE), 2)
        if shape in ("ask", "burst", "edit_ask", "chase", "person"):
            self._asked[chat, asker] = now
        match shape:
            case "talk":
                for place in range(pick.randint(2, 4)):
                    yield self._line(chat, talkers[place % 2], pick.choice(SMALL_TALK)), place * pick.uniform(1, 4)
            case "burst":
                for place, text in enumerate(pick.sample(OPENINGS, 2)):
                    yield self._line(chat, asker, text), place * 0.7
                yield self._line(chat, asker, pick.choice(QUESTIONS), "bot"), 1.5
            case "edit_talk" | "edit_ask":
                ask: Asked = "bot" if shape == "edit_ask" else "nobody"
                who, words = (asker, QUESTIONS) if ask == "bot" else (talkers[0], SMALL_TALK)
                before, after = pick.sample(words, 2)
                first = self._line(chat, who, before, ask)
                yield first, 0.0
                yield self._line(chat, who, after, ask, edits=first.number), 12.0 if ask == "bot" else 3.0
            case "emergency":
                yield self._line(chat, asker, pick.choice(EMERGENCIES)), 0.0
            case _:
                words = {"ask": QUESTIONS, "chase": CHASERS, "person": ("转人工",)}[shape]
                yield self._line(chat, asker, pick.choice(words), "bot"), 0.0

    def _line(self, chat: int, person: int, text: str, asked: Asked = "nobody", *, edits: int | None = None) -> Line:
        return Line(number=next(self._numbers), chat=chat, person=person, text=text, asked=asked, edits=edits)
