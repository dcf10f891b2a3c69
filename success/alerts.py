"""Alerts that came in: kept once for each fingerprint and beginning, and what of ours they are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, func, select, update

from handoff import directory, sites
from handoff.errors import NotFound
from handoff.sites import Site
from store.db import insert_into
from success.alert_rules import Heard, Notification, host_of, server_of
from success.incident_log import IS_LIVE
from success.incident_rules import Kind, Member, place_name
from success.incident_tables import alert as alerts
from success.incident_tables import incident as incidents
from success.incident_tables import incident_member as members
from success.privacy import keeping

FIRING: Final = "firing"
RESOLVED: Final = "resolved"
KEPT: Final = timedelta(days=90)
"""After an alert is over, by when it was reported last."""
SWEPT: Final = 500


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One alert: `times` how often it was reported, `server`, `site_id` and `client_id` what of ours it is about."""

    id: int
    fingerprint: str
    starts_at: datetime
    status: str
    ends_at: datetime | None
    name: str
    severity: str
    group_key: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    link: str
    server: str
    site_id: int | None
    client_id: int | None
    first_at: datetime
    last_at: datetime
    times: int

    @property
    def says(self) -> str:
        """What it says for people."""
        return self.annotations.get("summary") or self.annotations.get("description") or self.name


@dataclass(frozen=True, kw_only=True)
class Received:
    """What a notification brought: alerts that are new, those that are over now; the rest was known."""

    fresh: tuple[Alert, ...] = ()
    over: tuple[Alert, ...] = ()
    known: int = 0


@dataclass(frozen=True)
class _Ours:
    """Our sites by what alerts call them, and our clients by slug."""

    by_server: Mapping[str, Sequence[Site]]
    by_host: Mapping[str, Site]
    clients: Mapping[str, int]


def receive(conn: Connection, posted: Notification, *, now: datetime) -> Received:
    """Keep what was posted. What is known already is only counted; the same once more changes nothing else."""
    ours = _ours(conn)
    fresh: list[Alert] = []
    over: list[Alert] = []
    for heard in posted.alerts:
        made = _insert(conn, heard, posted.group_key, ours, now=now)
        if made is not None:
            fresh.append(made)
            continue
        ended = _update(conn, heard, now=now)
        if ended is not None:
            over.append(ended)
    return Received(fresh=tuple(fresh), over=tuple(over), known=len(posted.alerts) - len(fresh) - len(over))


def alert(conn: Connection, alert_id: int) -> Alert:
    """The alert with this id. Raises NotFound."""
    row = conn.execute(select(alerts).where(alerts.c.id == alert_id)).mappings().first()
    if row is None:
        raise NotFound("alert", alert_id)
    return _alert(row)


def latest(conn: Connection, *, limit: int = 50) -> tuple[Alert, ...]:
    """What came in last."""
    query = select(alerts).order_by(alerts.c.last_at.desc(), alerts.c.id.desc()).limit(limit)
    return tuple(_alert(row) for row in conn.execute(query).mappings())


def of_incident(conn: Connection, incident_id: int, *, limit: int = 50) -> tuple[Alert, ...]:
    """An incident's alerts, those that fire first, the newest first."""
    mine = (members.c.incident_id == incident_id, members.c.kind == Kind.ALERT, members.c.standing == "linked")
    query = select(alerts).where(alerts.c.id.in_(select(members.c.subject).where(*mine)))
    order = (alerts.c.status, alerts.c.starts_at.desc(), alerts.c.id.desc())
    return tuple(_alert(row) for row in conn.execute(query.order_by(*order).limit(limit)).mappings())


def sweep(conn: Connection, *, now: datetime, limit: int = SWEPT) -> int:
    """Forget alerts that have been over for long and are of no incident under way: the next few; how many."""
    mine = (members.c.kind == Kind.ALERT, members.c.subject == alerts.c.id)
    joined = select(members.c.id).join(incidents, incidents.c.id == members.c.incident_id).where(*mine, IS_LIVE)
    old = (alerts.c.status == RESOLVED, alerts.c.last_at < now - (keeping.span(conn, "alerts") or KEPT))
    ids = conn.execute(
        select(alerts.c.id).where(*old, ~joined.exists()).order_by(alerts.c.last_at, alerts.c.id).limit(limit)
    )
    gone = ids.scalars().all()
    conn.execute(delete(alerts).where(alerts.c.id.in_(gone)))
    return len(gone)


