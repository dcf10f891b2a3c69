"""The small rules: golden questions, evidence, categories, measures, names of the trade."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import categories, concepts, evidence, gate, golden, measures, ranking
from knowledge.errors import GoldenInvalid
from knowledge.evidence import Evidence, Judged, Signals
from knowledge.model import GoldenScore
from tests.unit.knowledge.pages import EMBEDDER, page, searcher, write


def signals(*, relevance: float, crossing: bool = False) -> Signals:
    return Signals(
        relevance=relevance, dense=relevance, coverage=relevance, margin=0.1, agreement=1.0, question=relevance,
        present=relevance, named=1.0, known=1.0, product=1.0, background=0.5, contrast=relevance - 0.5,
        question_contrast=relevance - 0.5, several=relevance - 0.5, vote=relevance, rivals=0.3, against=1 - relevance,
        strangers=1 - relevance, length=0.5, crossing=crossing,
    )  # fmt: skip


@given(one=st.floats(0, 1), other=st.floats(0, 1), crossing=st.booleans())
def test_more_evidence_is_more_probable(*, one: float, other: float, crossing: bool) -> None:
    """The probability lies between 0 and 1 and grows with the signals, within and across languages."""
    low, high = (Evidence().probability(signals(relevance=each, crossing=crossing)) for each in sorted((one, other)))
    assert 0 <= low <= high <= 1


def test_one_question_put_often_has_one_vote() -> None:
    """Five wordings of one question weigh hardly more than it does alone; what differs from all weighs nothing."""
    alone = ranking.votes(np.array([0.9]), among=np.ones((1, 1))).sum()
    five = ranking.votes(np.full(5, 0.9), among=np.full((5, 5), 0.99) + 0.01 * np.eye(5)).sum()
    assert alone < five < 1.3 * alone
    assert ranking.votes(np.array([0.9, -1.0]), among=np.array([[1.0, -1.0], [-1.0, 1.0]]))[1] < 0.01 * alone


def test_a_manual_fits_its_own_threshold() -> None:
    """The fit tells this manual's answerable questions from the others, also where both score low."""
    judged = [Judged(signals=signals(relevance=0.30 + i / 100), answerable=True, right=True) for i in range(10)]
    judged += [Judged(signals=signals(relevance=0.10 + i / 100), answerable=False, right=False) for i in range(10)]
    fitted = evidence.fitted(judged)
    assert all(fitted.enough(each.signals) is each.answerable for each in judged)
    assert Evidence.from_json(fitted.as_json()) == fitted


def test_a_threshold_hopes_for_no_more_than_questions_unseen_reach() -> None:
    """Questions are judged by a model of the others: chances that say nothing of the answer give a middling limit."""
    judged = [Judged(signals=signals(relevance=0.3), answerable=bool(i % 2), right=bool(i % 2)) for i in range(40)]
    assert evidence.threshold(judged, chances=np.linspace(0, 1, 40)) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("answerable", [True, False])
def test_without_both_kinds_nothing_is_fitted(*, answerable: bool) -> None:
    """Golden questions of one kind only, or none, leave the model of the packs."""
    judged = [Judged(signals=signals(relevance=0.5), answerable=answerable, right=answerable)] * 5
    assert evidence.fitted(judged) == Evidence()
    assert evidence.fitted([]) == Evidence()


def test_a_model_of_other_signals_is_not_used() -> None:
    """What an older program stored about other signals falls back to the default."""
    assert Evidence.from_json({"same": [1.0], "cross": [1.0], "threshold": 0.9}) == Evidence()
    assert Evidence.from_json(None) == Evidence()


@pytest.mark.parametrize(
    ("ask", "after", "whole"),
    [
        ("那手机上怎么弄", "首页轮播图怎么换？", "首页轮播图怎么换 手机上怎么弄"),
        ("and in squarespace?", "how do I add a menu", "how do i add a menu in squarespace?"),
        ("谷歌呢", "怎么提交到百度", "怎么提交到百度 谷歌呢"),
        ("怎么改密码", None, "怎么改密码"),
        ("怎么改密码", " ", "怎么改密码"),
        ("android app", "help", "help android app"),
        ("那foxmail呢", "outlook怎么设置公司邮箱", "怎么设置公司邮箱 foxmail呢"),
        ("那苹果手机呢", "outlook怎么设置公司邮箱", "怎么设置公司邮箱 苹果手机呢"),
        ("那收不到怎么办", "outlook怎么设置公司邮箱", "outlook怎么设置公司邮箱 收不到怎么办"),
        ("and with stripe?", "how do I accept paypal", "how do i accept with stripe?"),
    ],
)
def test_follow_ups_stand_alone(ask: str, after: str | None, whole: str) -> None:
    """A follow-up carries the turn before; its lead-in goes, and products that it puts something in the place of."""
    assert golden.standalone(ask, after) == whole


