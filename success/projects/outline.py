"""A proposal's draft from a wish, the prices and the calendar: complete without a model, for a person to finish. Pure.

`say` writes our sentences.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final, TypeAlias

from success.projects.model import Line, Payment, Proposal, Quote, Service
from success.projects.plan_rules import DAY, Fit, IsWorking, fit, nth_working, plan
from success.projects.price_rules import PAYABLE, Chosen, PriceList, choose
from success.projects.wish import Wish

Say: TypeAlias = Callable[..., str]
"""`(key, language, **values)` to a sentence."""
QUOTED: Final = ("industry", "audience", "functions", "look", "references", "competitors", "indicators")


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a draft rests on besides the wish: prices, who works when, until when holidays are known, our services."""

    prices: PriceList
    is_working: IsWorking
    covered_until: date | None
    services: tuple[Service, ...]
    today: date


def outline(wish: Wish, ground: Ground, *, say: Say) -> Proposal:
    """The draft. Raises ProjectRefused: ``calendar`` where no working days are known."""
    prices, language = ground.prices, wish.language
    chosen = choose(prices, wish.functions)
    starts = nth_working(ground.today + DAY, prices.lead_days + 1, ground.is_working)
    facts: dict[str, Any] = {"starts_on": starts, "weights": prices.stages, "people": prices.people}
    milestones = plan(chosen.days, **facts, is_working=ground.is_working)
    names = [each.name(language) for each in chosen.modules]
    draft = Proposal(
        title=wish.title, client=wish.client, language=language, currency=prices.currency,
        understanding=_understanding(wish, names, say=say), architecture=_architecture(chosen, language, say=say),
        pages=tuple(dict.fromkeys(page(language) for each in chosen.modules for page in each.pages)),
        lines=tuple(
            Line(
                name=each.name(language), days=each.days, price=each.price, what=each.includes(language),
                optional=each.optional,
            )
            for each in chosen.modules
        ),
        milestones=milestones, services=ground.services, quotes=_quotes(wish),
        valid_until=ground.today + timedelta(days=prices.valid_days),
        tax=prices.tax(language) if prices.tax is not None else "",
        excluded=tuple(each(language) for each in prices.excluded),
        payments=_payments(prices),
    )  # fmt: skip
    wanted = wish.wanted_on
    dated = None if wanted is None else fit(chosen.modules, wanted_on=wanted, **facts, is_working=ground.is_working)
    return replace(draft, open=_open(wish, draft=draft, chosen=chosen, ground=ground, dated=dated, say=say))


def _understanding(wish: Wish, names: Sequence[str], *, say: Say) -> str:
    comma = say("proposal.list", wish.language)
    return say("proposal.understanding", wish.language, title=wish.title, client=wish.client, parts=comma.join(names))


def _architecture(chosen: Chosen, language: str, *, say: Say) -> str:
    comma = say("proposal.list", language)
    layers = {"shop", "booking", "members", "integration", "forms"}
    behind = [each.name(language) for each in chosen.modules if each.key in layers]
    lines = [
        say("proposal.architecture.front", language, n=len({p(language) for m in chosen.modules for p in m.pages}))
    ]
    lines.append(say("proposal.architecture.content", language))
    if behind:
        lines.append(say("proposal.architecture.services", language, parts=comma.join(behind)))
    return "\n".join([*lines, say("proposal.architecture.operation", language)])


def _quotes(wish: Wish) -> tuple[Quote, ...]:
    found = []
    for about in QUOTED:
        said = getattr(wish, about)
        text = "\n".join(said) if isinstance(said, tuple) else said
        if text:
            found.append(Quote(about=about, text=text))
    return tuple(found)


def _open(
    wish: Wish, *, draft: Proposal, chosen: Chosen, ground: Ground, dated: Fit | None, say: Say
) -> tuple[str, ...]:
    def point(key: str, **values: object) -> str:
        return say(f"proposal.open.{key}", wish.language, **values)

    found = [point("uncovered", what=each) for each in chosen.uncovered]
    ends = draft.milestones[-1].ends_on
    if wish.currency != draft.currency and (wish.budget_to or wish.budget_from):
        found.append(point("currency", theirs=wish.currency, ours=draft.currency))
    elif wish.budget_to is not None and draft.total > wish.budget_to:
        over = draft.total - wish.budget_to
        found.append(point("over_budget", over=f"{over:,}", budget=f"{wish.budget_to:,}", currency=draft.currency))
    if dated is not None and not dated.kept:
        found.append(
            _late(
                dated,
                ends,
                point,
                language=wish.language,
                today=ground.today,
                comma=say("proposal.list", wish.language),
            )
        )
    if ground.covered_until is not None and ends > ground.covered_until:
        found.append(point("holidays", year=ground.covered_until.year + 1))
    return (*found, *(point("theirs", what=each) for each in wish.open))


def _payments(prices: PriceList) -> tuple[Payment, ...]:
    shares = {str(when): share for when, share in prices.payments.items()}
    return tuple(Payment(when=when, share=shares[when]) for when in PAYABLE if when in shares)


def _late(dated: Fit, ends: date, point: Say, *, language: str, today: date, comma: str) -> str:
    wanted = dated.wanted_on.isoformat()
    if dated.wanted_on <= today:
        return point("past", wanted=wanted, ends=ends.isoformat())
    if dated.ends_on is None:
        return point("late", wanted=wanted, ends=ends.isoformat())
    names = comma.join(each.name(language) for each in dated.without)
    facts = {"wanted": wanted, "ends": ends.isoformat(), "fits": dated.ends_on.isoformat(), "without": names}
    return point("fits", **facts)
