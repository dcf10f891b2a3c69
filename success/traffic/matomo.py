"""Exports of Matomo: its API's JSON by day, or one of its reports as CSV. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from success.traffic import cells
from success.traffic.channels import of_label
from success.traffic.ga4 import read_csv as read_table
from success.traffic.model import Found, Refused, Source, Tally


def read_json(document: Any) -> Found:
    """What the API says for each day: VisitsSummary.get, Referrers.getReferrerType, Actions.getPageUrls.

    Several documents may stand in a list. Raises Refused: `kind`, `dates` where no day is said.
    """
    found = Found(kind=Source.MATOMO)
    parts = document if isinstance(document, list) else [document]
    for part in parts:
        if not isinstance(part, Mapping):
            raise Refused("kind")
        for key, told in part.items():
            found.lines += 1
            span = _span(str(key))
            if span is None:
                found.broken += 1
            elif isinstance(told, Mapping):
                _summary(told, found, span)
            elif isinstance(told, list):
                _list(told, found, span)
            else:
                found.broken += 1
    if not found.tallies:
        raise Refused("dates" if found.lines else "kind")
    return found


def read_csv(lines: Iterable[str]) -> Found:
    """A report as CSV: a row a day, with its columns in any language of Matomo's that we know."""
    found = read_table(lines)
    found.kind = Source.MATOMO
    return found


def _span(key: str) -> tuple[date, date] | None:
    first, _, last = key.partition(",")
    days = [cells.day(each) for each in (first, last or first)]
    if days[0] is None or days[1] is None or days[0] > days[1]:
        return None
    return days[0], days[1]


def _summary(told: Mapping[str, Any], found: Found, span: tuple[date, date]) -> None:
    tally, visits = found.of(*span), _count(told.get("nb_visits"))
    tally.visits = visits if visits is not None else tally.visits
    tally.views = _first(told, tally.views, "nb_pageviews", "nb_actions")
    tally.bounces = _first(told, tally.bounces, "bounce_count")


def _first(told: Mapping[str, Any], otherwise: int | None, *names: str) -> int | None:
    known = (_count(told.get(name)) for name in names)
    return next((value for value in known if value is not None), otherwise)


def _list(told: list[Any], found: Found, span: tuple[date, date]) -> None:
    """A list of labels: of referrers where they are such, of pages else."""
    tally = found.of(*span)
    for row in told[:10_000]:
        if not isinstance(row, Mapping):
            found.broken += 1
        elif "referer_type" in row or "referrer_type" in row or str(row.get("segment", "")).startswith("referrerType"):
            tally.came(str(of_label(str(row.get("label", "")))), _count(row.get("nb_visits")) or 0)
        else:
            _page(row, tally)


def _page(row: Mapping[str, Any], tally: Tally) -> None:
    views = _count(row.get("nb_hits", row.get("nb_visits")))
    if views is not None:
        tally.saw(cells.path(str(row.get("url") or row.get("label") or "/")), views)


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    found = cells.number(str(value))
    return None if found is None else round(found)
