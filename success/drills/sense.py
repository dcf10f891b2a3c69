"""What of a trainee's messages is said to the client at all: no list of words, no other language, nothing given back or
pasted in. Pure.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.language import fold
from success.drills.model import Scenario
from success.drills.results import Evidence, Ground
from success.drills.signs import sentences, shortened

COPIED: Final = 20
"""So many characters in a row of a page for our own people, said to a client, are copied; of letters, twice that."""
ECHO: Final = 6
"""A sentence of so many characters that the client wrote is the client's own."""
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_WORD: Final = re.compile(r"[a-z]+(?:['’][a-z]+)?")
_PIECE: Final = re.compile(r"[\s,，、/|;；+·。.]+")
_SMALL: Final = frozenset(
    re.findall(
        r"\S+",
        """a an the and or but so if as at by for from in into of on to with until within is am are was were be been it
        its this that there here i me my we us our you your he she they them his her their will would can could shall
        should may must do does did have has had not no what when which who how then than very too also i'm we're it's
        i'll we'll you'll i'd we'd don't can't won't that's""",
    )
)
_BINDING: Final = re.compile(r"[的了在是我您你们会给请就已把这那和与也都有到为由]|[跟让被将正]")
_FEWEST_WORDS: Final = 7
_FEWEST_PIECES: Final = 5
_SHORT: Final = 5.0
_LOOSE: Final = 0.22
_UNBOUND: Final = 0.12
_SAID: Final = re.compile(r"「[^」]*」|“[^”]*”|^\s*(?:\d+[.、]|#+|[-*])\s*", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What counts of each message, and the messages that do not count at all, with the reason."""

    lines: tuple[str, ...]
    refused: tuple[Evidence, ...]


def heard(lines: tuple[str, ...], scenario: Scenario, language: str | None) -> Heard:
    """What the client hears: a message that no client can read counts for nothing; nor do the client's own words."""
    own = _bare("\n".join(_told(scenario)))
    kept, refused = [], []
    for number, line in enumerate(lines, 1):
        why = "list" if a_list(line) else "language" if language and not in_tongue(line, language) else ""
        if why:
            refused.append(Evidence(quote=shortened(line), line=number, good=False, why=why))
        said = [each for each in sentences(line) if len(_bare(each)) < ECHO or _bare(each) not in own]
        kept.append("" if why else "\n".join(said))
    return Heard(lines=tuple(kept), refused=tuple(refused))


def a_list(text: str) -> bool:
    """Whether a message strings words together that no sentence binds."""
    folded = fold(text)
    words, han = _WORD.findall(folded), _HAN.findall(folded)
    if len(han) < len(words):
        return len(words) >= _FEWEST_WORDS and sum(word in _SMALL for word in words) / len(words) < _LOOSE
    pieces = [each for each in _PIECE.split(folded) if _HAN.search(each)]
    if len(pieces) < _FEWEST_PIECES:
        return False
    bound = len(_BINDING.findall(folded)) / len(han)
    return len(han) / len(pieces) <= _SHORT and bound < _UNBOUND


def in_tongue(text: str, language: str) -> bool:
    """Whether a message is written in the client's language; what is too short to tell is."""
    words, han = len(_WORD.findall(fold(text))), len(_HAN.findall(text))
    if language == "en":
        return han <= words * 2
    return han > 0 or words < _FEWEST_PIECES


def copied(lines: tuple[str, ...], ground: Ground) -> Iterator[tuple[str, int]]:
    """Messages with runs of a page for our own people; what such a page quotes is meant to be said."""
    secret = [_bare(_SAID.sub("", text)) for text in ground.internal]
    public = "".join(_bare(text) for text in ground.public)
    for number, line in enumerate(lines, 1):
        bare = _bare(_SAID.sub("", line))
        for at in range(max(0, len(bare) - COPIED + 1)):
            run = bare[at : at + (COPIED if _HAN.search(bare[at : at + COPIED]) else 2 * COPIED)]
            if len(run) >= COPIED and run not in public and any(run in text for text in secret):
                yield shortened(line), number
                break


def once(said: Sequence[str]) -> tuple[str, ...]:
    """The messages, with those that repeat an earlier one emptied."""
    seen: set[str] = set()
    lines = []
    for text in said:
        bare = _bare(text)
        lines.append("" if bare in seen else text)
        seen.add(bare)
    return tuple(lines)


def _told(scenario: Scenario) -> list[str]:
    lines = (line for branch in scenario.branches for line in branch.say)
    return [text for said in (*scenario.opening, *lines, *scenario.otherwise) for text in said.values()]


def _bare(text: str) -> str:
    return "".join(each for each in fold(text) if each.isalnum())
