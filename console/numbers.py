"""The desk's figures as people read them: a period, cards with their definitions, a table, a trend. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from console import moments
from console.errors import BadPeriod
from console.texts import Texts
from handoff.indicators import Figures, Share, Spread, Times, Week
from handoff.kinds import ClockKind, Level, Tier

USUAL: Final = timedelta(days=28)
LONGEST: Final = timedelta(days=3660)
TIMED: Final = ("first_response", "next_response", "resolution")
WAITED: Final = ("wait_any", "wait_person", "bot_latency")
ROUNDING: Final = 1e-9  # what floating point may take from a whole per cent
UNITS: Final = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
WIDTH, HEIGHT, GAP = 44, 96, 8  # of a week's column, and of a chart, in the drawing's units


@dataclass(frozen=True, kw_only=True)
class Period:
    """From the beginning of a day to the end of another, in a zone; people see both days as belonging to it."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        """Its first instant."""
        return _midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The first instant after it."""
        return _midnight(self.last + timedelta(days=1), self.zone)


@dataclass(frozen=True, kw_only=True)
class Card:
    """One indicator: its name, what it comes to, further facts, and its definition."""

    name: str
    title: str
    value: str
    facts: tuple[tuple[str, str], ...]
    definition: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """How a tier's targets of a level were kept; `share` of all its clocks, `clocks` of each."""

    level: Level
    tier: Tier
    share: Share
    percent: str
    clocks: tuple[tuple[ClockKind, Share, str], ...]


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A week's column of a chart, in the drawing's units from the top left; `height` 0: nothing to show."""

    x: int
    y: float
    height: float
    label: str
    shown: str
    brief: str


def period(first: str, last: str, *, now: datetime, zone: ZoneInfo) -> Period:
    """Read two dates; the last four weeks where they are empty. Raises BadPeriod."""
    today = now.astimezone(zone).date()
    to = _date(last) if last.strip() else today
    since = _date(first) if first.strip() else to - USUAL + timedelta(days=1)
    if since > to:
        raise BadPeriod("order")
    if to - since > LONGEST or not date(1970, 1, 2) <= since or to > date(9998, 12, 31):
        raise BadPeriod("long")
    return Period(first=since, last=to, zone=zone)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise BadPeriod("date") from error


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), tzinfo=zone).astimezone(UTC)


def cards(figures: Figures, texts: Texts, language: str) -> tuple[Card, ...]:
    """Every indicator, the share of kept targets first."""
    share = figures.share()
    kept = (("met", share.met), ("missed", share.missed), ("unanswered", share.unanswered), ("late", share.late))
    facts = tuple(
        (texts.say(f"number.{name}", language), str(many)) for name, many in (*kept, ("running", share.running))
    )
    made = [_card("kept", percent(share.rate), facts, texts, language)]
    made += [_timed(name, getattr(figures, name), texts, language) for name in TIMED]
    made += [_waited(name, getattr(figures, name), texts, language) for name in WAITED]
    return tuple(made)


def _card(name: str, value: str, facts: tuple[tuple[str, str], ...], texts: Texts, language: str) -> Card:
    return Card(
        name=name,
        title=texts.say(f"number.{name}", language),
        value=value,
        facts=facts,
        definition=texts.say(f"number.def.{name}", language),
    )


def _timed(name: str, times: Times, texts: Texts, language: str) -> Card:
    facts = (*_spread(times.business, "business", texts, language), *_spread(times.wall, "wall", texts, language))
    counted = [("n", times.wall.n)]
    if name != "resolution":
        counted += [("open", times.wall.open), ("held", times.held)]
    numbers = tuple((texts.say(f"number.{fact}", language), str(many)) for fact, many in counted)
    return _card(name, span(times.business.mean, texts, language), facts + numbers, texts, language)


def _waited(name: str, found: Spread, texts: Texts, language: str) -> Card:
    counted = [("n", found.n)] + ([("open", found.open)] if name != "bot_latency" else [])
    numbers = tuple((texts.say(f"number.{fact}", language), str(many)) for fact, many in counted)
    facts = _spread(found, "wall", texts, language) + numbers
    return _card(name, span(found.mean, texts, language), facts, texts, language)


def _spread(found: Spread, clock: str, texts: Texts, language: str) -> tuple[tuple[str, str], ...]:
    where = texts.say(f"number.{clock}", language)
    return tuple(
        (texts.say(f"number.of.{name}", language, where=where), span(getattr(found, name), texts, language))
        for name in ("mean", "median", "p90")
    )


def span(seconds: float | None, texts: Texts, language: str) -> str:
    """A length of time, or a dash where there is none."""
    return "-" if seconds is None else moments.span(texts, language, seconds)


def percent(rate: float | None) -> str:
    """A share in whole per cents, rounded down: 100 % is all of them. A dash where there is none."""
    return "-" if rate is None else f"{int(rate * 100 + ROUNDING)} %"


def table(figures: Figures) -> tuple[tuple[Cell, ...], ...]:
    """Levels as rows, tiers as columns; each clock's share within."""
    return tuple(tuple(_cell(figures, level, tier) for tier in Tier) for level in Level)


