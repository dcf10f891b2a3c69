"""A draft is checked before it goes out: marks, facts, links, language (conversation.md, *Answering* 3). Pure.

The model may only point at passages; what it states must stand in a passage that it points at.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot import own_words
from knowledge import claims, hidden_claims
from knowledge.language import ENGLISH, SIMPLIFIED, TRADITIONAL, detect, fold, to_script
from knowledge.model import Passage

MARK, URL = claims.MARK, claims.URL
_SQUEEZE = re.compile(r"[\s*_`“”\"'「」『』【】\[\]（）()]+")
_WORD = re.compile(r"[A-Za-z]{2,}")
_HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Problem:
    """One fault of a draft: a stable kind, and the words concerned."""

    kind: str
    words: str = ""


def check(text: str, *, passages: Sequence[Passage], language: str, told: str = "") -> tuple[Problem, ...]:
    """Every fault of a draft answer; empty means that it may go out. `passages[0]` is mark [1].

    `told` is what the model was instructed with: none of it is for the client.
    """
    marks = [int(mark) for mark in MARK.findall(text)]
    wrong = [n for n in marks if not 1 <= n <= len(passages)]
    problems = [Problem("unknown_mark", f"[{n}]") for n in wrong]
    if not marks:
        problems.append(Problem("no_mark"))
    cited = [passages[n - 1] for n in dict.fromkeys(marks) if n not in wrong]
    sources = [source for p in cited for source in _source(p)]
    problems += unfounded(text, sources=sources)
    problems += betrayed(text, told=told, sources=sources)
    if not _same_language(text, language):
        problems.append(Problem("language", detect(MARK.sub("", text))))
    return tuple(problems)


def unfounded(text: str, *, sources: Iterable[str]) -> list[Problem]:
    """Links, commands, menu paths, numbers with a unit and codes of `text` that stand in none of the `sources`."""
    sources = list(sources)
    ground = fold("\n".join(sources))
    squeezed = _squeezed(ground)

    def stands(kind: str, words: str) -> bool:
        if kind in _EXACT:
            return _stands_whole(words, ground, ranges=kind == "number")
        return _squeezed(words) in squeezed

    plain = [Problem(kind, words) for kind, words in claims.claims(text) if not stands(kind, words)]
    under = hidden_claims.ground_of("\n".join(sources))
    veiled = [
        Problem(kind, words)
        for kind, words in hidden_claims.hidden(text)
        if not hidden_claims.stands(words, ground=under)
    ]
    return list(dict.fromkeys([*plain, *veiled]))


def betrayed(text: str, *, told: str, sources: Iterable[str]) -> list[Problem]:
    """Where a text repeats what its writer was `told`, or speaks about that, and no source does."""
    known = list(sources)
    runs = [Problem("instructions", run) for run in own_words.repeated(text, told=told, sources=known)] if told else []
    return runs + [Problem("about_itself", words) for words in own_words.about_itself(text, sources=known)]


CONTACTS = frozenset({"link", "address", "phone", "handle"})
"""Kinds of claims that lead a reader somewhere."""
_EXACT = frozenset({"link", "address", "number", "phone", "code"})


def _stands_whole(words: str, ground: str, *, ranges: bool) -> bool:
    """Whether the words stand in the folded ground as they are: "5天" not within "15天", "a.co" not within "a.com".

    With `ranges` a hyphen may follow ("9:00-18:00").
    """
    parts = re.findall(r"\d+|[^\d\s]+", fold(words).rstrip("/"))
    exact = r"\s*".join(map(re.escape, parts))
    joined = "." if ranges else ".-"
    return re.search(rf"(?<![a-z0-9])(?<!\d[.,]){exact}(?![a-z0-9])(?![{joined}][a-z0-9])", ground) is not None


_PICTURE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")


def _source(passage: Passage) -> tuple[str, ...]:
    """What the passage says to its readers: where a picture of it lies is not said."""
    said = (passage.title, passage.heading, passage.lead, passage.text)
    return (*(_PICTURE.sub(r"\1", each) for each in said), passage.url or "", passage.video or "")


def _same_language(text: str, language: str) -> bool:
    prose = URL.sub(" ", claims.CODE.sub(" ", MARK.sub(" ", text)))
    found = detect(prose, default=language)
    if {found, language} == {SIMPLIFIED, TRADITIONAL}:
        return to_script(prose, language) == prose
    if language == ENGLISH and found != ENGLISH:  # English that quotes a Chinese menu by its names is English
        return len(_WORD.findall(prose)) > len(_HAN.findall(prose))
    return found == language


def _squeezed(text: str) -> str:
    return _SQUEEZE.sub("", fold(text))
