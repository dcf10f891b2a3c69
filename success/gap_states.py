"""What people decide about a gap. Transaction bodies."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from success import gap_store
from success.errors import ReasonMissing, WrongState
from success.gap_model import Gap, State

LONGEST_REASON: Final = 300


def dismiss(conn: Connection, number: int, *, by: str, reason: str, now: datetime) -> Gap:
    """Say that a gap is none, and why; it comes back if it grows by half, or by five questions.

    Raises:
        UnknownGap, ReasonMissing; WrongState where it is closed or dismissed.
    """
    gap, why = gap_store.one(conn, number, lock=True), reason.strip()[:LONGEST_REASON]
    if not why:
        raise ReasonMissing
    if gap.state not in (State.OPEN, State.DRAFTED):
        raise WrongState(gap.state)
    data = {"reason": why}
    gap_store.move(
        conn, number, State.DISMISSED, by=by, verb="dismissed", now=now, data=data, size=gap.size, reason=why
    )
    return gap_store.one(conn, number)


def reopen(conn: Connection, number: int, *, by: str, now: datetime) -> Gap:
    """Look at a dismissed or closed gap again. Raises UnknownGap; WrongState where it is open."""
    gap = gap_store.one(conn, number, lock=True)
    if gap.state not in (State.DISMISSED, State.PUBLISHED):
        raise WrongState(gap.state)
    state = State.OPEN if gap.draft is None else State.DRAFTED
    gap_store.move(conn, number, state, by=by, verb="reopened", now=now, data={}, size=gap.size)
    return gap_store.one(conn, number)
