"""The register of complaints: what was wrong, why, what is done, by whom and until when. Transaction bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, select, update

from handoff import board, directory
from handoff.figures import home_zone
from handoff.rows import clean
from store.db import insert_into
from store.signals import signal
from success.errors import FeedbackRefused
from success.feedback_tables import complaint as complaints

LONGEST: Final = 2_000
DUE: Final = timedelta(days=7)


class Source(StrEnum):
    """Where a complaint came from."""

    RATING = "rating"
    STAGE = "stage"
    NPS = "nps"
    TICKET = "ticket"
    HAND = "hand"


class ComplaintState(StrEnum):
    """How far a complaint is."""

    OPEN = "open"
    WORKING = "working"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """One complaint; `cause` and `measure` are "" until they are known."""

    id: int
    client_id: int
    ticket_id: int | None
    source: Source
    matter: str
    cause: str
    measure: str
    owner_id: int | None
    state: ComplaintState
    due_on: date
    at: datetime
    by_id: int | None
    closed_at: datetime | None
    closed_by: int | None


@dataclass(frozen=True, kw_only=True)
class Work:
    """What becomes of a complaint."""

    cause: str
    measure: str
    owner_id: int | None
    state: ComplaintState
    due_on: date


def register(
    conn: Connection, *, client_id: int, matter: str, source: Source, origin: str, ticket_id: int | None = None,
    by: int, now: datetime,
) -> Complaint:  # fmt: skip
    """Write a complaint down; of one origin there is one, the one that was first.

    Its owner is the client's success manager at first. Raises FeedbackRefused: ``matter``.
    """
    said, client = _said(matter, "matter"), directory.client(conn, client_id)
    today = now.astimezone(home_zone(conn)).date()
    row = {
        "origin": origin, "client_id": client_id, "ticket_id": ticket_id, "source": source, "matter": said,
        "cause": "", "measure": "", "owner_id": client.success_id or by, "state": ComplaintState.OPEN,
        "due_on": today + DUE, "at": now, "by_id": by,
    }  # fmt: skip
    conn.execute(insert_into(conn, complaints).values(row).on_conflict_do_nothing(index_elements=["origin"]))
    signal(conn, "desk", "")
    return _complaint(conn.execute(select(complaints).where(complaints.c.origin == origin)).mappings().one())


def of_ticket(conn: Connection, number: str, *, client_id: int) -> int:
    """The ticket of a number, if it is this client's. Raises FeedbackRefused: ``ticket``."""
    found = board.ticket_by_number(conn, number.strip().upper())
    if found is None or found.client_id != client_id:
        raise FeedbackRefused("ticket")
    return found.id


def work_on(conn: Connection, complaint_id: int, work: Work, *, by: int, now: datetime) -> Complaint | None:
    """Say what the cause is, what is done, by whom, until when, and how far it is; None where there is none.

    Closing wants a cause and a measure. Raises FeedbackRefused: ``cause``, ``measure``, ``owner``, ``due_on``.
    """
    if complaint(conn, complaint_id) is None:
        return None
    ended = work.state is ComplaintState.CLOSED
    cause, measure = (
        _said(text, name, wanted=ended) for text, name in ((work.cause, "cause"), (work.measure, "measure"))
    )
    if work.owner_id is not None and work.owner_id not in {each.id for each in directory.staff(conn)}:
        raise FeedbackRefused("owner")
    values: dict[str, Any] = {
        "cause": cause, "measure": measure, "owner_id": work.owner_id, "state": work.state, "due_on": work.due_on,
    }  # fmt: skip
    known = (complaints.c.id == complaint_id, complaints.c.closed_at.is_(None))
    values |= {} if ended else {"closed_at": None, "closed_by": None}
    conn.execute(update(complaints).where(complaints.c.id == complaint_id).values(values))
    if ended:
        conn.execute(update(complaints).where(*known).values(closed_at=now, closed_by=by))
    signal(conn, "desk", "")
    return complaint(conn, complaint_id)


def complaint(conn: Connection, complaint_id: int) -> Complaint | None:
    """The complaint with this id."""
    row = conn.execute(select(complaints).where(complaints.c.id == complaint_id)).mappings().first()
    return None if row is None else _complaint(row)


def listed(
    conn: Connection, *, client_id: int | None = None, open_only: bool = False, limit: int = 200
) -> tuple[Complaint, ...]:
    """Complaints: those that are not closed first, by when they are due; then the closed, the latest first."""
    where: list[ColumnElement[bool]] = [] if client_id is None else [complaints.c.client_id == client_id]
    where += [complaints.c.closed_at.is_(None)] if open_only else []
    order = (complaints.c.closed_at.is_not(None), complaints.c.closed_at.desc(), complaints.c.due_on, complaints.c.id)
    rows = conn.execute(select(complaints).where(*where).order_by(*order).limit(limit)).mappings()
    return tuple(_complaint(row) for row in rows)


def of_period(
    conn: Connection, *, since: datetime, until: datetime, client_id: int | None = None
) -> tuple[Complaint, ...]:
    """The complaints that came from `since` up to, not including, `until`, in order; of one client if named."""
    where = [complaints.c.at >= since, complaints.c.at < until]
    where += [complaints.c.client_id == client_id] if client_id is not None else []
    rows = conn.execute(select(complaints).where(*where).order_by(complaints.c.at, complaints.c.id)).mappings()
    return tuple(_complaint(row) for row in rows)


def _said(text: str, name: str, *, wanted: bool = True) -> str:
    said = clean(text).strip()
    if (wanted and not said) or len(said) > LONGEST:
        raise FeedbackRefused(name)
    return said


def _complaint(row: Mapping[Any, Any]) -> Complaint:
    values = {name: row[name] for name in Complaint.__dataclass_fields__}
    return Complaint(**values | {"source": Source(row["source"]), "state": ComplaintState(row["state"])})
