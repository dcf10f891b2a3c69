"""What of a text is one person's: their names and accounts, and what they said, where others repeat it. Pure.

`near` is a text that has to do with the person (a conversation they wrote in, a ticket there, a gap they asked about):
there parts of their names and shorter quotations count too. Elsewhere only what can hardly be a coincidence counts.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

MARK: Final = "[erased]"
_HAN: Final = re.compile(r"[㐀-鿿]")
_MAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_PHONE: Final = re.compile(r"(?<![\w-])\+?\d[\d -]{6,}\d(?![\w-])")
_CODE: Final = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{6,40}(?![\w-])", re.ASCII)
_FIELD: Final = re.compile(r"[a-z_]{1,40}(?:\.[A-Z]{2})?")
_CHOSEN: Final = frozenset({"stage", "tier", "currency", "language", "when", "about", "role"})
_CHOICE: Final = re.compile(r"[a-z]{1,20}|[A-Z]{3}|zh-Han[st]")
"""Fields of choices, and what a choice looks like: nobody's words stand there, and what has them must still be read."""
_ZONE: Final = re.compile(
    r"(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)(?:/[A-Z][\w+-]*){1,2}",
    re.ASCII,
)
_SHORTEST_ACCOUNT: Final = 5
_SHORTEST_NAME: Final = 2
_SHORTEST_PART: Final = 3
_NEAR: Final = (8, 20)
_FAR: Final = (14, 32)
"""How long a run of the same characters is a quotation: of a text with Chinese in it, of any other."""
_HAN_LEAST: Final = 4
WORDS: Final = frozenset(
    {
        "answered", "bot", "bug", "change", "claimed", "client", "clarify", "done", "emergency", "escalate", "failed",
        "gold", "group", "guest", "human", "new", "noted", "off", "open", "opened", "question", "resolved", "sent",
        "silent", "solved", "staff", "standard", "system", "telegram", "slack", "user", "visitor", "waiting", "web",
    }
)  # fmt: skip
"""Names that are words of ours: looked for near by only."""


@dataclass(frozen=True, kw_only=True)
class Needles:
    """What is looked for. `accounts` and `names` count everywhere, `parts` and what was `said` near by."""

    accounts: tuple[str, ...]
    names: tuple[str, ...]
    parts: tuple[str, ...]
    known: re.Pattern[str] | None = field(repr=False)
    far: re.Pattern[str] | None = field(repr=False)
    near: re.Pattern[str] | None = field(repr=False)
    near_runs: tuple[frozenset[int], frozenset[int]] = field(repr=False)
    far_runs: tuple[frozenset[int], frozenset[int]] = field(repr=False)

    def of(self, text: str, *, near: bool, quotes: bool = True) -> str:
        """The text with what is theirs replaced by the mark. Without `quotes` only names and accounts are."""
        pattern = self.near if near else self.far
        found = [match.span() for match in pattern.finditer(text)] if pattern else []
        if quotes:
            sizes, runs = (_NEAR, self.near_runs) if near else (_FAR, self.far_runs)
            found += _runs(text, sizes, runs)
        return _without(text, found)

    def of_key(self, text: str) -> str:
        """The same of what the program looks things up by: only accounts count, as a name may be a word in it."""
        return self.known.sub(MARK, text) if self.known else text

    def touch(self, text: str, *, near: bool) -> bool:
        """Whether something of the text is theirs."""
        return self.of(text, near=near) != text


