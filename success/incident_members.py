"""What belongs to an incident, and whom it concerns. Transaction bodies that only read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from handoff import directory
from handoff.lifecycle import UNSOLVED
from handoff.model import Client, Ticket
from handoff.rows import to_client, to_ticket
from handoff.site_tables import site as sites_table
from handoff.tables import client as clients
from handoff.tables import ticket as tickets
from success.incident_log import LIVE_STATES, Incident, incident_of
from success.incident_rules import Kind, Member, place_name
from success.incident_tables import alert as alerts
from success.incident_tables import incident as incidents
from success.incident_tables import incident_member as members


@dataclass(frozen=True, kw_only=True)
class Belonging:
    """A member as it stands: `proposed` until a person says so."""

    member: Member
    proposed: bool
    at: datetime


def of_incident(conn: Connection, incident_id: int, kind: Kind | None = None) -> tuple[Belonging, ...]:
    """What belongs to it, or is proposed, in the order in which it came."""
    mine = [members.c.incident_id == incident_id, members.c.standing != "left"]
    if kind is not None:
        mine.append(members.c.kind == kind)
    rows = conn.execute(select(members).where(*mine).order_by(members.c.id)).mappings()
    return tuple(
        Belonging(
            member=Member(kind=Kind(row["kind"]), subject=row["subject"]),
            proposed=row["standing"] == "suggested",
            at=row["at"],
        )
        for row in rows
    )


def tickets_of(conn: Connection, incident_id: int, *, unsolved: bool = False) -> tuple[Ticket, ...]:
    """The tickets linked to it; those merged into others are left out."""
    mine = select(members.c.subject).where(_linked(incident_id), members.c.kind == Kind.TICKET)
    query = select(tickets).where(tickets.c.id.in_(mine), tickets.c.state != "merged").order_by(tickets.c.id)
    found = [to_ticket(row) for row in conn.execute(query).mappings()]
    return tuple(each for each in found if not unsolved or each.state in UNSOLVED)


def of_member(conn: Connection, member: Member, *, live: bool = True) -> tuple[tuple[Incident, bool], ...]:
    """The incidents that something belongs to, the newest first, each with whether that is only proposed."""
    joined = select(incidents, members.c.standing).join(members, members.c.incident_id == incidents.c.id)
    mine = [members.c.kind == member.kind, members.c.subject == member.subject, members.c.standing != "left"]
    if live:
        mine.append(incidents.c.state.in_(LIVE_STATES))
    rows = conn.execute(joined.where(*mine).order_by(incidents.c.id.desc())).mappings()
    return tuple((incident_of(row), row["standing"] == "suggested") for row in rows)


def affected(conn: Connection, incident: Incident) -> tuple[Client, ...]:
    """The clients it concerns: those of its tickets, sites and alerts, those added by hand, all on its server."""
    ids = {row for query in _sources(conn, incident) for row in conn.execute(query).scalars() if row is not None}
    standing = (clients.c.id.in_(ids), clients.c.archived_at.is_(None))
    rows = conn.execute(select(clients).where(*standing).order_by(clients.c.name, clients.c.id)).mappings()
    return tuple(to_client(row) for row in rows)


def on_server(conn: Connection, server: str) -> tuple[int, ...]:
    """The clients that have a site on a server."""
    return tuple(sorted(set(conn.execute(_on_server(conn, server)).scalars())))


def counts(conn: Connection, incident_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """How many things of each kind belong to each of these incidents."""
    mine = (members.c.incident_id.in_(list(incident_ids)), members.c.standing == "linked")
    query = select(members.c.incident_id, members.c.kind, func.count()).where(*mine)
    found: dict[int, dict[str, int]] = {}
    for incident_id, kind, number in conn.execute(query.group_by(members.c.incident_id, members.c.kind)):
        found.setdefault(incident_id, {})[kind] = number
    return found


def firing(conn: Connection, incident_id: int) -> int:
    """How many of its alerts still fire."""
    mine = select(members.c.subject).where(_linked(incident_id), members.c.kind == Kind.ALERT)
    standing = (alerts.c.id.in_(mine), alerts.c.status == "firing")
    return conn.execute(select(func.count()).select_from(alerts).where(*standing)).scalar_one()


def names(conn: Connection, person_ids: Iterable[int | None]) -> dict[int, str]:
    """The names of those who acted."""
    return directory.names(conn, [each for each in person_ids if each is not None])


def _sources(conn: Connection, incident: Incident) -> list[Any]:
    def of(kind: Kind) -> Any:
        return select(members.c.subject).where(_linked(incident.id), members.c.kind == kind)

    found = [
        select(tickets.c.client_id).where(tickets.c.id.in_(of(Kind.TICKET))),
        select(sites_table.c.client_id).where(sites_table.c.id.in_(of(Kind.SITE)), sites_table.c.removed_at.is_(None)),
        select(alerts.c.client_id).where(alerts.c.id.in_(of(Kind.ALERT))),
        of(Kind.CLIENT),
    ]
    return [*found, _on_server(conn, incident.server)] if incident.server else found


def _on_server(conn: Connection, server: str) -> Any:
    listed = (sites_table.c.removed_at.is_(None), sites_table.c.server.is_not(None))
    known = conn.execute(select(sites_table.c.server).where(*listed).distinct()).scalars()
    same = [name for name in known if place_name(name) == place_name(server)]
    return select(sites_table.c.client_id).where(*listed, sites_table.c.server.in_(same))


def _linked(incident_id: int) -> Any:
    return and_(members.c.incident_id == incident_id, members.c.standing == "linked")
