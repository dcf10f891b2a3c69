"""Which pages want a look: past their review, unused, of little help, taken back, behind another language's. Pure.

`judge` takes what is known of each page and says what is to be done about it, the most pressing first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from handoff.autonomy import MOST_UNSOLVED, lower_bound
from knowledge.contradictions import Contradiction
from knowledge.contradictions import found as contradicting
from knowledge.model import Audience, Page

SOON: Final = timedelta(days=30)
UNUSED: Final = timedelta(days=90)
#: A page that came in later has had no chance to be cited.
NEW: Final = timedelta(days=14)
#: So many answers that did not help make a page one that often fails, if they are also a large share.
LEAST_FAILED: Final = 2


class Concern(StrEnum):
    """What is the matter with a page, the most pressing first."""

    RETRACTED = "retracted"
    FAILING = "failing"
    CONTRADICTS = "contradicts"
    OVERDUE = "overdue"
    BEHIND = "behind"
    DUE_SOON = "due_soon"
    UNUSED = "unused"
    UNASKED = "unasked"


@dataclass(frozen=True, kw_only=True)
class Use:
    """How a page did: answers that cite it, those of them that did not help, those taken back; since when it is there.

    `first_at` is when it was first indexed, `changed_at` when it last said something else; None where nobody looked.
    """

    cited: int = 0
    failed: int = 0
    retracted: int = 0
    last_cited: datetime | None = None
    first_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def share(self) -> float:
        """Of its answers, how many did not help."""
        return self.failed / self.cited if self.cited else 0.0

    @property
    def at_least(self) -> float:
        """The share of failures that is at least to be expected (Wilson, 95 %)."""
        return lower_bound(self.failed, self.cited)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A page with what is the matter with it, and how it did.

    `twin` is its newer page of the other language, `against` the first place of another page that it contradicts.
    """

    page: Page
    concerns: tuple[Concern, ...]
    use: Use
    twin: str | None = None
    against: Contradiction | None = None


def judge(pages: Sequence[Page], uses: Mapping[str, Use], *, now: datetime, today: date) -> tuple[Finding, ...]:
    """The pages that want a look; `today` is the date where the desk is."""
    twins = _newer_twins(pages, uses)
    contradictions = {each.page.id: each for each in reversed(contradicting(pages))}
    found = []
    for page in pages:
        use = uses.get(page.id, Use())
        twin, against = twins.get(page.id), contradictions.get(page.id)
        concerns = tuple(_concerns(page, use, twin=twin, against=against, now=now, today=today))
        if concerns:
            found.append(Finding(page=page, concerns=concerns, use=use, twin=twin, against=against))
    order = list(Concern)
    return tuple(sorted(found, key=lambda each: (order.index(each.concerns[0]), -each.use.at_least, each.page.id)))


def _concerns(
    page: Page, use: Use, *, twin: str | None, against: Contradiction | None, now: datetime, today: date
) -> Iterable[Concern]:
    if use.retracted:
        yield Concern.RETRACTED
    if use.failed >= LEAST_FAILED and use.at_least > MOST_UNSOLVED / 2:
        yield Concern.FAILING
    if against is not None:
        yield Concern.CONTRADICTS
    if page.review_by and page.review_by < today:
        yield Concern.OVERDUE
    if twin is not None:
        yield Concern.BEHIND
    if page.review_by and today <= page.review_by <= today + SOON:
        yield Concern.DUE_SOON
    client = page.audience is Audience.CLIENT
    if client and not use.cited and use.first_at is not None and now - use.first_at >= NEW:
        yield Concern.UNUSED
    if client and not page.questions:
        yield Concern.UNASKED


def _newer_twins(pages: Sequence[Page], uses: Mapping[str, Use]) -> dict[str, str]:
    """For each page of which a translation was changed later, that one; the latest of several."""
    twins: dict[str, set[str]] = {page.id: set() for page in pages}
    for page in pages:
        for other in twins.keys() & set(page.translations):  # not named both ways where one is internal
            twins[page.id].add(other)
            twins[other].add(page.id)
    changed = {name: use.changed_at for name, use in uses.items() if use.changed_at is not None}
    found: dict[str, str] = {}
    for name in twins.keys() & changed.keys():
        newer = [(changed[other], other) for other in twins[name] & changed.keys() if changed[other] > changed[name]]
        if newer:
            found[name] = max(newer)[1]
    return found
