"""Our Markdown as Telegram's text and entities, and texts too long for one message."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.writing import LONGEST, Mark, Rich, split, units, write
from handoff.kinds import Audience, Author
from handoff.model import Button, Citation, Message

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
CITED = Citation(n=1, page="p", title="重置密码", heading="步骤", anchor="a", chunk="c")


def message(text: str, **facts: Any) -> Message:
    base: dict[str, Any] = {"id": 9, "conversation_id": 1, "chat_id": 1, "author": Author.BOT, "name": "Bot"}
    return Message(**base | {"audience": Audience.CLIENT, "text": text, "at": NOW, "stored_at": NOW} | facts)


def shown(text: str, *, address: str | None = None, **facts: Any) -> tuple[str, list[tuple[str, str]]]:
    """The text of the one part, and its formatted pieces with their kinds."""
    (part,) = write(message(text, **facts), href=lambda _: address)
    return part.rich.text, [(part.rich.text[m.start : m.end], m.kind) for m in part.rich.marks]


@pytest.mark.parametrize(
    ("markdown", "text", "marks"),
    [
        ("**粗** 和 `code`", "粗 和 code", [("粗", "bold"), ("code", "code")]),
        ("# 标题\n正文", "标题\n\n正文", [("标题", "bold")]),
        ("说明:\n\n1. 一\n2. 二\n\n完", "说明:\n1. 一\n2. 二\n\n完", []),
        ("- 甲\n  - 乙\n- 丙", "• 甲\n  • 乙\n• 丙", []),
        ("3. 三\n4. 四", "3. 三\n4. 四", []),
        ("> 引", "引", [("引", "blockquote")]),
        ("看 ![菜单](images/x.png) 这里", "看 菜单 这里", []),
        ("![](images/x.png)完", "完", []),
        ("```php\n<?php\n```", "<?php", [("<?php", "pre")]),
        ("一行\n又一行", "一行\n又一行", []),
        ("<b>x</b> & y", "<b>x</b> & y", []),
        ("[站](https://a.example)", "站", [("站", "text_link")]),
        ("[站](/desk)", "站 (/desk)", []),
        ("[Lin](tg://user?id=7)", "Lin (tg://user?id=7)", []),
        ("[x](hthttps://a.test)", "x (hthttps://a.test)", []),
        ("[x](weixin://dl/chat)", "x (weixin://dl/chat)", []),
    ],
)
def test_markdown(markdown: str, text: str, marks: list[tuple[str, str]]) -> None:
    """Blocks are lines, formatting is entities, nothing is interpreted twice; what is no address is shown."""
    assert shown(markdown) == (text, marks)


def test_a_mark_is_a_link_where_its_page_can_be_reached() -> None:
    """Without an address in the world the mark stays text."""
    assert shown("依据 [1]", address="https://a.example/m", citations=(CITED,))[1] == [("[1]", "text_link")]
    assert shown("依据 [1]", citations=(CITED,)) == ("依据 [1]", [])
    assert shown("依据 [1]", address="/m/p", citations=(CITED,))[1] == []


def test_a_colleague_speaks_under_their_name() -> None:
    """The name stands in front, bold."""
    assert shown("您好", author=Author.STAFF, name="Lin") == ("Lin\n您好", [("Lin", "bold")])


def test_buttons_stand_under_the_last_part() -> None:
    """Two in a row; each carries our message and its place, in 64 bytes."""
    buttons = tuple(Button(id=f"b{n}", label=f"L{n}") for n in range(3))
    parts = write(message("字" * 5000, buttons=buttons), href=lambda _: None)
    assert [part.keyboard is None for part in parts] == [True, False]
    rows = parts[-1].keyboard.inline_keyboard
    assert [[button.text for button in row] for row in rows] == [["L0", "L1"], ["L2"]]
    assert all(len(str(button.callback_data).encode()) <= 64 for row in rows for button in row)


def test_nothing_to_say_is_no_message() -> None:
    """Telegram refuses blank messages."""
    assert write(message(" \n"), href=lambda _: None) == ()


def test_offsets_count_utf16_units() -> None:
    """An emoji before the bold word counts two."""
    (part,) = write(message("😀 **粗**"), href=lambda _: None)
    (entity,) = part.rich.entities
    assert (entity.offset, entity.length) == (3, 1)


def test_paragraphs_are_cut_first() -> None:
    """A cut falls between paragraphs if one ends in the second half of what fits."""
    text = "甲" * 60 + "\n\n" + "乙" * 30 + "。" + "丙" * 30
    assert [part.text for part in split(Rich(text), most=100)] == ["甲" * 60, "乙" * 30 + "。" + "丙" * 30]


_TEXTS = st.text(st.sampled_from("ab 。.\n,😀👍🏽\u200d字\ufe0f"), max_size=400)


@given(_TEXTS, st.data(), st.integers(2, 60))
def test_splitting_loses_nothing(text: str, data: st.DataObject, most: int) -> None:
    """Law: parts fit, hold every character that shows, and each character keeps its formatting."""
    place = st.integers(0, len(text))
    pairs = data.draw(st.lists(st.tuples(place, place).map(sorted), max_size=4))
    rich = Rich(text, tuple(Mark(a, b, f"k{n}") for n, (a, b) in enumerate(pairs) if a < b))
    parts = split(rich, most=most)
    assert all(0 < part.units <= most for part in parts)
    assert all(0 <= m.start < m.end <= len(part.text) for part in parts for m in part.marks)
    assert _formatted(*parts) == _formatted(rich)


@given(_TEXTS)
def test_every_text_can_be_sent(text: str) -> None:
    """Law: whatever the Markdown, entities lie inside their parts and parts fit."""
    for part in write(message(text * 40), href=lambda _: None):
        assert units(part.rich.text) <= LONGEST
        assert all(e.length > 0 and e.offset + e.length <= part.rich.units for e in part.rich.entities)


def _formatted(*parts: Rich) -> list[tuple[str, frozenset[str]]]:
    """Each character that shows, with the formatting it has."""
    return [
        (letter, frozenset(m.kind for m in part.marks if m.start <= n < m.end))
        for part in parts
        for n, letter in enumerate(part.text)
        if not letter.isspace()
    ]


def test_what_is_passed_on_to_our_own_people_names_its_author() -> None:
    """A client's words are no markup; the bot's own lines have no name above."""
    staff = {"audience": Audience.STAFF}
    client = shown("*坏了* [x](https://x.test)", author=Author.CLIENT, name="陈梅", **staff)
    assert client == ("陈梅\n*坏了* [x](https://x.test)", [("陈梅", "bold")])
    assert shown("**好**", author=Author.BOT, name="机器人", **staff) == (
        "机器人\n好",
        [("机器人", "bold"), ("好", "bold")],
    )
    assert shown("已发客户", author=Author.SYSTEM, name="Bot", **staff) == ("已发客户", [])


def test_buttons_for_our_own_people_carry_what_they_do() -> None:
    """They change while they stand there: a place would come to mean something else."""
    (part,) = write(
        message("x", audience=Audience.STAFF, author=Author.SYSTEM, buttons=(Button(id="claim", label="认领"),)),
        href=lambda _: None,
    )
    assert part.keyboard is not None
    assert part.keyboard.inline_keyboard[0][0].callback_data == "s:9:claim"


def test_numbers_stand_closer() -> None:
    """Eleven of them take two rows, not six."""
    buttons = tuple(Button(id=f"rate:{n}", label=str(n)) for n in range(11))
    keyboard = write(message("x", author=Author.SYSTEM, buttons=buttons), href=lambda _: None)[0].keyboard
    assert keyboard is not None
    assert [len(row) for row in keyboard.inline_keyboard] == [6, 5]
