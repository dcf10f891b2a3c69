"""When sites are checked: by the sweep, because somebody asks, because a ticket says that a site is down.

Transaction bodies. Checks of one host run one after another whoever asks (the queue's key is the host).
"""

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, or_, select, update

from handoff import accounts, directory, sites
from handoff.errors import NotFound
from handoff.model import Client, Ticket
from handoff.rows import Row
from handoff.site_tables import site as sites_table
from handoff.sites import Site
from handoff.tables import client as clients
from store.db import insert_into
from store.jobs import JsonValue, enqueue
from store.signals import signal
from success.check_tables import site_check_plan as plans
from success.check_tables import site_check_state as states
from success.checks.model import Cause, Kind, State
from success.checks.rhythm import INTERVALS, Plan, full_kind, is_checked, is_waiting, next_full, next_light

CHECK: Final = "site_check"
"""`{"site", "kind", "cause", "ticket"}`, in the order of `host:{name}`."""
AGAIN: Final = "site_check_again"
"""`{"site"}`: the second look after a first failure."""
SWEEP: Final = "site_check_sweep"
TOPIC: Final = "site_check"
"""The topic under which a site's id is told when a check of it was asked for or has ended."""
LONGEST_KEYWORD: Final = 200
_BATCH: Final = 200
_IDLE: Final = timedelta(hours=1)


def plan_of(conn: Connection, site_id: int) -> Plan:
    """What is set for a site."""
    row = conn.execute(select(plans).where(plans.c.site_id == site_id)).mappings().first()
    return Plan(interval_s=row["interval_s"], keyword=row["keyword"], paused=row["paused"]) if row else Plan()


def set_plan(conn: Connection, *, site: Site, plan: Plan, by: int, now: datetime) -> None:
    """Set how a site is checked; the next light check is made soon. Raises ValueError for what cannot be set."""
    if plan.interval_s not in {None, *INTERVALS} or len(plan.keyword) > LONGEST_KEYWORD:
        raise ValueError("such a plan cannot be")
    values: dict[str, Any] = {"interval_s": plan.interval_s, "keyword": plan.keyword, "paused": plan.paused}
    values |= {"changed_by": by, "changed_at": now}
    statement = insert_into(conn, plans).values(site_id=site.id, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["site_id"], set_=values))
    enrol(conn, site, directory.client(conn, site.client_id), now=now)
    conn.execute(update(states).where(states.c.site_id == site.id).values(light_due=now))
    signal(conn, TOPIC, str(site.id))


def ask(
    conn: Connection, site: Site, *, kind: Kind, cause: Cause, ticket_id: int | None = None, dedup: str, now: datetime
) -> bool:
    """Have a site checked as soon as its host is free; False if this was asked for before or there is no address."""
    host = urlsplit(site.address).hostname
    if not host:
        return False
    enrol(conn, site, directory.client(conn, site.client_id), now=now)
    body: dict[str, JsonValue] = {"site": site.id, "kind": str(kind), "cause": str(cause), "ticket": ticket_id}
    asked = enqueue(conn, CHECK, body, key=f"host:{host}", dedup=dedup, now=now) is not None
    if asked:
        conn.execute(update(states).where(states.c.site_id == site.id).values(asked_at=now))
        signal(conn, TOPIC, str(site.id))
    return asked


def demand(conn: Connection, *, site_id: int, kind: Kind = Kind.FULL, now: datetime) -> bool:
    """Somebody wants a site checked now; False where a check of it waits already. Raises NotFound."""
    site = sites.find(conn, site_id)
    if site is None or not site.address:
        raise NotFound("site", site_id)
    enrol(conn, site, directory.client(conn, site.client_id), now=now)
    query = select(states.c.asked_at).where(states.c.site_id == site_id).with_for_update()
    if is_waiting(conn.execute(query).scalar_one(), now):
        return False
    return ask(conn, site, kind=kind, cause=Cause.DEMAND, dedup=f"demand:{site_id}:{now.isoformat()}", now=now)