def _cell(figures: Figures, level: Level, tier: Tier) -> Cell:
    share = figures.share(level=level, tier=tier)
    found = [(kind, figures.shares[kind, level, tier]) for kind in ClockKind if (kind, level, tier) in figures.shares]
    clocks = tuple((kind, one, percent(one.rate)) for kind, one in found)
    return Cell(level=level, tier=tier, share=share, percent=percent(share.rate), clocks=clocks)


def kept_chart(weeks: Sequence[Week]) -> tuple[Bar, ...]:
    """The share of kept targets, week by week, of 100 %."""
    return tuple(_bar(n, week, week.kept, 1.0, (percent(week.kept),) * 2) for n, week in enumerate(weeks))


def response_chart(weeks: Sequence[Week], texts: Texts, language: str) -> tuple[Bar, ...]:
    """The median first response, week by week; the longest fills the chart."""
    most = max((week.response_s or 0 for week in weeks), default=0)
    told = [(span(week.response_s, texts, language), brief(week.response_s, texts, language)) for week in weeks]
    return tuple(
        _bar(n, week, week.response_s, most, words) for n, (week, words) in enumerate(zip(weeks, told, strict=True))
    )


def brief(seconds: float | None, texts: Texts, language: str) -> str:
    """A length of time in one unit, for the narrow column of a chart."""
    if seconds is None:
        return "-"
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= size), UNITS[-1])
    return texts.say(f"js.{unit}", language, n=f"{seconds / size:.3g}")


def _bar(n: int, week: Week, value: float | None, most: float, words: tuple[str, str]) -> Bar:
    height = 0.0 if value is None or not most else max(2.0, round(HEIGHT * value / most, 1))
    label = f"{week.starts:%m-%d}"
    return Bar(
        x=n * (WIDTH + GAP), y=round(HEIGHT - height, 1), height=height, label=label, shown=words[0], brief=words[1]
    )


def document(figures: Figures) -> dict[str, Any]:
    """All of it for machines: seconds and shares by name."""
    return {
        "since": moments.iso(figures.since),
        "until": moments.iso(figures.until),
        **{name: _times(getattr(figures, name)) for name in TIMED},
        **{name: _seconds(getattr(figures, name)) for name in WAITED},
        "kept": _share(figures.share()),
        "by_clock": {str(kind): _share(figures.share(clock=kind)) for kind in ClockKind},
        "by_contract": list(_rows(figures)),
        "trend": [
            {"week": str(week.starts), "requests": week.requests, "response_s": week.response_s, "kept": week.kept}
            for week in figures.trend
        ],
    }


def _rows(figures: Figures) -> Iterator[dict[str, Any]]:
    for (clock, level, tier), share in figures.shares.items():
        yield {"clock": str(clock), "level": str(level), "tier": str(tier), **_share(share)}


def _times(times: Times) -> dict[str, Any]:
    return {"business": _seconds(times.business), "wall": _seconds(times.wall), "held": times.held}


def _seconds(found: Spread) -> dict[str, Any]:
    return {"n": found.n, "open": found.open, "mean_s": found.mean, "median_s": found.median, "p90_s": found.p90}


def _share(share: Share) -> dict[str, Any]:
    counted = {name: getattr(share, name) for name in ("met", "missed", "unanswered", "late", "running")}
    return {**counted, "rate": share.rate}
