"""Proposals as they are kept: each with its versions, and how it was accepted. Transaction bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from handoff.errors import NotFound
from handoff.rows import add
from success.projects.model import Proposal
from success.projects.tables import proposal as proposals
from success.projects.tables import proposal_acceptance as acceptances
from success.projects.tables import proposal_version as versions_table
from success.projects.wish import Wish

OPEN, ACCEPTED, WITHDRAWN = "open", "accepted", "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version. `made_by` is rules, model or person; `sent` says where it went, or why it did not leave."""

    id: int
    proposal_id: int
    n: int
    content: Proposal
    hash: str
    made_by: str
    prices: int
    at: datetime
    by_id: int | None
    approved_at: datetime | None
    approved_by: int | None
    sent_at: datetime | None
    message_id: int | None
    sent: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A proposal; `head` is the number of its newest version. Without a client it is for somebody who is none yet."""

    id: int
    client_id: int | None
    title: str
    wish: Wish
    state: str
    head: int
    at: datetime
    by_id: int | None
    closed_at: datetime | None
    closed_by: int | None


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """Who accepted which version, when and by which way; `hash` is of what they were shown."""

    proposal_id: int
    n: int
    hash: str
    person_id: int
    way: str
    at: datetime


def add_version(
    conn: Connection, proposal_id: int, n: int, content: Proposal, *, made_by: str, prices: int, by: int | None,
    now: datetime,
) -> Version:  # fmt: skip
    """Keep a version."""
    row = {"proposal_id": proposal_id, "n": n, "content": content.kept, "hash": content.digest, "made_by": made_by}
    return _version(add(conn, versions_table, **row, prices=prices, at=now, by_id=by, sent={}))


def change(conn: Connection, seen: Version, **values: Any) -> None:
    """Change what is kept about where a version went."""
    conn.execute(update(versions_table).where(versions_table.c.id == seen.id).values(values))


def proposal(conn: Connection, proposal_id: int) -> Kept:
    """The proposal with this id. Raises NotFound."""
    return _one(conn, proposal_id, lock=False)


def hold(conn: Connection, proposal_id: int) -> Kept:
    """The same, changed by no other transaction until this one ends."""
    return _one(conn, proposal_id, lock=True)


def version(conn: Connection, proposal_id: int, n: int) -> Version:
    """A version by its number. Raises NotFound."""
    mine = (versions_table.c.proposal_id == proposal_id, versions_table.c.n == n)
    row = conn.execute(select(versions_table).where(*mine)).mappings().first()
    if row is None:
        raise NotFound("version", n)
    return _version(row)


def versions(conn: Connection, proposal_id: int) -> tuple[Version, ...]:
    """All versions, the newest first."""
    mine = versions_table.c.proposal_id == proposal_id
    query = select(versions_table).where(mine).order_by(versions_table.c.n.desc())
    return tuple(_version(row) for row in conn.execute(query).mappings())


def of_message(conn: Connection, message_id: int) -> Version | None:
    """The version that a message put to its client."""
    row = conn.execute(select(versions_table).where(versions_table.c.message_id == message_id)).mappings().first()
    return None if row is None else _version(row)


def acceptance(conn: Connection, proposal_id: int) -> Acceptance | None:
    """How a proposal was accepted, if it was."""
    row = conn.execute(select(acceptances).where(acceptances.c.proposal_id == proposal_id)).mappings().first()
    return None if row is None else Acceptance(**row)


def latest(conn: Connection, *, state: str = "", client_id: int | None = None, limit: int = 100) -> tuple[Kept, ...]:
    """Proposals, the newest first."""
    where: list[ColumnElement[bool]] = [proposals.c.state == state] if state else []
    where += [proposals.c.client_id == client_id] if client_id is not None else []
    rows = conn.execute(select(proposals).where(*where).order_by(proposals.c.id.desc()).limit(limit)).mappings()
    return tuple(kept_of(row) for row in rows)


def shown_to(conn: Connection, client_id: int) -> tuple[tuple[Kept, Version], ...]:
    """What a client may read: of each proposal that is not withdrawn the newest version that was sent."""
    found = []
    for each in latest(conn, client_id=client_id):
        gone = (one for one in versions(conn, each.id) if one.sent_at is not None)
        if each.state != WITHDRAWN and (seen := next(gone, None)) is not None:
            found.append((each, seen))
    return tuple(found)


def _one(conn: Connection, proposal_id: int, *, lock: bool) -> Kept:
    query = select(proposals).where(proposals.c.id == proposal_id)
    row = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound("proposal", proposal_id)
    return kept_of(row)


def kept_of(row: Mapping[Any, Any]) -> Kept:
    """A proposal from its row."""
    values = {name: row[name] for name in Kept.__dataclass_fields__}
    return Kept(**values | {"wish": Wish.of(row["wish"])})


def _version(row: Mapping[Any, Any]) -> Version:
    values = {name: row[name] for name in Version.__dataclass_fields__}
    return Version(**values | {"content": Proposal.of(row["content"])})
