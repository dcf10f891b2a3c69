"""What is said among our own people in chats. Transaction bodies.

`tell` is the one way of ours into such a chat. It refuses any chat that somebody else may read, as `messages.say`
is the one way to clients; what is said here is of the audience `staff`, which no client's page or chat ever shows.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from handoff import directory, messages, staff_chats
from handoff.errors import NotOurChat
from handoff.kinds import Audience, Author, Delivery, Level, PersonKind
from handoff.model import Attachment, Button, Citation, Conversation, Message, Person
from handoff.rows import add, clean, first, parts, to_message
from handoff.tables import message as table
from handoff.tables import ticket as tickets
from store.db import insert_into
from store.jobs import FIRST, enqueue


def tell(
    conn: Connection,
    *,
    conversation_id: int,
    text: str,
    author: Author = Author.SYSTEM,
    name: str,
    person_id: int | None = None,
    citations: Sequence[Citation] = (),
    buttons: Sequence[Button] = (),
    attachments: Sequence[Attachment] = (),
    ticket_id: int | None = None,
    reply_to: int | None = None,
    now: datetime,
) -> Message:
    """Say something to our own people, with its delivery job; `author` and `name` are whose words are passed on.

    Raises:
        NotOurChat: somebody else may read there.
    """
    conversation = directory.conversation(conn, conversation_id)
    if not staff_chats.is_ours(conn, directory.chat(conn, conversation.chat_id)):
        raise NotOurChat(conversation.chat_id)
    values = messages.blank(conversation, person_id=person_id, name=name, text=text, now=now)
    values |= {"author": author, "audience": Audience.STAFF, "delivery": Delivery.QUEUED}
    values |= {"citations": parts(citations), "buttons": parts(buttons), "attachments": parts(attachments)}
    said = to_message(add(conn, table, **values, ticket_id=ticket_id, reply_to=reply_to))
    lead = FIRST if ticket_id is not None and _is_emergency(conn, ticket_id) else None
    enqueue(conn, messages.DELIVER, {"message": said.id}, key=f"chat:{said.chat_id}", lead=lead, now=now)
    return said


def hear(
    conn: Connection,
    *,
    conversation: Conversation,
    person: Person,
    external_id: str,
    text: str,
    attachments: Sequence[Attachment] = (),
    reply_to: int | None = None,
    ticket_id: int | None = None,
    at: datetime,
    now: datetime,
) -> Message | None:
    """Store what somebody said in a staff chat, or pressed there; None if this (chat, external id) is stored already.

    Of somebody who is no colleague it is nobody's word: neither a client's nor ours.
    """
    author = Author.STAFF if person.kind is PersonKind.STAFF else Author.SYSTEM
    values = messages.blank(conversation, person_id=person.id, name=person.name, text=text, now=now)
    values |= {"author": author, "audience": Audience.STAFF, "external_id": clean(external_id), "at": at}
    values |= {"attachments": parts(attachments), "reply_to": reply_to, "ticket_id": ticket_id}
    statement = (
        insert_into(conn, table).values(values).on_conflict_do_nothing(index_elements=["chat_id", "external_id"])
    )
    row = conn.execute(statement.returning(*table.c)).mappings().first()
    return None if row is None else to_message(row)


def answers(conn: Connection, said: Message) -> tuple[Message, ...]:
    """What we answered to a message in its own thread of our people's chat, oldest first."""
    mine = [table.c.conversation_id == said.conversation_id, table.c.reply_to == said.id]
    mine += [table.c.audience == Audience.STAFF, table.c.delivery.is_not(None)]
    return tuple(to_message(row) for row in conn.execute(select(table).where(*mine).order_by(table.c.id)).mappings())


def told(conn: Connection, *, conversation_id: int, ticket_id: int, text: str) -> bool:
    """Whether these words about a ticket were said there already."""
    same = (table.c.conversation_id == conversation_id, table.c.ticket_id == ticket_id, table.c.text == clean(text))
    return conn.execute(select(table.c.id).where(*same).limit(1)).first() is not None


def _is_emergency(conn: Connection, ticket_id: int) -> bool:
    row = first(conn, tickets, tickets.c.id == ticket_id)
    return row is not None and row["level"] == Level.EMERGENCY
