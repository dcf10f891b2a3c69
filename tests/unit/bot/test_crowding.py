"""Who is told to wait, and what."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.crowding import PATIENCE, Standing, is_told, sentence
from bot.shipped import load_rules, load_texts
from handoff.kinds import Mode

NOW = datetime(2026, 11, 11, 12, 1, tzinfo=UTC)  # 20:01 in Shanghai
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("text", "spoken_to", "mode", "waited", "told"),
    [
        ("首页标题怎么改?", True, Mode.MENTION, PATIENCE, True),
        ("首页标题怎么改?", True, Mode.MENTION, PATIENCE - SECOND, False),
        ("首页标题怎么改?", True, Mode.AUTO, PATIENCE, True),
        ("首页标题怎么改?", False, Mode.AUTO, PATIENCE, False),
        ("首页标题怎么改?", True, Mode.SHADOW, PATIENCE, False),
        ("首页标题怎么改?", True, Mode.OFF, PATIENCE, False),
        ("谢谢", True, Mode.MENTION, PATIENCE, False),
        ("网站打不开了!!!", True, Mode.MENTION, PATIENCE, False),
        ("How do I refund an order?", True, Mode.COMMUNITY, PATIENCE, True),
    ],
)
def test_only_who_expects_an_answer_is_told(
    text: str, spoken_to: bool, mode: Mode, waited: timedelta, told: bool
) -> None:
    """Who did not speak to us, only says thanks, or reports an emergency (which goes first) hears nothing."""
    assert is_told(load_rules().read(text), spoken_to=spoken_to, mode=mode, waited=waited) is told


@pytest.mark.parametrize(
    ("place", "pace", "expected"),
    [
        (1, 60, datetime(2026, 11, 11, 12, 5, tzinfo=UTC)),
        (239, 60, datetime(2026, 11, 11, 12, 5, tzinfo=UTC)),
        (240, 60, datetime(2026, 11, 11, 12, 5, tzinfo=UTC)),
        (241, 60, datetime(2026, 11, 11, 12, 10, tzinfo=UTC)),
        (180, 1, datetime(2026, 11, 11, 15, 5, tzinfo=UTC)),
        (181, 1, None),
        (1, 0, None),
    ],
)
def test_the_time_is_rounded_up_and_only_named_where_it_is_known(
    place: int, pace: int, expected: datetime | None
) -> None:
    """Five minutes more rather than less; nothing is promised that moves by nothing, or lies hours away."""
    assert Standing(place=place, pace=pace, zone="Asia/Shanghai", now=NOW).expected_at == expected


@pytest.mark.parametrize(
    ("language", "place", "pace", "said"),
    [
        ("zh-Hans", 24, 60, "现在提问的人特别多，您的问题已收到，大约排在第24位，预计今晚20:05前在这里回复您。如果很急，请回复“急”。"),
        ("zh-Hant", 1, 0, "現在提問的人特別多，您的問題已收到，下一個就是，輪到時會馬上在這裡回覆您。如果很急，請回覆「急」。"),
        (
            "en", 24, 60,
            ("Very many people are asking us at the moment. Your question is kept; it is about number 24 in line, and will "
            "be answered here by about 20:05 today. If it is urgent, write “urgent”."),
        ),
    ],
)  # fmt: skip
def test_what_they_hear(language: str, place: int, pace: int, said: str) -> None:
    """In their language, on their clock; the word it asks for is one that the rules know as urgent."""
    standing = Standing(place=place, pace=pace, zone="Asia/Shanghai", now=NOW)
    assert sentence(standing, language=language, texts=load_texts()) == said


@pytest.mark.parametrize("word", ["急", "urgent", "Urgent!", "很急"])
def test_the_word_is_understood(word: str) -> None:
    assert load_rules().read(word).urgent
