"""What a report advises: rules over its own facts, the weightiest three. Pure.

Each piece is a key, whose words are the texts `report.advice.<key>` (what to do) and `.why` (what it is for), and
the values in them. Days are texts as JSON has them.
"""

from collections.abc import Iterator
from typing import Final

from success.reports.model import Facts

MOST: Final = 3
BOUNCE: Final = 0.7
FEW_VISITS: Final = 100
DROP: Final = 0.3
SEARCH: Final = 0.15
AGAIN: Final = 3


def advice(facts: Facts) -> list[Facts]:
    """At most three pieces, the weightiest first; one of a kind."""
    found: dict[str, Facts] = {}
    for piece in sorted(_all(facts), key=lambda each: -each["weight"]):
        found.setdefault(piece["kind"], piece)
    return [{"key": each["key"], "values": each["values"]} for each in list(found.values())[:MOST]]


def _all(facts: Facts) -> Iterator[Facts]:
    for site in facts["sites"]:
        yield from _dates(site)
        yield from _running(site)
    yield from _security(facts)
    for site in facts["traffic"]:
        yield from _visits(site)
    yield from _requests(facts)
    if facts["untold"]:
        yield _piece("connect", 10, site=facts["untold"][0])


def _dates(site: Facts) -> Iterator[Facts]:
    for each in site["dates"]:
        if each["days"] < 0:
            yield _piece("expired", 100 - each["days"] / 100, kind="dates", site=site["title"], **_named(each))
        elif each["days"] <= 30:  # noqa: PLR2004 - a month
            weight = 95 if each["days"] <= 7 else 70 - each["days"] / 10  # noqa: PLR2004 - a week
            yield _piece("expiring", weight, kind="dates", site=site["title"], days=each["days"], **_named(each))


def _named(each: Facts) -> Facts:
    return {"what": each["what"], "on": each["on"]}


def _running(site: Facts) -> Iterator[Facts]:
    up, light = site["uptime"], site["lights"]
    if light["availability"] in {"bad", "watch"}:
        yield _piece("unstable", 90 if light["availability"] == "bad" else 60, site=site["title"],
                     share=up["availability"])  # fmt: skip
    if light["speed"] in {"bad", "watch"}:
        slow = (up["first_byte_ms"] or 0) > 800  # noqa: PLR2004 - as `lights` has it
        key, ms = ("slow_server", up["first_byte_ms"]) if slow else ("heavy_page", up["total_ms"])
        yield _piece(key, 65 if light["speed"] == "bad" else 45, kind="speed", site=site["title"], ms=ms)


def _security(facts: Facts) -> Iterator[Facts]:
    found = facts["security"]
    if not found or not found["open_n"]:
        return
    grave = any(each["severity"] in {"down", "broken"} for each in found["open"])
    yield _piece("findings", 80 if grave else 50, n=found["open_n"])


def _visits(site: Facts) -> Iterator[Facts]:
    visits, before = site["visits"], site["before"]
    if before and before["visits"] and visits is not None and _whole(site) and before["visits"] >= FEW_VISITS:
        change = visits / before["visits"] - 1
        if change <= -DROP:
            yield _piece("drop", 55, site=site["title"], share=-change)
    if (visits or 0) < FEW_VISITS:
        return
    if site["bounce"] is not None and site["bounce"] >= BOUNCE:
        yield _piece("bounce", 40, site=site["title"], share=site["bounce"])
    named = dict(map(tuple, site["sources"]))
    if named and named.get("search", 0) / sum(named.values()) < SEARCH:
        yield _piece("search", 30, site=site["title"], share=named.get("search", 0) / sum(named.values()))


def _whole(site: Facts) -> bool:
    return bool(site["days"] == site["period"])


def _requests(facts: Facts) -> Iterator[Facts]:
    service = facts["service"]
    for name, n in facts["categories"]:
        if name and n >= AGAIN:
            yield _piece("training", 35 + min(n, 20) / 10, category=name, n=n)
            break
    if service["levels"]["emergency"] >= 2:  # noqa: PLR2004 - again
        yield _piece("emergencies", 75, n=service["levels"]["emergency"])


def _piece(key: str, weight: float, *, kind: str = "", **values: object) -> Facts:
    return {"key": key, "kind": kind or key, "weight": weight, "values": values}
