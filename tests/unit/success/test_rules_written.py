"""Rules as they are written and decided: what cannot be meant is told by line, conditions by table, dry runs exactly."""

import time as wall
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from success.incident_errors import RulesBroken
from success.rule_book import shipped
from success.rule_deciding import Seen, decide, dry_run, end_of, holds, with_causes, within
from success.rule_model import Book, Condition, Happens, Hours
from success.rule_patterns import bounded, found
from success.rule_reading import read

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # a Monday in Shanghai
HEAD = "rules:\n  - key: a\n    name: A\n    on: alert_firing\n"
THEN = "    then:\n      - open_incident: {title: x}\n"


def book(*lines: str) -> Book:
    return read(HEAD + "".join(f"    {line}\n" for line in lines) + THEN)


def seen(
    n: int = 1, *, minutes: float = 0, kind: str = "alert_firing", chain: tuple[str, ...] = (), **facts: Any
) -> Seen:
    return Seen(id=n, kind=Happens(kind), facts=facts, at=NOON + timedelta(minutes=minutes), chain=chain)


def test_what_comes_with_the_program_is_right() -> None:
    """And what speaks to clients is off."""
    rules = read(shipped()).rules
    assert len(rules) >= 6
    assert not any(rule.enabled for rule in rules for step in rule.then if step.tell_clients)


@pytest.mark.parametrize(
    ("source", "line", "word"),
    [
        ("", 1, "rules:"),
        ("rules: [", 1, "YAML"),
        ("rules:\n  - key: a\n  bad", 3, "YAML"),
        ("- a", 1, "rules:"),
        ("rules:\n  - key: A b\n    name: x\n    on: alert_firing\n" + THEN, 2, "small letters"),
        (HEAD.replace("alert_firing", "moon_full") + THEN, 4, "alert_firing"),
        (HEAD + "    colour: red\n" + THEN, 5, "not known"),
        (HEAD, 2, "missing"),
        (HEAD + "    then: []\n", 5, "at least one"),
        (HEAD + "    then:\n      - explode: {}\n", 6, "not known"),
        (HEAD + "    then:\n      - wait: 5m\n        set_level: bug\n", 6, "exactly one"),
        (HEAD + "    then:\n      - wait: soon\n", 6, "30s, 5m"),
        (HEAD + "    then:\n      - wait: 8d\n", 6, "at most 7d"),
        (HEAD + "    when:\n      - {field: value, op: '>', value: high}\n" + THEN, 6, "number"),
        (HEAD + "    when:\n      - {field: value, op: in, value: 3}\n" + THEN, 6, "list"),
        (HEAD + "    when:\n      - {field: name, op: matches, value: '(a+)+'}\n" + THEN, 6, "repeated"),
        (HEAD + "    hours: {from: '25:00', to: '08:00'}\n" + THEN, 5, "time of day"),
        (HEAD + "    hours: {from: '09:00', to: '08:00', zone: Moon/Base}\n" + THEN, 5, "time zone"),
        (HEAD + THEN + HEAD.removeprefix("rules:\n") + THEN, 1, "twice"),
        (HEAD + "    key: b\n" + THEN, 2, "twice"),
        ("rules: &a [*a]", 1, "anchors"),
        ("rules: " + "[" * 40, 1, ""),
        ("---\nrules: []\n---\nrules: []\n", 1, "one document"),
        ("x" * 70_000, 1, "longer"),
        (HEAD + "    then:\n      - tell_clients: {zh-Hans: '{server}', en: x}\n", 6, "not for clients"),
    ],
)
def test_what_cannot_be_meant_is_told_by_line(source: str, line: int, word: str) -> None:
    """Never an error of the reader's own; the line, and what to do."""
    with pytest.raises(RulesBroken) as broken:
        read(source)
    first = broken.value.problems[0]
    assert first.line == line, broken.value.problems
    assert word in first.why


def test_on_is_a_word_and_times_are_times() -> None:
    """Nothing of YAML's old habits: `on`, `no`, 9:30."""
    [rule] = book("hours: {from: 9:30, to: 18:00, days: [mon]}", "when: [{field: name, op: ==, value: no}]").rules
    assert rule.on is Happens.ALERT_FIRING
    assert rule.hours is not None
    assert rule.hours.since.isoformat() == "09:30:00"
    assert rule.when[0].value == "no"


@pytest.mark.parametrize(
    ("op", "value", "facts", "holding"),
    [
        ("==", "critical", {"severity": "Critical"}, True), ("==", "critical", {}, False),
        ("!=", "critical", {"severity": "page"}, True), ("!=", "", {"severity": ""}, False),
        ("in", ("a", "page"), {"severity": "page"}, True), ("in", ("a",), {"severity": "page"}, False),
        ("matches", "(?i)^cpu", {"severity": "CPU high"}, True), ("matches", "^cpu", {"severity": "x cpu"}, False),
        (">", 80, {"severity": "93.4%"}, True), (">", 80, {"severity": 80}, False), (">", 80, {"severity": "nan?"}, False),
        ("<", 5, {"severity": "4"}, True), ("==", 4, {"severity": "4.0"}, True), ("==", True, {"severity": True}, True),
    ],
)  # fmt: skip
def test_comparisons(op: str, value: Any, facts: dict[str, Any], *, holding: bool) -> None:
    """Texts without regard to case, numbers as numbers, what is missing as it was said."""
    assert holds(Condition(field="severity", op=op, value=value), facts) is holding
    assert holds(Condition(field="nothing", op=op, value=value, missing=True), facts)


