"""Patterns that rules may match with: regular expressions that cannot run away. Pure.

Python's matcher goes back and forth without end on some patterns. Here nothing that is repeated may repeat again, no
back-reference and no look-around is taken, at most three parts are unbounded, the ways through what is optional or
alternative are few, and only the beginning of a text is read.
"""

import re
from functools import lru_cache
from math import comb
from typing import Final

LONGEST_PATTERN: Final = 200
LONGEST_TEXT: Final = 300
MOST_UNBOUNDED: Final = 3
MOST_WAYS: Final = 1_000
"""Each ? is two ways, each {2,5} four, each group as many as it has alternatives; one after the other they multiply."""
_MOST_TIMES: Final = 50
_MOST_STEPS: Final = 2 * comb(LONGEST_TEXT, MOST_UNBOUNDED + 1)
_CLASS: Final = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_TIMES: Final = re.compile(r"\{(\d*)(,?)(\d*)\}")


@lru_cache(maxsize=500)
def bounded(pattern: str) -> re.Pattern[str]:
    """A pattern that is safe to search with; raises ValueError that says what to write instead."""
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has at most {LONGEST_PATTERN} characters")
    body = pattern.removeprefix("(?i)")
    bare = _CLASS.sub("C", re.sub(r"\\[0-9]", _refused, body.replace("\\\\", "E")))
    bare = re.sub(r"\\.", "E", bare).replace("(?:", "(")
    if "(?" in bare:
        raise ValueError("of groups only (?:…), and (?i) at the beginning, are taken")
    if re.search(r"\)\s*(?:[*+]|\{)", bare):
        raise ValueError("a group may not be repeated; write out what it stands for")
    unbounded, ways = len(re.findall(r"[*+]", bare)), _ways(bare)
    for low, comma, high in _TIMES.findall(bare):
        if max(int(low or 0), int(high or 0)) > _MOST_TIMES:
            raise ValueError(f"at most {_MOST_TIMES} times")
        unbounded += bool(comma) and not high
        ways *= max(1, int(high) - int(low or 0) + 1) if comma and high else 1
    if unbounded > MOST_UNBOUNDED:
        raise ValueError(f"at most {MOST_UNBOUNDED} of * and +")
    if ways > MOST_WAYS or ways * comb(LONGEST_TEXT, unbounded + 1) > _MOST_STEPS:
        raise ValueError("can be read in too many ways; use fewer of ?, |, * and {,}")
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no pattern: {error}") from error


def found(pattern: str, text: str) -> bool:
    """Whether a pattern is found in the beginning of a text."""
    return bounded(pattern).search(text[:LONGEST_TEXT]) is not None


def _ways(bare: str) -> int:
    """How many ways its alternatives and optional parts leave; `a??` is as `a?`."""
    greedy = re.sub(r"([*+?}])\?", r"\1", bare)
    ways, alternatives = 1 << greedy.count("?"), [1]
    for sign in greedy:
        if sign == "(":
            alternatives.append(1)
        elif sign == "|":
            alternatives[-1] += 1
        elif sign == ")" and len(alternatives) > 1:
            ways *= alternatives.pop()
    return ways * alternatives[0]


def _refused(reference: re.Match[str]) -> str:
    raise ValueError(f"{reference[0]} refers back, which is not taken")
