"""Between rows and values: reading our tables' rows, and text made fit to be stored."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table, bindparam, insert, select

from handoff.errors import NotFound
from handoff.kinds import (
    Audience,
    Author,
    ChatKind,
    ChatPurpose,
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
from handoff.model import (
    Attachment,
    Button,
    Chat,
    Citation,
    Client,
    Conversation,
    Message,
    Notice,
    Person,
    Ticket,
    TicketEvent,
    Turn,
)

Row: TypeAlias = RowMapping
Part = TypeVar("Part", Attachment, Button, Citation)
FIRST_NUMBER: Final = 1000
_NUMBER: Final = re.compile(r"[Tt]?-?([0-9]{1,18})")


def clean(text: str) -> str:
    """Text that both databases take: no NUL, lone surrogates replaced."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def number_of(ticket_id: int) -> str:
    """A ticket's number: T-1001 for the first."""
    return f"T-{FIRST_NUMBER + ticket_id}"


def id_of(number: str) -> int | None:
    """The id behind a number such as "T-1001" or "t1001"; None if it is none."""
    found = _NUMBER.fullmatch(number.strip())
    return int(found[1]) - FIRST_NUMBER if found else None


def one(conn: Connection, table: Table, key: int) -> Row:
    """The row with this id; raises NotFound."""
    row = conn.execute(_by_id(table), {"key": key}).mappings().first()
    if row is None:
        raise NotFound(table.name, key)
    return row


@cache  # putting a statement together costs more than running it
def _by_id(table: Table) -> Select[*tuple[Any, ...]]:
    return select(table).where(table.c.id == bindparam("key"))


def first(conn: Connection, table: Table, *where: ColumnElement[bool]) -> Row | None:
    """The first row for which all of `where` holds."""
    return conn.execute(select(table).where(*where).limit(1)).mappings().first()


def add(conn: Connection, table: Table, **values: object) -> Row:
    """Insert one row and return it whole."""
    return conn.execute(insert(table).values(**values).returning(*table.c)).mappings().one()


def parts(values: Sequence[Part]) -> list[dict[str, object]]:
    """Small values as JSON."""
    return [asdict(value) for value in values]


def to_client(row: Row) -> Client:
    """A row of `client`."""
    return Client(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        tier=Tier(row["tier"]),
        timezone=row["timezone"],
        language=row["language"],
        site=row["site"],
        cms=row["cms"],
        hosting=row["hosting"],
        web_key=row["web_key"],
        success_id=row["success_id"],
        technical_id=row["technical_id"],
        archived_at=row["archived_at"],
    )


def to_person(row: Row) -> Person:
    """A row of `person`."""
    return Person(
        id=row["id"],
        kind=PersonKind(row["kind"]),
        name=row["name"],
        client_id=row["client_id"],
        role=Role(row["role"]) if row["role"] else None,
        login=row["login"],
        active=row["active"],
        name_kept=row["name_kept"],
    )


def to_chat(row: Row) -> Chat:
    """A row of `chat`."""
    return Chat(
        id=row["id"],
        platform=row["platform"],
        external_id=row["external_id"],
        kind=ChatKind(row["kind"]),
        client_id=row["client_id"],
        mode=Mode(row["mode"]),
        title=row["title"],
        lost_at=row["lost_at"],
        purpose=ChatPurpose(row["purpose"]),
        person_id=row["person_id"],
        language=row["language"],
        timezone=row["timezone"],
    )


def to_conversation(row: Row) -> Conversation:
    """A row of `conversation`."""
    return Conversation(id=row["id"], chat_id=row["chat_id"], thread=row["thread"])


def to_message(row: Row) -> Message:
    """A row of `message`."""
    return Message(
        id=row["id"],
        conversation_id=row["conversation_id"],
        chat_id=row["chat_id"],
        person_id=row["person_id"],
        author=Author(row["author"]),
        audience=Audience(row["audience"]),
        name=row["name"],
        text=row["text"],
        citations=tuple(Citation(**part) for part in row["citations"]),
        buttons=tuple(Button(**part) for part in row["buttons"]),
        video=row["video"],
        attachments=tuple(Attachment(**part) for part in row["attachments"]),
        external_id=row["external_id"],
        reply_to=row["reply_to"],
        mentioned=row["mentioned"],
        at=row["at"],
        stored_at=row["stored_at"],
        turn_id=row["turn_id"],
        ticket_id=row["ticket_id"],
        delivery=Delivery(row["delivery"]) if row["delivery"] else None,
        sent=tuple(row["sent"] or ()),
        pressed=row["pressed"],
    )


def to_turn(row: Row) -> Turn:
    """A row of `turn`."""
    return Turn(
        id=row["id"],
        conversation_id=row["conversation_id"],
        person_id=row["person_id"],
        message_ids=tuple(row["message_ids"]),
        outcome=Outcome(row["outcome"]),
        reason=row["reason"],
        level=Level(row["level"]),
        category=row["category"],
        language=row["language"],
        question=row["question"],
        ticket_id=row["ticket_id"],
        reply_id=row["reply_id"],
        index_version=row["index_version"],
        evidence=row["evidence"],
        citations=tuple(Citation(**part) for part in row["citations"]),
        trace=row["trace"],
        at=row["at"],
        ms=row["ms"],
    )


def to_ticket(row: Row) -> Ticket:
    """A row of `ticket`."""
    return Ticket(
        id=row["id"],
        number=number_of(row["id"]),
        client_id=row["client_id"],
        conversation_id=row["conversation_id"],
        requester_id=row["requester_id"],
        level=Level(row["level"]),
        category=row["category"],
        title=row["title"],
        summary=row["summary"],
        reason=row["reason"],
        tier=Tier(row["tier"]),
        state=TicketState(row["state"]),
        assignee_id=row["assignee_id"],
        since=row["since"],
        opened_at=row["opened_at"],
        resolved_at=row["resolved_at"],
        snoozed_until=row["snoozed_until"],
        urgent=row["urgent"],
        policy=row["policy"],
        merged_into=row["merged_into"],
        asked_id=row["asked_id"],
        team=row["team"],
    )


def to_event(row: Row) -> TicketEvent:
    """A row of `ticket_event`."""
    return TicketEvent(
        id=row["id"],
        ticket_id=row["ticket_id"],
        seq=row["seq"],
        at=row["at"],
        recorded_at=row["recorded_at"],
        kind=EventKind(row["kind"]),
        actor_id=row["actor_id"],
        data=row["data"],
    )


def to_notice(row: Row) -> Notice:
    """A row of `notice`."""
    return Notice(
        id=row["id"],
        ticket_id=row["ticket_id"],
        person_id=row["person_id"],
        kind=NoticeKind(row["kind"]),
        text_key=row["text_key"],
        data=row["data"],
        at=row["at"],
        read_at=row["read_at"],
    )
