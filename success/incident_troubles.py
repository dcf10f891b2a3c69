"""Whether the trouble that an incident was of lasts: what keeps a suggestion that a person dismissed from coming back.

Transaction bodies that only read.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, exists, select

from handoff.lifecycle import UNSOLVED
from handoff.site_tables import site as sites
from handoff.tables import client as clients
from handoff.tables import ticket as tickets
from success.check_tables import site_check_state as states
from success.checks.model import State
from success.incident_log import Incident, incident_of
from success.incident_members import of_member
from success.incident_rules import IncidentState, Kind, Member
from success.incident_tables import alert as alerts
from success.incident_tables import incident as incidents
from success.incident_tables import incident_member as members

HOLDS: Final = timedelta(days=7)


def lasts(conn: Connection, incident_id: int) -> bool:
    """Whether anything that belongs to it is not well yet: a ticket unsolved, an alert firing, a site down since."""
    return any(conn.execute(select(found)).scalar_one() for found in _unwell(incident_id))


def dismissed(conn: Connection, key: str, *, now: datetime) -> Incident | None:
    """The suggestion of this cause that a person dismissed, while that holds (`is_judged`)."""
    newest = select(incidents).where(incidents.c.key == key).order_by(incidents.c.id.desc()).limit(1)
    row = conn.execute(newest).mappings().first()
    known = None if row is None else incident_of(row)
    return known if known is not None and is_judged(conn, known, now=now) else None


def judged(conn: Connection, member: Member, *, now: datetime) -> Incident | None:
    """The same of something that belongs to such a suggestion."""
    found = (known for known, _ in of_member(conn, member, live=False))
    return next((known for known in found if is_judged(conn, known, now=now)), None)


def is_judged(conn: Connection, known: Incident, *, now: datetime) -> bool:
    """Whether a person said within a week that it is none, of what lasts: a ticket may stay unsolved for long."""
    if known.state is not IncidentState.DISMISSED or known.closed_at is None or now - known.closed_at > HOLDS:
        return False
    return lasts(conn, known.id)


def _unwell(incident_id: int) -> tuple[ColumnElement[bool], ...]:
    def of(kind: Kind) -> tuple[Any, ...]:
        return (members.c.incident_id == incident_id, members.c.kind == kind, members.c.standing == "linked")

    served = (sites.c.removed_at.is_(None), clients.c.archived_at.is_(None))
    site = select(members.c.id).join(states, states.c.site_id == members.c.subject)
    site = site.join(sites, sites.c.id == members.c.subject).join(clients, clients.c.id == sites.c.client_id)
    down = (states.c.state == State.DOWN, states.c.since <= members.c.at)
    return (
        exists().where(*of(Kind.TICKET), tickets.c.id == members.c.subject, tickets.c.state.in_(UNSOLVED)),
        exists().where(*of(Kind.ALERT), alerts.c.id == members.c.subject, alerts.c.status == "firing"),
        exists(site.where(*of(Kind.SITE), *down, *served)),
    )
