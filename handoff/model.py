"""The desk's words: frozen values that the rules take and the transaction bodies return.

Instants are aware UTC datetimes. Identifiers are the database's integers; an attachment's is a random token.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from handoff.kinds import (
    Audience,
    Author,
    ChatKind,
    ChatPurpose,
    ClockKind,
    ClockState,
    Delivery,
    EventKind,
    Level,
    Mode,
    NoticeKind,
    Outcome,
    PersonKind,
    Role,
    TicketState,
    Tier,
)

JsonValue: TypeAlias = "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
Json: TypeAlias = Mapping[str, JsonValue]


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """A company we look after. `web_key` is the random token of its web chat's address.

    `success_id` and `technical_id` are our people who look after it. `site`, `cms` and `hosting` repeat its main site.
    """

    id: int
    slug: str
    name: str
    tier: Tier
    timezone: str
    language: str | None = None
    site: str | None = None
    cms: str | None = None
    hosting: str | None = None
    web_key: str
    success_id: int | None = None
    technical_id: int | None = None
    archived_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody who writes: a client's contact, one of ours, or a bot."""

    id: int
    kind: PersonKind
    name: str
    client_id: int | None = None
    role: Role | None = None
    login: str | None = None
    active: bool = True
    name_kept: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Chat:
    """A room on a platform, bound to one client or to none yet; nothing gets through to it since `lost_at`.

    A direct chat is with `person_id`. A chat for our own people has no client, but a language and a zone.
    """

    id: int
    platform: str
    external_id: str
    kind: ChatKind
    client_id: int | None = None
    mode: Mode = Mode.MENTION
    title: str | None = None
    lost_at: datetime | None = None
    purpose: ChatPurpose = ChatPurpose.CLIENT
    person_id: int | None = None
    language: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """One thread of a chat; the whole chat has the thread ""."""

    id: int
    chat_id: int
    thread: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """A numbered source of an answer; `chunk` is a content hash that means nothing here.

    `client` is the slug of the client that a page limited to named clients was shown to: its link is for them alone.
    """

    n: int
    page: str
    title: str
    heading: str
    anchor: str
    url: str | None = None
    chunk: str
    client: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file that came or goes with a message; its bytes (`size` of them) are the caller's."""

    id: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """Something the reader may press, such as "solved" or "human"."""

    id: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message of a conversation. `at` is the platform's instant, `stored_at` ours; `sent` its parts over there."""

    id: int
    conversation_id: int
    chat_id: int
    person_id: int | None = None
    author: Author
    audience: Audience
    name: str
    text: str
    citations: tuple[Citation, ...] = ()
    buttons: tuple[Button, ...] = ()
    video: str | None = None
    attachments: tuple[Attachment, ...] = ()
    external_id: str | None = None
    reply_to: int | None = None
    mentioned: bool = False
    at: datetime
    stored_at: datetime
    turn_id: int | None = None
    ticket_id: int | None = None
    delivery: Delivery | None = None
    sent: tuple[str, ...] = ()
    pressed: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What the bot made of one burst of a client's messages, with its reason; `ms` is milliseconds."""

    id: int
    conversation_id: int
    person_id: int | None
    message_ids: tuple[int, ...]
    outcome: Outcome
    reason: str
    level: Level
    category: str | None = None
    language: str
    question: str
    ticket_id: int | None = None
    reply_id: int | None = None
    index_version: str | None = None
    evidence: float | None = None
    citations: tuple[Citation, ...] = ()
    trace: Json = field(default_factory=dict)
    at: datetime
    ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """A matter handed to people. `since` is the message left unresolved: clocks start there.

    `urgent` orders tickets within a level (more is sooner); `policy` is the contract version its clocks follow;
    `merged_into` is the ticket that it lives on in; `asked_id` is who is asked to take it, while nobody has; `team`
    is the tier's own.
    """

    id: int
    number: str
    client_id: int | None
    conversation_id: int
    requester_id: int
    level: Level
    category: str | None = None
    title: str
    summary: str
    reason: str
    tier: Tier
    state: TicketState
    assignee_id: int | None = None
    since: datetime
    opened_at: datetime
    resolved_at: datetime | None = None
    snoozed_until: datetime | None = None
    urgent: int = 0
    policy: str
    merged_into: int | None = None
    asked_id: int | None = None
    team: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketEvent:
    """One thing that happened: `at` is when it counts from, `recorded_at` when it was written."""

    id: int
    ticket_id: int
    seq: int
    at: datetime
    recorded_at: datetime
    kind: EventKind
    actor_id: int | None = None
    data: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockView:
    """One clock at one instant. Seconds are open seconds of its calendar; `remaining_s` < 0 when late.

    `target` is for people ("4 h on G"). `elapsed_s` of a working-day target counts open seconds too.
    """

    kind: ClockKind
    state: ClockState
    started_at: datetime | None
    due_at: datetime | None
    stopped_at: datetime | None = None
    target: str
    elapsed_s: int
    remaining_s: int | None
    breached: bool
    breached_at: datetime | None = None
    held_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Something staff should know; `person_id` None means everybody (the leads, for a breach)."""

    id: int
    ticket_id: int
    person_id: int | None
    kind: NoticeKind
    text_key: str
    data: Json
    at: datetime
    read_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """What a client may be told honestly. `opens_at` None: a person is on duty now. `by` None: no target."""

    opens_at: datetime | None
    by: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerLine:
    """One line of the account of a deadline: what counted at `at`, as a text key and its values."""

    at: datetime
    kind: str
    clock: ClockKind | None
    data: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueRow:
    """A ticket as the queue shows it, with its most urgent clock."""

    ticket: Ticket
    client_name: str | None
    requester_name: str
    assignee_name: str | None
    next_clock: ClockView | None
    last_text: str
    last_at: datetime
    asked_name: str | None = None
