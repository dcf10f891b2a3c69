"""A proposal's draft from a wish, the prices and the calendar: complete without a model, for a person to finish. Pure.

What is the client's own stands in `quotes` alone; all else is ours. `say` writes our sentences.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final, Self, TypeAlias

from success.projects.errors import ProjectRefused
from success.projects.plan_rules import DAY, Fit, IsWorking, Milestone, fit, nth_working, plan
from success.projects.price_rules import MOST_PRICE, Chosen, PriceList, Stage, choose
from success.projects.wish import ITEM_LENGTH, Wish, plain, read_date

Say: TypeAlias = Callable[..., str]
"""`(key, language, **values)` to a sentence."""
WORDS: Final = ("understanding", "architecture")
LONGEST: Final = 6_000
MOST_LINES: Final = 100
QUOTED: Final = ("industry", "audience", "functions", "look", "references", "competitors", "indicators")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the price list, in whole units of the proposal's currency."""

    name: str
    days: int
    price: int
    what: str = ""


@dataclass(frozen=True, kw_only=True)
class Service:
    """What a tier promises after the launch: its fee from so much a year, and targets as the contract writes them."""

    tier: str
    fee_from: int
    targets: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Quote:
    """The client's own words about something."""

    about: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What is proposed. `open` are points that a person settles before it is approved; no client is shown them."""

    title: str
    client: str
    language: str
    currency: str
    understanding: str
    architecture: str
    pages: tuple[str, ...]
    lines: tuple[Line, ...]
    milestones: tuple[Milestone, ...]
    services: tuple[Service, ...]
    quotes: tuple[Quote, ...]
    valid_until: date
    remarks: str = ""
    open: tuple[str, ...] = field(default=())

    @property
    def total(self) -> int:
        """The sum of the price list."""
        return sum(each.price for each in self.lines)

    @property
    def days(self) -> int:
        """Days of work."""
        return sum(each.days for each in self.lines)

    @property
    def kept(self) -> dict[str, Any]:
        """As it is stored."""
        return dict(json.loads(json.dumps(asdict(self), default=str)))

    @property
    def digest(self) -> str:
        """What changes with everything that the client is shown."""
        shown = {name: value for name, value in self.kept.items() if name != "open"}
        return hashlib.sha256(json.dumps(shown, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """As it was stored."""
        made = dict(kept)
        made |= {name: tuple(kept[name]) for name in ("pages", "open")}
        made["lines"] = tuple(Line(**each) for each in kept["lines"])
        made["services"] = tuple(Service(**each) for each in kept["services"])
        made["quotes"] = tuple(Quote(**each) for each in kept["quotes"])
        made["milestones"] = tuple(
            Milestone(
                stage=Stage(each["stage"]), starts_on=date.fromisoformat(each["starts_on"]),
                ends_on=date.fromisoformat(each["ends_on"]),
            )
            for each in kept["milestones"]
        )  # fmt: skip
        return cls(**made | {"valid_until": date.fromisoformat(kept["valid_until"])})


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
            Line(name=each.name(language), days=each.days, price=each.price, what=each.includes(language))
            for each in chosen.modules
        ),
        milestones=milestones, services=ground.services, quotes=_quotes(wish),
        valid_until=ground.today + timedelta(days=prices.valid_days),
    )  # fmt: skip
    wanted = wish.wanted_on
    dated = None if wanted is None else fit(chosen.modules, wanted_on=wanted, **facts, is_working=ground.is_working)
    return replace(draft, open=_open(wish, draft=draft, chosen=chosen, ground=ground, dated=dated, say=say))


def edited(proposal: Proposal, fields: Mapping[str, str]) -> Proposal:
    """The proposal as a person changed it; a field that is not there stays. Raises ProjectRefused naming the field."""
    changes: dict[str, Any] = {name: _written(fields[name], name) for name in (*WORDS, "remarks") if name in fields}
    for name in ("pages", "open"):
        if name in fields:
            changes[name] = _listed(fields[name], name)
    if "lines" in fields:
        changes["lines"] = read_lines(fields["lines"])
    if "valid_until" in fields:
        until = read_date(fields["valid_until"], "valid_until")
        if until is None:
            raise ProjectRefused("valid_until")
        changes["valid_until"] = until
    if any(f"{stage}_starts" in fields for stage in Stage):
        changes["milestones"] = _milestones(fields)
    if not changes.get("understanding", proposal.understanding):
        raise ProjectRefused("understanding")
    return replace(proposal, **changes)


def read_lines(text: str) -> tuple[Line, ...]:
    """Price lines as they are typed: name | days | price | what is in it. Raises ProjectRefused: ``lines``."""
    found = []
    for row in text.replace("｜", "|").splitlines():
        if not row.strip():
            continue
        name, days, price, *what = (plain(each) for each in [*row.split("|", 3), "", ""][:4])
        if not name or len(name) > ITEM_LENGTH or not _whole(days, 1_000) or not _whole(price, MOST_PRICE):
            raise ProjectRefused("lines")
        found.append(Line(name=name, days=int(days), price=int(price.replace(",", "")), what=what[0][:ITEM_LENGTH]))
    if not found or len(found) > MOST_LINES:
        raise ProjectRefused("lines")
    return tuple(found)


def typed_lines(lines: Sequence[Line]) -> str:
    """Price lines as they are typed."""
    return "\n".join(f"{each.name} | {each.days} | {each.price} | {each.what}" for each in lines)


def _understanding(wish: Wish, names: Sequence[str], *, say: Say) -> str:
    comma = say("proposal.list", wish.language)
    return say("proposal.understanding", wish.language, title=wish.title, client=wish.client, parts=comma.join(names))


def _architecture(chosen: Chosen, language: str, *, say: Say) -> str:
    comma = say("proposal.list", language)
    layers = {"shop", "members", "integration", "forms"}
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


def _late(dated: Fit, ends: date, point: Say, *, language: str, today: date, comma: str) -> str:
    wanted = dated.wanted_on.isoformat()
    if dated.wanted_on <= today:
        return point("past", wanted=wanted, ends=ends.isoformat())
    if dated.ends_on is None:
        return point("late", wanted=wanted, ends=ends.isoformat())
    names = comma.join(each.name(language) for each in dated.without)
    facts = {"wanted": wanted, "ends": ends.isoformat(), "fits": dated.ends_on.isoformat(), "without": names}
    return point("fits", **facts)


def _milestones(fields: Mapping[str, str]) -> tuple[Milestone, ...]:
    found, last = [], None
    for stage in Stage:
        starts, ends = (read_date(fields.get(f"{stage}_{edge}", ""), "milestones") for edge in ("starts", "ends"))
        if starts is None or ends is None or ends < starts or (last is not None and starts < last):
            raise ProjectRefused("milestones")
        found.append(Milestone(stage=stage, starts_on=starts, ends_on=ends))
        last = starts
    return tuple(found)


def _written(text: str, name: str) -> str:
    said = plain(text)
    if len(said) > LONGEST:
        raise ProjectRefused(name)
    return said


def _listed(text: str, name: str) -> tuple[str, ...]:
    said = tuple(dict.fromkeys(row for each in text.splitlines() if (row := plain(each))))
    if len(said) > MOST_LINES or any(len(each) > LONGEST for each in said):
        raise ProjectRefused(name)
    return said


def _whole(text: str, most: int) -> bool:
    bare = text.replace(",", "")
    return bare.isascii() and bare.isdecimal() and len(bare) <= len(str(most)) and int(bare) <= most
