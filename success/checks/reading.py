"""What is known of sites by their checks; for pages, reports, incidents. Transaction bodies that only read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, or_, select

from handoff.rows import Row
from handoff.site_tables import site as sites
from success.check_tables import site_check_day as days_table
from success.check_tables import site_check_run as runs
from success.check_tables import site_check_state as states
from success.check_tables import site_finding as tracked
from success.checks import rhythm, writing
from success.checks.model import Area, Cause, Finding, Kind, Param, Phases, Severity, State

_UP: Final = frozenset({State.OK, State.DEGRADED})
_MIDDLE, _SLOWEST = 0.5, 0.95


@dataclass(frozen=True, kw_only=True)
class Run:
    """A check that was made. `verdict` is by this check alone; `facts` is the whole look as JSON."""

    id: int
    site_id: int
    kind: Kind
    cause: Cause
    ticket_id: int | None
    at: datetime
    ended_at: datetime
    verdict: State
    trouble: str | None
    status: int | None
    phases: Phases
    weight: int | None
    facts: Mapping[str, Any]
    found: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class Latest:
    """How a site stands. `run` is its last check (None before the first, or where it is long gone), `full` the last
    thorough one. `asked_at`: since when a check waits to be made. `security_at`: the last security test.
    """

    site_id: int
    state: State
    since: datetime
    failures: int
    checked_at: datetime | None
    asked_at: datetime | None
    run: Run | None
    full: Run | None
    security_at: datetime | None

    def is_waiting(self, now: datetime) -> bool:
        """Whether a check was asked for and has not ended, unless it got lost."""
        return rhythm.is_waiting(self.asked_at, now)


@dataclass(frozen=True, kw_only=True)
class Tracked:
    """A finding through time: it stands while `fixed_at` is None; it may be accepted as it is, by whom and why."""

    id: int
    site_id: int
    client_id: int
    name: str
    key: str
    area: Area
    severity: Severity
    facts: Mapping[str, Param]
    security: bool
    first_seen_at: datetime
    last_seen_at: datetime
    fixed_at: datetime | None
    accepted_at: datetime | None
    accepted_by: int | None
    accepted_why: str


@dataclass(frozen=True, kw_only=True)
class FixRate:
    """Of the findings that stood at some time in a period: `fixed` in it, `accepted` as they are, still `open`.

    `rate` is fixed / (fixed + open); None where there was nothing to fix.
    """

    fixed: int
    accepted: int
    open: int

    @property
    def found(self) -> int:
        """All of them."""
        return self.fixed + self.accepted + self.open

    @property
    def rate(self) -> float | None:
        """The share that was fixed of what was to be fixed."""
        to_fix = self.fixed + self.open
        return self.fixed / to_fix if to_fix else None


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day (UTC) of scheduled checks: how many, how many found the site up, and milliseconds."""

    day: date
    runs: int
    up: int
    first_byte_p50: int | None
    first_byte_p95: int | None
    total_p50: int | None
    total_p95: int | None


@dataclass(frozen=True, kw_only=True)
class Timings:
    """Scheduled checks of one site in a period. `availability` is the share of checks that found it up, None without
    any; times are milliseconds, nearest rank. `exact` is False where some days are kept only as their own percentiles:
    then the period's are the middle one and the highest of the days'.
    """

    runs: int
    up: int
    first_byte_p50: int | None
    first_byte_p95: int | None
    total_p50: int | None
    total_p95: int | None
    exact: bool
    days: tuple[Day, ...]

    @property
    def availability(self) -> float | None:
        """The share of checks that found the site up."""
        return self.up / self.runs if self.runs else None


def latest(conn: Connection, site_id: int) -> Latest | None:
    """How a site stands; None for one that was never asked about."""
    row = conn.execute(select(states).where(states.c.site_id == site_id)).mappings().first()
    if row is None:
        return None
    full = runs.c.kind.in_([str(Kind.FULL), str(Kind.SECURITY)])
    last = _one(conn, runs.c.site_id == site_id)
    return _latest(row, run=last, full=_one(conn, runs.c.site_id == site_id, full, runs.c.status.is_not(None)))


