"""Pages of two versions compared: sections word by word, front matter key by key. Pure.

Words are what a reader takes for one: a Chinese character, a Latin word or number, a run of space, a sign.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from difflib import SequenceMatcher

from knowledge import chunking
from knowledge.changes import Fate, FrontChange, PageChange, SectionChange, Side, Span
from knowledge.model import Audience, Page, Picture

#: Letters of comparisons in all; further pages are named without their words.
MOST = 200_000
#: Words of a section that are compared one by one; a longer section is compared by lines.
LONGEST = 3_000
_HAN = r"\u2e80-\u9fff\uf900-\ufaff\uac00-\ud7af"
_WORD = re.compile(rf"[{_HAN}]|[^\W{_HAN}]+|\s+|.", re.DOTALL)
_NOT_FRONT = frozenset({"id", "body", "hash", "path", "first_line", "category", "translations"})


def compare(before: Sequence[Page], after: Sequence[Page]) -> tuple[PageChange, ...]:
    """Return the pages that differ, those that open to clients first, then by id."""
    old, new = {page.id: page for page in before}, {page.id: page for page in after}
    found = [PageChange(page=key, title=new[key].title, fate=Fate.ADDED) for key in new.keys() - old.keys()]
    found += [PageChange(page=key, title=old[key].title, fate=Fate.REMOVED) for key in old.keys() - new.keys()]
    both = sorted(key for key in new.keys() & old.keys() if _differs(old[key], new[key]))
    left = MOST
    for key in both:
        change = changed(old[key], new[key])
        size = sum(len(span.text) for section in change.sections for span in section.spans)
        found.append(change if size <= left else replace(change, sections=(), cut=True))
        left -= min(size, left)
    return tuple(sorted(found, key=lambda each: (not each.opened, each.page)))


def _differs(old: Page, new: Page) -> bool:
    return old.hash != new.hash or bool(_front(old, new))


def changed(old: Page, new: Page) -> PageChange:
    """Return what changed in one page."""
    stale, fresh = ({chunk.hash for chunk in chunking.chunks(page)} for page in (old, new))
    return PageChange(
        page=new.id,
        title=new.title,
        fate=Fate.CHANGED,
        sections=tuple(_changed_sections(old, new)),
        front=_front(old, new),
        opened=opens(old, new),
        fresh=len(fresh - stale),
        stale=len(stale - fresh),
    )


def opens(old: Page, new: Page) -> bool:
    """Whether clients come to see a page who did not before."""
    if new.audience is not Audience.CLIENT:
        return False
    if old.audience is not Audience.CLIENT:
        return True
    return bool(old.clients) and (not new.clients or not set(new.clients) <= set(old.clients))


def _front(old: Page, new: Page) -> tuple[FrontChange, ...]:
    names = [each.name for each in fields(Page) if each.name not in _NOT_FRONT]
    pairs = ((name, _shown(getattr(old, name)), _shown(getattr(new, name))) for name in names)
    return tuple(FrontChange(key=name, before=was, after=now) for name, was, now in pairs if was != now)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return " · ".join(
            f"{each.path} ({each.hash[:7]})" if isinstance(each, Picture) else str(each) for each in value
        )
    return "" if value is None else _named(value)


def _named(value: object) -> str:
    """A picture by its file, and by what tells two of one name apart."""
    return f"{value.path} ({value.hash[:7]})" if isinstance(value, Picture) else str(value)


def _changed_sections(old: Page, new: Page) -> Iterator[SectionChange]:
    was, now = _sections(old), _sections(new)
    for key in [*now, *(key for key in was if key not in now)]:
        if was.get(key, "") != now.get(key, ""):
            yield SectionChange(heading=key[0], spans=words(was.get(key, ""), now.get(key, "")))


def _sections(page: Page) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], list[str]] = {}
    for chunk in chunking.chunks(page):
        found.setdefault((chunk.heading, chunk.anchor), []).append(chunk.text)
    return {key: "\n\n".join(texts) for key, texts in found.items()}


def words(old: str, new: str) -> tuple[Span, ...]:
    """Return two texts as one run of words that stayed, went and came."""
    was, now = _words(old), _words(new)
    if len(was) + len(now) > LONGEST:
        was, now = old.splitlines(keepends=True), new.splitlines(keepends=True)
    spans: list[Span] = []
    for kind, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if kind == "equal":
            spans.append(Span(side=Side.SAME, text="".join(was[a:b])))
            continue
        spans += [Span(side=Side.GONE, text="".join(was[a:b]))] if b > a else []
        spans += [Span(side=Side.NEW, text="".join(now[c:d]))] if d > c else []
    return tuple(spans)


def _words(text: str) -> list[str]:
    return _WORD.findall(text)
