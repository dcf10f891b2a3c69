"""The contract as data: calendars, targets by level and tier, and the desk's habits; pure but for `load`.

A contract is read from a document (`contract.yaml` is the default one) into frozen values; every mistake is a
PolicyError that names the field. Its version is a short hash of its content, public holidays included.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from handoff.business_time import Calendar, Unit
from handoff.errors import PolicyError
from handoff.fields import known, mapping, natural, period, positive, sequence
from handoff.holidays import Holidays
from handoff.kinds import ClockKind, Level, Tier
from handoff.service_hours import Closure, read_calendar
from handoff.sla import Target

Document = Mapping[str, object]
DEFAULT = Path(__file__).with_name("contract.yaml")
EMERGENCY = "emergency"
_TARGET = re.compile(
    r"(?P<amount>\d+) (?P<unit>min|h|days?|working days?) on (?P<calendar>\w+)(?P<after> after confirmed)?"
)
WHOLE = 100  # per cent
_SECONDS = {"min": 60, "h": 3600, "day": 86400, "days": 86400}
_LENGTHS = ("emergency_ack_minutes", "follow_up_minutes", "waiting_remind_days", "waiting_resolve_days", "reopen_days")
UNANSWERED = "unanswered_minutes"
LATER = {UNANSWERED: 10}
"""Fields that came later, with what holds for a contract that does not name them."""


@dataclass(frozen=True, kw_only=True)
class Term:
    """One target of the contract, and whether its clock starts only when the need is confirmed."""

    target: Target
    after_confirmed: bool = False


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What we owe whom by when. `document` is all it was read from, as JSON; see `restore`."""

    version: str
    document: Document
    calendars: Mapping[str, Calendar]
    terms: Mapping[tuple[Level, Tier, ClockKind], Term]
    duty: Mapping[str, Calendar]
    fees: Mapping[Tier, int]
    warnings: tuple[float, ...]
    emergency_ack: timedelta
    follow_up: timedelta
    unanswered: timedelta
    waiting_remind: timedelta
    waiting_resolve: timedelta
    reopen: timedelta
    third_party_pauses: bool
    holding: frozenset[str]
    courtesy: frozenset[str]

    def term(self, level: Level, tier: Tier, clock: ClockKind) -> Term | None:
        """The term of a clock, None without a target. The next response's is the first response's."""
        return self.terms.get((level, tier, ClockKind.FR if clock is ClockKind.NR else clock))

    def on_duty(self, level: Level, tier: Tier) -> Calendar:
        """The calendar on which people answer."""
        return self.duty[EMERGENCY if level is Level.EMERGENCY else tier]

    def is_holding(self, text: str) -> bool:
        """Whether a person's reply says nothing but "wait"."""
        said = phrases(text)
        return said <= self.holding | self.courtesy and not said.isdisjoint(self.holding)

    @property
    def root(self) -> Document:
        """The contract's own document, without holidays and closures."""
        return mapping(self.document["contract"], "contract")

    @property
    def covered_until(self) -> date | None:
        """The last date whose public holidays every calendar knows; None if none needs them."""
        return min((c.covered_until for c in self.calendars.values() if c.covered_until), default=None)


@dataclass(frozen=True, kw_only=True)
class Book:
    """The contract in force and the earlier versions that finished clocks were read by."""

    current: Contract
    past: Mapping[str, Contract] = field(default_factory=dict)

    def of(self, version: str) -> Contract:
        """The contract of a version; the current one if the version was never kept."""
        return self.past.get(version, self.current) if version != self.current.version else self.current


