"""May the bot speak, and what is this turn about (conversation.md, *May it speak*). Pure.

What the mode of a chat means, once emergencies, people, tickets and small talk have had their say:

    mode      spoken to                                overheard
    mention   it answers                               a question or request of a client is drafted in silence
    auto      it answers                               a question is answered if that is sure, else nothing is said
    shadow    it drafts in silence; who asks for a     a question or request is drafted in silence
              person gets one
    community it answers what anybody may know, and    nothing
              opens no ticket
    off       nothing at all, an emergency included

A mention in `shadow` is a draft as well: who chose it wants to see what the bot would say, before any client does. What
was drafted or left unsaid is watched: see `waiting`. An unbound chat that nobody put in `shadow` is drafted nothing.

`decide` takes everything that is known before the manual is asked and returns one plan. `place` says, once the manual
gave too little, whether the matter joins a ticket that is open or becomes one of its own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from bot.followups import SAME_TALK
from bot.triage import Reading
from handoff.kinds import Level, MessageKind, Mode, Outcome, TicketState
from handoff.model import Ticket, Turn

HUMAN_QUIET = timedelta(minutes=15)  # after a colleague's message the bot keeps out of the conversation
REOPENS = timedelta(days=7)  # "still not working" within it opens a resolved ticket again
_SHORT = 12
#: How sure the evidence must be for an answer that nobody asked us for. Of the golden questions that are answered when
#: asked, 94 % are answered rightly; of the four in five that reach this, 98 % (the evidence was fitted on them).
SURE_UNASKED = 0.95
_IN_DOUBT = ("supposed", "partial")  # reports that the manual may settle; a button beside the answer wakes people

#: The modes in which who speaks to the bot hears it answer.
SPEAKS = (Mode.MENTION, Mode.AUTO, Mode.COMMUNITY)

EMERGENCY_YES: Final = "emergency_yes"  # the button

Greeting = Literal["greeting", "about_bot", "emergency", "which_client", "community"]
Called = Literal["colleague", "other"]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is known when a turn begins. `open_tickets` are this conversation's, newest first.

    `called_us`: in a group, by name. `bound`: the chat belongs to a client. `called`: whom the text @s, if not us.
    `in_talk`: we answered its author a moment ago. `which_client`: its author speaks for several clients, and has not
    said for which.
    """

    reading: Reading
    now: datetime
    addressed: bool
    called_us: bool = False
    mode: Mode = Mode.MENTION
    by_client: bool = True
    bound: bool = True
    called: Called | None = None
    in_talk: bool = False
    which_client: bool = False
    pressed: str | None = None
    attachments: int = 0
    open_tickets: tuple[Ticket, ...] = ()
    returned: bool = False
    resolved: Ticket | None = None
    staff_spoke_at: datetime | None = None
    last_turn: Turn | None = None


@dataclass(frozen=True)
class Stay:
    """Say nothing."""

    reason: str


@dataclass(frozen=True)
class Join:
    """The message belongs to an open ticket; a person handles it."""

    ticket: Ticket
    kind: MessageKind
    reason: str


@dataclass(frozen=True)
class Chase:
    """The client asks how far an open ticket is: one true status line."""

    ticket: Ticket


@dataclass(frozen=True)
class StandDown:
    """The emergency was none, or is over, says the client."""

    ticket: Ticket


@dataclass(frozen=True)
class HandOff:
    """A person must take this, whatever the manual says."""

    reason: str
    level: Level


@dataclass(frozen=True)
class Say:
    """A short answer of our own that needs no manual: a greeting, who we are, a question back."""

    what: Greeting


@dataclass(frozen=True)
class Look:
    """Ask the manual.

    `unasked`: nobody spoke to us, so that only a sure answer is given, and nothing else is done. `beside`: a colleague
    has this ticket, so that only another matter is ours.
    """

    confirm_emergency: bool = False
    unasked: bool = False
    beside: Ticket | None = None


@dataclass(frozen=True)
class Shadow:
    """Nobody asked us: do as `plan` says, but say nothing, so that people can judge what would have been said."""

    plan: "Say | HandOff | Look"


Plan = Stay | Join | Chase | StandDown | HandOff | Say | Look | Shadow


