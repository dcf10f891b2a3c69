"""What the API answers, as its document describes it: ids are strings, instants UTC with Z."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from console.moments import iso
from handoff.kinds import Audience, Author, ChatKind, Delivery, EventKind, Level, Mode, Role, TicketState, Tier
from handoff.listing import Listed
from handoff.model import Chat, Client, Message, Person, TicketEvent
from handoff.rows import number_of
from handoff.webhook_log import TOLD
from knowledge.model import Page as ManualPage
from knowledge.model import Passage

Instant = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-16T02:00:00.000Z"]}),
]
Item = TypeVar("Item")
_STAFFS = {"to", "from", "over"}


class Shape(BaseModel):
    """Everything that is answered."""

    model_config = ConfigDict(frozen=True)


class Page(Shape, Generic[Item]):
    """One page of a list. `next` is the path of the next one, null on the last."""

    items: Sequence[Item]
    next: str | None = Field(default=None, examples=["/api/v1/tickets?cursor=YzE6MTI"])


class Problem(Shape):
    """RFC 9457. `errors` names the fields that are wrong; `current` is the ticket that a conflict is about."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["/api/v1/docs#not-found"])
    title: str = Field(examples=["There is no such thing"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no such ticket."])
    errors: list[dict[str, str]] | None = None
    current: dict[str, Any] | None = None


class Links(Shape):
    """Where the ticket is: in the API, and for people."""

    api: str
    desk: str


class TicketOut(Shape):
    """A matter handed to people. `version` is its ETag; `since` is when its clocks start."""

    id: str = Field(examples=["T-1001"])
    client: str | None
    state: TicketState
    level: Level
    tier: Tier
    category: str | None
    title: str
    summary: str
    reason: str
    requester: str
    assignee: str | None
    asked: str | None
    team: str | None
    since: Instant
    opened_at: Instant
    updated_at: Instant
    resolved_at: Instant | None
    snoozed_until: Instant | None
    next_due: Instant | None
    urgent: int
    merged_into: str | None
    version: int
    links: Links


class EventOut(Shape):
    """One thing that happened. `token` is the name of the API token that it was done through, if any."""

    id: str
    seq: int
    kind: EventKind
    at: Instant
    recorded_at: Instant
    actor: str | None
    token: str | None
    facts: dict[str, Any]


class WhyLine(Shape):
    """One line of the account of a deadline."""

    at: Instant
    when: str
    words: str


class ClockOut(Shape):
    """One run of a clock, and why it is due when it is. `state` says how it stands."""

    kind: str = Field(examples=["FR"])
    cycle: int
    title: str
    phase: str
    due_at: Instant | None
    verdict: str
    calendar: str
    why: list[WhyLine]


class FileOut(Shape):
    """A file that came or went with a message."""

    id: str
    name: str
    media_type: str
    size: int


class MessageOut(Shape):
    """One message. A token for one client sees what that client sees."""

    id: str
    conversation: str
    ticket: str | None
    author: Author
    person: str | None
    name: str
    audience: Audience
    text: str
    at: Instant
    delivery: Delivery | None
    files: list[FileOut]


class ClientOut(Shape):
    """A company we look after."""

    id: str
    slug: str
    name: str
    tier: Tier
    timezone: str
    language: str | None
    site: str | None
    success_manager: str | None
    technical_manager: str | None


class ContactOut(Shape):
    """Somebody of a client's."""

    id: str
    name: str


class ChatOut(Shape):
    """A room in which we talk with a client."""

    id: str
    platform: str
    kind: ChatKind
    title: str | None
    mode: Mode
    lost_at: Instant | None


class PersonOut(Shape):
    """Somebody of ours."""

    id: str
    name: str
    role: Role | None
    active: bool


class QueueOut(Shape):
    """A view of the queue, the most urgent first."""

    view: str
    items: list[TicketOut]


class PageOut(Shape):
    """A page of the manual."""

    id: str = Field(examples=["zh/wordpress/reset-password"])
    title: str
    language: str
    category: str
    audience: str
    url: str | None
    video: str | None


class WholePageOut(PageOut):
    """A page with its Markdown."""

    body: str


class PassageOut(Shape):
    """A section of a page that was found; `score` is from 0 to 1."""

    page: str
    title: str
    heading: str
    anchor: str
    text: str
    url: str | None
    score: float


class FoundOut(Shape):
    """What a search found. `enough`: it is likely to answer the question."""

    enough: bool
    evidence: float
    version: int
    items: list[PassageOut]


def ticket_out(listed: Listed, *, base: str) -> TicketOut:
    """A ticket; `base` begins its links."""
    ticket = listed.ticket
    return TicketOut(
        id=ticket.number,
        client=_id(ticket.client_id),
        state=ticket.state,
        level=ticket.level,
        tier=ticket.tier,
        category=ticket.category,
        title=ticket.title,
        summary=ticket.summary,
        reason=ticket.reason,
        requester=str(ticket.requester_id),
        assignee=_id(ticket.assignee_id),
        asked=_id(ticket.asked_id),
        team=ticket.team,
        since=ticket.since,
        opened_at=ticket.opened_at,
        updated_at=listed.updated_at,
        resolved_at=ticket.resolved_at,
        snoozed_until=ticket.snoozed_until,
        next_due=listed.next_due,
        urgent=ticket.urgent,
        merged_into=number_of(ticket.merged_into) if ticket.merged_into else None,
        version=listed.version,
        links=Links(api=f"{base}/api/v1/tickets/{ticket.number}", desk=f"{base}/desk/t/{ticket.number}"),
    )


def event_out(event: TicketEvent, *, inside: bool) -> EventOut:
    """An event; `inside`: with what colleagues said of it."""
    facts = {name: value for name, value in event.data.items() if name != "token" and (inside or name in TOLD)}
    facts |= {
        name: str(facts[name]) for name in {"to", "from", "over", "message", "ticket"} & facts.keys() if facts[name]
    }
    if event.kind is EventKind.MERGED:
        facts["into"] = facts.get("number")
    return EventOut(
        id=str(event.id),
        seq=event.seq,
        kind=event.kind,
        at=event.at,
        recorded_at=event.recorded_at,
        actor=_id(event.actor_id),
        token=str(event.data["token"]) if "token" in event.data else None,
        facts=facts,
    )


def message_out(message: Message) -> MessageOut:
    """A message."""
    return MessageOut(
        id=str(message.id),
        conversation=str(message.conversation_id),
        ticket=number_of(message.ticket_id) if message.ticket_id else None,
        author=message.author,
        person=_id(message.person_id),
        name=message.name,
        audience=message.audience,
        text=message.text,
        at=message.at,
        delivery=message.delivery,
        files=[FileOut(id=a.id, name=a.name, media_type=a.media_type, size=a.size) for a in message.attachments],
    )


def client_out(client: Client) -> ClientOut:
    """A client, without the key of its web chat."""
    return ClientOut(
        id=str(client.id),
        slug=client.slug,
        name=client.name,
        tier=client.tier,
        timezone=client.timezone,
        language=client.language,
        site=client.site,
        success_manager=_id(client.success_id),
        technical_manager=_id(client.technical_id),
    )


def chat_out(chat: Chat) -> ChatOut:
    """A chat."""
    return ChatOut(
        id=str(chat.id), platform=chat.platform, kind=chat.kind, title=chat.title, mode=chat.mode, lost_at=chat.lost_at
    )


def person_out(person: Person) -> PersonOut:
    """Somebody of ours."""
    return PersonOut(id=str(person.id), name=person.name, role=person.role, active=person.active)


def page_out(page: ManualPage) -> PageOut:
    """A page of the manual, without its text."""
    return PageOut(
        id=page.id,
        title=page.title,
        language=page.language,
        category=page.category,
        audience=str(page.audience),
        url=page.url,
        video=page.video,
    )


def passages_out(passages: Iterable[Passage]) -> list[PassageOut]:
    """What was found."""
    return [
        PassageOut(
            page=p.page,
            title=p.title,
            heading=p.heading,
            anchor=p.anchor,
            text=p.text,
            url=p.url,
            score=round(p.score, 4),
        )
        for p in passages
    ]


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)
