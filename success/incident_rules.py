"""Where an incident stands: a fold over its events; which verbs its state allows; what its causes are called. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from success.incident_errors import IncidentRefused

NUMBER: Final = "INC-{}"
TITLE_LENGTH: Final = 160
REOPENS: Final = timedelta(minutes=30)
"""A cause that comes back so soon after it was over goes on in the same incident."""
WIDE: Final = 3
"""Servers of one group of alerts from which on the group is one incident, not each server."""
MANY: Final = 5
"""Incidents that alerts opened lately from which on all further ones are one storm."""
STORM_WITHIN: Final = timedelta(minutes=10)


class IncidentState(StrEnum):
    """Derived from the events. `SUGGESTED`: nobody has said yet that these things are one."""

    SUGGESTED = "suggested"
    OPEN = "open"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    CLOSED = "closed"
    DISMISSED = "dismissed"


class Severity(StrEnum):
    """How bad it is for clients."""

    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for a minor one up to 2."""
        return list(Severity).index(self)


class Happening(StrEnum):
    """What happened to an incident."""

    SUGGESTED = "suggested"
    OPENED = "opened"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    LINKED = "linked"
    PROPOSED = "proposed"
    UNLINKED = "unlinked"
    DESCRIBED = "described"
    NOTED = "noted"
    SAID = "said"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLOSED = "closed"
    CALLED = "called"
    REPORTED = "reported"


class Kind(StrEnum):
    """What belongs to an incident."""

    TICKET = "ticket"
    SITE = "site"
    ALERT = "alert"
    CLIENT = "client"


LIVE: Final = frozenset({IncidentState.SUGGESTED, IncidentState.OPEN, IncidentState.MONITORING})
GOING_ON: Final = frozenset({IncidentState.OPEN, IncidentState.MONITORING})
ALLOWED: Final[Mapping[str, frozenset[IncidentState]]] = {
    "confirm": frozenset({IncidentState.SUGGESTED}),
    "dismiss": frozenset({IncidentState.SUGGESTED}),
    "monitor": frozenset({IncidentState.OPEN}),
    "resolve": GOING_ON,
    "reopen": frozenset({IncidentState.MONITORING, IncidentState.RESOLVED}),
    "close": frozenset({IncidentState.RESOLVED}),
    "tell": GOING_ON | {IncidentState.RESOLVED},
    "link": LIVE | {IncidentState.RESOLVED},
    "describe": LIVE | {IncidentState.RESOLVED},
}


@dataclass(frozen=True, kw_only=True)
class Member:
    """Something that belongs to an incident."""

    kind: Kind
    subject: int


@dataclass(frozen=True, kw_only=True)
class IncidentEvent:
    """One thing that happened."""

    seq: int
    at: datetime
    kind: Happening
    by_id: int | None = None
    rule: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the events say now. `rounds`: how often it was open."""

    state: IncidentState = IncidentState.SUGGESTED
    title: str = ""
    severity: Severity = Severity.MAJOR
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    rounds: int = 1


def require(state: IncidentState, verb: str) -> None:
    """Raises IncidentRefused("state") unless the state allows the verb."""
    if state not in ALLOWED[verb]:
        raise IncidentRefused("state")


def standing(events: Iterable[IncidentEvent]) -> Standing:
    """Fold an incident's events."""
    now = Standing()
    for event in sorted(events, key=lambda each: each.seq):
        now = after(now, event)
    return now


def after(was: Standing, event: IncidentEvent) -> Standing:
    """Where the incident stands once this has happened."""
    facts = event.facts
    described = replace(
        was, title=str(facts.get("title", was.title)), severity=Severity(str(facts.get("severity", was.severity)))
    )
    match event.kind:
        case Happening.REOPENED:
            return replace(was, state=IncidentState.OPEN, resolved_at=None, rounds=was.rounds + 1)
        case Happening.RESOLVED:
            return replace(was, state=IncidentState.RESOLVED, resolved_at=event.at)
        case Happening.DISMISSED | Happening.CLOSED:
            return replace(was, state=IncidentState(event.kind.value), closed_at=event.at)
    return replace(described, state=_LEADS_TO.get(event.kind, was.state))


_LEADS_TO: Final = {
    Happening.SUGGESTED: IncidentState.SUGGESTED,
    Happening.OPENED: IncidentState.OPEN,
    Happening.CONFIRMED: IncidentState.OPEN,
    Happening.MONITORING: IncidentState.MONITORING,
}


def place_name(text: str | None) -> str:
    """A server's or a hosting's name as it is compared, however it was typed; "" for none."""
    return " ".join((text or "").casefold().split())


def server_key(server: str) -> str:
    """The cause of everything that is wrong on one server."""
    return f"server:{place_name(server)}"


def group_key(group: str) -> str:
    """The cause of a group of alerts."""
    return f"alerts:{hashlib.sha256(group.encode('utf-8', 'replace')).hexdigest()[:16]}"


def alert_key(*, server: str, group: str, servers: int, lately: int) -> str:
    """What an alert's incident is the incident of: its server, its group where that spans many, else the storm.

    `servers` is of how many servers the group's alerts are; `lately` how many incidents alerts have opened.
    """
    if lately >= MANY:
        return "storm"
    return server_key(server) if server and servers <= WIDE else group_key(group)