def decide(scene: Scene) -> Plan:
    """The plan of a turn: the first rule that applies, silence before speech, emergencies before silence."""
    if scene.mode is Mode.OFF or not scene.by_client:
        return Stay("off" if scene.mode is Mode.OFF else "not_a_client")
    if scene.mode is Mode.COMMUNITY:
        return _in_community(scene)
    if scene.which_client and not scene.reading.small_talk:
        return Say("which_client")
    for rule in (_pressed, _emergency, _person_here, _ticket_talk, _small_talk):
        if plan := rule(scene):
            return plan
    return _spoken_to(scene) if scene.addressed else _overheard(scene)


def _in_community(scene: Scene) -> Plan:
    """Nothing of one client's belongs here, a ticket neither: whoever needs one is shown where to ask."""
    if scene.pressed or not scene.addressed:
        return Stay(scene.pressed or "not_addressed")
    just_spoke = scene.staff_spoke_at is not None and abs(scene.now - scene.staff_spoke_at) < HUMAN_QUIET
    if just_spoke:
        return Stay("person_handles")
    plan: Plan = Say("community") if scene.reading.emergency else _small_talk(scene) or _answered(scene)
    return Say("community") if isinstance(plan, HandOff) else plan


def _spoken_to(scene: Scene) -> Plan:
    plan = _answered(scene)
    person = isinstance(plan, HandOff) and plan.reason == "asked_for_person"
    return plan if scene.mode is not Mode.SHADOW or person else Shadow(plan)


def _overheard(scene: Scene) -> Plan:
    """Nobody spoke to us. Who @s somebody else speaks to them; a colleague may answer as we would have."""
    if scene.mode is Mode.AUTO:
        return _volunteered(scene)
    drafted = scene.bound or scene.mode is Mode.SHADOW
    asks = scene.reading.asks and scene.called != "other"
    return Shadow(_answered(scene)) if drafted and asks else Stay("not_addressed")


def _volunteered(scene: Scene) -> Plan:
    reading, wish = scene.reading, _wishes(scene)
    if scene.in_talk and wish and (reading.not_solved or reading.wants_human):
        return wish  # what we said unasked did not help
    if wish or scene.called or reading.about_bot or not reading.asks:
        return Stay("not_addressed")
    return Look(confirm_emergency=reading.unconfirmed in _IN_DOUBT, unasked=True)


def wants_pictures(scene: Scene) -> bool:
    """Whether it matters what stands in the pictures that were sent: not where silence or a person is certain."""
    if not scene.attachments or scene.pressed:
        return False
    plan = decide(scene)
    return isinstance(plan, Look | Say | Shadow) or plan == HandOff("cannot_read", Level.QUESTION)


def is_awaited(scene: Scene) -> bool:
    """Whether whoever spoke waits for us to answer, aloud."""
    return scene.addressed and scene.mode in SPEAKS


def _answered(scene: Scene) -> Say | HandOff | Look:
    if scene.reading.about_bot:
        return Say("about_bot")
    return _wishes(scene) or Look(confirm_emergency=scene.reading.unconfirmed in _IN_DOUBT)


def _pressed(scene: Scene) -> Plan | None:
    last = scene.last_turn
    asked = last is not None and last.reason == "emergency" and last.outcome is Outcome.CLARIFY
    if scene.pressed == EMERGENCY_YES or (asked and not scene.pressed and scene.reading.assent):
        return _alarm(scene)  # pressed, or said in words
    if scene.pressed == "human":
        if scene.open_tickets:
            return Chase(scene.open_tickets[0])
        return HandOff("asked_for_person", _level_of_last(scene))
    return Stay(scene.pressed) if scene.pressed else None


def _emergency(scene: Scene) -> Plan | None:
    reading = scene.reading
    if reading.emergency:
        return _alarm(scene)
    if reading.stand_down and not reading.chaser and (running := _emergency_ticket(scene)):
        return StandDown(running)
    if reading.unconfirmed and reading.unconfirmed not in _IN_DOUBT and scene.addressed:
        return Say("emergency")
    return None


def _alarm(scene: Scene) -> Plan:
    """One emergency, one ticket: more reports, or a second press, join it."""
    running = _emergency_ticket(scene)
    return Join(running, MessageKind.CONTENT, "joined") if running else HandOff("emergency", Level.EMERGENCY)


