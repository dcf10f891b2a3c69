"""What a check found is written down, once: the run, the findings, how the site stands, and what that sets off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from handoff import accounts, directory, sites
from handoff.errors import NotFound
from handoff.rows import Row, clean
from handoff.sites import Site
from store.jobs import enqueue
from store.signals import signal
from success.check_tables import site_check_run as runs
from success.check_tables import site_check_state as states
from success.check_tables import site_finding as tracked
from success.checks import outcomes, writing
from success.checks.asking import AGAIN, TOPIC, enrol
from success.checks.hysteresis import RECHECK, Decision, Standing, decide, verdict
from success.checks.model import Area, Cause, Facts, Finding, Kind, Severity, State, Verdict
from success.checks.rules import findings, looked
from success.checks.versions import KnownVersions


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A run that was written down, and what it changed."""

    run_id: int
    found: tuple[Finding, ...]
    decision: Decision


def keep(
    conn: Connection,
    site: Site,
    facts: Facts,
    *,
    known: KnownVersions,
    cause: Cause,
    ticket_id: int | None,
    now: datetime,
) -> Kept:
    """Write a look down; call it in the transaction that closes the check's job."""
    found = findings(facts, known=known)
    seen = verdict(found, looked_at_all=bool(looked(facts)))
    enrol(conn, site, directory.client(conn, site.client_id), now=now)
    row = conn.execute(select(states).where(states.c.site_id == site.id).with_for_update()).mappings().one()
    was = Standing(state=State(row["state"]), failures=row["failures"])
    if row["address"] != site.address and was.state is not State.DOWN:  # a site that is down is so until it answers
        was = Standing()
    decision = decide(was, seen, cause=cause)
    run_id = _run(conn, site, facts, found, seen, cause=cause, ticket_id=ticket_id, now=now)
    _stand(conn, row, site, decision.standing, run_id=run_id, facts=facts, now=now)
    certain = [each for each in found if each.severity is not Severity.DOWN or decision.standing.state is State.DOWN]
    _track(conn, site, certain, areas=looked(facts), now=now)
    _read_certificate(conn, site, facts, now=now)
    if decision.changed:
        outcomes.changed(conn, site, decision.standing.state, run_id, now, was=was.state)
    if decision.again:
        enqueue(conn, AGAIN, {"site": site.id}, dedup=str(run_id), run_at=now + RECHECK, now=now)
    signal(conn, TOPIC, str(site.id))
    return Kept(run_id=run_id, found=found, decision=decision)


def accept(conn: Connection, *, site_id: int, finding_id: int, by: int, why: str, now: datetime) -> None:
    """Say that a finding is known and stays as it is; `why` is kept. Raises NotFound, also for another site's."""
    mine = (tracked.c.id == finding_id, tracked.c.site_id == site_id, tracked.c.fixed_at.is_(None))
    values = {"accepted_at": now, "accepted_by": by, "accepted_why": clean(why)[:500]}
    if conn.execute(update(tracked).where(*mine).values(values)).rowcount == 0:
        raise NotFound("finding", finding_id)
    signal(conn, TOPIC, str(site_id))


def take_back(conn: Connection, *, site_id: int, finding_id: int) -> None:
    """A finding that was accepted is to be mended after all. Raises NotFound, also for another site's."""
    mine = (tracked.c.id == finding_id, tracked.c.site_id == site_id, tracked.c.fixed_at.is_(None))
    values = {"accepted_at": None, "accepted_by": None, "accepted_why": ""}
    if conn.execute(update(tracked).where(*mine).values(values)).rowcount == 0:
        raise NotFound("finding", finding_id)
    signal(conn, TOPIC, str(site_id))


def gave_up(conn: Connection, site_id: int) -> None:
    """A check that was asked for will not come: nothing waits for it any more."""
    conn.execute(update(states).where(states.c.site_id == site_id).values(asked_at=None))
    signal(conn, TOPIC, str(site_id))


def _run(
    conn: Connection, site: Site, facts: Facts, found: Sequence[Finding], seen: State, *,
    cause: Cause, ticket_id: int | None, now: datetime,
) -> int:  # fmt: skip
    phases = facts.phases
    values: dict[str, Any] = {"site_id": site.id, "client_id": site.client_id, "kind": str(facts.kind)}
    values |= {"cause": str(cause), "ticket_id": ticket_id, "at": facts.at, "ended_at": now, "verdict": str(seen)}
    values |= {"trouble": str(facts.trouble) if facts.trouble else None, "status": facts.status}
    values |= {"dns_ms": phases.dns_ms, "connect_ms": phases.connect_ms, "tls_ms": phases.tls_ms}
    values |= {"first_byte_ms": phases.first_byte_ms, "total_ms": phases.total_ms}
    values |= {"weight": facts.weight.total if facts.weight else None}
    values |= {"facts": writing.facts_json(facts), "found": writing.found_json(found)}
    made: int = conn.execute(insert(runs).values(values).returning(runs.c.id)).scalar_one()
    return made


def _stand(
    conn: Connection, row: Row, site: Site, now_is: Standing, *, run_id: int, facts: Facts, now: datetime
) -> None:
    values: dict[str, Any] = {"state": str(now_is.state), "failures": now_is.failures, "run_id": run_id}
    values |= {"checked_at": now, "asked_at": None, "address": site.address}
    values |= {"since": row["since"] if row["state"] == str(now_is.state) else now}
    if facts.kind is Kind.SECURITY and facts.trouble is None:
        values["security_at"] = now
    conn.execute(update(states).where(states.c.site_id == site.id).values(values))


def _track(conn: Connection, site: Site, found: Sequence[Finding], *, areas: frozenset[Area], now: datetime) -> None:
    """Findings that are there again are seen again; those that are not, where we looked, are fixed."""
    standing = (tracked.c.site_id == site.id, tracked.c.fixed_at.is_(None))
    had = {row["name"]: row for row in conn.execute(select(tracked).where(*standing)).mappings()}
    here = {each.name: each for each in found}
    for name, each in here.items():
        values = {"severity": str(each.severity), "facts": dict(each.facts), "last_seen_at": now}
        if name in had:
            conn.execute(update(tracked).where(tracked.c.id == had[name]["id"]).values(values))
            continue
        fresh = {"site_id": site.id, "client_id": site.client_id, "name": name, "key": each.key, "first_seen_at": now}
        conn.execute(insert(tracked).values(**values, **fresh, area=str(each.area), security=each.security))
    gone = [row["id"] for name, row in had.items() if name not in here and Area(row["area"]) in areas]
    conn.execute(update(tracked).where(tracked.c.id.in_(gone)).values(fixed_at=now))


def _read_certificate(conn: Connection, site: Site, facts: Facts, *, now: datetime) -> None:
    """The last day of a certificate that holds, or has only run out, is the site's own; a foreign one is not."""
    shown = facts.certificate
    if shown is None or shown.not_after is None or shown.verdict not in {Verdict.HOLDS, Verdict.EXPIRED}:
        return
    client = directory.client(conn, site.client_id)
    last = shown.not_after.astimezone(accounts.zone_of(client)).date()
    sites.read_certificate(conn, site.id, last=last, now=now)


def site_of(conn: Connection, site_id: int, client_id: int) -> Site:
    """A site of this client. Raises NotFound, also for another client's."""
    found = sites.find(conn, site_id)
    if found is None or found.client_id != client_id:
        raise NotFound("site", site_id)
    return found