def servers_firing(conn: Connection, group_key: str) -> int:
    """On how many servers alerts of a group fire."""
    mine = (alerts.c.group_key == group_key, alerts.c.status == FIRING)
    return conn.execute(select(func.count(func.distinct(alerts.c.server))).where(*mine)).scalar_one()


def firing_of(conn: Connection, *, server: str | None, group: str) -> tuple[int, ...]:
    """The alerts that fire on a server, or without one those of a group."""
    mine = alerts.c.group_key == group if server is None else alerts.c.server == server
    query = select(alerts.c.id).where(mine, alerts.c.status == FIRING).order_by(alerts.c.id)
    return tuple(conn.execute(query).scalars())


def members_of(found: Alert) -> tuple[Member, ...]:
    """What an alert brings into its incident: itself, and the site it is about."""
    site = [Member(kind=Kind.SITE, subject=found.site_id)] if found.site_id is not None else []
    return (Member(kind=Kind.ALERT, subject=found.id), *site)


def _insert(conn: Connection, heard: Heard, group_key: str, ours: _Ours, *, now: datetime) -> Alert | None:
    server = server_of(heard.labels)
    site, client_id = _about(heard, server, ours)
    values: dict[str, Any] = {
        "fingerprint": heard.fingerprint, "starts_at": heard.starts_at, "ends_at": heard.ends_at,
        "status": FIRING if heard.firing else RESOLVED, "name": heard.name, "group_key": group_key,
        "severity": heard.labels.get("severity", "").casefold(), "labels": dict(heard.labels), "link": heard.link,
        "annotations": dict(heard.annotations), "server": server, "site_id": site.id if site else None,
        "client_id": client_id, "first_at": now, "last_at": now, "times": 1,
    }  # fmt: skip
    statement = insert_into(conn, alerts).values(values)
    unless = statement.on_conflict_do_nothing(index_elements=["fingerprint", "starts_at"])
    row = conn.execute(unless.returning(*alerts.c)).mappings().first()
    return None if row is None else _alert(row)


def _update(conn: Connection, heard: Heard, *, now: datetime) -> Alert | None:
    """Count a known alert once more; itself where it is over with this. One that is over fires no more."""
    mine = (alerts.c.fingerprint == heard.fingerprint, alerts.c.starts_at == heard.starts_at)
    conn.execute(update(alerts).where(*mine).values(times=alerts.c.times + 1, last_at=now))
    if heard.firing:
        return None
    ended = update(alerts).where(*mine, alerts.c.status == FIRING)
    values = {"status": RESOLVED, "ends_at": heard.ends_at or now}
    row = conn.execute(ended.values(values).returning(*alerts.c)).mappings().first()
    return None if row is None else _alert(row)


def _about(heard: Heard, server: str, ours: _Ours) -> tuple[Site | None, int | None]:
    """The site and the client of an alert, as far as its labels say."""
    named = ours.clients.get(heard.labels.get("client", "").strip().casefold())
    hosts = [host_of(heard.labels[name]) for name in ("instance", "site", "host", "target") if heard.labels.get(name)]
    site = next((ours.by_host[host] for host in hosts if host in ours.by_host), None)
    on = [each for each in ours.by_server.get(server, ()) if named is None or each.client_id == named]
    if site is None and len(on) == 1:
        site = on[0]
    if site is not None and named is not None and site.client_id != named:
        site = None
    return site, named or (site.client_id if site else None)


def _ours(conn: Connection) -> _Ours:
    by_server: dict[str, list[Site]] = {}
    by_host: dict[str, Site] = {}
    for site, _ in sites.every(conn):
        if place_name(site.server):
            by_server.setdefault(place_name(site.server), []).append(site)
        if host := urlsplit(site.address).hostname:
            by_host.setdefault(host, site)
    clients = {client.slug.casefold(): client.id for client in directory.clients(conn)}
    return _Ours(by_server=by_server, by_host=by_host, clients=clients)


def _alert(row: Mapping[Any, Any]) -> Alert:
    return Alert(**{name: row[name] for name in Alert.__dataclass_fields__})
