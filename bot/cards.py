"""A ticket's card in a staff chat: what it says and which buttons it has. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.staff_words import SIGNS, StaffWords, plain
from console.views import Wording, event_words, reason_words
from handoff.kinds import ClockState, EventKind, Level, TicketState
from handoff.lifecycle import WITH_PEOPLE
from handoff.model import Button, ClockView, Person, Ticket, TicketEvent

LONGEST_NAME: Final = 100  # of a thread
_LONGEST_SUMMARY: Final = 600
_SHOWN_TITLE: Final = 60
_COLLEAGUES: Final = 10  # on the keyboard to assign by
MENUS: Final = frozenset({"assign", "snooze", "raise"})
SNOOZES: Final = ("1h", "4h", "morning")
_DONE: Final = {TicketState.RESOLVED: "✅", TicketState.MERGED: "➡️", TicketState.RETURNED: "🤖"}
TOLD: Final = frozenset(
    {
        EventKind.CLAIMED,
        EventKind.TRANSFERRED,
        EventKind.SNOOZED,
        EventKind.WAITED,
        EventKind.RESOLVED,
        EventKind.REOPENED,
        EventKind.RETURNED,
        EventKind.HANDED_OFF,
        EventKind.LEVEL_SET,
        EventKind.MERGED,
        EventKind.ABSORBED,
        EventKind.WARNED,
        EventKind.BREACHED,
        EventKind.UNACKNOWLEDGED,
        EventKind.SILENT,
        EventKind.FOLLOW_UP,
        EventKind.WOKEN,
        EventKind.RETRACTED,
    }
)
"""What a thread is told in a line; the rest is on the card, or stands in the thread as a message."""


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """Everything that a card shows. `colleagues` may be asked to take it, those with least to do first."""

    ticket: Ticket
    client: str | None
    assignee: str | None
    asked: str | None
    clocks: tuple[ClockView, ...]
    events: tuple[TicketEvent, ...]
    names: dict[int, str]
    similar: tuple[Ticket, ...] = ()
    colleagues: tuple[Person, ...] = ()
    link: str | None = None
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Face:
    """What a card shows."""

    text: str
    buttons: tuple[Button, ...]


def face(dossier: Dossier, words: StaffWords, *, menu: str | None = None) -> Face:
    """The card; `menu` names the second keyboard that stands open."""
    return Face(text="\n".join(_lines(dossier, words)), buttons=tuple(buttons(dossier, words, menu=menu)))


def buttons(dossier: Dossier, words: StaffWords, *, menu: str | None = None) -> Iterator[Button]:
    """What may be pressed, as the ticket stands."""
    if menu in MENUS and dossier.ticket.state in WITH_PEOPLE:
        yield from _menu(dossier, words, menu)
        return
    for name in offered(dossier.ticket):
        yield Button(id=name, label=words.say(f"staff.button.{name}"))


def offered(ticket: Ticket) -> Iterator[str]:
    """The verbs that the ticket's state allows."""
    if ticket.state in WITH_PEOPLE:
        if ticket.assignee_id is None:
            yield "claim"
        yield "assign"
        yield "snooze"
        if ticket.state is TicketState.OPEN:
            yield "wait"
        yield "resolve"
        if any(higher(ticket.level)):
            yield "raise"
        yield "return"
    elif ticket.state is TicketState.RETURNED:
        yield "claim"
    elif ticket.state is TicketState.RESOLVED:
        yield "reopen"


def higher(level: Level) -> tuple[Level, ...]:
    """The levels above this one, the next first."""
    return tuple(sorted((each for each in Level if each.rank > level.rank), key=lambda each: each.rank))


def thread_name(dossier: Dossier, words: StaffWords) -> str:
    """What a ticket's thread is called; a done one is seen to be done."""
    ticket = dossier.ticket
    client = dossier.client or words.say("staff.card.guest")
    name = words.say("staff.thread", sign=_sign(ticket), number=ticket.number, client=client, title=ticket.title)
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def is_done(ticket: Ticket) -> bool:
    """Whether the ticket's thread is closed."""
    return ticket.state in {TicketState.RESOLVED, TicketState.MERGED}