def phrases(text: str) -> frozenset[str]:
    """A text's phrases between punctuation, without case and width, so that habits can be compared."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    spoken = "".join("\n" if unicodedata.category(c)[0] in "PSC" else c for c in folded)
    return frozenset(" ".join(line.split()) for line in spoken.splitlines() if line.strip())


def load(path: Path = DEFAULT, *, holidays: Mapping[str, Holidays] | None = None) -> Contract:
    """Read a contract file with the known public holidays (China's, unless given); raises PolicyError."""
    from handoff.holiday_library import known_holidays

    return parse(read_file(path), holidays=known_holidays() if holidays is None else holidays)


def read_file(path: Path) -> object:
    """A YAML file's document, not yet looked at; raises PolicyError if it cannot be read."""
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:  # ValueError: a day that no month has
        raise PolicyError(path.name, f"cannot be read: {error}") from error


def countries(document: object) -> frozenset[str]:
    """The countries whose public holidays a contract's document names."""
    rows = mapping(mapping(document, "contract").get("calendars"), "calendars")
    named = (mapping(row, f"calendars.{name}").get("holidays") for name, row in rows.items())
    return frozenset(str(country) for country in named if country)


def restore(document: Mapping[str, object]) -> Contract:
    """Read a contract's own `document` again, public holidays as they were."""
    kept = mapping(document.get("holidays"), "holidays")
    rows = {country: mapping(row, f"holidays.{country}") for country, row in kept.items()}
    closures = [mapping(row, "closures") for row in sequence(document.get("closures", []), "closures")]
    return parse(
        document.get("contract"),
        holidays={country: _holidays(row) for country, row in rows.items()},
        closures=[_closure(row) for row in closures],
    )


def close(contract: Contract, closures: Sequence[Closure]) -> Contract:
    """The contract as it binds a client that has no service on some days; a version of its own."""
    kept = [{**vars(closure)} for closure in sorted(set(closures), key=lambda c: (c.first, c.last, c.around_the_clock))]
    return restore({**contract.document, "closures": kept}) if kept else contract


def parse(document: object, *, holidays: Mapping[str, Holidays], closures: Sequence[Closure] = ()) -> Contract:
    """Read a contract's document; raises PolicyError naming the first field that cannot be meant."""
    root = mapping(document, "contract")
    calendars = {
        name: read_calendar(name, mapping(row, f"calendars.{name}"), holidays, closures)
        for name, row in mapping(root.get("calendars"), "calendars").items()
    }
    kept = _document(root, holidays, closures)
    lengths = {name: positive(root.get(name, LATER.get(name)), name) for name in (*_LENGTHS, *LATER)}
    return Contract(
        version=_version(kept),
        document=kept,
        calendars=calendars,
        terms=dict(_terms(mapping(root.get("targets"), "targets"), calendars)),
        duty=_duty(mapping(root.get("duty"), "duty"), calendars),
        fees={tier: natural(mapping(root.get("fees"), "fees").get(tier), f"fees.{tier}") for tier in Tier},
        warnings=_warnings(root.get("warnings")),
        emergency_ack=timedelta(minutes=lengths["emergency_ack_minutes"]),
        follow_up=timedelta(minutes=lengths["follow_up_minutes"]),
        unanswered=timedelta(minutes=lengths[UNANSWERED]),
        waiting_remind=timedelta(days=lengths["waiting_remind_days"]),
        waiting_resolve=timedelta(days=lengths["waiting_resolve_days"]),
        reopen=timedelta(days=lengths["reopen_days"]),
        third_party_pauses=root.get("third_party_pauses") is True,
        holding=_phrases(root, "holding"),
        courtesy=_phrases(root, "courtesy"),
    )


def parse_term(text: object, where: str, calendars: Mapping[str, Calendar]) -> Term:
    """Read "4 h on G" or "5 working days on W after confirmed"."""
    match = _TARGET.fullmatch(str(text))
    if match is None:
        raise PolicyError(where, f'{text!r} is no target; write "4 h on G" or "3 working days on W"')
    calendar = calendars.get(match["calendar"])
    if calendar is None:
        raise PolicyError(where, f"there is no calendar {match['calendar']}")
    amount = positive(int(match["amount"]), where)
    label = str(text).removesuffix(" after confirmed")
    if match["unit"].startswith("working"):
        target = Target(amount=amount, calendar=calendar, unit=Unit.WORKDAY_EOD, label=label)
    else:
        target = Target(amount=amount * _SECONDS[match["unit"]], calendar=calendar, label=label)
    return Term(target=target, after_confirmed=match["after"] is not None)


def _terms(
    rows: Mapping[str, object], calendars: Mapping[str, Calendar]
) -> Iterable[tuple[tuple[Level, Tier, ClockKind], Term]]:
    known(rows, Level, "targets")
    for level in Level:
        tiers = mapping(rows.get(level), f"targets.{level}")
        known(tiers, Tier, f"targets.{level}")
        for tier in Tier:
            where = f"targets.{level}.{tier}"
            clocks = mapping(tiers.get(tier), where)
            known(clocks, (ClockKind.FR, ClockKind.RS, ClockKind.WS), where)
            for clock, text in clocks.items():
                yield (level, tier, ClockKind(clock)), parse_term(text, f"{where}.{clock}", calendars)


def _closure(row: Mapping[str, object]) -> Closure:
    first, last = period(row.get("first"), row.get("last"), "closures")
    return Closure(first=first, last=last, around_the_clock=row.get("around_the_clock") is True)


def _duty(rows: Mapping[str, object], calendars: Mapping[str, Calendar]) -> Mapping[str, Calendar]:
    names = [*Tier, EMERGENCY]
    known(rows, names, "duty")
    for name in names:
        if str(rows.get(name)) not in calendars:
            raise PolicyError(f"duty.{name}", f"there is no calendar {rows.get(name)!r}")
    return {str(name): calendars[str(rows[name])] for name in names}


def _warnings(value: object) -> tuple[float, ...]:
    rows = sequence(value, "warnings")
    percents = [natural(row, "warnings") for row in rows]
    if percents != sorted(set(percents)) or not all(0 < percent < WHOLE for percent in percents):
        raise PolicyError("warnings", "must be ascending per cents between 0 and 100")
    return tuple(percent / WHOLE for percent in percents)


def _phrases(root: Mapping[str, object], name: str) -> frozenset[str]:
    return frozenset(phrase for text in sequence(root.get(name), name) for phrase in phrases(str(text)))


def _document(root: Document, holidays: Mapping[str, Holidays], closures: Sequence[Closure]) -> Document:
    """All that can move a deadline, as JSON: the contract, the holidays that its calendars observe, closures."""
    observed = sorted(countries(root))
    tables = {
        country: {
            "off": sorted(map(str, holidays[country].off)),
            "makeup": sorted(map(str, holidays[country].makeup)),
            "until": str(holidays[country].until),
        }
        for country in observed
    }
    whole = {"contract": root, "holidays": tables} | ({"closures": [vars(c) for c in closures]} if closures else {})
    document: dict[str, object] = json.loads(json.dumps(whole, default=str))
    return document


def _holidays(row: Mapping[str, object]) -> Holidays:
    off, makeup = (
        frozenset(date.fromisoformat(str(day)) for day in sequence(row.get(name), name)) for name in ("off", "makeup")
    )
    return Holidays(off=off, makeup=makeup, until=date.fromisoformat(str(row.get("until"))))


def _version(document: Document) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]
