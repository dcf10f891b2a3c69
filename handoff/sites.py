"""The sites that we look after for each client. Transaction bodies.

A client's own columns `site`, `cms` and `hosting` repeat its main site, for those who ask on every message; `_repeat`
is the only one who writes them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, insert, select, update

from handoff.errors import NotFound, SiteError
from handoff.model import Client
from handoff.rows import Row, to_client
from handoff.site_rules import DATES, Nearness, SiteDraft, nearness, shown_address
from handoff.site_tables import site as sites
from handoff.tables import client as clients
from store.signals import signal

CHANGED: Final = "progress"
"""The topic under which a client's id is told when what its private page shows has changed."""
MOST: Final = 50
"""Sites of one client."""


@dataclass(frozen=True, kw_only=True)
class Expiry:
    """A last day of a site: `what` is domain, tls, hosting, icp or contract; `days` < 0 when it is over."""

    what: str
    on: date
    days: int
    near: Nearness


@dataclass(frozen=True, kw_only=True)
class Site:
    """One site of a client; `main` is the one that questions are about unless another is named.

    `tls_checked_at`: when a check read `tls_on` from the site's certificate; None where a person wrote it.
    """

    id: int
    client_id: int
    main: bool
    name: str
    address: str
    cms: str | None
    hosting: str | None
    server: str | None
    notes: str
    icp: str | None
    domain_on: date | None
    tls_on: date | None
    hosting_on: date | None
    icp_on: date | None
    contract_on: date | None
    changed_at: datetime
    tls_checked_at: datetime | None = None

    @property
    def shown(self) -> str:
        """Its address as people read it, "" for none."""
        return shown_address(self.address) if self.address else ""

    @property
    def title(self) -> str:
        """What it is called."""
        return self.name or self.shown or self.cms or self.hosting or "–"

    def expiries(self, today: date) -> tuple[Expiry, ...]:
        """Its last days, the soonest first."""
        known = ((name.removesuffix("_on"), getattr(self, name)) for name in DATES)
        found = [Expiry(what=what, on=on, days=(on - today).days, near=nearness(on, today)) for what, on in known if on]
        return tuple(sorted(found, key=lambda each: each.on))

    def soonest(self, today: date) -> Expiry | None:
        """Its last day that comes first."""
        return next(iter(self.expiries(today)), None)


def of_client(conn: Connection, client_id: int) -> tuple[Site, ...]:
    """A client's sites: the one that expires first comes first, those without dates last, then by name."""
    rows = conn.execute(select(sites).where(sites.c.client_id == client_id, sites.c.removed_at.is_(None))).mappings()
    return tuple(sorted((_site(row) for row in rows), key=_order))


def every(conn: Connection) -> tuple[tuple[Site, Client], ...]:
    """Every site of every client that is not archived, in the same order."""
    standing = (sites.c.removed_at.is_(None), clients.c.archived_at.is_(None))
    joined = select(sites.c.id.label("site_id"), clients).join(clients, clients.c.id == sites.c.client_id)
    whose = {row["site_id"]: to_client(row) for row in conn.execute(joined.where(*standing)).mappings()}
    rows = conn.execute(select(sites).where(sites.c.id.in_(whose))).mappings()
    return tuple((found, whose[found.id]) for found in sorted((_site(row) for row in rows), key=_order))


def add(
    conn: Connection, *, client_id: int, draft: SiteDraft, main: bool = False, by: int | None = None, now: datetime
) -> Site:
    """Keep a site; the first of a client is its main one. Raises NotFound; SiteError (`twice`, `many`)."""
    _lock(conn, client_id)
    had = of_client(conn, client_id)
    if len(had) >= MOST:
        raise SiteError("address", "many")
    _refuse_twice(had, draft)
    first = main or not any(each.main for each in had)
    if first:
        _step_down(conn, client_id)
    values = asdict(draft) | {"client_id": client_id, "main": first, "by_id": by, "at": now, "changed_at": now}
    made = _site(conn.execute(insert(sites).values(values).returning(*sites.c)).mappings().one())
    _told(conn, client_id)
    return made


