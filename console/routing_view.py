"""Whom a ticket asks and why, as words; and what routing did, as sentences of the history. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from console.views import Wording
from handoff.kinds import EventKind
from handoff.model import Json, Ticket, TicketEvent

_VALUED: Final = frozenset({"team", "no_team", "skill", "load"})


@dataclass(frozen=True, kw_only=True)
class Why:
    """One reason; `at` completes it ("on duty until …")."""

    words: str
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who is asked to take a ticket that nobody has; else why nobody is, and when that is looked at `again`."""

    name: str | None
    nobody: str = ""
    why: tuple[Why, ...] = ()
    again: datetime | None = None


def asked(ticket: Ticket, events: Iterable[TicketEvent], wording: Wording) -> Asked | None:
    """What the ticket page says of routing; None where somebody has the ticket, or nobody was ever asked."""
    routed = [event for event in events if event.kind is EventKind.ROUTED]
    if ticket.assignee_id is not None or ticket.state != "new" or not routed:
        return None
    data = routed[-1].data
    if ticket.asked_id is None:
        key = "asked.nobody" if data.get("nobody") else "asked.untaken"
        return Asked(name=None, nobody=wording.say(key), again=_instant(data.get("again")))
    reasons = data.get("why")
    found = (
        [_why(reason, wording) for reason in reasons if isinstance(reason, dict)] if isinstance(reasons, list) else []
    )
    return Asked(name=wording.name(ticket.asked_id), why=tuple(found))


def _why(reason: Json, wording: Wording) -> Why:
    because, value = str(reason["because"]), reason.get("value")
    if because == "duty":
        return Why(words=wording.say("why.duty" if value else "why.always"), at=_instant(value))
    return Why(words=wording.say(f"why.{because}", **({"value": value} if because in _VALUED else {})))


def _instant(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