def news(dossier: Dossier, words: StaffWords, *, after: int) -> str:
    """What happened since the event `after`, a line for each; "" if there is nothing to tell."""
    wording = Wording(texts=words.desk, language=words.language, names=dossier.names)
    told = (event for event in dossier.events if event.seq > after and event.kind in TOLD)
    return "\n".join(_told(event, dossier, wording) for event in told)


def short(title: str) -> str:
    """A title for a list."""
    return title if len(title) <= _SHOWN_TITLE else title[: _SHOWN_TITLE - 1] + "…"


def _told(event: TicketEvent, dossier: Dossier, wording: Wording) -> str:
    line = plain(event_words(event, wording))
    pressing = event.kind in {EventKind.WARNED, EventKind.BREACHED, EventKind.UNACKNOWLEDGED, EventKind.FOLLOW_UP}
    whom = dossier.assignee or dossier.asked
    if not pressing:
        return f"· {line}"
    return f"⚠️ {line}" + (f" @{plain(whom)}" if whom else "")


def _lines(dossier: Dossier, words: StaffWords) -> Iterator[str]:
    ticket = dossier.ticket
    yield words.say("staff.card.head", sign=_sign(ticket), number=plain(ticket.number), title=plain(ticket.title))
    yield words.say(
        "staff.card.facts",
        client=plain(dossier.client or words.say("staff.card.guest")),
        tier=words.named(f"tier.{ticket.tier}"),
        level=words.named(f"level.{ticket.level}"),
        state=words.named(f"state.{ticket.state}"),
    )
    yield _holder(dossier, words)
    yield from _clocks(dossier, words)
    if ticket.snoozed_until is not None and ticket.snoozed_until > dossier.now:
        yield words.say("staff.card.snoozed", at=words.date(ticket.snoozed_until))
    yield words.say("staff.card.reason", reason=plain(reason_words(ticket.reason, words.desk, words.language)))
    if ticket.summary:
        yield ""
        yield plain(ticket.summary[:_LONGEST_SUMMARY])
    if dossier.similar:
        tickets = "、".join(plain(f"{each.number} {short(each.title)}") for each in dossier.similar)
        yield words.say("staff.card.similar", tickets=tickets)
    yield ""
    yield plain(words.guide("staff.card.how"))
    if dossier.link:
        yield dossier.link


def _holder(dossier: Dossier, words: StaffWords) -> str:
    if dossier.assignee:
        return words.say("staff.card.assignee", name=plain(dossier.assignee))
    if dossier.asked:
        return words.say("staff.card.asked", name=plain(dossier.asked))
    return words.say("staff.card.nobody")


def _clocks(dossier: Dossier, words: StaffWords) -> Iterator[str]:
    """Instants, not what is left: a card stays true while nobody changes it."""
    for clock in dossier.clocks:
        name = words.named(f"clock.{clock.kind}")
        if clock.state is ClockState.PAUSED:
            yield words.say("staff.card.paused", clock=name)
        elif clock.state is ClockState.RUNNING and clock.due_at is not None:
            key = "staff.card.late" if clock.breached_at is not None else "staff.card.due"
            yield words.say(key, clock=name, at=words.date(clock.due_at))


def _menu(dossier: Dossier, words: StaffWords, menu: str) -> Iterator[Button]:
    if menu == "assign":
        for person in dossier.colleagues[:_COLLEAGUES]:
            yield Button(id=f"assign:{person.id}", label=person.name)
    elif menu == "snooze":
        for name in SNOOZES:
            yield Button(id=f"snooze:{name}", label=words.say(f"staff.button.snooze.{name}"))
    else:
        for level in higher(dossier.ticket.level):
            yield Button(id=f"level:{level}", label=words.named(f"level.{level}"))
    yield Button(id="back", label=words.say("staff.button.back"))


def _sign(ticket: Ticket) -> str:
    return _DONE.get(ticket.state) or SIGNS[ticket.level]


def listed(tickets: Sequence[Ticket], *, but: int, most: int = 3) -> tuple[Ticket, ...]:
    """Of a client's tickets the newest that people have, but for this one."""
    return tuple(each for each in tickets if each.id != but and each.state in WITH_PEOPLE)[:most]
