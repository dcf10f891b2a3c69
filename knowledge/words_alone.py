"""Searching while the embedder cannot be reached: by words alone, and sure of nothing but what is asked word for word.

A bag of words cannot tell a question that the manual answers from one that only sounds like it, so what is found is
for people (the desk, a choice offered to the client). Enough for an answer is only a page's own question, asked as it
stands in the manual.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from knowledge import ranking
from knowledge.asking import terms
from knowledge.catalogue import Catalogue, Flags
from knowledge.embedders import MAX_CHARACTERS
from knowledge.language import salient
from knowledge.model import Scope

#: Evidence of a page whose own question was asked.
WORD_FOR_WORD: Final = 0.95
_LEAST: Final = 0.15
_CLOSELY: Final = 40


@dataclass(frozen=True, kw_only=True)
class Worded:
    """Chunks by the share of the question's words that they hold; ``exact`` if the first page asks just this."""

    rows: tuple[int, ...]
    scores: tuple[float, ...]
    exact: bool

    @property
    def evidence(self) -> float:
        """How good the evidence is, 0..1: none, unless the page asks just this."""
        return WORD_FOR_WORD if self.exact else 0.0


def find(held: Catalogue, text: str, *, scope: Scope, hidden: frozenset[str], limit: int) -> Worded | None:
    """Return the chunks in scope that hold most of a question's words; None if none holds enough."""
    core = salient(text[: 4 * MAX_CHARACTERS])[:MAX_CHARACTERS]
    cover = held.lexical.coverage(terms(core)).scores
    visible = held.visible(scope, hidden=hidden)
    page = held.page_of_chunk
    score = np.where(visible[page], np.maximum(cover[: len(page)], cover[len(held.chunks) + page]), 0.0)
    exact = _asking(held, core, scope=scope, visible=visible)
    order = np.argsort(-score, kind="stable")[:_CLOSELY]
    order = order[score[order] >= _LEAST]
    if exact is not None:
        order = np.concatenate([_sections(held, cover[: len(page)], page=exact), order[page[order] != exact]])
    if not len(order):
        return None
    vectors = held.vectors[order]
    kept = order[ranking.thinned(page[order].tolist(), likeness=vectors @ vectors.T, limit=limit)]
    return Worded(
        rows=tuple(kept.tolist()),
        scores=tuple(float(score[row]) for row in kept.tolist()),
        exact=exact is not None,
    )


def _asking(held: Catalogue, core: str, *, scope: Scope, visible: Flags) -> int | None:
    """Return the one visible page that has the question among its own; None if none has, or several."""
    if not core:
        return None
    pages = {
        int(page)
        for page, asked in zip(held.page_of_question.tolist(), held.questions, strict=True)
        if visible[page] and salient(asked) == core and _fits(held.pages[page].product, scope.products)
    }
    return pages.pop() if len(pages) == 1 else None


def _fits(product: str | None, products: frozenset[str]) -> bool:
    return not product or not products or product in products


def _sections(held: Catalogue, cover: ranking.Floats, *, page: int) -> np.ndarray:
    """Return the chunks of a page, the one to quote first."""
    own = np.arange(int(held.bounds[page]), int(held.bounds[page + 1]))
    headed = [bool(held.chunks[row].heading) for row in own.tolist()]
    return np.asarray(own[ranking.quotable(cover[own], headed=headed)])
