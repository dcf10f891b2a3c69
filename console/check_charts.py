"""How fast a site answered, drawn: a column a day, its first byte below, the rest of the page above. Pure."""

from dataclasses import dataclass
from typing import Final

from console import formats, plots
from console.check_words import Words
from console.plots import Part, Plot
from success.checks.reading import Day, Timings

_FEW: Final = 3


@dataclass(frozen=True, kw_only=True)
class TimingChart:
    """The drawing, what its axis says, and the rows of the table that says the same."""

    plot: Plot
    ticks: tuple[str, ...]
    labels: tuple[str, ...]
    rows: tuple[tuple[str, str, str, str, str], ...]


def timing_chart(timings: Timings, words: Words) -> TimingChart | None:
    """The days of scheduled checks; None without any."""
    days = timings.days
    if not days:
        return None
    names = [formats.brief_day(day.day, words.language) for day in days]
    top = plots.ceiling([day.total_p50 or day.first_byte_p50 or 0 for day in days])
    return TimingChart(
        plot=plots.columns([_parts(day, name, words) for day, name in zip(days, names, strict=True)], top=top),
        ticks=(words.ms(int(top)), words.ms(int(top / 2)), "0"),
        labels=tuple(names) if len(names) < _FEW else (names[0], names[len(names) // 2], names[-1]),
        rows=tuple(_row(day, name, words) for day, name in zip(days, names, strict=True)),
    )


def _parts(day: Day, name: str, words: Words) -> list[Part]:
    if day.first_byte_p50 is None:
        return []
    first = Part(value=day.first_byte_p50, kind="main", title=f"{name}: {words.ms(day.first_byte_p50)}")
    rest = (day.total_p50 or 0) - day.first_byte_p50
    if rest <= 0:
        return [first]
    return [first, Part(value=rest, kind="rest", title=f"{name}: {words.ms(day.total_p50)}")]


def _row(day: Day, name: str, words: Words) -> tuple[str, str, str, str, str]:
    up = formats.percent(day.up / day.runs if day.runs else None, words.language)
    checks = formats.number(day.runs, words.language)
    return name, words.ms(day.first_byte_p50), words.ms(day.total_p50), up, checks
