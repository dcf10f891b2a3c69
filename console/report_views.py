"""What stands on a client's report, from its facts: tiles, measures, plots with their tables. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from markupsafe import Markup

from console import formats, report_plots
from console.plots import Part
from console.report_plots import Bar
from console.report_words import Words
from handoff.kinds import Level
from success.reports.model import WEEKLY, Facts, Kind

MOST_SITES: Final = 3
MOST_BARS: Final = 7
Figure = tuple[str, Markup, Sequence[str], Sequence[Sequence[str]], Sequence[tuple[str, str]]]
"""Its title, the plot, the head and the lines of its table, and what its colours stand for."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A number with its name and what stands under or beside it; `rows` names those behind it."""

    label: str
    value: str
    under: str
    rows: str = ""


@dataclass(frozen=True, kw_only=True)
class Visits:
    """One site's visits."""

    title: str
    facts: tuple[tuple[str, str], ...]
    course: Figure | None
    sources: Figure | None
    pages: Figure | None
    basis: str


def tiles(facts: Facts, say: Words) -> tuple[Shown, ...]:
    """The four numbers that come first."""
    if say.kind in WEEKLY:
        return (requests_tile(facts, say), _solved(facts, say), _open(facts, say), kept_tile(facts, say))
    if not facts["sites"]:
        return (requests_tile(facts, say), _solved(facts, say), kept_tile(facts, say))
    return (_available(facts, say), _visited(facts, say), requests_tile(facts, say), kept_tile(facts, say))


def _available(facts: Facts, say: Words) -> Shown:
    known = [each["uptime"] for each in facts["sites"] if each["uptime"] and each["uptime"]["checks"]]
    label = say("report.tile.availability")
    if not known:
        return Shown(label=label, value=formats.NOTHING, under=say("report.tile.no_checks"))
    least = min(each["availability"] or 0.0 for each in known)
    under = say("report.tile.checks", n=sum(each["checks"] for each in known))
    return Shown(label=label, value=say.exact(least), under=under, rows="checks")


def _visited(facts: Facts, say: Words) -> Shown:
    label, known = say("report.tile.visits"), [each for each in facts["traffic"] if each["visits"] is not None]
    if not known:
        return Shown(label=label, value=formats.NOTHING, under=say("report.tile.no_visits"))
    visits, before = sum(each["visits"] for each in known), [each["before"] for each in known]
    whole = all(each["days"] == each["period"] for each in known) and all(b and b["visits"] for b in before)
    then = sum(each["visits"] for each in before) if whole else None
    return Shown(label=label, value=say.number(visits), under=against(say, say.change(visits, then)), rows="traffic")


def requests_tile(facts: Facts, say: Words) -> Shown:
    """How many requests came in."""
    service = facts["service"]
    under = against(say, say.change(service["opened"], service["opened_before"]))
    return Shown(label=say("report.tile.requests"), value=say.number(service["opened"]), under=under, rows="opened")


def _solved(facts: Facts, say: Words) -> Shown:
    service = facts["service"]
    under = f"{say('report.tile.open')} {say.number(facts['open_n'])}"
    return Shown(label=say("report.tile.resolved"), value=say.number(service["resolved"]), under=under, rows="resolved")


def _open(facts: Facts, say: Words) -> Shown:
    under = f"{say('report.service.yours')} {say.number(facts['waiting_n'])}"
    return Shown(label=say("report.tile.open"), value=say.number(facts["open_n"]), under=under)


def kept_tile(facts: Facts, say: Words) -> Shown:
    """How targets were kept."""
    service, label = facts["service"], say("report.tile.kept")
    if not service["judged"]:
        return Shown(label=label, value=formats.NOTHING, under=say("report.tile.none_due"))
    under = against(say, say.points(service["kept"], service["kept_before"]))
    return Shown(label=label, value=say.share(service["kept"]), under=under, rows="judged")


def against(say: Words, change: str) -> str:
    """A change with what it is against, where there is a change."""
    if change == say("report.change.no_before"):
        return change
    if change == say("report.change.same") and say.language == "en":
        return change[:1].upper() + change[1:]
    return f"{change} {say.than()}" if say.language == "en" else f"{say.than()}{change}"


def measures(facts: Facts, say: Words) -> tuple[Shown, ...]:
    """The service in numbers, each beside how it changed."""
    service = facts["service"]
    kept = round((service["kept"] or 0) * service["judged"])
    shown = say(
        "report.service.kept_of", kept=say.number(kept), all=say.number(service["judged"]),
        share=say.share(service["kept"]),
    ) if service["judged"] else say("report.tile.none_due")  # fmt: skip
    rows = [
        ("opened", say.number(service["opened"]), say.change(service["opened"], service["opened_before"])),
        ("resolved", say.number(service["resolved"]), say.change(service["resolved"], service["resolved_before"])),
        ("kept", shown, say.points(service["kept"], service["kept_before"])),
    ]
    rows += [
        (name, say.span(service[name]), say.change(service[name], service[f"{name}_before"], words="longer"))
        for name in ("first_response", "resolution")
        if service[name] is not None
    ]
    behind = {"kept": "judged"}
    return tuple(
        Shown(label=say(f"report.service.{name}"), value=value, under=under, rows=behind.get(name, name))
        for name, value, under in rows
    )


