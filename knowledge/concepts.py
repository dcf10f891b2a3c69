"""What the words of the trade mean: ideas that go by many names, and names that stand for one product. Pure.

`concepts.txt` and `products.txt` lie beside this file. Ideas join the index terms of questions and pages, so that
「登陆」 finds 登录 and a Chinese question shares terms with an English page.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

#: Stands before a term that is an idea, so that it is no word.
MARK = "§"


@dataclass(frozen=True, kw_only=True)
class _Lexicon:
    pattern: re.Pattern[str]
    meaning: dict[str, str]
    """From a name as written to the first name of its idea."""
    english: dict[str, str]
    """From the first name of an idea to its first English name."""


def concepts(folded: str) -> list[str]:
    """Return the ideas a folded text names, as index terms, in order, repeats kept."""
    known = _lexicon("concepts.txt")
    return [MARK + known.meaning[match.group()] for match in known.pattern.finditer(folded)]


def glossed(folded: str, *, chinese: bool) -> str:
    """Return the plain words for the ideas a folded text names ("" if it names none)."""
    known = _lexicon("concepts.txt")
    named = dict.fromkeys(term.removeprefix(MARK) for term in concepts(folded))
    return " ".join(named if chinese else (known.english[name] for name in named))


def products(folded: str) -> frozenset[str]:
    """Return the products a folded text names, each by the first of its names."""
    known = _lexicon("products.txt")
    return frozenset(known.meaning[match.group()] for match in known.pattern.finditer(folded))


def unbranded(folded: str) -> str:
    """Return a folded text without the products it names."""
    return re.sub(r"\s+", " ", _lexicon("products.txt").pattern.sub(" ", folded)).strip()


@cache
def _lexicon(name: str) -> _Lexicon:
    meaning: dict[str, str] = {}
    english: dict[str, str] = {}
    for names in _entries(name):
        english[names[0]] = next((each for each in names if each.isascii()), names[0])
        for each in names:
            meaning.setdefault(each, names[0])
    return _Lexicon(pattern=_pattern(meaning), meaning=meaning, english=english)


def _entries(name: str) -> Iterator[list[str]]:
    """Yield the names of each idea, or product: a line holds the names of one idea, or several products."""
    for line in lines(name):
        parts = [part.strip() for part in line.split("|")]
        if name == "products.txt":
            yield from ([each.strip() for each in part.split("=")] for part in parts)
        else:
            yield parts


def lines(name: str) -> list[str]:
    """Return the lines of a word list of this package, without comments."""
    text = files("knowledge").joinpath(name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Compile names into a prefix tree: the longest name wins, Latin ones only as whole words."""
    trees: dict[bool, dict[str, Any]] = {False: {}, True: {}}
    for name in names:
        node = trees[name[0].isascii()]
        for character in name:
            node = node.setdefault(character, {})
        node[""] = {}
    latin = rf"{_begin(trees[True])}(?<![a-z0-9]){_alternatives(trees[True])}(?![a-z0-9])"
    return re.compile(f"{latin}|{_begin(trees[False])}{_alternatives(trees[False])}" if trees[False] else latin)


def _begin(tree: dict[str, Any]) -> str:
    """One look at a character that no name begins with, instead of one for each name: twice as fast in all."""
    return f"(?=[{''.join(map(re.escape, sorted(tree)))}])" if tree else ""


def _alternatives(tree: dict[str, Any]) -> str:
    branches = [re.escape(key) + _alternatives(tree[key]) for key in sorted(tree) if key]
    if not branches:
        return ""
    body = f"(?:{'|'.join(branches)})"
    return body + "?" if "" in tree else body
