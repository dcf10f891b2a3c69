"""Imported visits as they are kept, and what they come to in a period. Transaction bodies."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select

from handoff.errors import NotFound
from handoff.rows import add, clean, first
from handoff.site_tables import site as sites
from store.db import insert_into
from success.report_tables import traffic, traffic_import

MOST_TOLD: Final = 10
_PARTS: Final = ("visits", "views", "bounces", "sources", "pages")


@dataclass(frozen=True, kw_only=True)
class Import:
    """One file that was read: how many lines it had, how many were broken, how many were bots'.

    `outside`: how many were left out for their days; known when the file is read, and not kept.
    """

    id: int
    site_id: int
    kind: str
    name: str
    first_on: date | None
    last_on: date | None
    lines: int
    broken: int
    bots: int
    by_id: int | None
    at: datetime
    outside: int = 0


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """A site's visits in a period; a part is None where no file said it. `days` are those that a file covers."""

    days: int
    visits: int | None
    views: int | None
    bounce: float | None
    sources: tuple[tuple[str, int], ...]
    pages: tuple[tuple[str, int], ...]
    daily: tuple[tuple[date, int], ...]
    kinds: tuple[str, ...]
    imports: tuple[int, ...]


def keep(
    conn: Connection, *, site_id: int, name: str, found: Mapping[str, Any], by: int | None, now: datetime
) -> Import:
    """Keep what a file held. The parts that it says replace those of the same days; raises NotFound."""
    if first(conn, sites, sites.c.id == site_id, sites.c.removed_at.is_(None)) is None:
        raise NotFound("site", site_id)
    rows = found["rows"]
    made = add(
        conn, traffic_import, site_id=site_id, kind=found["kind"], name=clean(name)[:200], by_id=by, at=now,
        first_on=min((date.fromisoformat(row["first"]) for row in rows), default=None),
        last_on=max((date.fromisoformat(row["last"]) for row in rows), default=None),
        lines=found["lines"], broken=found["broken"], bots=found["bots"],
    )  # fmt: skip
    by_parts: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        said = {name: row[name] for name in _PARTS if row[name] is not None}
        span = {"first_on": date.fromisoformat(row["first"]), "last_on": date.fromisoformat(row["last"])}
        by_parts.setdefault(tuple(said), []).append({"site_id": site_id, "import_id": made["id"], **span, **said})
    for parts, batch in by_parts.items():
        _put(conn, parts, batch)
    return replace(_import(made), outside=found["outside"])


def _put(conn: Connection, parts: Sequence[str], batch: Sequence[Mapping[str, Any]]) -> None:
    """Keep rows that say the same parts."""
    statement = insert_into(conn, traffic)
    changed = {name: statement.excluded[name] for name in (*parts, "import_id")}
    index = ["site_id", "first_on", "last_on"]
    conn.execute(statement.on_conflict_do_update(index_elements=index, set_=changed), batch)


def imports(conn: Connection, site_ids: Collection[int], *, limit: int = 50) -> tuple[Import, ...]:
    """The files of these sites, the newest first."""
    query = select(traffic_import).where(traffic_import.c.site_id.in_(site_ids))
    rows = conn.execute(query.order_by(traffic_import.c.id.desc()).limit(limit)).mappings()
    return tuple(_import(row) for row in rows)


def imported(conn: Connection, ids: Collection[int]) -> tuple[Import, ...]:
    """These files, the oldest first."""
    query = select(traffic_import).where(traffic_import.c.id.in_(ids)).order_by(traffic_import.c.id)
    return tuple(_import(row) for row in conn.execute(query).mappings())


def covered(conn: Connection, site_ids: Sequence[int]) -> dict[int, tuple[date, date]]:
    """From when to when there are visits of each of these sites."""
    query = select(traffic.c.site_id, func.min(traffic.c.first_on), func.max(traffic.c.last_on))
    rows = conn.execute(query.where(traffic.c.site_id.in_(site_ids)).group_by(traffic.c.site_id)).all()
    return {site_id: (since, until) for site_id, since, until in rows}


def of_period(conn: Connection, site_id: int, since: date, until: date) -> Traffic | None:
    """What is known of a site from one day to another, both included; None where no file covers any of it."""
    inside = (traffic.c.site_id == site_id, traffic.c.first_on >= since, traffic.c.last_on <= until)
    query = select(traffic).where(*inside).order_by(traffic.c.first_on, traffic.c.last_on)
    rows = [dict(row) for row in conn.execute(query).mappings()]
    if not rows:
        return None
    visits, bounces = _of(rows, "visits"), _of(rows, "bounces")
    named = select(traffic_import.c.id, traffic_import.c.kind).where(
        traffic_import.c.id.in_({row["import_id"] for row in rows})
    )
    known = {row.id: row.kind for row in conn.execute(named)}
    total, bounced = _sum(visits, "visits"), _sum(bounces, "bounces")
    judged = sum(row["visits"] or 0 for row in bounces)
    return Traffic(
        days=sum((row["last_on"] - row["first_on"]).days + 1 for row in visits or _apart(rows)),
        visits=total,
        views=_sum(_of(rows, "views"), "views"),
        bounce=min(1.0, bounced / judged) if bounced is not None and judged else None,
        sources=_ranked(each for row in _of(rows, "sources") for each in row["sources"].items()),
        pages=_ranked(tuple(each) for row in _of(rows, "pages") for each in row["pages"])[:MOST_TOLD],
        daily=tuple((row["first_on"], row["visits"]) for row in visits if row["first_on"] == row["last_on"]),
        kinds=tuple(sorted(set(known.values()))),
        imports=tuple(sorted(known)),
    )


def _of(rows: Sequence[dict[str, Any]], part: str) -> list[dict[str, Any]]:
    """The rows that say a part, none of them twice over: days before spans, newer spans before older ones."""
    return _apart([row for row in rows if row[part] is not None])


def _apart(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    taken: list[dict[str, Any]] = []
    ranked = sorted(rows, key=lambda row: (row["last_on"] - row["first_on"], -row["import_id"]))
    for row in ranked:
        if all(row["last_on"] < one["first_on"] or row["first_on"] > one["last_on"] for one in taken):
            taken.append(row)
    return sorted(taken, key=lambda row: row["first_on"])


def _sum(rows: Sequence[Mapping[str, Any]], part: str) -> int | None:
    return sum(row[part] for row in rows) if rows else None


def _ranked(pairs: Any) -> tuple[tuple[str, int], ...]:
    found: Counter[str] = Counter()
    for name, n in pairs:
        found[name] += n
    return tuple(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def _import(row: Mapping[Any, Any]) -> Import:
    return Import(**{name: row[name] for name in Import.__dataclass_fields__ if name in row})