def standing(conn: Connection, site_ids: Collection[int]) -> dict[int, Latest]:
    """How many sites stand, without their runs."""
    rows = conn.execute(select(states).where(states.c.site_id.in_(site_ids))).mappings()
    return {row["site_id"]: _latest(row, run=None, full=None) for row in rows}


def run(conn: Connection, run_id: int) -> Run | None:
    """A check by its id."""
    return _one(conn, runs.c.id == run_id)


def recent(conn: Connection, site_id: int, *, limit: int = 50) -> tuple[Run, ...]:
    """A site's last checks, the newest first."""
    query = select(runs).where(runs.c.site_id == site_id).order_by(runs.c.at.desc(), runs.c.id.desc()).limit(limit)
    return tuple(_run(row) for row in conn.execute(query).mappings())


def findings(
    conn: Connection, *, client_id: int | None = None, site_id: int | None = None, security: bool | None = None,
    since: datetime | None = None, until: datetime | None = None,
) -> tuple[Tracked, ...]:  # fmt: skip
    """Findings of a client or of a site, the worst first, then the oldest.

    Those that stand now; with `since` and `until` those that stood at some time in that period, fixed ones too. The
    finding of a site that does not answer is among them only once the site counts as down. Of a client's sites that
    were taken off its list only what was fixed is.
    """
    rows = conn.execute(select(tracked).where(*_wanted(client_id, site_id, since, until, security=security))).mappings()
    found = [_tracked(row) for row in rows]
    return tuple(sorted(found, key=lambda each: (-each.severity.rank, each.first_seen_at, each.id)))


def looked_at(conn: Connection, client_id: int) -> bool:
    """Whether any site of a client was ever looked at."""
    return conn.execute(select(runs.c.id).where(runs.c.client_id == client_id).limit(1)).first() is not None


def fix_rate(
    conn: Connection, *, since: datetime, until: datetime, client_id: int | None = None, site_id: int | None = None,
    security: bool | None = True,
) -> FixRate:  # fmt: skip
    """What became in a period of the findings that stood in it; of security findings, unless `security` is None."""
    found = findings(conn, client_id=client_id, site_id=site_id, security=security, since=since, until=until)
    fixed = sum(each.fixed_at is not None and each.fixed_at < until for each in found)
    accepted = sum(_still(each, until) and each.accepted_at is not None and each.accepted_at < until for each in found)
    return FixRate(fixed=fixed, accepted=accepted, open=len(found) - fixed - accepted)


def timings(conn: Connection, site_id: int, since: datetime, until: datetime) -> Timings:
    """How fast a site answered in [since, until), and how often, by its scheduled checks."""
    mine = (runs.c.site_id == site_id, runs.c.cause == str(Cause.SCHEDULE), runs.c.at >= since, runs.c.at < until)
    wanted = (runs.c.at, runs.c.verdict, runs.c.first_byte_ms, runs.c.total_ms)
    rows = conn.execute(select(*wanted).where(*mine, runs.c.verdict != str(State.UNKNOWN))).mappings().all()
    whole = (days_table.c.site_id == site_id, days_table.c.day >= since.date(), days_table.c.day < until.date())
    kept = [_day(row) for row in conn.execute(select(days_table).where(*whole)).mappings()]
    known = {day.day for day in kept}
    fresh = [row for row in rows if row["at"].date() not in known]
    by_day: dict[date, list[Mapping[str, Any]]] = {}
    for row in fresh:
        by_day.setdefault(row["at"].date(), []).append(dict(row))
    days = sorted([*kept, *(summed(day, mine) for day, mine in by_day.items())], key=lambda each: each.day)
    exact = not kept
    whole_period = summed(since.date(), [dict(row) for row in fresh])
    return Timings(
        runs=sum(day.runs for day in days), up=sum(day.up for day in days), exact=exact, days=tuple(days),
        **({name: getattr(whole_period, name) for name in _TIMES} if exact else _of_days(days)),
    )  # fmt: skip


