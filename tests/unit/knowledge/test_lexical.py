"""BM25 as stated, against a naive count; coverage between 0 and 1."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.lexical import K1, B, LexicalIndex

WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=12)


def naive(documents: list[list[str]], terms: list[str], row: int) -> float:
    """Lucene's BM25 by the formula, divided by the summed idf."""
    filled = [each for each in documents if each]
    average = sum(map(len, documents)) / max(len(filled), 1)
    score = weight = 0.0
    for term in set(terms):
        df = sum(term in each for each in documents)
        idf = math.log(1 + (len(filled) - df + 0.5) / (df + 0.5))
        tf = documents[row].count(term)
        score += idf * tf / (tf + K1 * (1 - B + B * len(documents[row]) / (average or 1)))
        weight += idf
    return score / weight if weight else 0.0


@given(st.lists(WORDS, min_size=1, max_size=8), WORDS)
def test_coverage_is_bm25_over_its_bound(documents: list[list[str]], terms: list[str]) -> None:
    """Every document's coverage equals the formula and lies between 0 and 1."""
    found = LexicalIndex(documents).coverage(terms).scores
    for row, score in enumerate(found):
        assert score == pytest.approx(naive(documents, terms, row), abs=1e-5)
        assert 0 <= score <= 1


def test_unseen_terms_lower_coverage() -> None:
    """A word that no document has counts at the largest idf, and is told."""
    index = LexicalIndex([["a", "b"], ["b"]])
    known, half = index.coverage(["a"]), index.coverage(["a", "shopify"])
    assert half.scores[0] < known.scores[0]
    assert known.unseen == 0
    assert 0.5 < half.unseen < 1


def test_presence_by_rows() -> None:
    """Whether a range of rows holds each term."""
    index = LexicalIndex([["a"], ["b"], ["c"]])
    assert [(term, there) for term, _, there in index.present(["a", "c", "z"], rows=range(1, 3))] == [
        ("a", False), ("c", True), ("z", False),
    ]  # fmt: skip


def test_empty_index() -> None:
    """Nothing indexed scores nothing."""
    assert LexicalIndex([]).coverage(["a"]).scores.tolist() == []
