"""What the pages of figures are asked for, as an address says it: a period, its parts, what it is narrowed to. Pure."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from console.errors import BadPeriod
from handoff.kinds import Level, Tier
from handoff.spans import Span

Step = Literal["day", "week", "month"]
STEPS: Final[tuple[Step, ...]] = get_args(Step)
PRESETS: Final = ("today", "7d", "28d", "90d", "month", "last_month", "year")
USUAL: Final = "28d"
LONGEST: Final = timedelta(days=3660)
EDGES: Final = 130  # of a trend: more columns tell nobody anything
_DAYS: Final = {"today": 1, "7d": 7, "28d": 28, "90d": 90}
_FIRST: Final = date(1970, 1, 2)
_LAST: Final = date(9998, 12, 31)
_FINE: Final = ((31, "day"), (182, "week"))


@dataclass(frozen=True, kw_only=True)
class Query:
    """An address's words, as they came; "" is everything, or the usual. `agent` is a person's id."""

    period: str = ""
    first: str = ""
    last: str = ""
    by: str = ""
    client: str = ""
    level: str = ""
    category: str = ""
    tier: str = ""
    team: str = ""
    agent: str = ""

    def address(self, path: str, **changes: str) -> str:
        """The address of a page with the same choices, but for these."""
        chosen = asdict(replace(self, **{name: value for name, value in changes.items() if hasattr(self, name)}))
        chosen |= {name: value for name, value in changes.items() if name not in chosen}
        named = {_NAMES.get(name, name): value for name, value in chosen.items() if value}
        return f"{path}?{urlencode(named)}" if named else path


_NAMES: Final = {"first": "from", "last": "to"}


@dataclass(frozen=True, kw_only=True)
class Period(Span):
    """The days that numbers are of."""

    @property
    def before(self) -> "Period":
        """As many days before it."""
        return replace(self, first=self.first - timedelta(days=self.days), last=self.first - timedelta(days=1))

    def step(self, wanted: str) -> Step:
        """How its trend is parted: as wanted, but never into more parts than can be told apart."""
        usual: Step = next((step for days, step in _FINE if self.days <= days), "month")  # type: ignore[misc]
        chosen = next((step for step in STEPS if step == wanted), usual)
        while len(self.edges(chosen)) > EDGES and chosen != STEPS[-1]:
            chosen = STEPS[STEPS.index(chosen) + 1]
        return chosen

    def edges(self, step: Step) -> tuple[date, ...]:
        """Where its parts begin, and the day after it; weeks begin on Monday, the first and the last may be cut."""
        found, day = [self.first], _next(self.first, step)
        while day <= self.last:
            found.append(day)
            day = _next(day, step)
        return (*found, self.last + timedelta(days=1))


def _next(day: date, step: Step) -> date:
    if step == "day":
        return day + timedelta(days=1)
    if step == "week":
        return day + timedelta(days=7 - day.weekday())
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def period(query: Query, *, now: datetime, zone: ZoneInfo) -> Period:
    """The days that are asked for: own dates, else a preset, else the last four weeks. Raises BadPeriod."""
    today = now.astimezone(zone).date()
    if query.first.strip() or query.last.strip():
        last = _date(query.last) if query.last.strip() else today
        first = _date(query.first) if query.first.strip() else last - timedelta(days=_DAYS[USUAL] - 1)
    else:
        first, last = _preset(query.period or USUAL, today)
    if first > last:
        raise BadPeriod("order")
    if last - first > LONGEST or not _FIRST + (last - first) <= first or last > _LAST:
        raise BadPeriod("long")
    return Period(first=first, last=last, zone=zone)


def _preset(name: str, today: date) -> tuple[date, date]:
    match name:
        case "month":
            return today.replace(day=1), today
        case "last_month":
            ended = today.replace(day=1) - timedelta(days=1)
            return ended.replace(day=1), ended
        case "year":
            return today.replace(month=1, day=1), today
        case _ if name in _DAYS:
            return today - timedelta(days=_DAYS[name] - 1), today
    raise BadPeriod("preset")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise BadPeriod("date") from error


def level(query: Query) -> Level | None:
    """The level asked for. Raises BadPeriod."""
    if query.level and query.level not in set(Level):
        raise BadPeriod("level")
    return Level(query.level) if query.level else None


def tier(query: Query) -> Tier | None:
    """The tier asked for. Raises BadPeriod."""
    if query.tier and query.tier not in set(Tier):
        raise BadPeriod("tier")
    return Tier(query.tier) if query.tier else None
