"""Where a ticket stands: a fold over its events, in the order in which they were recorded."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from handoff.errors import NotAllowed, NotReplied
from handoff.kinds import EventKind, Level, MessageKind, TicketState, Tier
from handoff.model import TicketEvent

WITH_PEOPLE = (TicketState.NEW, TicketState.OPEN, TicketState.WAITING)
UNSOLVED = (*WITH_PEOPLE, TicketState.RETURNED)
CLOSED = frozenset({TicketState.RESOLVED, TicketState.MERGED})


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the events say now. `replied`: a person of ours has answered the client in public.

    `asked_id` is asked to take it since `asked_at`, after those `tried`; while nobody is, somebody may be `again_at`.
    """

    state: TicketState = TicketState.NEW
    level: Level = Level.QUESTION
    tier: Tier = Tier.STANDARD
    policy: str = ""
    since: datetime | None = None
    opened_at: datetime | None = None
    assignee_id: int | None = None
    resolved_at: datetime | None = None
    waiting_since: datetime | None = None
    snoozed_until: datetime | None = None
    urgent: int = 0
    merged_into: int | None = None
    replied: bool = False
    acknowledged: bool = False
    routed: bool = False
    team: str | None = None
    asked_id: int | None = None
    asked_at: datetime | None = None
    again_at: datetime | None = None
    tried: frozenset[int] = frozenset()

    @property
    def worked_on(self) -> TicketState:
        """The state of a ticket that people have: OPEN with an assignee, else NEW."""
        return TicketState.NEW if self.assignee_id is None else TicketState.OPEN


def ordered(events: Iterable[TicketEvent]) -> list[TicketEvent]:
    """Events in the order of their recording, each once."""
    return sorted({event.seq: event for event in events}.values(), key=lambda event: event.seq)


def standing(events: Iterable[TicketEvent]) -> Standing:
    """Fold a ticket's events."""
    now = Standing()
    for event in ordered(events):
        now = after(now, event)
    return now


def after(was: Standing, event: TicketEvent) -> Standing:  # noqa: C901, PLR0911 - one return for each row
    """Where the ticket stands once this event has happened."""
    data = event.data
    match event.kind:
        case EventKind.OPENED:
            return replace(
                was,
                level=Level(str(data["level"])),
                tier=Tier(str(data["tier"])),
                policy=str(data["policy"]),
                since=event.at,
                opened_at=event.recorded_at,
            )
        case EventKind.CLAIMED:
            return _handed_to(was, event.actor_id)
        case EventKind.TRANSFERRED:
            return _handed_to(was, _whole(data.get("to")))
        case EventKind.REPLIED:
            return replace(was, replied=True, acknowledged=True, snoozed_until=None)
        case EventKind.WAITED if data.get("on") == "client":
            return replace(was, state=TicketState.WAITING, waiting_since=event.at)
        case EventKind.CLIENT_WROTE:
            return _heard(was, MessageKind(str(data["meaning"])))
        case EventKind.RESOLVED:
            ended = replace(_unasked(was), state=TicketState.RESOLVED, resolved_at=event.at)
            return replace(ended, waiting_since=None, snoozed_until=None)
        case EventKind.REOPENED | EventKind.HANDED_OFF:
            return replace(_unasked(was), state=was.worked_on, resolved_at=None, waiting_since=None)
        case EventKind.RETURNED:
            back = replace(_unasked(was), state=TicketState.RETURNED, assignee_id=None)
            return replace(back, waiting_since=None, snoozed_until=None)
        case EventKind.MERGED:
            gone = replace(_unasked(was), state=TicketState.MERGED, merged_into=_whole(data.get("into")))
            return replace(gone, waiting_since=None, snoozed_until=None)
        case EventKind.ROUTED:
            return _routed(was, event)
        case EventKind.CONFIRMED if was.state is TicketState.WAITING:
            return replace(was, state=was.worked_on, waiting_since=None)
    return _retold(was, event)


def require(was: Standing, verb: str, *states: TicketState) -> None:
    """Raise NotAllowed unless the ticket is in one of these states."""
    if was.state not in states:
        raise NotAllowed(verb, was.state)


def require_reply(was: Standing, ticket_id: int) -> None:
    """Raise NotReplied unless a person of ours has answered the client."""
    if not was.replied:
        raise NotReplied(ticket_id)


def reopens(was: Standing, meaning: MessageKind, *, now: datetime, within: timedelta) -> bool:
    """Whether a client's message re-opens a resolved ticket: content or a chaser, soon enough."""
    telling = meaning in {MessageKind.CONTENT, MessageKind.CHASER}
    return was.resolved_at is not None and telling and now - was.resolved_at <= within


def worth_telling(was: Standing, meaning: MessageKind) -> bool:
    """Whether staff are told of a client's message: the assignee is; everybody else only if it chases."""
    if meaning is MessageKind.THANKS or was.state not in WITH_PEOPLE:
        return False
    return was.assignee_id is not None or meaning is MessageKind.CHASER


def _retold(was: Standing, event: TicketEvent) -> Standing:  # noqa: PLR0911 - one return for each row
    """The events that change one fact and no state."""
    data = event.data
    match event.kind:
        case EventKind.LEVEL_SET:
            return replace(was, level=Level(str(data["level"])))
        case EventKind.TIER_SET:
            return replace(was, tier=Tier(str(data["tier"])))
        case EventKind.POLICY_SET:
            return replace(was, policy=str(data["policy"]))
        case EventKind.RAISED:
            return replace(was, urgent=was.urgent + 1)
        case EventKind.SNOOZED:
            return replace(was, snoozed_until=datetime.fromisoformat(str(data["until"])))
        case EventKind.WOKEN:
            return replace(was, snoozed_until=None)
    return was


def _handed_to(was: Standing, person_id: int | None) -> Standing:
    """Somebody has it now. A waiting ticket goes on waiting, a returned one is back with people."""
    state = TicketState.OPEN if was.state in {TicketState.NEW, TicketState.RETURNED} else was.state
    return replace(_unasked(was), assignee_id=person_id, state=state, acknowledged=True)


def _routed(was: Standing, event: TicketEvent) -> Standing:
    """Somebody is asked, or nobody could be: the ticket is unclaimed, no clock and no acknowledgement changes.

    A round of asking begins with the ticket, and anew when somebody comes on duty.
    """
    to, again = _whole(event.data.get("to")), event.data.get("again")
    tried = frozenset() if event.data.get("cause") == "duty" else was.tried
    return replace(
        was,
        routed=True,
        state=TicketState.NEW if was.state is TicketState.OPEN else was.state,
        assignee_id=None,
        team=None if event.data.get("team") is None else str(event.data["team"]),
        asked_id=to,
        asked_at=event.recorded_at,
        again_at=None if again is None else datetime.fromisoformat(str(again)),
        tried=tried if to is None else tried | {to},
    )


def _unasked(was: Standing) -> Standing:
    """Nobody is asked any more, and who was is forgotten."""
    return replace(was, asked_id=None, asked_at=None, again_at=None, tried=frozenset())


def _heard(was: Standing, meaning: MessageKind) -> Standing:
    """The client wrote: thanks change nothing, all else ends a wait and wakes a snoozed ticket."""
    if meaning is MessageKind.THANKS or was.state in CLOSED or was.state is TicketState.RETURNED:
        return was
    return replace(was, state=was.worked_on, waiting_since=None, snoozed_until=None)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
