"""Pages that are one page in several languages: how they find each other, and which of them a client gets. Pure.

Two pages belong together where one says ``translation_of`` the other, or where they lie at the same place below the
folders of two languages (``zh/mail/full.md``, ``en/mail/full.md``).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from knowledge.model import Audience, Page, Passage, Problem

_FOLDER: Final = re.compile(r"(?:zh|en)(?:[-_](?:hans|hant|cn|sg|tw|hk|mo|us|gb))?\Z", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Linked:
    """Pages that know their translations, and what is wrong with what they say of them."""

    pages: tuple[Page, ...]
    problems: tuple[Problem, ...]


def linked(pages: tuple[Page, ...], *, superseded: frozenset[str] = frozenset()) -> Linked:
    """Link the pages that are one page in several languages; the ids of superseded ones link others, no more.

    Of two pages of a group in one language the first, by id, is the translation. A page is linked to such others
    only as everybody may see who may see it.
    """
    known = {page.id: page for page in pages}
    said = {page.id: page.translation_of for page in pages if page.translation_of in known}
    said = {one: other for one, other in said.items() if one != other}
    groups = [[page for page in group if page.id not in superseded] for group in _groups(pages, said=said)]
    chosen = {name: _one_each(group) for group in groups for name in (page.id for page in group)}
    found = tuple(replace(page, translations=_others(page, chosen.get(page.id, ()))) for page in pages)
    return Linked(pages=found, problems=(*_unknown(pages, known=known), *_circles(pages, said=said), *_rivals(groups)))


def preferred(passages: Sequence[Passage], *, language: str) -> tuple[Passage, ...]:
    """Put passages of pages in the asker's language before those of their translations.

    The places that a page and its translations hold together stay theirs: what they are among others, better or
    worse, is the search's to say.
    """
    families = _families(passages)
    places: dict[str, list[int]] = defaultdict(list)
    for place, passage in enumerate(passages):
        places[families[passage.page]].append(place)
    ordered = list(passages)
    for held in places.values():
        best = sorted((passages[place] for place in held), key=lambda each: _distance(each.language, language))
        for place, passage in zip(held, best, strict=True):
            ordered[place] = passage
    return tuple(ordered)


def _families(passages: Sequence[Passage]) -> dict[str, str]:
    """Return, for each page among passages, the first one there that it is, or is a translation of."""
    found: dict[str, str] = {}
    for passage in passages:
        twin = next((found[other] for other in passage.translations if other in found), passage.page)
        found.setdefault(passage.page, twin)
    return found


def _distance(language: str, wanted: str) -> int:
    if language == wanted:
        return 0
    return 1 if language.split("-", maxsplit=1)[0] == wanted.split("-", maxsplit=1)[0] else 2


def _place(page: Page) -> str | None:
    """Return where a page lies below its language's folder; None if it does not lie in one."""
    folder, _, rest = page.id.partition("/")
    return rest if rest and _FOLDER.match(folder) else None


def _groups(pages: Iterable[Page], *, said: Mapping[str, str | None]) -> list[list[Page]]:
    """Return the pages that belong together, in order, at least two each."""
    root: dict[str, str] = {}

    def top(name: str) -> str:
        while root.get(name, name) != name:
            name = root[name]
        return name

    for page in pages:
        place, other = _place(page), said.get(page.id)
        for neighbour in (f"\0{place}" if place else None, other):
            if neighbour:
                root[top(neighbour)] = top(page.id)
    found: dict[str, list[Page]] = defaultdict(list)
    for page in pages:
        found[top(page.id)].append(page)
    return [group for group in found.values() if len(group) > 1]


def _one_each(group: Iterable[Page]) -> tuple[Page, ...]:
    first: dict[str, Page] = {}
    for page in group:
        first.setdefault(page.language, page)
    return tuple(first.values())


def _others(page: Page, chosen: tuple[Page, ...]) -> tuple[str, ...]:
    if page not in chosen:
        return ()
    return tuple(other.id for other in chosen if other.id != page.id and _shown_alike(other, to=page))


def _shown_alike(other: Page, *, to: Page) -> bool:
    """Whether everybody who may see a page may see the other."""
    audience = other.audience is Audience.CLIENT or to.audience is Audience.INTERNAL
    clients = not other.clients or (bool(to.clients) and set(to.clients) <= set(other.clients))
    return audience and clients


def _unknown(pages: Iterable[Page], *, known: Mapping[str, Page]) -> Iterator[Problem]:
    for page in pages:
        if page.translation_of == page.id:
            yield Problem(file=page.path, line=None, message="is called a translation of itself")
        elif page.translation_of and page.translation_of not in known:
            message = f"is called a translation of an unknown page: {page.translation_of}"
            yield Problem(file=page.path, line=None, message=message)


def _circles(pages: Iterable[Page], *, said: Mapping[str, str | None]) -> Iterator[Problem]:
    """Name the pages that call each other translations in a circle; one of them is the original."""
    for page in pages:
        met, at = {page.id}, said.get(page.id)
        while at is not None and at not in met:
            met.add(at)
            at = said.get(at)
        if at == page.id:
            others = ", ".join(sorted(met - {page.id}))
            message = f"translations of each other in a circle, with {others}: one of them is the original"
            yield Problem(file=page.path, line=None, message=message)


def _rivals(groups: Iterable[Sequence[Page]]) -> Iterator[Problem]:
    for group in groups:
        first: dict[str, Page] = {}
        for page in group:
            earlier = first.setdefault(page.language, page)
            if earlier is not page:
                message = f"the same page in the same language ({page.language}) as {earlier.path}: not linked"
                yield Problem(file=page.path, line=None, message=message)
