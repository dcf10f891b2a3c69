"""The queue's views as bands: emergencies, the others, and then those of either that are asleep.

Each band is the beginning of one partial index, in that index's order, so that a page or a bounded count costs the same
with a million open tickets. The conditions are literals, as partial indexes want them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, and_, exists, literal_column, or_

from handoff.kinds import ClockState, Level, TicketState
from handoff.tables import clock, unsolved
from handoff.tables import ticket as tickets
from store.tables import BigId

View = Literal["open", "mine", "unclaimed", "breaching", "late", "waiting", "resolved"]
VIEWS: Final[tuple[View, ...]] = ("open", "mine", "unclaimed", "breaching", "late", "waiting", "resolved")
BREACHING: Final = timedelta(hours=1)
"""What is due within that, or late already, is about to breach."""

_EMERGENCY: Final[ColumnElement[str]] = literal_column(f"'{Level.EMERGENCY}'")
_ORDER: Final = (tickets.c.next_due.nulls_last(), tickets.c.urgent.desc(), tickets.c.id)
_HOLDER: Final[ColumnElement[int | None]] = literal_column("+ticket.assignee_id", BigId)
"""The assignee without its index: the few emergencies are looked through in their own order."""


@dataclass(frozen=True, kw_only=True)
class Band:
    """Which tickets, and in which order."""

    where: tuple[ColumnElement[bool], ...]
    order: tuple[ColumnElement[Any], ...] = _ORDER


def bands(view: View, viewer_id: int, *, now: datetime) -> Iterator[Band]:
    """A view's tickets from the most urgent on; the snoozed ones come last."""
    found = tuple(parts(view, viewer_id, now=now))
    if view == "resolved":
        yield from found
        return
    awake = or_(tickets.c.snoozed_until.is_(None), tickets.c.snoozed_until <= now)
    for part in found:
        yield Band(where=(*part.where, awake))
    for part in found:
        yield Band(where=(*part.where, tickets.c.snoozed_until > now))


def parts(view: View, viewer_id: int, *, now: datetime | None) -> Iterator[Band]:
    """A view's emergencies and its others, whether asleep or not. Without `now`, late is a recorded breach.

    Among one's own, what one is asked to take comes before what one has.
    """
    if view == "resolved":
        newest = (tickets.c.resolved_at.desc(), tickets.c.id.desc())
        yield Band(where=(tickets.c.state == literal_column(f"'{TicketState.RESOLVED}'"),), order=newest)
        return
    if view == "mine":
        asked = (unsolved, tickets.c.assignee_id.is_(None), tickets.c.asked_id == viewer_id)
        yield Band(where=(*asked, tickets.c.level == _EMERGENCY))
        yield Band(where=(*asked, tickets.c.level != _EMERGENCY))
    yield Band(where=(unsolved, tickets.c.level == _EMERGENCY, *_within(view, viewer_id, now, holder=_HOLDER)))
    other = _within(view, viewer_id, now, holder=tickets.c.assignee_id)
    yield Band(where=(unsolved, tickets.c.level != _EMERGENCY, *other))


def _within(
    view: View, viewer_id: int, now: datetime | None, *, holder: ColumnElement[int | None]
) -> tuple[ColumnElement[bool], ...]:
    match view:
        case "mine":
            return (holder == viewer_id,)
        case "unclaimed":
            return (holder.is_(None),)
        case "breaching":
            return (_late(None if now is None else now + BREACHING),)
        case "late":
            return (_late(now),)
        case "waiting":
            return (tickets.c.state == literal_column(f"'{TicketState.WAITING}'"),)
    return ()


def _late(now: datetime | None) -> ColumnElement[bool]:
    if now is not None:
        return tickets.c.next_due < now
    running = and_(clock.c.ticket_id == tickets.c.id, clock.c.state == ClockState.RUNNING)
    return exists().where(running, clock.c.breached_at.is_not(None))
