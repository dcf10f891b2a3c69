"""What an export holds: indicators, trend and tickets as rows of typed cells, each with a head in words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, TypeAlias

from console import formats
from console.number_reading import Numbers
from console.numbers import Wording
from handoff.indicators import DIMENSIONS, Fact, Unit
from handoff.rows import number_of
from handoff.ticket_names import Named

Cell: TypeAlias = str | int | float | date | datetime | timedelta | None
MOST: Final = 20_000
"""Tickets of one export: more than anybody reads, and a workbook that still opens at once."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share from 0 to 1, to be shown as per cents."""

    rate: float


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A named table: its head and its rows. `notes` stand above it, each a line of its own."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell | Share, ...], ...]
    notes: tuple[str, ...] = ()


def ticket_ids(found: Numbers, *, most: int = MOST) -> tuple[int, ...]:
    """The tickets that any of the figures rests on, newest first, as many as an export holds and one more."""
    ids = {fact.ticket for figure in found.figures.of.values() for fact in figure.facts if fact.ticket is not None}
    return tuple(sorted(ids, reverse=True)[: most + 1])


def sheets(found: Numbers, tickets: Mapping[int, Named], say: Wording, *, most: int = MOST) -> tuple[Sheet, ...]:
    """The three tables of an export, the first with what was asked; with so many tickets at most."""
    return _indicators(found, say), _trend(found, say), _tickets(found, tickets, say, most)


def asked(found: Numbers, say: Wording) -> tuple[str, ...]:
    """What was asked, a line each: the days, the zone, the filters, when."""
    first, last, zone = found.lead(say.language)
    period = found.period
    now = formats.instant(found.figures.asked.now, say.language, zone=period.zone)
    lines = [say("number.lead", first=first, last=last, zone=f"{zone} ({period.zone})")]
    lines += [
        f"{say(f'number.dim.{name}')}: {_named(name, value, found, say)}" for name, value in found.narrowed.items()
    ]
    return (*lines, say("number.asked_at", at=now))


def _named(name: str, value: str, found: Numbers, say: Wording) -> str:
    match name:
        case "level" | "tier":
            return say(f"{name}.{value}")
        case "client":
            return next((one.name for one in found.names.clients if one.slug == value), value)
        case "agent":
            return next((one.name for one in found.names.people if str(one.id) == value), value)
        case "team":
            return found.names.team(value) or value
    return value


def _value(unit: Unit, value: float | None) -> Cell | Share:
    if value is None:
        return None
    match unit:
        case Unit.SECONDS:
            return timedelta(seconds=round(value))
        case Unit.SHARE | Unit.RATE:
            return Share(rate=value)
    return int(value)


def _indicators(found: Numbers, say: Wording) -> Sheet:
    names = ("indicator", "value", "before", "goal", "verdict", "n", "definition", "formula", "rows")
    verdicts = {None: "", True: say("number.verdict.met"), False: say("number.verdict.unmet")}
    rows = []
    for figure in found.figures.of.values():
        one = figure.indicator
        formula = f"standing_{one.unit}" if one.standing else str(one.unit)
        rows.append(
            (
                say(f"number.{one.id}"), _value(one.unit, figure.value), _value(one.unit, figure.before),
                _value(one.unit, one.goal), verdicts[figure.met], len(figure.facts), say(f"number.def.{one.id}"),
                say(f"number.formula.{formula}"), say(f"number.rows.{one.rows}"),
            )
        )  # fmt: skip
    head = tuple(say(f"number.head.{name}") for name in names)
    return Sheet(name=say("number.tiles"), head=head, rows=tuple(rows), notes=asked(found, say))


def _trend(found: Numbers, say: Wording) -> Sheet:
    figures = found.figures
    head = (say("number.from"), say("number.to"), *(say(f"number.{name}") for name in figures.of))
    rows = tuple(
        (
            first, after - timedelta(days=1),
            *(_value(each.indicator.unit, figures.trends[name][n]) for name, each in figures.of.items()),
        )
        for n, (first, after) in enumerate(pairwise(found.period.edges(found.step)))
    )  # fmt: skip
    return Sheet(name=say("number.sheet.trend"), head=head, rows=rows)


def _tickets(found: Numbers, tickets: Mapping[int, Named], say: Wording, most: int) -> Sheet:
    columns = (
        "ticket",
        "title",
        "state",
        *DIMENSIONS,
        "opened",
        "resolved",
        "first_response",
        "first_kept",
        "resolution",
    )
    ids = ticket_ids(found, most=most)
    about = _by_ticket(found, ("first_response", "resolution", "kept_fr", "tickets", "kept", "backlog"))
    notes = (say("number.cut", n=most),) if len(ids) > most else ()
    rows = tuple(_ticket_row(one, tickets[one], found, about, say) for one in ids[:most] if one in tickets)
    return Sheet(
        name=say("number.sheet.tickets"), head=tuple(say(f"number.head.{name}") for name in columns), rows=rows,
        notes=notes,
    )  # fmt: skip


def _by_ticket(found: Numbers, names: Sequence[str]) -> Mapping[str, Mapping[int, Fact]]:
    return {
        name: {fact.ticket: fact for fact in found.figures.of[name].facts if fact.ticket is not None} for name in names
    }


def _ticket_row(
    one: int, named: Named, found: Numbers, facts: Mapping[str, Mapping[int, Fact]], say: Wording
) -> tuple[Cell | Share, ...]:
    zone = found.period.zone
    about = next((each[one].about for each in facts.values() if one in each), None)
    parts = [say.part(dimension, about.part(dimension), found.names) if about else "" for dimension in DIMENSIONS]
    response, resolution, kept = (facts[name].get(one) for name in ("first_response", "resolution", "kept_fr"))
    return (
        number_of(one), named.title, say(f"state.{named.state}"), *parts, named.opened_at.astimezone(zone),
        named.resolved_at.astimezone(zone) if named.resolved_at else None,
        _value(Unit.SECONDS, response.value) if response else None,
        say(f"number.list.{'yes' if kept.value else 'no'}") if kept else None,
        _value(Unit.SECONDS, resolution.value) if resolution else None,
    )  # fmt: skip


def lines(tables: Sequence[Sheet]) -> Iterator[tuple[Cell | Share, ...]]:
    """All tables one below the other, for a format that knows no sheets."""
    for table in tables:
        yield (table.name,)
        yield from ((note,) for note in table.notes)
        yield table.head
        yield from table.rows
        yield ()
