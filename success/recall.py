"""Whether what somebody was told is still what the manual says; and if not, what a correction says. Pure.

Content decides, not places: the same words under another heading, on another line or on a page of another name are
still what the manual says; so are words whose spaces, punctuation or script alone have changed.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from knowledge.cited import Cited
from knowledge.wording import ALIKE, Change, beginning, changes, contains, is_fact, likeness, plain, shared, units

_SEPARATOR: Final = " › "


class Kind(StrEnum):
    """What became of the words: they read otherwise, are no more, or the page was withdrawn."""

    CHANGED = "changed"
    GONE = "gone"
    WITHDRAWN = "withdrawn"


class Grade(StrEnum):
    """Whether a change may make somebody do something else."""

    FACTS = "facts"
    WORDING = "wording"


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of the manual that the client may read now, whole or one chunk of it."""

    chunk: str
    page: str
    title: str
    heading: str
    anchor: str
    text: str
    language: str
    url: str | None = None
    supersedes: tuple[str, ...] = ()
    limited: bool = False
    """Whether only some clients may read it."""

    @cached_property
    def said(self) -> str:
        """Its words without what stands between them."""
        return "".join(units(self.text))


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a passage. `says` is what a correction would say, as a hash; `now` the section that holds now."""

    kind: Kind
    grade: Grade
    changes: tuple[Change, ...]
    now: Section | None
    says: str


def judge(old: Cited, *, manual: Sequence[Section], withdrawn: bool) -> Verdict | None:
    """What became of a passage in what the client may read now; None where the manual still says it.

    `withdrawn`: its page was withdrawn, so that nothing of it is in `manual`.
    """
    page = [each for each in manual if each.page == old.page]
    here = [each for each in page if each.heading == old.heading]
    if _stands_elsewhere(old, manual) or _stands(old, here):
        return None
    if withdrawn:
        return _verdict(Kind.WITHDRAWN, (), None)
    now = _place(old, page) or _successor(old, manual)
    if now is None:
        return _verdict(Kind.GONE, (), None)
    found = changes(old.text, now.text)
    return _verdict(Kind.CHANGED, found, now) if found else None


def told(verdict: Verdict) -> tuple[Change, ...]:
    """The changes that a correction tells: matters of fact, or the wording where there are none."""
    return tuple(filter(is_fact, verdict.changes)) or verdict.changes


def together(says: Iterable[str]) -> str:
    """What several corrections say together, as a hash."""
    return _hash(*sorted(set(says)))


def _verdict(kind: Kind, found: tuple[Change, ...], now: Section | None) -> Verdict:
    facts = kind is not Kind.CHANGED or any(map(is_fact, found))
    shown = [each for each in found if is_fact(each)] or found
    told_words = ("".join(units(plain(each.new))) or f"-{''.join(units(plain(each.old)))}" for each in shown)
    grade = Grade.FACTS if facts else Grade.WORDING
    return Verdict(kind=kind, grade=grade, changes=found, now=now, says=_hash(kind, grade, *told_words))


def _stands(old: Cited, here: Sequence[Section]) -> bool:
    """Whether a section that is cut into several chunks says it, wherever it is cut now."""
    return len(here) > 1 and contains("\n".join(each.text for each in here), old.text)


def _stands_elsewhere(old: Cited, manual: Sequence[Section]) -> bool:
    others = (each for each in manual if (each.page, each.heading) != (old.page, old.heading))
    begins = beginning(old.text)
    return any(contains(each.text, old.text) for each in others if begins in each.said)


def _place(old: Cited, page: Sequence[Section]) -> Section | None:
    """The same place on the same page: under its heading, under the heading's last words, else what is likest."""
    last = old.heading.split(_SEPARATOR)[-1]
    same = [each for each in page if each.heading == old.heading]
    near = same or [each for each in page if last and each.heading.split(_SEPARATOR)[-1] == last]
    if near:
        whole = _joined(near)
        return max((*near, whole), key=lambda each: likeness(old.text, each.text)) if len(near) > 1 else whole
    return _likest(old, page)


def _successor(old: Cited, manual: Sequence[Section]) -> Section | None:
    """A section of a page that took the old one's place: it says so, or has its title."""
    heirs = [m for m in manual if m.page != old.page and (old.page in m.supersedes or m.title == old.title)]
    same = [each for each in heirs if each.heading == old.heading and each.language == old.language]
    return _likest(old, same) or _likest(old, heirs)


def _likest(old: Cited, among: Sequence[Section]) -> Section | None:
    near = [each for each in among if shared(old.text, each.text) >= ALIKE]
    best = max(near, key=lambda each: likeness(old.text, each.text), default=None)
    return best if best is not None and likeness(old.text, best.text) >= ALIKE else None


def _joined(near: Sequence[Section]) -> Section:
    first = near[0]
    fields = {name: getattr(first, name) for name in Section.__dataclass_fields__}
    return Section(**{**fields, "text": "\n".join(each.text for each in near)})


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
