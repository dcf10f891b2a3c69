"""The quarterly review of the manual: what was asked, what lacks, which pages want a look, what changed, what to do."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from handoff.kinds import Level, Outcome
from handoff.model import Turn
from knowledge import record
from knowledge.gap_facts import Advice
from knowledge.model import Page
from knowledge.record import Entry
from knowledge.tables import version
from success import gap_sources, gap_store, page_use
from success.freshness import UNUSED, Finding, judge
from success.gap_model import Gap, State
from success.quarters import Quarter
from success.recalled import Recalled, recalled

MOST_GAPS: Final = 20
MOST_CHANGES: Final = 200
_LIVE: Final = frozenset({"publish", "override", "index", "rollback"})


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Questions of one category: how many, how many in the quarter before, how many were answered and helped."""

    category: str | None
    asked: int
    before: int
    answered: int
    helped: int


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something to do: about a page (`concern`), or about a gap (`advice`)."""

    owner: str
    title: str
    concerns: tuple[str, ...] = ()
    page: str | None = None
    gap: int | None = None


@dataclass(frozen=True, kw_only=True)
class Review:
    """A quarter of the manual. ``until`` is its end, or now where it is not over."""

    quarter: Quarter
    since: datetime
    until: datetime
    over: bool
    version: int | None
    pages: int
    subjects: tuple[Subject, ...]
    gaps: tuple[Gap, ...]
    closed: tuple[Gap, ...]
    findings: tuple[Finding, ...]
    changes: tuple[Entry, ...]
    recalled: tuple[Recalled, ...]
    tasks: tuple[Task, ...]

    @property
    def total(self) -> Subject:
        """All categories together."""
        rows = self.subjects
        return Subject(
            category=None,
            asked=sum(row.asked for row in rows),
            before=sum(row.before for row in rows),
            answered=sum(row.answered for row in rows),
            helped=sum(row.helped for row in rows),
        )


def review(
    conn: Connection, quarter: Quarter, *, pages: Sequence[Page], live: int | None, zone: ZoneInfo, now: datetime
) -> Review:
    """The review of a quarter. Which pages want a look is as of its end, gaps are as of now."""
    since, end = quarter.since(zone), quarter.until(zone)
    until = min(end, now + timedelta(seconds=1))  # what happened this very instant belongs to it
    day = until.astimezone(zone).date()
    findings = judge(pages, page_use.uses(conn, since=until - UNUSED), now=until, today=day)
    open_gaps = gap_store.gaps(conn, states=(State.OPEN, State.DRAFTED), limit=MOST_GAPS)
    closed = gap_store.gaps(conn, states=(State.PUBLISHED,))
    return Review(
        quarter=quarter,
        since=since,
        until=until,
        over=end <= now,
        version=live,
        pages=len(pages),
        subjects=_subjects(conn, since=since, until=until, before=quarter.before.since(zone)),
        gaps=open_gaps,
        closed=tuple(gap for gap in closed if since <= gap.changed_at < until),
        findings=findings,
        changes=_changes(conn, since=since, until=until),
        recalled=recalled(conn, since=since, until=until),
        tasks=tasks(findings, open_gaps, {page.id: page for page in pages}),
    )


def tasks(findings: Sequence[Finding], gaps: Sequence[Gap], pages: dict[str, Page]) -> tuple[Task, ...]:
    """Who looks after what: the owner of a page, or of the page that nearly has what a gap asks; "" is nobody yet."""
    found = [
        Task(owner=each.page.owner or "", title=each.page.title, page=each.page.id, concerns=tuple(each.concerns))
        for each in findings
    ]
    for gap in gaps:
        page = pages.get(gap.facts.page or "") if gap.facts.advice is not Advice.WRITE else None
        owner, shown = (page.owner or "", page.id) if page else ("", None)
        found.append(Task(owner=owner, title=gap.label, gap=gap.id, page=shown, concerns=(gap.facts.advice,)))
    return tuple(sorted(found, key=lambda task: (not task.owner, task.owner)))


def _subjects(conn: Connection, *, since: datetime, until: datetime, before: datetime) -> tuple[Subject, ...]:
    helped_not = gap_sources.unsolved(conn, since=before)
    asked: Counter[str | None] = Counter()
    earlier: Counter[str | None] = Counter()
    answered: Counter[str | None] = Counter()
    helped: Counter[str | None] = Counter()
    for turn in gap_sources.heard(conn, since=before):
        if turn.at >= until or not _is_asked(turn):
            continue
        if turn.at < since:
            earlier[turn.category] += 1
            continue
        asked[turn.category] += 1
        if turn.outcome is Outcome.ANSWERED:
            answered[turn.category] += 1
            helped[turn.category] += not helped_not.get(turn.id, False)
    names = sorted(asked | earlier, key=lambda name: (-asked[name], name or ""))
    return tuple(
        Subject(category=n, asked=asked[n], before=earlier[n], answered=answered[n], helped=helped[n]) for n in names
    )


def _is_asked(turn: Turn) -> bool:
    """Whether the manual was asked something: answered, or handed over because it does not hold it."""
    if turn.level is Level.EMERGENCY or not turn.question.strip():
        return False
    return turn.outcome is Outcome.ANSWERED or (
        turn.outcome is Outcome.ESCALATE and turn.reason in gap_sources.NOT_HELD
    )


def _changes(conn: Connection, *, since: datetime, until: datetime) -> tuple[Entry, ...]:
    """What is in the manual's log; and who built a version of which it says nothing, as earlier programs did."""
    noted = list(record.between(conn, since, until, limit=MOST_CHANGES))
    told = {each.version for each in noted if each.verb in _LIVE}
    built = select(version).where(version.c.published_at >= since, version.c.published_at < until)
    noted += [
        Entry(at=row.published_at, by=row.created_by, verb="publish", version=row.id, page=None, reason=row.reason)
        for row in conn.execute(built)
        if row.id not in told
    ]
    return tuple(sorted(noted, key=lambda each: each.at))
