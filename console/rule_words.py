"""Rules in words: on what, when, then what; and what a firing did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console import moments
from console.texts import Texts
from success.rule_book import Stop
from success.rule_deciding import words
from success.rule_engine import Firing
from success.rule_model import Rule, Step


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A rule for the list."""

    rule: Rule
    conditions: tuple[str, ...]
    steps: tuple[str, ...]
    stop: Stop | None


@dataclass(frozen=True, kw_only=True)
class Done:
    """One step of a firing: what it was and what came of it."""

    step: str
    outcome: str
    state: str


def shown(rule: Rule, stops: Mapping[str, Stop], texts: Texts, language: str) -> Shown:
    """A rule in the reader's language."""

    def span(seconds: float) -> str:
        return moments.span(texts, language, seconds)

    conditions = [words(condition) for condition in rule.when]
    if rule.lasting is not None:
        conditions.append(texts.say("rules.lasting", language, span=span(rule.lasting.total_seconds())))
    if rule.count is not None:
        within = span(rule.count.within.total_seconds())
        facts: dict[str, Any] = {"n": rule.count.at_least, "span": within, "by": rule.count.by}
        conditions.append(texts.say("rules.count", language, **facts))
    if rule.tiers:
        conditions.append(", ".join(texts.say(f"tier.{tier}", language) for tier in rule.tiers))
    for kind, hours in (("rules.hours", rule.hours), ("rules.quiet", rule.quiet)):
        if hours is not None:
            facts = {"since": hours.since.strftime("%H:%M"), "until": hours.until.strftime("%H:%M"), "zone": hours.zone}
            conditions.append(texts.say(kind, language, **facts))
    steps = tuple(step_words(step, texts, language) for step in rule.then)
    return Shown(rule=rule, conditions=tuple(conditions), steps=steps, stop=stops.get(rule.key))


def step_words(step: Step, texts: Texts, language: str) -> str:
    """What a step does."""
    what = texts.say(f"rules.step.{step.name}", language)
    match step.name:
        case "wait":
            assert step.wait is not None
            return f"{what} {moments.span(texts, language, step.wait.total_seconds())}"
        case "call_hook":
            return f"{what}: {step.call_hook.hook if step.call_hook else ''}"
        case "set_level":
            return f"{what}: {texts.say(f'level.{step.set_level}', language)}"
        case "open_incident" if step.open_incident and step.open_incident.suggest:
            return texts.say("rules.step.suggest", language)
    return what


def results(firing: Firing, rule: Rule | None, texts: Texts, language: str) -> Sequence[Done]:
    """What came of each step that was done."""
    found = []
    for n, kept in sorted(firing.results.items(), key=lambda each: int(each[0])):
        number = int(n)
        step = step_words(rule.then[number], texts, language) if rule and number < len(rule.then) else f"#{number + 1}"
        outcome = texts.say(f"rules.result.{kept['state']}", language)
        why = str(kept.get("why") or "")
        if why:
            outcome += f" ({texts.say(f'rules.why.{why}', language) if texts.has(f'rules.why.{why}') else why})"
        found.append(Done(step=step, outcome=outcome, state=str(kept["state"])))
    return found
