"""Whether a rule fires on an event, and why; what fires fold by; what it would have done on what happened. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import takewhile
from typing import Any, Final

from handoff.business_time import WEEKDAYS
from store.zones import find_zone
from success.incident_rules import alert_key, server_key
from success.rule_model import Book, Condition, Count, Happens, Hours, Op, Rule
from success.rule_patterns import found

DEPTH: Final = 3
"""A rule's own doing may cause so many further firings in a row, not more."""
ANY: Final = "*"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One event as rules see it; `chain` are the rules whose doing led to it, the first first."""

    id: int
    kind: Happens
    facts: Mapping[str, Any]
    at: datetime
    chain: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One thing that was looked at: what, what was found, whether it held."""

    what: str
    found: str
    held: bool

    @property
    def kept(self) -> dict[str, Any]:
        """As it is stored."""
        return {"what": self.what, "found": self.found, "held": self.held}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether the rule fires, with everything that was looked at up to the first that did not hold."""

    fires: bool
    why: tuple[Reason, ...] = ()


Counting = Callable[[Happens, str, object, timedelta], int]
"""How many events of a kind, with this value of a field, there were within a time up to now, this one among them."""


def decide(rule: Rule, seen: Seen, *, counting: Counting) -> Verdict:
    """Whether a rule fires on an event."""
    why: list[Reason] = []
    for reason in _checks(rule, seen, counting):
        why.append(reason)
        if not reason.held:
            return Verdict(fires=False, why=tuple(why))
    return Verdict(fires=True, why=tuple(why))


def value_of(facts: Mapping[str, Any], name: str) -> Any:
    """What an event says under a name such as `labels.severity`; None where it says nothing."""
    head, _, rest = name.partition(".")
    value = facts.get(head)
    if not rest:
        return value
    return value.get(rest) if isinstance(value, Mapping) else None


def holds(condition: Condition, facts: Mapping[str, Any]) -> bool:
    """Whether one comparison holds."""
    value, wanted = value_of(facts, condition.field), condition.value
    if value is None or value == "":
        return condition.missing
    if condition.op in {Op.MORE, Op.LESS}:
        number, bound = _number(value), _number(wanted)
        if number is None or bound is None:
            return condition.missing
        return number > bound if condition.op is Op.MORE else number < bound
    if condition.op is Op.MATCHES:
        return found(str(wanted), str(value))
    same = any(_same(value, each) for each in (wanted if isinstance(wanted, tuple) else (wanted,)))
    return same if condition.op is not Op.IS_NOT else not same


def within(hours: Hours, at: datetime) -> bool:
    """Whether an instant lies in these hours; a night's belong to the day on which they begin."""
    zone = find_zone(hours.zone)
    local = at.astimezone(zone) if zone is not None else at
    now, over = local.time(), hours.until <= hours.since
    inside = (now >= hours.since or now < hours.until) if over else hours.since <= now < hours.until
    began = local - timedelta(days=1) if over and now < hours.until else local
    return inside and (not hours.days or WEEKDAYS[began.weekday()] in hours.days)


def end_of(hours: Hours, at: datetime) -> datetime:
    """When the hours that an instant lies in are over."""
    zone = find_zone(hours.zone)
    local = at.astimezone(zone) if zone is not None else at
    day = local.date()
    if local.time() >= hours.until:
        day += timedelta(days=1)
    return datetime.combine(day, hours.until, local.tzinfo).astimezone(at.tzinfo)


def subject(seen: Seen) -> str:
    """What further events fold by: the incident's cause, else the site, the ticket, the task or the client."""
    for name in ("cause", "site_id", "ticket_id", "task_id", "client_id"):
        if (value := seen.facts.get(name)) is not None:
            return f"{name}:{value}"
    return ANY


@dataclass(frozen=True, kw_only=True)
class Would:
    """What a rule would have done: when, on what, how many further events it would have folded."""

    rule: Rule
    seen: Seen
    why: tuple[Reason, ...]
    folded: int = 0
    stopped: str = ""


@dataclass
class _Past:
    """What a dry run remembers of one rule. `held`: until when it waited whether something lasts that did not."""

    last: dict[str, int] = field(default_factory=dict)
    held: dict[str, datetime] = field(default_factory=dict)
    fired: list[datetime] = field(default_factory=list)
    stopped: bool = False


def dry_run(
    book: Book, events: Sequence[Seen], *, over: Callable[[Seen, datetime], bool] | None = None
) -> tuple[Would, ...]:
    """What these rules would have done on what happened, in order; nothing is done.

    `over` says whether what an event was about was over at an instant (for conditions that must last).
    """
    would: list[Would] = []
    pasts = {rule.key: _Past() for rule in book.rules}
    for place, seen in enumerate(events):
        counting = _counting_in(events, place)
        for rule in book.rules:
            past = pasts[rule.key]
            if not rule.enabled or past.stopped or rule.on is not seen.kind:
                continue
            verdict = decide(rule, seen, counting=counting)
            if not verdict.fires or seen.at < past.held.get(subject(seen), seen.at):
                continue
            if rule.lasting is not None and over is not None and over(seen, seen.at + rule.lasting):
                _passes(rule, seen, past, would)
            else:
                _dry(rule, seen, verdict, past, would)
    return tuple(would)