def for_ticket(conn: Connection, ticket: Ticket, *, now: datetime) -> Site | None:
    """Have the site checked that a ticket is about, once for each ticket; None where there is none to look at."""
    if ticket.client_id is None:
        return None
    mine = [each for each in sites.of_client(conn, ticket.client_id) if is_checked(each.address)]
    site = about(f"{ticket.title}\n{ticket.summary}", tuple(mine))
    if site is None:
        return None
    dedup = f"ticket:{ticket.id}"
    ask(conn, site, kind=Kind.LIGHT, cause=Cause.TICKET, ticket_id=ticket.id, dedup=dedup, now=now)
    return site


def about(text: str, mine: tuple[Site, ...]) -> Site | None:
    """The site that a text names by host or by name, the longest name first; else the main one, else the first."""
    said = text.casefold()
    named = [(len(name), -n) for n, site in enumerate(mine) for name in _names(site) if name in said]
    if named:
        return mine[-max(named)[1]]
    return next((each for each in mine if each.main), mine[0] if mine else None)


def sweep(conn: Connection, *, now: datetime) -> int:
    """Ask for every check that is due, once for each due instant; how many."""
    _enrol_all(conn, now=now)
    due = or_(states.c.light_due <= now, states.c.full_due <= now)
    query = (
        select(states)
        .join(sites_table, sites_table.c.id == states.c.site_id)
        .join(clients, clients.c.id == sites_table.c.client_id)
        .where(due, sites_table.c.removed_at.is_(None), clients.c.archived_at.is_(None))
        .order_by(states.c.light_due, states.c.site_id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True, of=states)
    )
    return sum(_due(conn, row, now=now) for row in conn.execute(query).mappings().all())


def enrol(conn: Connection, site: Site, client: Client, *, now: datetime) -> None:
    """Let a site have a state, if it has none yet."""
    values = {"site_id": site.id, "state": str(State.UNKNOWN), "since": now, "failures": 0, "light_due": now}
    values |= {"full_due": next_full(site.id, zone=accounts.zone_of(client), after=now), "address": site.address}
    conn.execute(insert_into(conn, states).values(values).on_conflict_do_nothing(index_elements=["site_id"]))


def _enrol_all(conn: Connection, *, now: datetime) -> None:
    """Let every site have a state; each minute there is hardly one without, so those alone are read."""
    known = select(states.c.site_id).where(states.c.site_id == sites_table.c.id).exists()
    fresh = (sites_table.c.removed_at.is_(None), sites_table.c.address != "", clients.c.archived_at.is_(None), ~known)
    query = select(sites_table.c.id).join(clients, clients.c.id == sites_table.c.client_id).where(*fresh)
    for site_id in conn.execute(query.order_by(sites_table.c.id)).scalars().all():
        site = sites.find(conn, site_id)
        if site is not None:
            enrol(conn, site, directory.client(conn, site.client_id), now=now)


def _due(conn: Connection, row: Row, *, now: datetime) -> bool:
    site = sites.find(conn, row["site_id"])
    if site is None:
        return False
    plan, client = plan_of(conn, site.id), directory.client(conn, site.client_id)
    zone = accounts.zone_of(client)
    if plan.paused or not is_checked(site.address):
        _put_off(conn, site.id, light_due=now + _IDLE, full_due=next_full(site.id, zone=zone, after=now))
        return False
    if is_waiting(row["asked_at"], now):
        return False
    full = row["full_due"] <= now
    kind = full_kind(row["security_at"], zone=zone, now=now) if full else Kind.LIGHT
    due = row["full_due"] if full else row["light_due"]
    seconds = plan.seconds(accounts.covering(conn, client, now=now).tier)
    later = {"light_due": next_light(seconds, due=row["light_due"], now=now)}
    if full:
        later["full_due"] = next_full(site.id, zone=zone, after=now)
    _put_off(conn, site.id, **later)
    return ask(conn, site, kind=kind, cause=Cause.SCHEDULE, dedup=f"{site.id}:{kind}:{due.isoformat()}", now=now)


def _put_off(conn: Connection, site_id: int, **dues: datetime) -> None:
    conn.execute(update(states).where(states.c.site_id == site_id).values(**dues))


def _names(site: Site) -> tuple[str, ...]:
    host = (urlsplit(site.address).hostname or "").removeprefix("www.")
    shown = site.shown.removeprefix("http://").removeprefix("www.").partition("/")[0]
    return tuple({name.casefold() for name in (host, shown, site.name) if len(name) > 1})