def course(facts: Facts, say: Words) -> Figure | None:
    """Requests by kind over the last months, or weeks; None where there were none at all."""
    service = facts["service"]
    if not any(sum(each.values()) for each in service["course"]):
        return None
    weekly = say.kind in WEEKLY
    labels = [say.brief_day(each) if weekly else say.month(each) for each in service["periods"]]
    names = {str(level): say(f"level.{level}") for level in Level}
    stacks = [
        [Part(value=n, kind=level, title=f"{label} {names[level]} {n}") for level, n in each.items() if n]
        for label, each in zip(labels, service["course"], strict=True)
    ]
    title = say("report.service.course.week" if weekly else "report.service.course")
    plot = report_plots.columns(stacks, labels, words=say.number, title=title)
    head = (say("report.week" if weekly else "report.month"), *names.values())
    lines = [
        (label, *(say.number(each[level]) for level in names))
        for label, each in zip(labels, service["course"], strict=True)
    ]
    return title, plot, head, lines, tuple(names.items())


def speeds(facts: Facts, say: Words) -> list[Figure]:
    """The server's answer by month, of sites of which two months are known."""
    found: list[Figure] = []
    labels = [say.month(each) for each in facts["service"]["periods"]]
    for site in facts["sites"][:MOST_SITES]:
        if sum(each is not None for each in site["speed"]) < 2:  # noqa: PLR2004 - a line
            continue
        title = say("report.speed.title", site=site["title"])
        plot = report_plots.line(
            site["speed"], labels, words=say.seconds, title=title, height=140, dots=True, whole=False
        )
        lines = [(label, say.seconds(ms)) for label, ms in zip(labels, site["speed"], strict=True)]
        found.append((title, plot, (say("report.month"), say("report.light.speed")), lines, ()))
    return found


def visits(facts: Facts, say: Words) -> list[Visits]:
    """The sites of which visits are known, the most visited first."""
    ranked = sorted(facts["traffic"], key=lambda each: -(each["visits"] or 0))[:MOST_SITES]
    return [_visits(each, facts, say) for each in ranked]


def _visits(site: Facts, facts: Facts, say: Words) -> Visits:
    told = [
        (say.number(site["visits"]), say("report.traffic.visits")) if site["visits"] is not None else None,
        (say.number(site["views"]), say("report.traffic.views")) if site["views"] is not None else None,
        (say.number(site["views"] / site["visits"], 1), say("report.traffic.per"))
        if site["views"] is not None and site["visits"] else None,
        (say.share(site["bounce"]), say("report.traffic.bounce")) if site["bounce"] is not None else None,
    ]  # fmt: skip
    kinds = say.listed([say(f"report.source.{kind}").strip() for kind in site["kinds"]])
    months = say.kind is Kind.QUARTER
    return Visits(
        title=site["title"],
        facts=tuple(each for each in told if each),
        course=_months(site, say) if months else _daily(site, facts, say),
        sources=_sources(site, say),
        pages=_pages(site, say),
        basis=say("report.traffic.basis", kinds=kinds, days=site["days"], all=site["period"]),
    )


def _daily(site: Facts, facts: Facts, say: Words) -> Figure | None:
    known: dict[str, int] = dict(map(tuple, site["daily"]))
    if len(known) < 2:  # noqa: PLR2004 - a line
        return None
    first = date.fromisoformat(facts["first"])
    days = [str(first + timedelta(days=n)) for n in range(site["period"])]
    labels, title = [say.brief_day(day) for day in days], say("report.traffic.daily", site=site["title"])
    values: list[float | None] = [known.get(day) for day in days]
    plot = report_plots.line(values, labels, words=say.number, title=title)
    lines = [(label, say.number(value)) for label, value in zip(labels, values, strict=True)]
    return title, plot, (say("report.traffic.day"), say("report.tile.visits")), lines, ()


def _months(site: Facts, say: Words) -> Figure | None:
    if sum(n is not None for _, n in site["months"]) < 2:  # noqa: PLR2004 - a line
        return None
    labels, title = [say.month(day) for day, _ in site["months"]], say("report.traffic.months", site=site["title"])
    values: list[float | None] = [n for _, n in site["months"]]
    plot = report_plots.line(values, labels, words=say.number, title=title, dots=True)
    lines = [(label, say.number(value)) for label, value in zip(labels, values, strict=True)]
    return title, plot, (say("report.month"), say("report.tile.visits")), lines, ()


def _sources(site: Facts, say: Words) -> Figure | None:
    found = [(name, n) for name, n in site["sources"] if n]
    if not found:
        return None
    total, title = sum(n for _, n in found), say("report.traffic.sources")
    rows = [Bar(label=say(f"report.group.{name}"), value=n, shown=say.share(n / total)) for name, n in found]
    plot = report_plots.donut(rows, title=title, middle=say.number(total), under=say("report.traffic.visits"))
    lines = [(row.label, say.number(row.value), row.shown) for row in rows]
    head = (say("report.traffic.source"), say("report.tile.visits"), say("report.traffic.share"))
    return title, plot, head, lines, ()


def _pages(site: Facts, say: Words) -> Figure | None:
    if not site["pages"]:
        return None
    rows = [Bar(label=path, value=n, shown=say.number(n)) for path, n in site["pages"]]
    title = say("report.traffic.pages")
    plot = report_plots.bars(rows[:MOST_BARS], title=title, wide=400, room=190)
    lines = [(row.label, row.shown) for row in rows]
    return title, plot, (say("report.traffic.page"), say("report.traffic.views")), lines, ()
