"""What comes in from a channel, and what a turn came to; no platform's name appears here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.answering import Draft
from bot.gate import Plan
from bot.triage import Reading
from handoff.kinds import ChatKind, Level, MessageKind, Mode, Outcome
from handoff.model import Attachment, Button, Chat, Client, Message, Person, Ticket, Turn
from knowledge.model import Passage
from success.intake.interview import Step
from success.intake.surroundings import Around


@dataclass(frozen=True, kw_only=True)
class Inbound:
    """A message as a channel understood it. `message` is the platform's identity of it; `at` the platform's instant.

    `pressed` is a button of ours that was pressed (on message `reply_to`); then `text` is its label. `more`: it is
    one of several that were sent together, whose others may still be on the way.
    """

    platform: str
    chat: str
    chat_kind: ChatKind = ChatKind.DIRECT
    mode: Mode = Mode.MENTION
    thread: str = ""
    person: str
    name: str
    message: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    addressed: bool = True
    reply_to: int | None = None
    pressed: str | None = None
    client_id: int | None = None
    more: bool = False
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Everything a turn is decided on, read in one snapshot. `pieces` are the waiting messages, oldest first.

    `open_tickets` are with people, newest first; `returned` was given back to the bot; `resolved` is the conversation's
    newest ticket, if it is done; `colleagues` are our people's names, read where the text @s somebody; `pictured` is
    what stands written in the pictures of the burst; `several` are the clients that the author of a direct chat speaks
    for, where there is more than one.
    """

    chat: Chat
    client: Client | None
    person: Person
    pieces: tuple[Message, ...]
    open_tickets: tuple[Ticket, ...]
    returned: Ticket | None = None
    resolved: Ticket | None = None
    turns: tuple[Turn, ...]
    history: tuple[Message, ...]
    staff_spoke_at: datetime | None
    names: Mapping[int, str]
    colleagues: tuple[str, ...] = ()
    pictured: str = ""
    several: tuple[Client, ...] = ()
    intake: Around | None = None

    @property
    def text(self) -> str:
        """The burst as one text."""
        return "\n".join(piece.text for piece in self.pieces if piece.text)

    @property
    def last_turn(self) -> Turn | None:
        """The turn before, if there was one."""
        return self.turns[0] if self.turns else None


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A ticket to open in the turn's transaction; `before` are the messages of a turn before on the same matter."""

    reason: str
    title: str
    summary: str
    since: datetime
    before: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Offer:
    """The needs questionnaire is offered, in this language, by the form of this key."""

    language: str
    form: str


@dataclass(frozen=True, kw_only=True)
class Stepped:
    """A step of the questionnaire; `asks` is the question that is asked next, "" for none."""

    interview: int
    step: Step
    asks: str


@dataclass(frozen=True, kw_only=True)
class Act:
    """What a turn will do, decided before its one transaction. At most one of `opening` and `joins` is set."""

    outcome: Outcome
    reason: str
    level: Level
    language: str
    question: str
    reading: Reading
    plan: Plan
    category: str | None = None
    draft: Draft | None = None
    say: str | None = None
    buttons: tuple[Button, ...] = ()
    opening: Opening | None = None
    joins: Ticket | None = None
    kind: MessageKind = MessageKind.CONTENT
    passages: tuple[Passage, ...] = ()
    pictures: tuple[Attachment, ...] = ()
    index_version: int | None = None
    evidence: float | None = None
    intake: Offer | Stepped | None = None
    trace: Mapping[str, Any] = field(default_factory=dict)
