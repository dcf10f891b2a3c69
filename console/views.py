"""What a ticket page shows, from what the desk knows: the transcript with its events, in the reader's words. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from markupsafe import Markup

from console.pages import desk_page
from console.rendering import message_html, plain_html
from console.texts import Texts
from handoff.kinds import Author, EventKind
from handoff.model import Message, Notice, TicketEvent

TOGETHER: Final = timedelta(minutes=5)
_SEEN_AS_MESSAGES: Final = {EventKind.REPLIED, EventKind.NOTED, EventKind.CLIENT_WROTE}
_TOKEN: Final = "token"  # noqa: S105 - names the program that a colleague acted through
_SINCE: Final = {EventKind.OPENED, EventKind.HANDED_OFF}  # count from the message left unresolved, happened later


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a ticket's history: a message, or an event in words. ``day``: the first of its day."""

    at: datetime
    id: int
    message: Message | None = None
    html: Markup | None = None
    pressed: str | None = None
    follows: bool = False
    kind: str = ""
    words: str = ""
    day: bool = False


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The catalogue, the reader's language, and people's names by id."""

    texts: Texts
    language: str
    names: Mapping[int, str]

    def name(self, person_id: object) -> str:
        """A person's name; the system's where there is none."""
        known = self.names.get(person_id) if isinstance(person_id, int) else None
        return known or self.texts.say("event.somebody", self.language)

    def say(self, key: str, /, **values: object) -> str:
        """A sentence in the reader's language."""
        return self.texts.say(key, self.language, **values)


def timeline(
    messages: Iterable[Message], events: Iterable[TicketEvent], wording: Wording, *, zone: tzinfo
) -> tuple[Line, ...]:
    """Messages and events in the order in which they happened, parted by the days of `zone`."""
    lines = [_message_line(message) for message in messages]
    lines += [
        _event_line(event, wording) for event in events if event.kind not in _SEEN_AS_MESSAGES or _TOKEN in event.data
    ]
    ordered = sorted(lines, key=lambda line: (line.at, line.message is None, line.id))
    return tuple(_joined(ordered, zone))


def event_words(event: TicketEvent, wording: Wording) -> str:  # noqa: PLR0911 - one return for each kind
    """What happened, as a sentence."""
    data, actor = event.data, wording.name(event.actor_id)
    match event.kind:
        case _ if _is_routing(event):
            return _routing_words(event, wording)
        case EventKind.TRANSFERRED:
            return wording.say("event.transferred", actor=actor, to=wording.name(data.get("to")))
        case EventKind.LEVEL_SET:
            return wording.say("event.level_set", actor=actor, level=wording.say(f"level.{data['level']}"))
        case EventKind.TIER_SET:
            return wording.say("event.tier_set", actor=actor, tier=wording.say(f"tier.{data['tier']}"))
        case EventKind.MERGED | EventKind.ABSORBED:
            return wording.say(f"event.{event.kind}", actor=actor, number=data.get("number", ""))
        case EventKind.WARNED:
            clock = wording.say(f"clock.{data['clock']}")
            return wording.say("event.warned", clock=clock, percent=data["percent"])
        case EventKind.BREACHED:
            return wording.say("event.breached", clock=wording.say(f"clock.{data['clock']}"))
        case EventKind.RESOLVED if data.get("why") == "quiet":
            return wording.say("event.quiet")
    return _plain_words(event.kind, actor, wording)


def notice_words(notice: Notice, number: str, texts: Texts, language: str) -> str:
    """A notice as a sentence."""
    return texts.say(f"notice.{notice.kind}", language, number=number)


def reason_words(reason: str, texts: Texts, language: str) -> str:
    """Why a ticket was handed over; a reason the catalogue does not know is shown as it is."""
    key = f"reason.{reason}"
    return texts.say(key, language) if texts.has(key) else reason


def people_in(events: Sequence[TicketEvent]) -> frozenset[int]:
    """Everybody whose name the events need."""
    found = {event.data.get(role) for event in events for role in ("to", "from", "over")}
    found |= {event.actor_id for event in events}
    return frozenset(who for who in found if isinstance(who, int))


_NAMELESS: Final = {
    EventKind.OPENED, EventKind.HANDED_OFF, EventKind.POLICY_SET, EventKind.UNACKNOWLEDGED,
    EventKind.FOLLOW_UP, EventKind.REMINDED, EventKind.WOKEN,
}  # fmt: skip


def _plain_words(kind: EventKind, actor: str, wording: Wording) -> str:
    return wording.say(f"event.{kind}") if kind in _NAMELESS else wording.say(f"event.{kind}", actor=actor)


def _is_routing(event: TicketEvent) -> bool:
    """Whether the desk was looking for somebody."""
    by_silence = event.kind is EventKind.TRANSFERRED and event.data.get("reason") == "silent"
    return by_silence or event.kind in {EventKind.ROUTED, EventKind.SILENT} or "step" in event.data


def _routing_words(event: TicketEvent, wording: Wording) -> str:
    data, who = event.data, {role: wording.name(event.data.get(role)) for role in ("to", "from", "over")}
    match event.kind:
        case EventKind.TRANSFERRED:
            return wording.say("event.passed_on", silent=who["from"], to=who["to"])
        case EventKind.SILENT:
            return wording.say("event.silent", silent=who["from"])
        case EventKind.ROUTED if data.get("to") is None:
            return wording.say("event.nobody" if data.get("nobody") else "event.untaken")
        case EventKind.ROUTED if data.get("cause") == "passed":
            return wording.say("event.passed_over", over=who["over"], to=who["to"])
        case EventKind.ROUTED:
            return wording.say("event.routed", to=who["to"])
    return wording.say(f"event.paged.{data['step']}")


def _message_line(message: Message) -> Line:
    pressed = next((button.label for button in message.buttons if button.id == message.pressed), None)
    return Line(at=message.at, id=message.id, message=message, html=_message_html(message), pressed=pressed)


def _message_html(message: Message) -> Markup:
    if message.author is Author.BOT:
        return Markup(message_html(message.text, citations=message.citations, href=desk_page))  # noqa: S704 - safe by construction
    return Markup(plain_html(message.text))  # noqa: S704 - escaped


def _event_line(event: TicketEvent, wording: Wording) -> Line:
    at = event.recorded_at if event.kind in _SINCE else event.at
    words = event_words(event, wording)
    if _TOKEN in event.data:
        words = wording.say("event.through", what=words, token=event.data[_TOKEN])
    return Line(at=at, id=event.id, kind=str(event.kind), words=words)


def _joined(lines: Sequence[Line], zone: tzinfo) -> Iterator[Line]:
    """Mark the first line of each day, and messages that go on where the same person just spoke."""
    before: Line | None = None
    for line in lines:
        new_day = before is None or _day(line, zone) != _day(before, zone)
        yield replace(line, day=new_day, follows=not new_day and _goes_on(before, line))
        before = line


def _goes_on(before: Line | None, line: Line) -> bool:
    if before is None or before.message is None or line.message is None:
        return False
    first, then = before.message, line.message
    same = (first.author, first.name, first.audience) == (then.author, then.name, then.audience)
    return same and then.at - first.at < TOGETHER


def _day(line: Line, zone: tzinfo) -> date:
    return line.at.astimezone(zone).date()
