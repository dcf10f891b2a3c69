"""Windows of a chunk: a sentence or a few."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import ranking
from knowledge.catalogue import Windows
from knowledge.windows import WIDEST, windows


def test_a_short_text_is_one_window():
    """A short section is its own window."""
    assert windows("登录后台，点“忘记密码”。") == ("登录后台，点“忘记密码”。",)


def test_sentences_stay_whole():
    """A window ends where a sentence ends, in both languages."""
    zh = "先备份网站的全部文件和数据库，并把备份下载到自己的电脑。" * 8
    en = "Back up the whole site before you update any plug-in. " * 12
    for text, end in ((zh, "。"), (en, ".")):
        found = windows(text)
        assert len(found) > 2
        assert all(each.endswith(end) for each in found)


def test_no_window_is_much_wider_than_it_may_be():
    """Text without an end, a long address or a table row, is cut all the same."""
    found = windows("域名" * 2_000)
    assert max(map(len, found)) <= 2 * WIDEST
    assert "".join(found) == "域名" * 2_000


@given(st.text(alphabet="这是一句话。ab .\n!?；1", max_size=600))
def test_nothing_is_lost_or_said_twice(text):
    """Windows hold what the text holds, in its order."""
    assert "".join("".join(windows(text)).split()) == "".join(text.split())


def test_blank_text_has_none():
    """Nothing to say, nothing to find."""
    assert windows(" \n ") == ()


def test_a_near_window_lifts_a_long_section():
    """One sentence that answers counts half, where the whole section is about more."""
    whole, window = np.array([0.80, 0.82], np.float32), np.array([0.92, 0.83], np.float32)
    first, second = ranking.nearness(whole, window=window)
    assert first > second


def test_each_chunk_is_judged_by_its_own_windows():
    """A chunk without windows is judged by the whole."""
    held = Windows.of(np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32), counts=[2, 0, 1])
    asked = np.array([1, 0], np.float32)
    best = held.best(np.array([2, 1, 0]), vector=asked, otherwise=np.array([0.1, 0.5, 0.1], np.float32))
    assert best.tolist() == pytest.approx([0.6, 0.5, 1.0], abs=1e-3)
    assert held.best(np.array([1]), vector=asked, otherwise=np.array([0.5], np.float32)).tolist() == [0.5]
