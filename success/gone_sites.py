"""Sites that nobody looks after any more, taken off a list or their client archived, are not down. Transaction bodies.

Whichever way they went, the sweep of checks sees it within a minute.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, or_, select, update

from handoff.site_tables import site as sites
from handoff.tables import client as clients
from success import incidents
from success.check_tables import site_check_state as states
from success.checks.model import State
from success.incident_log import IS_LIVE
from success.incident_rules import Kind, Member
from success.incident_tables import incident
from success.incident_tables import incident_member as members

_IS_GONE: Final = or_(sites.c.removed_at.is_not(None), clients.c.archived_at.is_not(None))


def is_gone(conn: Connection, site_id: int) -> bool:
    """Whether a site is looked after no more."""
    joined = select(sites.c.id).join(clients, clients.c.id == sites.c.client_id)
    return conn.execute(joined.where(sites.c.id == site_id, _IS_GONE)).first() is not None


def leave(conn: Connection, *, now: datetime) -> int:
    """Let such sites leave the incidents under way, which say so, and count as down no more; how many left."""
    left = _members(conn, now=now)
    down = select(states.c.site_id).join(sites, sites.c.id == states.c.site_id)
    down = down.join(clients, clients.c.id == sites.c.client_id).where(states.c.state == State.DOWN, _IS_GONE)
    ids = conn.execute(down).scalars().all()
    values = {"state": State.UNKNOWN, "since": now, "failures": 0, "asked_at": None}
    conn.execute(update(states).where(states.c.site_id.in_(ids)).values(values))
    return left


def _members(conn: Connection, *, now: datetime) -> int:
    query = (
        select(members.c.incident_id, sites.c.id, sites.c.name, sites.c.address, sites.c.removed_at)
        .join(incident, incident.c.id == members.c.incident_id)
        .join(sites, sites.c.id == members.c.subject)
        .join(clients, clients.c.id == sites.c.client_id)
        .where(members.c.kind == Kind.SITE, members.c.standing != "left", IS_LIVE, _IS_GONE)
        .order_by(members.c.id)
    )
    rows = conn.execute(query).all()
    for row in rows:
        why = "removed" if row.removed_at is not None else "archived"
        site = Member(kind=Kind.SITE, subject=row.id)
        incidents.lose(conn, row.incident_id, site, why=why, title=row.name or row.address, now=now)
    return len(rows)