def test_golden_questions_are_read(tmp_path: Path) -> None:
    """Pages as one id or a list, none, and a turn before."""
    path = write(
        tmp_path, "golden.yaml", "- {ask: a, page: [x, y]}\n- {ask: b, page: none}\n- {ask: c, page: z, after: d}\n"
    )
    assert golden.read(path) == (
        golden.Golden(ask="a", pages=("x", "y")),
        golden.Golden(ask="b"),
        golden.Golden(ask="c", pages=("z",), after="d"),
    )
    assert golden.read(tmp_path / "missing.yaml") == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [("- {ask: a, page: x}\n- {ask: b}\n", 2), ("a: b\n", 1), ("- {ask: a, page: []}\n", 1), ("- [\n", 2), ("- {ask: 1, page: x}\n", 1)],
)  # fmt: skip
def test_a_wrong_golden_file_names_the_line(tmp_path: Path, text: str, line: int) -> None:
    """What cannot be read is said with its line."""
    with pytest.raises(GoldenInvalid) as caught:
        golden.read(write(tmp_path, "golden.yaml", text))
    assert caught.value.line == line


def test_the_gate_compares_scores() -> None:
    """Worse by more than the tolerance is refused; equal, better, or nothing to compare with passes."""

    def score(first: float) -> GoldenScore:
        return GoldenScore(answerable=10, unanswerable=10, first=first, refused=1, recall=1, answered=1, threshold=0.5)

    assert gate.passes(score(0.9), score(0.9))
    assert gate.passes(score(0.5), score(0.9))
    assert gate.passes(None, score(0.1))
    assert not gate.passes(score(0.9), score(0.7))


def test_golden_questions_are_judged() -> None:
    """Right page first and answered, rightly refused, and what was missed by name."""
    made = searcher([page("menu", "Change the menu under Appearance."), page("mail", "The mailbox is full.")])
    questions = [
        golden.Golden(ask="change the menu under appearance", pages=("menu",)),
        golden.Golden(ask="the mailbox is full", pages=("menu",)),
        golden.Golden(ask="weather in hamburg tomorrow"),
        golden.Golden(ask="你好"),
    ]
    asked = gate.ask(questions, searcher=made, embedder=EMBEDDER)
    score = gate.score(asked, evidence=gate.fit(asked), held_out=True)
    assert score is not None
    assert (score.answerable, score.unanswerable, score.first, score.refused, score.recall) == (2, 2, 0.5, 1.0, 1.0)
    assert score.misses == ("the mailbox is full",)
    assert set(score.held_out) == {"first", "refused", "recall", "answered"}
    assert gate.score((), evidence=Evidence()) is None


def test_categories_are_learned() -> None:
    """Separated classes are told apart, however uneven, and folds never see their own."""
    rng = np.random.default_rng(1)
    labels = ["a"] * 40 + ["b"] * 8
    vectors = rng.normal(size=(48, 16)).astype(np.float32)
    vectors[:, 0] = [3.0 if label == "a" else -3.0 for label in labels]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    classifier = categories.train(vectors, labels)
    assert classifier is not None
    assert classifier.labelled(vectors) == labels
    assert measures.accuracy(categories.folded(vectors, labels), labels) > 0.9
    assert categories.train(vectors, ["a"] * 48) is None


def test_measures() -> None:
    """Each measure on a case worked by hand."""
    assert measures.ndcg(["x", "a"], {"a"}) == pytest.approx(1 / np.log2(3))
    assert measures.ndcg(["a", "b"], {"a", "b", "c"}, k=2) == 1
    assert measures.recall(["a", "x", "b"], {"a", "b"}, k=2) == 0.5
    assert measures.reciprocal_rank(["x", "a"], {"a"}) == 0.5
    assert measures.auroc([2, 3], [1, 2]) == 0.875
    assert measures.auroc([], [1]) is None
    assert measures.best_f1([3, 2], [1]) == 1
    assert measures.macro_f1(["a", "a", "b"], ["a", "b", "b"]) == pytest.approx(2 / 3)
    assert measures.percentile([4, 1, 3, 2], 0.5) == 2
    assert measures.percentile([], 0.5) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("wp登陆不上", ["§登录"]),
        ("two-factor login", ["§两步验证", "§登录"]),
        ("relogin catalogin", []),
        ("轮播图", ["§轮播"]),
    ],
)
def test_ideas_have_one_name(text: str, named: list[str]) -> None:
    """Variants in both languages give one term; the longest name wins; parts of words do not count."""
    assert concepts.concepts(text) == named


def test_glosses_and_products() -> None:
    """Plain words in the asker's language; products by whole names."""
    assert concepts.glossed("wp登陆", chinese=True) == "登录"
    assert concepts.glossed("cannot sign in", chinese=False) == "login"
    assert concepts.products("shopify和抖音") == {"shopify", "抖音"}
    assert concepts.products("shopifyx") == frozenset()
    assert concepts.products("alipay") == concepts.products("支付宝") == {"支付宝"}
