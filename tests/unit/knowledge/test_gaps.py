"""Questions put together by what they mean, and what is said of them."""

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import gaps
from knowledge.asked import comparable
from knowledge.embedders import HashingEmbedder
from knowledge.gap_facts import Advice, Near, advice, telling, trend
from knowledge.gaps import Cluster, clusters

NOW = datetime(2026, 11, 22, tzinfo=UTC)
WORDS = [
    "发票",
    "抬头",
    "退款",
    "小程序",
    "直播",
    "会员",
    "积分",
    "优惠券",
    "地图",
    "invoice",
    "refund",
    "coupon",
    "map",
]
QUESTIONS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map("怎么".join), max_size=30)


def grouped(texts: list[str]) -> tuple[Cluster, ...]:
    return clusters([comparable(text) for text in texts], HashingEmbedder().queries(texts))


def wordings(texts: list[str]) -> set[tuple[str, ...]]:
    return {tuple(sorted(comparable(texts[place]).text for place in each.members)) for each in grouped(texts)}


@settings(max_examples=60, deadline=None)
@given(QUESTIONS)
def test_every_question_is_in_exactly_one_cluster(texts: list[str]) -> None:
    """None is lost, none stands twice, the largest come first."""
    found = grouped(texts)
    assert sorted(place for each in found for place in each.members) == list(range(len(texts)))
    sizes = [len(each.members) for each in found]
    assert sizes == sorted(sizes, reverse=True)


@settings(max_examples=60, deadline=None)
@given(QUESTIONS, st.randoms(use_true_random=False))
def test_the_order_of_questions_changes_nothing(texts: list[str], chance: random.Random) -> None:
    """The same wordings come together, however they are given."""
    shuffled = chance.sample(texts, len(texts))
    assert wordings(texts) == wordings(shuffled)


@settings(max_examples=60, deadline=None)
@given(QUESTIONS)
def test_the_same_words_are_never_apart(texts: list[str]) -> None:
    """Whatever else is asked, one wording has one cluster."""
    homes: dict[str, set[int]] = {}
    for number, each in enumerate(grouped(texts)):
        for place in each.members:
            homes.setdefault(comparable(texts[place]).text, set()).add(number)
    assert all(len(clusters) == 1 for clusters in homes.values())


def test_a_chain_of_neighbours_is_no_cluster() -> None:
    """Each is like the next, the first and the last have nothing in common: single linkage would take them all."""
    angles = np.linspace(0, np.pi, 40)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    texts = [f"q{place:02}" for place in range(40)]
    questions = [gaps.Question(text=text, terms=(text,), chinese=True) for text in texts]
    found = clusters(questions, vectors)
    assert len(found) > 2
    for each in found:
        centre = vectors[each.centre]
        likeness = [(1 - gaps.WORDS) * float(centre @ vectors[place]) for place in each.members[1:]]
        assert min(likeness, default=1.0) >= gaps.STAYS - 1e-4


def test_five_thousand_questions_are_no_trouble() -> None:
    """Two thousand wordings of forty matters, asked five thousand times."""
    chance = np.random.default_rng(5)
    centres = np.linalg.qr(chance.normal(size=(64, 40)))[0].T
    rows = np.repeat(centres, 50, axis=0) + chance.normal(scale=0.04, size=(2000, 64))
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    asked = [place % 2000 for place in range(5000)]
    questions = [gaps.Question(text=f"{place:04}", terms=(), chinese=True) for place in asked]
    found = clusters(questions, vectors[asked])
    assert len(found) == 40
    assert {place % 2000 // 50 for place in found[0].members} == {asked[found[0].centre] // 50}


def test_no_question_is_no_cluster() -> None:
    """A quiet desk lacks nothing."""
    assert grouped([]) == ()


def test_centring_takes_away_what_all_questions_share() -> None:
    """Two languages that lie in corners of their own come together by what they ask."""
    zh, en = np.array([4, 0, 0, 0]), np.array([0, 4, 0, 0])
    one, other = np.array([0, 0, 1, 0]), np.array([0, 0, 0, 1])
    vectors = np.stack([zh + one, zh + other, en + one, en + other]).astype(np.float32)
    chinese = np.array([True, True, False, False])
    found = gaps.centred(vectors, chinese=chinese, centres={True: zh.astype(np.float32), False: en.astype(np.float32)})
    assert found[0] @ found[2] == pytest.approx(1.0)
    assert found[0] @ found[1] == pytest.approx(0.0)


def test_weeks_are_counted_back_from_now() -> None:
    """Four weeks against the four before; the beginning of a week belongs to it."""
    times = [NOW, NOW - timedelta(days=6, hours=23), NOW - timedelta(days=7), NOW - timedelta(days=29)]
    found = trend([*times, NOW - timedelta(days=400), NOW + timedelta(minutes=1)], now=NOW)
    assert found.weeks == (0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 3)
    assert (found.recent, found.before) == (4, 1)


def near(page: str, evidence: float) -> Near:
    return Near(page=page, evidence=evidence, enough=evidence > 0.5)


@pytest.mark.parametrize(
    ("found", "failed", "advised"),
    [
        ([None, None], [None, None], (Advice.WRITE, None)),
        ([near("a", 0.1), near("a", 0.05)], [None, None], (Advice.WRITE, None)),
        ([near("a", 0.4), near("a", 0.3)], [None, None], (Advice.EXTEND, "a")),
        ([near("a", 0.4), near("b", 0.4), near("c", 0.4)], [None] * 3, (Advice.WRITE, None)),
        ([near("a", 0.9), near("a", 0.9)], ["a", "a"], (Advice.CLARIFY, "a")),
        ([near("a", 0.9), near("a", 0.9)], ["a", None], (Advice.CLARIFY, "a")),
        ([near("b", 0.4)] * 4, ["a", None, None, None], (Advice.EXTEND, "b")),
    ],
)
def test_advice_is_of_three_kinds(
    found: list[Near | None], failed: list[str | None], advised: tuple[Advice, str | None]
) -> None:
    """Write a page, add the question to one that nearly has it, or make one understood that was read in vain."""
    assert advice(found, failed=failed) == advised


def test_telling_words_are_of_this_cluster_alone() -> None:
    """What everybody writes tells nothing."""
    invoice = ["网站发票抬头怎么改", "想改一下发票抬头", "发票抬头写错了"]
    others = ["网站怎么改标题", "网站怎么改图片", "网站备案怎么改", "how do I get a refund"]
    assert telling(invoice, invoice + others)[0] in ("发票抬头", "票抬头", "发票")
    english = ["how do I get a refund", "refund for the wrong order"]
    assert telling(english, [*invoice, *others, *english]) == ("refund",)
    assert telling(others[-1:], invoice + others) == ()