def summed(day: date, rows: Sequence[Mapping[str, Any]]) -> Day:
    """A day of runs as one row: rows have `verdict`, `first_byte_ms` and `total_ms`."""
    up = [row for row in rows if State(row["verdict"]) in _UP]
    first = sorted(row["first_byte_ms"] for row in up if row["first_byte_ms"] is not None)
    total = sorted(row["total_ms"] for row in up if row["total_ms"] is not None)
    return Day(
        day=day, runs=len(rows), up=len(up),
        first_byte_p50=_rank(first, _MIDDLE), first_byte_p95=_rank(first, _SLOWEST),
        total_p50=_rank(total, _MIDDLE), total_p95=_rank(total, _SLOWEST),
    )  # fmt: skip


_TIMES: Final = ("first_byte_p50", "first_byte_p95", "total_p50", "total_p95")


def _of_days(days: Sequence[Day]) -> dict[str, int | None]:
    told: dict[str, int | None] = {}
    for name in _TIMES:
        known = sorted(value for day in days if (value := getattr(day, name)) is not None)
        told[name] = (known[-1] if name.endswith("95") else _rank(known, _MIDDLE)) if known else None
    return told


def _rank(values: Sequence[int], share: float) -> int | None:
    """The nearest rank; None of nothing."""
    return values[max(0, ceil(share * len(values)) - 1)] if values else None


def _wanted(
    client_id: int | None, site_id: int | None, since: datetime | None, until: datetime | None, *, security: bool | None
) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if client_id is not None:
        removed = select(sites.c.id).where(sites.c.removed_at.is_not(None))
        where += [
            tracked.c.client_id == client_id,
            or_(tracked.c.fixed_at.is_not(None), tracked.c.site_id.not_in(removed)),
        ]
    if site_id is not None:
        where.append(tracked.c.site_id == site_id)
    if security is not None:
        where.append(tracked.c.security.is_(security))
    if until is not None:
        where.append(tracked.c.first_seen_at < until)
    where.append(
        tracked.c.fixed_at.is_(None)
        if since is None
        else or_(tracked.c.fixed_at.is_(None), tracked.c.fixed_at >= since)
    )
    return where


def _still(each: Tracked, until: datetime) -> bool:
    return each.fixed_at is None or each.fixed_at >= until


def _one(conn: Connection, *where: ColumnElement[bool]) -> Run | None:
    query = select(runs).where(*where).order_by(runs.c.at.desc(), runs.c.id.desc()).limit(1)
    row = conn.execute(query).mappings().first()
    return _run(row) if row is not None else None


def _latest(row: Row, *, run: Run | None, full: Run | None) -> Latest:
    return Latest(
        site_id=row["site_id"], state=State(row["state"]), since=row["since"], failures=row["failures"],
        checked_at=row["checked_at"], asked_at=row["asked_at"], run=run, full=full,
        security_at=row["security_at"],
    )  # fmt: skip


def _run(row: Row) -> Run:
    times = {name: row[name] for name in Phases.__dataclass_fields__}
    return Run(
        id=row["id"], site_id=row["site_id"], kind=Kind(row["kind"]), cause=Cause(row["cause"]),
        ticket_id=row["ticket_id"], at=row["at"], ended_at=row["ended_at"], verdict=State(row["verdict"]),
        trouble=row["trouble"], status=row["status"], phases=Phases(**times), weight=row["weight"], facts=row["facts"],
        found=tuple(writing.finding(each) for each in row["found"]),
    )  # fmt: skip


def _tracked(row: Row) -> Tracked:
    named = {name: row[name] for name in Tracked.__dataclass_fields__}
    return Tracked(**named | {"area": Area(row["area"]), "severity": Severity(row["severity"])})


def _day(row: Row) -> Day:
    return Day(**{name: row[name] for name in Day.__dataclass_fields__})
