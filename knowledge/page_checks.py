"""What is wrong with pages that were read well, one beside the other. Pure."""

from collections.abc import Iterator, Mapping

from knowledge import contradictions, injections
from knowledge.model import Page, Problem


def problems(pages: tuple[Page, ...]) -> tuple[Problem, ...]:
    """Return what is wrong with pages, each by itself and among each other."""
    return (
        *_duplicates(pages),
        *_dangling(pages),
        *_circles(pages),
        *injections.problems(pages),
        *contradictions.problems(current(pages)),
    )


def current(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """Return the pages that no other page supersedes; of pages that supersede each other in a circle, all."""
    later = _successors(pages)
    return tuple(page for page in pages if all(page.id in _reached(later, other) for other in later.get(page.id, ())))


def _duplicates(pages: tuple[Page, ...]) -> Iterator[Problem]:
    first: dict[str, Page] = {}
    for page in pages:
        earlier = first.setdefault(page.title.casefold(), page)
        if earlier is not page:
            yield Problem(file=page.path, line=None, message=f"same title as {earlier.path}: {page.title}")


def _dangling(pages: tuple[Page, ...]) -> Iterator[Problem]:
    known = {page.id for page in pages}
    for page in pages:
        for other in page.supersedes:
            if other not in known:
                yield Problem(file=page.path, line=None, message=f"supersedes an unknown page: {other}")


def _circles(pages: tuple[Page, ...]) -> Iterator[Problem]:
    """Name every page of a circle once: A supersedes B, B supersedes A."""
    later = _successors(pages)
    for page in pages:
        round_trip = sorted(other for other in later.get(page.id, ()) if page.id in _reached(later, other))
        if round_trip:
            message = f"superseded in a circle, by {', '.join(round_trip)}: all of them are kept"
            yield Problem(file=page.path, line=None, message=message)


def _successors(pages: tuple[Page, ...]) -> dict[str, frozenset[str]]:
    """Return which other pages supersede each page."""
    known = {page.id for page in pages}
    later: dict[str, set[str]] = {}
    for page in pages:
        for other in page.supersedes:
            if other != page.id and other in known:
                later.setdefault(other, set()).add(page.id)
    return {page: frozenset(others) for page, others in later.items()}


def _reached(later: Mapping[str, frozenset[str]], start: str) -> set[str]:
    """Return all pages that come after ``start``, at any remove."""
    found: set[str] = set()
    ahead = [start]
    while ahead:
        for other in later.get(ahead.pop(), ()):
            if other not in found:
                found.add(other)
                ahead.append(other)
    return found
