"""A question made ready for searching."""

from dataclasses import dataclass

import numpy as np

from knowledge.concepts import concepts, glossed, products
from knowledge.embedders import MAX_CHARACTERS, Embedder, Vectors
from knowledge.language import is_chinese, salient, tokens


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
    """Make a question ready; None if nothing is left of it without courtesies.

    It is embedded with a question mark whether typed or not: the mark alone moves the vector.
    """
    core = salient(text[: 4 * MAX_CHARACTERS])[:MAX_CHARACTERS]
    if not any(character.isalnum() for character in core):
        return None
    chinese = is_chinese(core)
    return Question(
        text=core,
        terms=tuple(terms(core)),
        vector=_vector(core, chinese=chinese, embedder=embedder),
        chinese=chinese,
        products=products(core),
    )


def _vector(core: str, *, chinese: bool, embedder: Embedder) -> Vectors:
    """Embed a question as it is and with the plain words for what it names; return the middle of both."""
    asked = f"{core}?"
    gloss = glossed(core, chinese=chinese)
    rows = embedder.queries([asked, f"{asked} {gloss}"] if gloss else [asked])
    middle = rows.mean(axis=0)
    return np.asarray(middle / np.linalg.norm(middle), dtype=np.float32)
