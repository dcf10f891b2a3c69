"""Which pages want a look: past their review, unused, of little help, taken back, behind their other language. Pure.

`judge` takes what is known of each page and says what is to be done about it, the most pressing first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from handoff.autonomy import MOST_UNSOLVED, lower_bound
from knowledge.model import Audience, Page

SOON: Final = timedelta(days=30)
UNUSED: Final = timedelta(days=90)
#: A page that came in later has had no chance to be cited.
NEW: Final = timedelta(days=14)
#: So many answers that did not help make a page one that often fails, if they are also a large share.
LEAST_FAILED: Final = 2
_LANGUAGES: Final = {"en": "en", "zh": "zh", "zh-hans": "zh", "zh-hant": "zh", "tw": "zh", "cn": "zh"}


class Concern(StrEnum):
    """What is the matter with a page, the most pressing first."""

    RETRACTED = "retracted"
    FAILING = "failing"
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
    """A page with what is the matter with it, and how it did; `twin` is its newer page of the other language."""

    page: Page
    concerns: tuple[Concern, ...]
    use: Use
    twin: str | None = None


def judge(pages: Sequence[Page], uses: Mapping[str, Use], *, now: datetime, today: date) -> tuple[Finding, ...]:
    """The pages that want a look; `today` is the date where the desk is."""
    twins = _newer_twins(pages, uses)
    found = []
    for page in pages:
        use = uses.get(page.id, Use())
        concerns = tuple(_concerns(page, use, twin=twins.get(page.id), now=now, today=today))
        if concerns:
            found.append(Finding(page=page, concerns=concerns, use=use, twin=twins.get(page.id)))
    order = list(Concern)
    return tuple(sorted(found, key=lambda each: (order.index(each.concerns[0]), -each.use.at_least, each.page.id)))


def _concerns(page: Page, use: Use, *, twin: str | None, now: datetime, today: date) -> Iterable[Concern]:
    if use.retracted:
        yield Concern.RETRACTED
    if use.failed >= LEAST_FAILED and use.at_least > MOST_UNSOLVED / 2:
        yield Concern.FAILING
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
    """For each page whose other language was changed later, that page."""
    families: dict[str, list[Page]] = {}
    for page in pages:
        if (subject := _subject(page)) is not None:
            families.setdefault(subject, []).append(page)
    found: dict[str, str] = {}
    for family in families.values():
        dated = [(uses[page.id].changed_at, page) for page in family if page.id in uses and uses[page.id].changed_at]
        for changed, page in dated:
            newer = [(at, other) for at, other in dated if other.language != page.language and at > changed]  # type: ignore[operator]
            if newer:
                found[page.id] = max(newer, key=lambda pair: (pair[0], pair[1].id))[1].id
    return found


def _subject(page: Page) -> str | None:
    """What two languages of one page share: the path without the language's folder."""
    top, _, rest = page.id.partition("/")
    return rest if rest and top.lower() in _LANGUAGES else None