def with_causes(events: Sequence[Seen]) -> tuple[Seen, ...]:
    """Events with the causes that they would fold by, as far as they tell themselves: those of sites and alerts.

    Which incidents were under way is not known: an alert's cause is its server, or its group where that spans many.
    """
    firing: dict[str, dict[int, str]] = {}
    return tuple(_with_cause(seen, firing) for seen in events)


def _with_cause(seen: Seen, firing: dict[str, dict[int, str]]) -> Seen:
    facts = seen.facts
    server, group, site = str(facts.get("server") or ""), str(facts.get("group") or ""), facts.get("site_id")
    if facts.get("alert_id") is None:
        cause = server_key(server) if server else f"site:{site}" if site else None
    else:
        here = firing.setdefault(group, {})
        if seen.kind is Happens.ALERT_FIRING:
            here[facts["alert_id"]] = server
        else:
            here.pop(facts["alert_id"], None)
        cause = alert_key(server=server, group=group, servers=len(set(here.values())), lately=0)
    return seen if cause is None or "cause" in facts else replace(seen, facts={**facts, "cause": cause})


def _folds(rule: Rule, seen: Seen, past: _Past, would: Sequence[Would]) -> int | None:
    """The firing that an event folds into, by its place."""
    last = past.last.get(subject(seen))
    return last if last is not None and seen.at - would[last].seen.at < rule.cooldown else None


def _passes(rule: Rule, seen: Seen, past: _Past, would: list[Would]) -> None:
    """It waits whether it lasts, which it does not: meanwhile what is of the same folds into that, and is gone."""
    assert rule.lasting is not None
    last = _folds(rule, seen, past, would)
    if last is not None:
        would[last] = replace(would[last], folded=would[last].folded + 1)
    else:
        past.held[subject(seen)] = seen.at + min(rule.lasting, rule.cooldown)


def _dry(rule: Rule, seen: Seen, verdict: Verdict, past: _Past, would: list[Would]) -> None:
    key, last = subject(seen), _folds(rule, seen, past, would)
    if last is not None:
        would[last] = replace(would[last], folded=would[last].folded + 1)
        return
    lately = [at for at in past.fired if seen.at - at < rule.limit.within]
    stopped = "depth" if len(seen.chain) >= DEPTH else "limit" if len(lately) >= rule.limit.firings else ""
    past.last[key], past.stopped = len(would), bool(stopped)
    past.fired = [*lately, seen.at]
    would.append(Would(rule=rule, seen=seen, why=verdict.why, stopped=stopped))


def _checks(rule: Rule, seen: Seen, counting: Counting) -> Iterable[Reason]:
    for condition in rule.when:
        yield Reason(
            what=words(condition),
            found=_shown(value_of(seen.facts, condition.field)),
            held=holds(condition, seen.facts),
        )
    if rule.tiers:
        tier = str(seen.facts.get("tier") or "")
        yield Reason(what=f"tier in {', '.join(rule.tiers)}", found=tier, held=tier in rule.tiers)
    if rule.hours is not None:
        yield Reason(what=f"hours {_hours(rule.hours)}", found=seen.at.isoformat(), held=within(rule.hours, seen.at))
    if rule.count is not None:
        yield _counted(rule.count, seen, counting)


def words(condition: Condition) -> str:
    """A comparison as it was written."""
    value = condition.value
    shown = f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value) or '""'
    return f"{condition.field} {condition.op} {shown}"


def _counted(count: Count, seen: Seen, counting: Counting) -> Reason:
    value = value_of(seen.facts, count.by)
    minutes = int(count.within.total_seconds()) // 60
    number = counting(seen.kind, count.by, value, count.within) if value not in {None, ""} else 0
    what = f"at least {count.at_least} within {minutes} min by {count.by}"
    return Reason(what=what, found=f"{number} ({_shown(value)})", held=number >= count.at_least)


def _counting_in(events: Sequence[Seen], place: int) -> Counting:
    now = events[place].at

    def counting(kind: Happens, name: str, value: object, span: timedelta) -> int:
        before = (events[n] for n in range(place, -1, -1))
        near = takewhile(lambda each: now - each.at <= span, before)
        return sum(1 for each in near if each.kind is kind and value_of(each.facts, name) == value)

    return counting


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool):
        return str(value).casefold() == str(wanted).casefold()
    if isinstance(wanted, int | float):
        return _number(value) == float(wanted)
    return str(value).strip().casefold() == str(wanted).strip().casefold()


def _number(value: Any) -> float | None:
    try:
        return float(str(value).strip().removesuffix("%"))
    except ValueError:
        return None


def _shown(value: Any) -> str:
    return "–" if value is None else str(value)[:120]


def _hours(hours: Hours) -> str:
    def clock(at: time) -> str:
        return at.strftime("%H:%M")

    return f"{clock(hours.since)}-{clock(hours.until)} {hours.zone}"
