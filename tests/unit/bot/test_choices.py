"""Picking one of the choices that we listed."""

import pytest

from bot.choices import chosen


@pytest.mark.parametrize(
    ("text", "place"),
    [
        *((text, 0) for text in ("1", "１", "第一个", "A", "a.", "the first one", "1st", "选1", "one please", "第1個")),
        *(
            (text, 1)
            for text in ("2", "第二个", "第二個", "第二个吧", "第二个，谢谢", "好的，第二个", "就第二个", "选2", "2号")
        ),
        *((text, 1) for text in ("B", "b)", "选B", "二", "我想问的是第二个", "应该是第二个吧", "(2)", "2.", "2、")),
        *((text, 1) for text in ("the second one", "second", "2nd", "the second one please", "number two", "option B")),
        *((text, 1) for text in ("I mean the second", "no. 2", "It's the second one.")),
        *((text, 2) for text in ("3", "C", "第三个", "third", "最后一个", "最后那个", "the last one")),
        *((text, None) for text in ("4", "0", "12", "第四个", "两个都要", "不是第二个", "第二个和第三个", "1和2", "D")),
        *(
            (text, None)
            for text in ("好的", "谢谢", "no", "the", "", "？", "2026年的发票怎么开", "首页标题怎么改", "a website")
        ),
    ],
)
def test_a_choice_is_understood(text: str, place: int | None) -> None:
    """However people say it, in both scripts and English; anything more, or none of them, is no choice."""
    assert chosen(text, among=3) == place


@pytest.mark.parametrize(("text", "among", "place"), [("3", 2, None), ("最后一个", 2, 1), ("2", 2, 1), ("1", 0, None)])
def test_a_choice_is_one_of_those_offered(text: str, among: int, place: int | None) -> None:
    """The third of two is none."""
    assert chosen(text, among=among) == place