def edit(
    conn: Connection, *, client_id: int, site_id: int, draft: SiteDraft, main: bool = False, seen: str | None = None,
    by: int, now: datetime,
) -> Site:  # fmt: skip
    """Change a site. With `seen` (`version` of what was edited) raises SiteError("changed") if it changed since.

    Raises NotFound, also for another client's site; SiteError (`twice`).
    """
    _lock(conn, client_id)
    had = of_client(conn, client_id)
    old = _mine(had, site_id)
    if seen and seen != version(old):
        raise SiteError("address", "changed")
    _refuse_twice([each for each in had if each.id != site_id], draft)
    if main and not old.main:
        _step_down(conn, client_id)
    values = asdict(draft) | {"main": main or old.main, "by_id": by, "changed_at": now}
    values |= {"tls_checked_at": old.tls_checked_at if draft.tls_on == old.tls_on else None}
    row = conn.execute(update(sites).where(sites.c.id == site_id).values(values).returning(*sites.c)).mappings().one()
    _told(conn, client_id)
    return _site(row)


def remove(conn: Connection, *, client_id: int, site_id: int, by: int, now: datetime) -> None:
    """Take a site off the list; of those left the oldest becomes the main one, if none is. Raises NotFound."""
    _lock(conn, client_id)
    had = of_client(conn, client_id)
    gone = _mine(had, site_id)
    values = {"removed_at": now, "main": False, "by_id": by}
    conn.execute(update(sites).where(sites.c.id == site_id).values(values))
    left = sorted(each.id for each in had if each.id != site_id)
    if gone.main and left:
        conn.execute(update(sites).where(sites.c.id == left[0]).values(main=True))
    _told(conn, client_id)


def find(conn: Connection, site_id: int) -> Site | None:
    """The site of this id, unless it was taken off its client's list."""
    row = conn.execute(select(sites).where(sites.c.id == site_id, sites.c.removed_at.is_(None))).mappings().first()
    return _site(row) if row is not None else None


def read_certificate(conn: Connection, site_id: int, *, last: date, now: datetime) -> bool:
    """Keep the last day of a site's certificate as a check read it; whether that is another day than was kept.

    The site's version stays: whoever is editing it meanwhile is not disturbed.
    """
    was = find(conn, site_id)
    if was is None:
        return False
    conn.execute(update(sites).where(sites.c.id == site_id).values(tls_on=last, tls_checked_at=now))
    if was.tls_on != last:
        signal(conn, CHANGED, str(was.client_id))
    return was.tls_on != last


def version(site: Site) -> str:
    """What changes with every edit of a site."""
    return site.changed_at.isoformat()


def soonest(conn: Connection, todays: Mapping[int, date]) -> dict[int, Expiry]:
    """For each of these clients, by its own today, the last day that comes first over all its sites."""
    found: dict[int, Expiry] = {}
    query = select(sites).where(sites.c.removed_at.is_(None), sites.c.client_id.in_(todays))
    for each in map(_site, conn.execute(query).mappings()):
        first = each.soonest(todays[each.client_id])
        if first and (each.client_id not in found or first.on < found[each.client_id].on):
            found[each.client_id] = first
    return found


def _told(conn: Connection, client_id: int) -> None:
    _repeat(conn, client_id)
    signal(conn, CHANGED, str(client_id))


def _repeat(conn: Connection, client_id: int) -> None:
    main = next((each for each in of_client(conn, client_id) if each.main), None)
    facts = {"site": main.address or None, "cms": main.cms, "hosting": main.hosting} if main else {}
    values = dict.fromkeys(("site", "cms", "hosting")) | facts
    conn.execute(update(clients).where(clients.c.id == client_id).values(values))


def _lock(conn: Connection, client_id: int) -> None:
    if conn.execute(select(clients.c.id).where(clients.c.id == client_id).with_for_update()).first() is None:
        raise NotFound("client", client_id)


def _step_down(conn: Connection, client_id: int) -> None:
    conn.execute(update(sites).where(sites.c.client_id == client_id, sites.c.main).values(main=False))


def _mine(had: tuple[Site, ...], site_id: int) -> Site:
    found = next((each for each in had if each.id == site_id), None)
    if found is None:
        raise NotFound("site", site_id)
    return found


def _refuse_twice(had: tuple[Site, ...] | list[Site], draft: SiteDraft) -> None:
    if draft.address and any(each.address == draft.address for each in had):
        raise SiteError("address", "twice")


def _order(site: Site) -> tuple[date, str, int]:
    known = [day for name in DATES if (day := getattr(site, name)) is not None]
    return min(known, default=date.max), site.title.casefold(), site.id


def _site(row: Row) -> Site:
    return Site(**{name: row[name] for name in Site.__dataclass_fields__})