def needles(*, accounts: Iterable[str], names: Iterable[str], said: Iterable[str]) -> Needles:
    """What to look for, of somebody with these accounts and names who said this."""
    lines = [line for text in said for line in text.split("\n") if line.strip()]
    known = sorted({each.strip() for each in accounts if len(each.strip()) >= _SHORTEST_ACCOUNT})
    called = sorted({" ".join(each.split()) for each in names if each.strip() not in ("", "?", MARK)})
    called = [each for each in called if len(each) >= _SHORTEST_NAME]
    far_names = [each for each in called if each.casefold() not in WORDS]
    parts = {part for each in called for part in each.split() if len(part) >= _SHORTEST_PART}
    own = {match for line in lines for shape in (_MAIL, _PHONE, _CODE) for match in shape.findall(line)}
    return Needles(
        accounts=tuple(known),
        names=tuple(called),
        parts=tuple(sorted(parts)),
        known=_any_of(known),
        far=_any_of([*known, *far_names]),
        near=_any_of([*known, *called, *parts, *own]),
        near_runs=_cut(lines, _NEAR),
        far_runs=_cut(lines, _FAR),
    )


def scrubbed(value: Any, judge: Callable[[str], str]) -> Any:
    """A JSON value with every text in it, keys too, as `judge` leaves it; names of fields and zones, and choices, stay.

    Somebody may be called Max or Asia: what has fields of these names must still be read.
    """
    match value:
        case str():
            return value if _ZONE.fullmatch(value) else judge(value)
        case dict():
            return {
                name if _FIELD.fullmatch(name) else judge(name): each if _chosen(name, each) else scrubbed(each, judge)
                for name, each in value.items()
            }
        case list():
            return [scrubbed(each, judge) for each in value]
    return value


def _chosen(name: str, value: Any) -> bool:
    return name in _CHOSEN and isinstance(value, str) and _CHOICE.fullmatch(value) is not None


def wholly(needles_: Needles) -> Callable[[str], str]:
    """A judge that leaves nothing of a text of which some is theirs: for titles, summaries, notes."""
    return lambda text: MARK if needles_.touch(text, near=True) else text


def _any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    """The longest first, so that no rest of one stays; whole words where words are written apart."""
    listed = sorted(set(words), key=lambda each: (-len(each), each))
    if not listed:
        return None
    shown = [
        rf"(?<![^\W_]){re.escape(each)}(?![^\W_])" if not _HAN.search(each) else re.escape(each) for each in listed
    ]
    return re.compile("|".join(shown), re.IGNORECASE)


def _plain(text: str) -> tuple[str, list[int]]:
    """The text in small letters with its white space folded, and where each character stood."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        if letter.isspace():
            if letters and letters[-1] == " ":
                continue
            letter = " "  # noqa: PLW2901 - folded
        small = letter.lower()
        letters.append(small if len(small) == 1 else letter)
        places.append(place)
    return "".join(letters), places


def _cut(lines: Iterable[str], sizes: tuple[int, int]) -> tuple[frozenset[int], frozenset[int]]:
    """Every run of the two sizes in these lines, as hashes; the short ones only where there is Chinese in them."""
    short: set[int] = set()
    long: set[int] = set()
    for line in lines:
        plain = _plain(line.strip())[0]
        short |= {hash(run) for run in _windows(plain, sizes[0]) if _chinese(run)}
        long |= {hash(run) for run in _windows(plain, sizes[1])}
    return frozenset(short), frozenset(long)


def _runs(text: str, sizes: tuple[int, int], known: tuple[frozenset[int], frozenset[int]]) -> list[tuple[int, int]]:
    if not (known[0] or known[1]) or len(text) < min(sizes):
        return []
    plain, places = _plain(text)
    found = []
    for size, runs, chinese in ((sizes[0], known[0], True), (sizes[1], known[1], False)):
        if not runs:
            continue
        for start, run in enumerate(_windows(plain, size)):
            if hash(run) in runs and (not chinese or _chinese(run)):
                found.append((places[start], places[start + size - 1] + 1))
    return found


def _windows(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(len(text) - size + 1)]


def _chinese(run: str) -> bool:
    return len(_HAN.findall(run)) >= _HAN_LEAST


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    if not spans:
        return text
    pieces: list[str] = []
    at, end = 0, -1
    for start, stop in sorted(spans):
        if start > end:
            pieces += [text[at:start], MARK]
        end = max(end, stop)
        at = end
    return "".join([*pieces, text[at:]])
