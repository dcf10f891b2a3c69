"""Proposals as they are kept: drafted, edited as versions, approved, sent once each, accepted once. Transaction bodies.

Only the newest version can be approved, sent or accepted: an edit takes what was sent before it off the table.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, update

from handoff import accounts, contracts, directory
from handoff.kinds import ClockKind, Level, Tier
from handoff.model import Person
from handoff.rows import add
from handoff.sites import CHANGED
from store.db import insert_into
from store.jobs import enqueue
from store.signals import signal
from success import proactive, tasks
from success.projects import authority, boards, price_book
from success.projects.errors import ProjectRefused
from success.projects.model import Proposal, Service
from success.projects.outline import Ground, Say, outline
from success.projects.proposal_store import (
    ACCEPTED,
    OPEN,
    WITHDRAWN,
    Acceptance,
    Kept,
    Version,
    add_version,
    change,
    hold,
    kept_of,
    proposal,
    version,
    versions,
)  # fmt: skip
from success.projects.tables import proposal as proposals
from success.projects.tables import proposal_acceptance as acceptances
from success.projects.wish import Wish
from success.tasks import TaskKind

SEND: Final = "proposal_send"
"""The queue of approved versions to be sent: `{"proposal": id, "n": version}`."""
LEVELS: Final = (Level.EMERGENCY, Level.BUG, Level.QUESTION)


def draft(conn: Connection, wish: Wish, *, client_id: int | None, say: Say, by: int | None, now: datetime) -> Kept:
    """Draft a proposal by the prices in force. Raises ProjectRefused, NotFound."""
    version, _ = price_book.in_force(conn)
    content = outline(wish, ground(conn, client_id, now=now), say=say)
    row = {"client_id": client_id, "title": wish.title, "wish": wish.kept, "state": OPEN, "head": 1}
    made = kept_of(add(conn, proposals, **row, at=now, by_id=by))
    add_version(conn, made.id, 1, content, made_by="rules", prices=version.id, by=by, now=now)
    signal(conn, "desk", "")
    return made


def ground(conn: Connection, client_id: int | None, *, now: datetime) -> Ground:
    """What a draft rests on: the prices and the contract in force, the day at the client's place."""
    contract = contracts.book(conn).current
    hours = contract.on_duty(Level.QUESTION, Tier.STANDARD)
    today = now.astimezone(hours.zone).date()
    if client_id is not None:
        today = accounts.today(directory.client(conn, client_id), now)
    services = []
    for tier in Tier:
        terms = {
            f"{level}.{clock}": term.target.label
            for level in LEVELS for clock in (ClockKind.FR, ClockKind.RS)
            if (term := contract.term(level, tier, clock)) is not None
        }  # fmt: skip
        services.append(Service(tier=str(tier), fee_from=contract.fees[tier], targets=terms))
    return Ground(
        prices=price_book.in_force(conn)[1], is_working=lambda day: bool(hours.windows(day)),
        covered_until=hours.covered_until, services=tuple(services), today=today,
    )  # fmt: skip


def revise(
    conn: Connection, proposal_id: int, content: Proposal, *, seen: int, made_by: str = "person", by: int, now: datetime
) -> Version:
    """Make the next version from the one that was seen; what was sent before cannot be accepted any more.

    Raises NotFound, ProjectRefused: ``state`` (accepted or withdrawn), ``changed`` (there is a newer version).
    """
    found = hold(conn, proposal_id)
    _want_open(found)
    if seen != found.head:
        raise ProjectRefused("changed")
    before = version(conn, proposal_id, found.head)
    if before.content == content:
        return before
    made = add_version(
        conn, proposal_id, found.head + 1, content, made_by=made_by, prices=before.prices, by=by, now=now
    )
    conn.execute(update(proposals).where(proposals.c.id == proposal_id).values(head=made.n))
    _told(conn, found)
    return made


def bind(conn: Connection, proposal_id: int, client_id: int) -> Kept:
    """Say whose proposal it is; one that was sent stays its client's. Raises NotFound, ProjectRefused."""
    found = hold(conn, proposal_id)
    _want_open(found)
    client = directory.client(conn, client_id)
    if client.archived_at is not None:
        raise ProjectRefused("archived")
    if found.client_id not in {None, client_id} and any(each.approved_at for each in versions(conn, proposal_id)):
        raise ProjectRefused("client")
    conn.execute(update(proposals).where(proposals.c.id == proposal_id).values(client_id=client_id))
    _told(conn, found)
    return proposal(conn, proposal_id)


def approve(conn: Connection, proposal_id: int, *, n: int, by: int, now: datetime) -> Version:
    """A person lets the newest version go; to its client by day, where it has one that can be reached.

    Raises NotFound, ProjectRefused: ``state``, ``changed``, ``approved``, ``open`` (points are not settled), ``lines``.
    """
    found = hold(conn, proposal_id)
    _want_open(found)
    seen = version(conn, proposal_id, n)
    refused = {
        "changed": n != found.head,
        "approved": seen.approved_at is not None,
        "open": bool(seen.content.open),
        "lines": not seen.content.lines,
        "valid_until": seen.content.valid_until < _today(conn, found, now),
    }
    _refuse(refused)
    change(conn, seen, approved_at=now, approved_by=by)
    if found.client_id is not None and _reachable(conn, found.client_id):
        _post(conn, found, seen, now=now)
    _told(conn, found)
    return version(conn, proposal_id, n)


