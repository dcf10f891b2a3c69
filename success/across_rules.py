"""Rules of languages across: what is translated, into what, and what a translation must not lose. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.tongues import same, tongue

LONGEST: Final = 4_000
"""Characters of a text that is translated; a longer one is shown as it is."""
MOST_TARGETS: Final = 3
READ: Final = ("zh-Hans", "en")
"""What a colleague reads who has not said otherwise; the first is what they are given."""
SPOKEN: Final = (
    "zh-Hans", "zh-Hant", "en", "ja", "ko", "es", "fr", "de", "pt", "it", "nl", "ru", "uk", "ar", "he", "th", "vi",
    "id", "hi", "el",
)  # fmt: skip
"""Every language that can be chosen."""
MASK: Final = re.compile(r"•{3,}")
_LINK: Final = re.compile(r"https?://[^\s<>\"'，。；、）】」]+", re.IGNORECASE)
_MAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}", re.ASCII)
_CODE: Final = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9][\w-]*[A-Za-z0-9](?![\w-])", re.ASCII)
_NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")
_QUOTED: Final = re.compile(
    r"`([^`\n]{1,60})`|「([^」\n]{1,60})」|【([^】\n]{1,60})】|“([^”\n]{1,60})”|\"([^\"\n]{1,60})\""
)
_LATIN_NAME: Final = re.compile(r"[A-Za-z][\w .&/+-]{1,59}", re.ASCII)
_EDGE: Final = ".,;:!?)，。；：！？）"


@dataclass(frozen=True)
class Lost:
    """Something that a translation must repeat and does not, or says and must not."""

    kind: str  # link, mail, code, number, secret, name, added, empty, same, language
    words: str


def targets(source: str | None, readers: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Into which languages a message is translated for colleagues who each read these, the first one best."""
    if source is None:
        return ()
    wanted: Counter[str] = Counter()
    for reads in readers:
        known = tuple(reads) or READ
        if not any(same(source, each) for each in known):
            wanted[known[0]] += 1
    return tuple(language for language, _ in wanted.most_common(MOST_TARGETS))


def spoken(texts: Iterable[str], otherwise: str | None) -> str | None:
    """The language of somebody's recent messages, the newest first; else what is kept of their company."""
    for text in texts:
        found = tongue(text)
        if found is not None:
            return found
    return otherwise


def lost(source: str, translation: str, *, into: str) -> tuple[Lost, ...]:
    """What a translation lost or made up: links, addresses, codes, numbers, masked secrets, quoted names of a page."""
    if not translation.strip():
        return (Lost("empty", ""),)
    found: list[Lost] = []
    rest, other = source, translation
    for kind, pattern in (("link", _LINK), ("mail", _MAIL), ("code", _CODE), ("number", _NUMBER)):
        mine, theirs = _all(pattern, rest), _all(pattern, other)
        found += [Lost(kind, each) for each in sorted((mine - theirs).elements())]
        found += [Lost("added", each) for each in sorted((theirs - mine).elements()) if kind != "number"]
        found += [Lost("added", each) for each in sorted(theirs - mine) if kind == "number" and each not in source]
        rest, other = pattern.sub(" ", rest), pattern.sub(" ", other)
    masks = len(MASK.findall(source)) - len(MASK.findall(translation))
    found += [Lost("secret", "••••••")] * max(masks, 0)
    found += [Lost("name", name) for name in _names(source) if name not in translation]
    heard = tongue(translation)
    if heard is not None and not same(heard, into) and not _short(translation):
        found.append(Lost("language", heard))
    return tuple(found)


def _all(pattern: re.Pattern[str], text: str) -> Counter[str]:
    return Counter(match.group().rstrip(_EDGE) for match in pattern.finditer(text))


def _names(source: str) -> list[str]:
    """Names of a page's buttons and fields, quoted and in Latin letters: those are copied, not translated."""
    quoted = [next(group for group in match.groups() if group) for match in _QUOTED.finditer(source)]
    code = [match[1] for match in re.finditer(r"`([^`\n]{1,60})`", source)]
    return [name for name in quoted if name in code or (_LATIN_NAME.fullmatch(name) and tongue(source) != "en")]


def _short(text: str) -> bool:
    return len(text) < 24  # noqa: PLR2004 - too little to tell by
