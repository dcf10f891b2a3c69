"""A question made ready for searching."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.concepts import concepts, glossed, products
from knowledge.embedders import MAX_CHARACTERS, Embedder, Vectors
from knowledge.language import is_chinese, salient, tokens

#: What asks rather than says: a page need not hold it. Only Chinese; the English ones are stop words everywhere.
_ASKING = frozenset(
    """
    什么 什 么 怎么 怎 怎样 如何 为什么 为何 哪 哪些 哪里 多少 是否 能否 可以
    吗 呢 吧 的 了 是 在 我 您 你 有 个 请 会 能 要
    """.split()  # noqa: SIM905 - a list of 30 quoted words says no more
)


def terms(folded: str) -> list[str]:
    """Return the index terms of a folded text: its words, and the ideas they name."""
    return tokens(folded) + concepts(folded)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question made ready: what it says without courtesies, its terms, its vector."""

    text: str
    terms: tuple[str, ...]
    vector: Vectors
    chinese: bool
    products: frozenset[str]


def question(text: str, *, embedder: Embedder) -> Question | None:
    """Make a question ready; None if nothing is left of it without courtesies."""
    return questions([text], embedder=embedder)[0]


def forms(text: str) -> list[str]:
    """Return what is embedded for a question; nothing if it says nothing."""
    return _forms(_core(text))


def questions(texts: Sequence[str], *, embedder: Embedder) -> tuple[Question | None, ...]:
    """Make several ready, embedding them together.

    Each is embedded with a question mark whether typed or not, as the mark alone moves the vector; and where it names
    ideas of the trade, with the plain words for them too: its vector is the middle of both.
    """
    cores = [_core(text) for text in texts]
    forms = [_forms(core) for core in cores]
    flat = [form for each in forms for form in each]
    rows = embedder.queries(flat) if flat else stacked([], dimensions=embedder.dimensions)
    ends = np.cumsum([len(each) for each in forms])
    return tuple(
        _question(core, rows=rows[end - len(each) : end]) if each else None
        for core, each, end in zip(cores, forms, ends.tolist(), strict=True)
    )


def stacked(rows: Sequence[Vectors], *, dimensions: int) -> Vectors:
    """Return vectors as the rows of one array."""
    return np.stack(rows) if rows else np.zeros((0, dimensions), dtype=np.float32)


def _core(text: str) -> str:
    return salient(text[: 4 * MAX_CHARACTERS])[:MAX_CHARACTERS]


def _forms(core: str) -> list[str]:
    """Return what is embedded for a question; nothing if it says nothing."""
    if not any(character.isalnum() for character in core):
        return []
    gloss = glossed(core, chinese=is_chinese(core))
    return [f"{core}?", f"{core}? {gloss}"] if gloss else [f"{core}?"]


def _question(core: str, *, rows: Vectors) -> Question:
    middle = rows.mean(axis=0)
    return Question(
        text=core,
        terms=_telling(terms(core)),
        vector=np.asarray(middle / np.linalg.norm(middle), dtype=np.float32),
        chinese=is_chinese(core),
        products=products(core),
    )


def _telling(words: list[str]) -> tuple[str, ...]:
    """Return the terms that say something; all of them where none does."""
    return tuple(word for word in words if word not in _ASKING) or tuple(words)