def send(conn: Connection, proposal_id: int, *, n: int, now: datetime) -> Version:
    """Send an approved version that did not leave. Raises NotFound, ProjectRefused (``nobody``: none is reached)."""
    found = hold(conn, proposal_id)
    _want_open(found)
    seen = version(conn, proposal_id, n)
    waits = "due" in seen.sent and "failed" not in seen.sent
    refused = {"changed": n != found.head, "draft": seen.approved_at is None, "sent": seen.sent_at is not None or waits}
    _refuse(refused | {"nobody": found.client_id is None or not _reachable(conn, found.client_id)})
    _post(conn, found, seen, now=now)
    return version(conn, proposal_id, n)


def sent(
    conn: Connection, proposal_id: int, *, n: int, message_id: int, told: Mapping[str, Any], now: datetime
) -> None:
    """Keep that a version left, in the transaction that sends it."""
    change(conn, version(conn, proposal_id, n), sent_at=now, message_id=message_id, sent=dict(told))
    _told(conn, proposal(conn, proposal_id))


def failed(conn: Connection, proposal_id: int, *, n: int, why: str) -> None:
    """Keep that a version did not leave, and why."""
    seen = version(conn, proposal_id, n)
    change(conn, seen, sent={**seen.sent, "failed": why})
    _told(conn, proposal(conn, proposal_id))


def due(conn: Connection, proposal_id: int, *, n: int) -> Version | None:
    """The version to be sent now: approved, the newest, of an open proposal, not sent; else None."""
    found = hold(conn, proposal_id)
    if found.state != OPEN or n != found.head or found.client_id is None:
        return None
    seen = version(conn, proposal_id, n)
    return seen if seen.approved_at is not None and seen.sent_at is None else None


def accept(
    conn: Connection, proposal_id: int, *, n: int, digest: str, person: Person, way: str, now: datetime
) -> Acceptance:
    """A contact accepts a version as it was shown to them, once; its project begins.

    Raises NotFound, ProjectRefused: ``power``, ``accepted``, ``withdrawn``, ``outdated``, ``not_sent``, ``expired``.
    """
    found = hold(conn, proposal_id)
    if found.client_id is None or not authority.may(conn, person, found.client_id, authority.PROPOSAL):
        raise ProjectRefused("power")
    _refuse({ACCEPTED: found.state == ACCEPTED, WITHDRAWN: found.state == WITHDRAWN, "outdated": n != found.head})
    seen = version(conn, proposal_id, n)
    _refuse({
        "not_sent": seen.sent_at is None, "outdated": digest != seen.hash,
        "expired": seen.content.valid_until < _today(conn, found, now),
    })  # fmt: skip
    row = {"proposal_id": proposal_id, "n": n, "hash": digest, "person_id": person.id, "way": way, "at": now}
    statement = insert_into(conn, acceptances).values(row).on_conflict_do_nothing(index_elements=["proposal_id"])
    if conn.execute(statement.returning(acceptances.c.proposal_id)).first() is None:
        raise ProjectRefused(ACCEPTED)
    closed = {"state": ACCEPTED, "closed_at": now, "closed_by": person.id}
    conn.execute(update(proposals).where(proposals.c.id == proposal_id).values(closed))
    begun = boards.begin(
        conn, origin=f"proposal:{proposal_id}", client_id=found.client_id, title=seen.content.title,
        milestones=seen.content.milestones, person_id=person.id,
        work=[(each.name, each.days * 2) for each in seen.content.lines], now=now,
    )  # fmt: skip
    facts = {"title": found.title, "text": "accepted", "name": person.name}
    tasks.give(
        conn, TaskKind.PROJECT, origin=f"proposal:{proposal_id}:accepted", client_id=found.client_id, facts=facts,
        link=f"/desk/projects/{begun.id}", due_at=now, now=now,
    )  # fmt: skip
    _told(conn, found)
    return Acceptance(**row)  # type: ignore[arg-type]


def withdraw(conn: Connection, proposal_id: int, *, by: int, now: datetime) -> Kept:
    """Take a proposal off the table. Raises NotFound, ProjectRefused."""
    found = hold(conn, proposal_id)
    _want_open(found)
    values = {"state": WITHDRAWN, "closed_at": now, "closed_by": by}
    conn.execute(update(proposals).where(proposals.c.id == proposal_id).values(values))
    _told(conn, found)
    return proposal(conn, proposal_id)


def _post(conn: Connection, found: Kept, seen: Version, *, now: datetime) -> None:
    assert found.client_id is not None
    run_at = proactive.by_day(directory.client(conn, found.client_id), now)
    tries = int(seen.sent.get("tries", 0)) + 1
    body = {"proposal": found.id, "n": seen.n}
    enqueue(conn, SEND, body, dedup=f"proposal:{found.id}:{seen.n}:{tries}", run_at=run_at, now=now)
    change(conn, seen, sent={"due": run_at.isoformat(timespec="minutes"), "tries": tries})


def _reachable(conn: Connection, client_id: int) -> bool:
    return authority.place(conn, client_id, authority.PROPOSAL) is not None


def _today(conn: Connection, found: Kept, now: datetime) -> Any:
    if found.client_id is None:
        return now.date()
    return accounts.today(directory.client(conn, found.client_id), now)


def _refuse(reasons: Mapping[str, bool]) -> None:
    why = next((reason for reason, holds in reasons.items() if holds), None)
    if why is not None:
        raise ProjectRefused(why)


def _want_open(found: Kept) -> None:
    if found.state != OPEN:
        raise ProjectRefused("state")


def _told(conn: Connection, found: Kept) -> None:
    if found.client_id is not None:
        signal(conn, CHANGED, str(found.client_id))
    signal(conn, "desk", "")