def _person_here(scene: Scene) -> Plan | None:
    """A claimed ticket, or a colleague who spoke a moment ago: the bot steps aside."""
    held = next((t for t in scene.open_tickets if t.state in (TicketState.OPEN, TicketState.WAITING)), None)
    just_spoke = scene.staff_spoke_at is not None and abs(scene.now - scene.staff_spoke_at) < HUMAN_QUIET
    if held and scene.called_us and scene.reading.whole and not just_spoke and scene.mode in SPEAKS:
        wish = _wishes(scene)
        return None if wish else Look(confirm_emergency=scene.reading.unconfirmed in _IN_DOUBT, beside=held)
    if held:
        kind = scene.reading.kind(asked=held.state is TicketState.WAITING)
        if kind is MessageKind.CHASER and scene.addressed:
            return Chase(held)
        return Join(held, MessageKind.CONTENT if scene.attachments else kind, "person_handles")
    done_at = scene.resolved.resolved_at if scene.resolved else None
    recent = done_at is not None and scene.now - done_at < REOPENS
    if scene.resolved and recent and (just_spoke or scene.reading.not_solved) and not scene.open_tickets:
        return Join(scene.resolved, scene.reading.kind(asked=False), "person_handles")
    return Stay("person_handles") if just_spoke and not scene.returned else None


def _ticket_talk(scene: Scene) -> Plan | None:
    """Chasers, thanks and wishes for a person on a ticket that nobody has taken yet."""
    waiting = next((t for t in scene.open_tickets if t.state is TicketState.NEW), None)
    if not waiting:
        return None
    reading = scene.reading
    if reading.chaser or reading.wants_human or (reading.urgent and not reading.whole):
        return Chase(waiting)
    if reading.small_talk and not scene.attachments:
        return Stay("small_talk")
    return Join(waiting, MessageKind.CONTENT, "joined") if scene.attachments or reading.upset else None


def _small_talk(scene: Scene) -> Plan | None:
    reading = scene.reading
    hushed = scene.mode is Mode.SHADOW
    if scene.attachments and reading.empty:
        unread = HandOff("cannot_read", Level.QUESTION)
        return (Shadow(unread) if hushed else unread) if scene.addressed else Stay("not_addressed")
    if reading.chaser and _asks_how_long(scene):
        return None
    if reading.greeting or reading.chaser:
        return Say("greeting") if scene.addressed and not hushed else Stay("small_talk")
    return Stay("empty" if reading.empty else "small_talk") if reading.small_talk else None


_HOW_LONG = re.compile(r"多久|多长时间|几天|\bhow long\b")


def _asks_how_long(scene: Scene) -> bool:
    """Whether "how long?" is about what was just answered, there being no ticket that one could wait for."""
    last = scene.last_turn
    recent = last is not None and last.outcome is Outcome.ANSWERED and scene.now - last.at <= SAME_TALK
    return recent and not scene.open_tickets and bool(_HOW_LONG.search(scene.reading.text))


def _wishes(scene: Scene) -> HandOff | None:
    reading = scene.reading
    level = reading.level
    if reading.wants_human:
        return HandOff("asked_for_person", level)
    if reading.sensitive or reading.upset:
        return HandOff("sensitive" if reading.sensitive else "upset", level)
    answered = scene.last_turn is not None and scene.last_turn.outcome is Outcome.ANSWERED
    if reading.not_solved and (answered or scene.in_talk):
        return HandOff("not_solved", _level_of_last(scene))
    return None


def _emergency_ticket(scene: Scene) -> Ticket | None:
    return next((t for t in scene.open_tickets if t.level is Level.EMERGENCY), None)


def _level_of_last(scene: Scene) -> Level:
    levels = [scene.reading.level] + ([scene.last_turn.level] if scene.last_turn else [])
    return max(levels, key=lambda level: level.rank)


def is_beside(held: Ticket, *, category: str | None) -> bool:
    """Whether a question is another matter than the ticket that a colleague has; in doubt it is the same."""
    return None not in (category, held.category) and category != held.category


def is_sure(*, enough: bool, evidence: float) -> bool:
    """Whether the manual's evidence is good enough to speak without having been asked."""
    return enough and evidence >= SURE_UNASKED


def place(reading: Reading, *, category: str | None, open_tickets: Sequence[Ticket]) -> Ticket | None:
    """The open ticket that an unanswered message belongs to; None: the matter is a new one.

    A whole question of another category is a new matter, everything else joins: one matter, one ticket.
    """
    for ticket in open_tickets:
        if not reading.whole or category is None or ticket.category in (category, None):
            return ticket
    return None


def is_vague(reading: Reading) -> bool:
    """Too little to look up or to hand over: one short question back would settle it."""
    return reading.vague or (not reading.whole and len(reading.text) < _SHORT and reading.level is Level.QUESTION)