def test_labels_are_looked_into() -> None:
    """One level down."""
    condition = Condition(field="labels.team", op="==", value="web")
    assert holds(condition, {"labels": {"team": "web"}})
    assert not holds(condition, {"labels": "web"})


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|aa)*",
        "(?=a)",
        "(?P<x>a)",
        r"(a)\1",
        "a*b*c*d*",
        "a{1000}",
        "(",
        "x" * 201,
        "a{1,}b*c+d*",
        "(?i)(x{2,})+",
        "(|)" * 60,
        "(aa|aa)" * 25,
        "a?" * 30 + "a" * 30,
        "a{0,50}" * 5 + "b",
        ".*.*.*(a|b|c)",
    ],
)
def test_patterns_that_could_run_away_are_refused(pattern: str) -> None:
    """Before anything is matched with them."""
    with pytest.raises(ValueError, match=r"."):
        bounded(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "(?i)cpu|load|memory|disk|network|swap",
        r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(:\d+)?",
        "(?i).*(high|low).*load.*",
        "^web-(a|b)[0-9]?[0-9]??$",
    ],
)
def test_patterns_of_everyday_are_taken(pattern: str) -> None:
    """Words to choose from, addresses, what may be missing."""
    assert bounded(pattern).search("") is None


def test_the_worst_pattern_that_is_taken_ends_soon() -> None:
    """Three unbounded parts over the longest text: no noticeable time of the processor."""
    before = wall.process_time()
    assert not found(".*.*.*x", "a" * 10_000)
    assert wall.process_time() - before < 5


@pytest.mark.parametrize(
    ("local", "inside"),
    [("22:00", True), ("23:59", True), ("07:59", True), ("08:00", False), ("21:59", False)],
)
def test_hours_past_midnight(local: str, *, inside: bool) -> None:
    """A night in a zone, and when it ends."""
    night = Hours.model_validate({"from": "22:00", "to": "08:00", "zone": "Asia/Shanghai"})
    hour, minute = map(int, local.split(":"))
    at = datetime(2026, 11, 23, hour, minute, tzinfo=UTC) - timedelta(hours=8)
    assert within(night, at) is inside
    if inside:
        assert not within(night, end_of(night, at))
        assert within(night, end_of(night, at) - timedelta(minutes=1))


def test_a_nights_days_are_those_on_which_it_begins() -> None:
    """Monday's night reaches into Tuesday, Sunday's into Monday does not count."""
    night = Hours.model_validate({"from": "22:00", "to": "08:00", "zone": "Asia/Shanghai", "days": ["mon"]})
    assert within(night, datetime(2026, 11, 23, 18, 0, tzinfo=UTC))  # Tuesday 02:00
    assert not within(night, datetime(2026, 11, 22, 18, 0, tzinfo=UTC))  # Monday 02:00


def test_the_reasons_stop_at_the_first_that_does_not_hold() -> None:
    """What was looked at, and what was found."""
    [rule] = book("when:", "  - {field: severity, op: ==, value: critical}", "tiers: [platinum]").rules
    verdict = decide(rule, seen(severity="minor", tier="gold"), counting=lambda *_: 0)
    assert [(each.what, each.found, each.held) for each in verdict.why] == [("severity == critical", "minor", False)]
    verdict = decide(rule, seen(severity="critical", tier="gold"), counting=lambda *_: 0)
    assert [each.held for each in verdict.why] == [True, False]


def test_a_dry_run_waits_whether_it_lasts() -> None:
    """What is over by then fires nothing, nor does what came meanwhile of the same; the next does."""
    [rule] = book("for: 10m").rules
    storm = [seen(n, minutes=n, cause="x") for n in (0, 3, 6, 11)]
    found = dry_run(Book(rules=(rule,)), storm, over=lambda each, _: each.id < 11)
    assert [(each.seen.id, each.folded) for each in found] == [(11, 0)]
    assert [each.folded for each in dry_run(Book(rules=(rule,)), storm, over=lambda *_: False)] == [3]


def test_alerts_of_a_server_fold_in_a_dry_run() -> None:
    """By their server; by their group once it spans many; sites with them."""
    alerts = [seen(n, server=f"s{n // 2}", group="g", alert_id=n) for n in range(10)]
    causes = [each.facts["cause"] for each in with_causes(alerts)]
    assert causes[:6] == [f"server:s{n // 2}" for n in range(6)]
    assert len(set(causes[6:])) == 1
    [site, other, ticket] = with_causes([seen(1, server="s1", site_id=4), seen(2, site_id=4), seen(3, ticket_id=3)])
    assert (site.facts["cause"], other.facts["cause"]) == ("server:s1", "site:4")
    assert "cause" not in ticket.facts


def test_a_dry_run_folds_counts_and_stops_as_the_engine_does() -> None:
    """A storm of one server is one firing; the second of two within 20 minutes counts; a limit stops the rule."""
    [rule] = book("cooldown: 30m").rules
    storm = [seen(n, minutes=n / 20, cause="server:a") for n in range(500)]
    [would] = dry_run(Book(rules=(rule,)), storm)
    assert would.folded == 499
    [rule] = book("count: {at_least: 2, within: 20m, by: server}").rules
    found = dry_run(
        Book(rules=(rule,)),
        [
            seen(1, server="a", cause="1"),
            seen(2, minutes=21, server="a", cause="2"),
            seen(3, minutes=30, server="a", cause="3"),
        ],
    )
    assert [each.seen.id for each in found] == [3]
    [rule] = book("limit: {firings: 2, within: 1h}").rules
    found = dry_run(Book(rules=(rule,)), [seen(n, minutes=n, cause=str(n)) for n in range(5)])
    assert [each.stopped for each in found] == ["", "", "limit"]
    found = dry_run(Book(rules=(rule,)), [seen(1, cause="x", chain=("a", "a", "a"))])
    assert [each.stopped for each in found] == ["depth"]
