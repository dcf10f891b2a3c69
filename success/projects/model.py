"""A proposal as it is kept, version by version. Pure.

What is the client's own stands in `quotes` alone; all else is ours.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final, Self

from success.projects.plan_rules import Milestone
from success.projects.price_rules import WHOLE, Stage

WORDS: Final = ("understanding", "architecture")
LONGEST: Final = 6_000
MOST_LINES: Final = 100


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the price list, in whole units of the proposal's currency; an `optional` one can be left out."""

    name: str
    days: int
    price: int
    what: str = ""
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Payment:
    """What is paid when: `when` is `start` or a stage whose end is meant, `share` per cents of the sum."""

    when: str
    share: int


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
    """What is proposed. `open` are points that a person settles before it is approved; no client is shown them.

    `tax` says what the prices hold, `excluded` what they do not; `payments` sum up to the whole, or there are none.
    """

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
    tax: str = ""
    excluded: tuple[str, ...] = ()
    payments: tuple[Payment, ...] = ()
    open: tuple[str, ...] = field(default=())

    @property
    def total(self) -> int:
        """The sum of the price list."""
        return sum(each.price for each in self.lines)

    @property
    def needed(self) -> int:
        """The sum without what is optional."""
        return sum(each.price for each in self.lines if not each.optional)

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

    def due(self) -> tuple[tuple[Payment, int], ...]:
        """Each payment with its amount; what rounding leaves is in the last one."""
        amounts = [self.total * each.share // WHOLE for each in self.payments]
        rest = self.total - sum(amounts)
        last = len(amounts) - 1
        return tuple((each, amounts[n] + (rest if n == last else 0)) for n, each in enumerate(self.payments))

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """As it was stored."""
        made = dict(kept)
        made |= {name: tuple(kept.get(name, ())) for name in ("pages", "open", "excluded")}
        made["lines"] = tuple(Line(**each) for each in kept["lines"])
        made["services"] = tuple(Service(**each) for each in kept["services"])
        made["quotes"] = tuple(Quote(**each) for each in kept["quotes"])
        made["payments"] = tuple(Payment(**each) for each in kept.get("payments", ()))
        made["milestones"] = tuple(
            Milestone(
                stage=Stage(each["stage"]), starts_on=date.fromisoformat(each["starts_on"]),
                ends_on=date.fromisoformat(each["ends_on"]),
            )
            for each in kept["milestones"]
        )  # fmt: skip
        return cls(**made | {"valid_until": date.fromisoformat(kept["valid_until"])})
