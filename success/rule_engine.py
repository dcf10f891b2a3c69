"""Rules at work: an event is looked at once, what fires does its steps once, and what runs away is stopped.

All of it are transaction bodies that may be run again: what was done is kept in `rule_firing.results`, by step.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, select, update

from handoff import directory
from handoff.errors import HandoffError
from handoff.kinds import Role
from handoff.rows import add
from store import rates
from store.jobs import enqueue, lock_key
from store.signals import signal
from success import incidents, rule_book, rules, tasks
from success.errors import SuccessError
from success.incident_log import incident
from success.incident_troubles import is_judged
from success.rule_actions import Acting, Doing, act, cause_key, is_over, members_of
from success.rule_deciding import DEPTH, Seen, Verdict, decide, end_of, subject, within
from success.rule_model import Rule, Step
from success.rule_tables import rule_firing as firings
from success.tasks import TaskKind

JOINING: Final = frozenset({"link_incident", "mend_incident"})
STEP: Final = "rule_step"
"""The queue that goes on with a firing: `{"firing": id}`, after a step that waited: `{"firing": id, "woken": n}`, or
with one step that was held: `{"firing": id, "only": n}`.
"""


@dataclass(frozen=True, kw_only=True)
class Firing:
    """What a rule made of an event. `outcome`: held (it must last), passed (it did not), fired, stopped."""

    id: int
    rule: str
    version: int
    event_id: int
    subject: str
    at: datetime
    outcome: str
    why: list[dict[str, Any]]
    results: dict[str, Any]
    folded: int
    incident_id: int | None


def look(conn: Connection, event_id: int, *, acting: Acting, now: datetime) -> int:
    """Let every rule in force look at an event, once; how many fire or wait."""
    seen = rules.take(conn, event_id, now=now)
    if seen is None:
        return 0
    version, book = rule_book.in_force(conn)
    stopped = rule_book.stopped(conn)
    listening = [rule for rule in book.rules if rule.on is seen.kind and rule.enabled and rule.key not in stopped]
    if not listening:
        return 0
    if (cause := cause_key(conn, seen, now=now)) is not None and "cause" not in seen.facts:
        seen = replace(seen, facts={**seen.facts, "cause": cause})
    counting = partial(rules.counted, conn, upto=seen)
    fired = 0
    for rule in listening:
        verdict = decide(rule, seen, counting=counting)
        if verdict.fires:
            fired += _fires(conn, rule, seen, verdict, version.id, acting=acting, now=now)
    return fired


def go_on(
    conn: Connection, firing_id: int, *, only: int | None = None, woken: int | None = None, acting: Acting,
    now: datetime,
) -> None:  # fmt: skip
    """Go on with a firing that waited. Doubled calls change nothing.

    `woken` is the step whose wait is over: its timer knows, also where the wall clock was set back meanwhile.
    """
    row = conn.execute(select(firings).where(firings.c.id == firing_id).with_for_update()).mappings().first()
    if row is None:
        return
    firing, rule = _firing(row), _rule(conn, row["version"], row["rule"])
    seen = rules.event(conn, firing.event_id)
    if rule is None or seen is None or rule.key in rule_book.stopped(conn):
        return
    if firing.outcome == "held":
        outcome = "passed" if is_over(conn, seen) else "fired"
        _keep(conn, firing.id, outcome=outcome)
        if outcome == "passed":
            return
    if only is not None:
        firing = replace(
            firing, results={n: kept for n, kept in firing.results.items() if n != str(only) or not _held(kept)}
        )
    _run(conn, firing, rule, seen, acting=acting, awake=only, woken=woken, now=now)


def of_rule(conn: Connection, rule: str | None = None, *, limit: int = 50) -> tuple[tuple[Firing, Seen], ...]:
    """What rules did last, with the events."""
    query = select(firings).order_by(firings.c.id.desc()).limit(limit)
    if rule is not None:
        query = query.where(firings.c.rule == rule)
    found = [_firing(row) for row in conn.execute(query).mappings()]
    seen = {each.id: each for each in rules.of_ids(conn, {firing.event_id for firing in found})}
    return tuple((each, seen[each.event_id]) for each in found)


def _fires(
    conn: Connection, rule: Rule, seen: Seen, verdict: Verdict, version: int, *, acting: Acting, now: datetime
) -> bool:
    """Fold into what fired a moment ago, stop the rule where it runs away, else fire or wait whether it lasts."""
    about = subject(seen)
    lock_key(conn, "rule", f"{rule.key}:{about}")
    before = _standing(conn, rule, about, now=now)
    if before is not None:
        _fold(conn, before, seen, rule, acting=acting, now=now)
        return False
    why = [reason.kept for reason in verdict.why]
    values: dict[str, Any] = {"rule": rule.key, "version": version, "event_id": seen.id, "subject": about, "at": now}
    values |= {"why": why, "results": {}, "folded": 0}
    runaway = "depth" if len(seen.chain) >= DEPTH else "limit" if not _room(conn, rule, now=now) else ""
    if runaway:
        add(conn, firings, **values, outcome="stopped")
        _stop(conn, rule, runaway, now=now)
        return False
    made = _firing(add(conn, firings, **values, outcome="held" if rule.lasting else "fired"))
    if rule.lasting is not None:
        body = {"firing": made.id}
        enqueue(conn, STEP, body, dedup=f"for:{made.id}", run_at=seen.at + rule.lasting, now=now)
    else:
        _run(conn, made, rule, seen, acting=acting, now=now)
    return True


def _standing(conn: Connection, rule: Rule, about: str, *, now: datetime) -> Firing | None:
    """The firing of the same rule on the same thing that this one folds into."""
    mine = (firings.c.rule == rule.key, firings.c.subject == about, firings.c.at > now - rule.cooldown)
    lately = select(firings).where(*mine, firings.c.outcome.in_(("fired", "held")))
    row = conn.execute(lately.order_by(firings.c.id.desc()).limit(1)).mappings().first()
    if row is None or (row["incident_id"] is not None and _is_past(conn, row["incident_id"], now=now)):
        return None  # what comes back after it was over is no repetition
    return _firing(row)


def _is_past(conn: Connection, incident_id: int, *, now: datetime) -> bool:
    known = incident(conn, incident_id)
    return not known.live and not is_judged(conn, known, now=now)


def _fold(conn: Connection, before: Firing, seen: Seen, rule: Rule, *, acting: Acting, now: datetime) -> None:
    """Count it, and let what it is about join: of the steps only those that say nothing to anybody are done again."""
    conn.execute(update(firings).where(firings.c.id == before.id).values(folded=firings.c.folded + 1))
    if before.outcome == "held":
        return
    doing = Doing(rule=rule, seen=seen, firing_id=before.id, incident_id=before.incident_id)
    try:
        with conn.begin_nested():
            for step in rule.then:
                if step.name in JOINING:
                    act(conn, doing, step, acting, now=now)
                elif step.name == "open_incident" and before.incident_id is not None:
                    for member in members_of(conn, seen):
                        incidents.link(conn, before.incident_id, member, rule=rule.key, now=now)
    except (SuccessError, HandoffError):  # the incident is closed by now
        return


def _room(conn: Connection, rule: Rule, *, now: datetime) -> bool:
    return rates.take(conn, f"rule:{rule.key}", per=rule.limit.within, limit=rule.limit.firings, now=now) is None


def _stop(conn: Connection, rule: Rule, why: str, *, now: datetime) -> None:
    """Stop a rule that runs away, and give every admin something to do about it."""
    if not rule_book.stop(conn, rule.key, why, now=now):
        return
    for person in directory.staff(conn, active_only=True):
        if person.role is Role.ADMIN:
            facts = {"rule": rule.name, "text": "task.rule.stopped", "why": why}
            origin = f"rule-stopped:{rule.key}:{now.isoformat()}:{person.id}"
            tasks.give(
                conn, TaskKind.RULE, origin=origin, assignee_id=person.id, facts=facts, link="/desk/rules",
                due_at=now, now=now,
            )  # fmt: skip
    signal(conn, "desk", "")


def _run(
    conn: Connection, firing: Firing, rule: Rule, seen: Seen, *, acting: Acting, awake: int | None = None,
    woken: int | None = None, now: datetime,
) -> None:  # fmt: skip
    """Do the steps that were not done; a step that waits ends it until its time comes."""
    results, incident_id = dict(firing.results), firing.incident_id
    for n, step in enumerate(rule.then):
        if (kept := results.get(str(n))) is not None:
            if kept["state"] == "waits":
                if n != woken and datetime.fromisoformat(kept["until"]) > now:
                    break
                results[str(n)] = {"state": "done"}
            continue
        doing = Doing(rule=rule, seen=seen, firing_id=firing.id, incident_id=incident_id, step=n)
        result = _step(conn, doing, step, acting, awake=awake == n, now=now)
        results[str(n)] = result
        incident_id = result.get("incident") or incident_id
        if result["state"] == "waits":
            break
    _keep(conn, firing.id, results=results, incident_id=incident_id)


def _step(
    conn: Connection, doing: Doing, step: Step, acting: Acting, *, awake: bool, now: datetime
) -> Mapping[str, Any]:
    if step.wait is not None:
        body = {"firing": doing.firing_id, "woken": doing.step}
        enqueue(conn, STEP, body, dedup=f"wait:{doing.origin}", run_at=now + step.wait, now=now)
        return {"state": "waits", "until": (now + step.wait).isoformat()}
    quiet = doing.rule.quiet
    if step.speaks and not awake and quiet is not None and within(quiet, now):
        return _held_until(conn, doing, end_of(quiet, now), now=now)
    try:
        with conn.begin_nested():
            result = act(conn, doing, step, acting, now=now)
    except (SuccessError, HandoffError) as error:
        return {"state": "failed", "why": type(error).__name__}
    if result["state"] == "held":
        return _held_until(conn, doing, datetime.fromisoformat(result["until"]), now=now)
    return result


def _held_until(conn: Connection, doing: Doing, at: datetime, *, now: datetime) -> Mapping[str, Any]:
    body = {"firing": doing.firing_id, "only": doing.step}
    dedup = f"held:{doing.origin}:{at.isoformat()}:{now.isoformat()}"  # by a clock set back, the same morning again
    enqueue(conn, STEP, body, dedup=dedup, run_at=at, now=now)
    return {"state": "held", "until": at.isoformat()}


def _held(result: Mapping[str, Any]) -> bool:
    return result.get("state") == "held"


def _rule(conn: Connection, version: int, key: str) -> Rule | None:
    """The rule as it was when it fired; None where it is not in force any more."""
    _, book = rule_book.in_force(conn)
    still = next((rule for rule in book.rules if rule.key == key and rule.enabled), None)
    if still is None:
        return None
    then = rule_book.book_of(conn, version)
    return next((rule for rule in then.rules if rule.key == key), None)


def _keep(conn: Connection, firing_id: int, **values: Any) -> None:
    conn.execute(update(firings).where(firings.c.id == firing_id).values(values))


def _firing(row: Mapping[Any, Any]) -> Firing:
    return Firing(**{name: row[name] for name in Firing.__dataclass_fields__})
