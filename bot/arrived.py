"""What came in from a chat platform, whichever it is. Pure.

A message is known by an identity that is the same for everything that names it, an edit of it by that identity,
`EDITED`, and when it was edited.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from handoff.kinds import Audience, ChatKind
from handoff.model import Message

UNREADABLE: Final = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError, RecursionError)
"""What comes of reading what is not of the documented shape."""
EDITED: Final = ":"  # between a message's identity and the date of its edit
COMMANDS: Final = frozenset({"start", "help", "status", "human", "bind", "queue", "mine", "why"})
STAFF_COMMANDS: Final = frozenset({"queue", "mine", "why"})  # anybody else who writes them is not answered
FORWARDED: Final = "Fwd: "  # as the rules of triage read it
_STAFF_DATA: Final = re.compile(r"s:(\d{1,18}):([a-zA-Z0-9_:]{1,40})")
_TICKET_DATA: Final = re.compile(r"t:(\d{1,18})")
_FORM_DATA: Final = re.compile(r"f:(\d{1,18}):(\d{1,18})")
_DATA: Final = re.compile(r"b:(\d{1,18}):(\d{1,2})")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something was said: the platform, its id of the chat, and of the thread or topic in it, or ""."""

    platform: str
    chat: str
    kind: ChatKind
    title: str | None
    thread: str = ""


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who said it; `language` is what their program is set to, where it tells."""

    id: str
    name: str
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file that can be fetched; `size` in bytes, None if it is not told."""

    id: str
    name: str
    size: int | None


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message or an edit of one. `album` names the group of messages it is part of, `reply_to` what it answers.

    To stand in a thread is no answer: `reply_to` is only what its author chose to answer, `under` what the thread that
    it stands in hangs on.
    """

    place: Place
    author: Author
    message: str
    edited: bool
    text: str
    files: tuple[File, ...] = ()
    addressed: bool
    reply_to: str | None = None
    under: str | None = None
    album: str | None = None
    at: datetime

    @property
    def version(self) -> str:
        """The identity of this version of the message."""
        return (
            f"{self.message}{EDITED}{self.at.timestamp():.6f}".rstrip("0").rstrip(".") if self.edited else self.message
        )


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """A command to the bot, with what stands after it."""

    said: Said
    name: str
    argument: str


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """A button under our message `message`, the one at `button` from 0; `query` wants an answer."""

    place: Place
    author: Author
    query: str
    message: int
    button: int


@dataclass(frozen=True, kw_only=True)
class StaffPressed:
    """A button for our own people, by its id, under our message `message`; `query` wants an answer."""

    place: Place
    author: Author
    query: str
    message: int
    button: str


@dataclass(frozen=True, kw_only=True)
class TicketPressed:
    """A button of somebody's own page, to take the ticket `ticket`."""

    platform: str
    author: Author
    ticket: int


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """A form for our draft `message` was sent with this text; `holder` is who else had its ticket as it was shown."""

    platform: str
    author: Author
    message: int
    holder: int | None
    text: str


@dataclass(frozen=True, kw_only=True)
class Looked:
    """Somebody opened their own page."""

    platform: str
    author: Author


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The bot was let into a chat (or started again), or put out of it (or blocked), by `author`."""

    place: Place
    author: Author
    here: bool


@dataclass(frozen=True, kw_only=True)
class Moved:
    """The platform gave a chat another id."""

    platform: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Withdrawn:
    """Its author took a message back."""

    place: Place
    message: str


@dataclass(frozen=True)
class Ignored:
    """Nothing of ours; `query` is a press that wants an answer nevertheless."""

    why: str
    query: str | None = None


Came: TypeAlias = (
    Said | Ordered | Pressed | StaffPressed | TicketPressed | Submitted | Looked | Standing | Moved | Ignored
)


def press_data(message: int, button: int) -> str:
    """What a button carries: our message and the button's place under it; always under 64 bytes."""
    return f"b:{message}:{button}"


def button_data(message: Message, place: int) -> str:
    """What the button at `place` under a message carries; always under 64 bytes.

    Buttons for our own people change while they stand there: they carry what they do, not their place.
    """
    if message.audience is Audience.STAFF:
        return f"s:{message.id}:{message.buttons[place].id}"
    return press_data(message.id, place)


def ticket_data(ticket: int) -> str:
    """What a button of somebody's own page carries, to take a ticket."""
    return f"t:{ticket}"


def read_ticket_press(carried: str) -> int | None:
    """The ticket that `ticket_data` made this of; None of anything else."""
    found = _TICKET_DATA.fullmatch(carried)
    return int(found[1]) if found else None


def form_data(message: int, holder: int | None) -> str:
    """What a form carries: our draft, and who else has its ticket."""
    return f"f:{message}:{holder or 0}"


def read_form(carried: str) -> tuple[int, int | None] | None:
    """What `form_data` made this of; None of anything else."""
    found = _FORM_DATA.fullmatch(carried)
    return (int(found[1]), int(found[2]) or None) if found else None


def read_staff_press(carried: str) -> tuple[int, str] | None:
    """The message and the button's id, of a button for our own people; None of anything else."""
    found = _STAFF_DATA.fullmatch(carried)
    return (int(found[1]), found[2]) if found else None


def read_press(carried: str) -> tuple[int, int] | None:
    """The message and the button's place that `press_data` made this of; None of anything else."""
    found = _DATA.fullmatch(carried)
    return (int(found[1]), int(found[2])) if found else None
