"""Whether a long word was written with one slip: a letter missing, too many, wrong, or two exchanged. Pure.

Short words are left alone, and the first letter must be right: "looking" is no "booking".
"""

import re
from typing import Final

_LEAST: Final = 8


def slipped(text: str, word: str) -> tuple[int, int] | None:
    """Where a folded text has a word with one slip in it."""
    if len(word) < _LEAST or not re.fullmatch(r"[a-z]+", word):
        return None
    for found in re.finditer(r"[a-z]{7,}", text):
        said = found[0]
        if said[0] == word[0] and any(_one_slip(each, word) for each in {said, said.removesuffix("s")}):
            return found.span()
    return None


def _one_slip(said: str, word: str) -> bool:
    if said == word or abs(len(said) - len(word)) > 1:
        return False
    at = next((n for n, (a, b) in enumerate(zip(said, word, strict=False)) if a != b), min(len(said), len(word)))
    rest, meant = said[at:], word[at:]
    exchanged = rest[:2] == meant[1::-1] and rest[2:] == meant[2:]
    return rest[1:] == meant or rest == meant[1:] or rest[1:] == meant[1:] or exchanged
