"""What is said in conversations, and what the bot made of it. Transaction bodies.

`say` is the one way out to a client; it takes no audience, and `internal` never enqueues a delivery, so an
internal note cannot reach a client's chat. What is said in our own people's chats is `staff_talk`'s.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, or_, select, update

from handoff import cards, search_index, webhook_log
from handoff.kinds import Audience, Author, Delivery
from handoff.model import Attachment, Button, Citation, Conversation, Message, Person, Ticket
from handoff.rows import Row, add, clean, first, one, parts, to_message
from handoff.tables import conversation as conversations
from handoff.tables import message as messages
from handoff.tables import ticket as tickets
from handoff.tables import turn as turns
from store.db import insert_into
from store.jobs import enqueue, reschedule
from store.signals import signal

DELIVER: Final = "deliver"
VISIBLE: Final = {
    Audience.CLIENT: (Audience.CLIENT,),
    Audience.STAFF: (Audience.CLIENT, Audience.STAFF),
    Audience.INTERNAL: tuple(Audience),
}
Outward = Literal["bot", "system", "staff"]


def accept(
    conn: Connection,
    *,
    conversation: Conversation,
    person: Person,
    external_id: str,
    text: str,
    attachments: Sequence[Attachment] = (),
    mentioned: bool = False,
    reply_to: int | None = None,
    at: datetime,
    now: datetime,
    author: Literal["client", "staff", "bot", "system"] = "client",
) -> Message | None:
    """Store a message that came in; None if this (chat, external id) is stored already. Tells the chat."""
    values = blank(conversation, person_id=person.id, name=person.name, text=text, now=now)
    values |= {"author": Author(author), "audience": Audience.CLIENT, "external_id": clean(external_id)}
    values |= {"attachments": parts(attachments), "mentioned": mentioned, "reply_to": reply_to, "at": at}
    statement = insert_into(conn, messages).values(values)
    stored = conn.execute(
        statement.on_conflict_do_nothing(index_elements=["chat_id", "external_id"]).returning(*messages.c)
    )
    row = stored.mappings().first()
    if row is None:
        return None
    accepted = to_message(row)
    search_index.add_message(conn, accepted)
    signal(conn, "chat", str(conversation.chat_id))
    webhook_log.said(conn, accepted, now=now)
    return accepted


def unhandled(conn: Connection, *, conversation_id: int, person_id: int) -> tuple[Message, ...]:
    """A person's messages as a client that no turn has handled yet, oldest first."""
    return _select(
        conn,
        messages.c.conversation_id == conversation_id,
        messages.c.person_id == person_id,
        messages.c.turn_id.is_(None),
        messages.c.author == Author.CLIENT,
    )


def say(
    conn: Connection,
    *,
    conversation_id: int,
    text: str,
    author: Outward = "bot",
    person_id: int | None = None,
    name: str,
    citations: Sequence[Citation] = (),
    buttons: Sequence[Button] = (),
    video: str | None = None,
    attachments: Sequence[Attachment] = (),
    ticket_id: int | None = None,
    turn_id: int | None = None,
    reply_to: int | None = None,
    lead: timedelta | None = None,
    now: datetime,
) -> Message:
    """Say something to the client: stored as queued, with its delivery job, in the order of its chat.

    With a `lead` (`store.jobs`) it goes out before what waits for other chats.
    """
    conversation = _conversation(conn, conversation_id)
    values = blank(conversation, person_id=person_id, name=name, text=text, now=now)
    values |= {"author": Author(author), "audience": Audience.CLIENT, "delivery": Delivery.QUEUED}
    values |= {"citations": parts(citations), "buttons": parts(buttons), "attachments": parts(attachments)}
    values |= {"video": video, "ticket_id": ticket_id, "turn_id": turn_id, "reply_to": reply_to}
    said = to_message(add(conn, messages, **values))
    search_index.add_message(conn, said)
    if turn_id is not None and said.author is Author.BOT:
        _is_reply(conn, said.id, turn_id)
    enqueue(conn, DELIVER, {"message": said.id}, key=f"chat:{said.chat_id}", lead=lead, now=now)
    signal(conn, "chat", str(said.chat_id))
    webhook_log.said(conn, said, now=now)
    if ticket_id is not None:
        cards.wake(conn, ticket_id, lead=lead, now=now)
    return said


def amend(
    conn: Connection,
    message_id: int,
    *,
    text: str,
    buttons: Sequence[Button] = (),
    citations: Sequence[Citation] = (),
    video: str | None = None,
    now: datetime,
) -> Message:
    """Change what a message of ours says: in its chat too, in the chat's order. Its files stay. Raises NotFound."""
    values = {"text": clean(text), "buttons": parts(buttons), "citations": parts(citations), "video": video}
    conn.execute(update(messages).where(messages.c.id == message_id).values(values))
    amended = message(conn, message_id)
    search_index.add_message(conn, amended)
    _deliver_change(conn, amended, now=now)
    signal(conn, "chat", str(amended.chat_id))
    return amended


def begun(conn: Connection, conversation_id: int, message_ids: Collection[int]) -> Message | None:
    """The answer to one of these messages that was begun (`say` with `reply_to`) and belongs to no turn yet."""
    later = (messages.c.conversation_id == conversation_id, messages.c.id > min(message_ids))
    mine = (messages.c.reply_to.in_(message_ids), messages.c.author == Author.BOT, messages.c.turn_id.is_(None))
    row = first(conn, messages, *later, *mine, messages.c.audience == Audience.CLIENT)
    return None if row is None else to_message(row)


def complete(conn: Connection, message_id: int, *, turn_id: int, ticket_id: int | None) -> None:
    """Make an answer that was begun the reply of its turn."""
    conn.execute(update(messages).where(messages.c.id == message_id).values(turn_id=turn_id, ticket_id=ticket_id))
    _is_reply(conn, message_id, turn_id)


def internal(
    conn: Connection,
    *,
    conversation_id: int,
    text: str,
    author: Literal["staff", "system", "bot"] = "staff",
    person_id: int | None = None,
    name: str,
    attachments: Sequence[Attachment] = (),
    ticket_id: int | None = None,
    now: datetime,
) -> Message:
    """Store a note that only staff ever see; nothing is delivered and the client's chat is not told."""
    conversation = _conversation(conn, conversation_id)
    values = blank(conversation, person_id=person_id, name=name, text=text, now=now)
    values |= {"author": Author(author), "audience": Audience.INTERNAL, "ticket_id": ticket_id}
    noted = to_message(add(conn, messages, **values | {"attachments": parts(attachments)}))
    search_index.add_message(conn, noted)
    return noted


def message(conn: Connection, message_id: int) -> Message:
    """The message with this id; raises NotFound."""
    return to_message(one(conn, messages, message_id))


def find(conn: Connection, message_id: int) -> Message | None:
    """The message with this id, if there is one."""
    row = first(conn, messages, messages.c.id == message_id)
    return None if row is None else to_message(row)


def by_external(conn: Connection, *, chat_id: int, external_id: str) -> Message | None:
    """The message of a chat that the platform knows by this id."""
    row = first(conn, messages, messages.c.chat_id == chat_id, messages.c.external_id == clean(external_id))
    return None if row is None else to_message(row)


def latest_version(conn: Connection, *, chat_id: int, external_id: str, mark: str) -> Message | None:
    """The newest of a message and its edits, whose ids are its own, `mark`, and anything."""
    known = messages.c.external_id
    versions = or_(known == clean(external_id), known.startswith(clean(external_id) + mark, autoescape=True))
    query = select(messages).where(messages.c.chat_id == chat_id, versions).order_by(messages.c.id.desc()).limit(1)
    row = conn.execute(query).mappings().first()
    return None if row is None else to_message(row)


def transcript(
    conn: Connection, conversation_id: int, *, audience: Audience, after_id: int = 0, limit: int = 200
) -> tuple[Message, ...]:
    """What this audience may see of a conversation, oldest first: the next after `after_id`, else the newest."""
    return _visible(conn, messages.c.conversation_id == conversation_id, audience, after_id, limit)


def amended(
    conn: Connection, conversation_id: int, *, audience: Audience, up_to: int, limit: int = 20
) -> tuple[Message, ...]:
    """What was changed after it was said, among the messages up to one; the newest."""
    mine = (messages.c.conversation_id == conversation_id, messages.c.edits > 0, messages.c.id <= up_to)
    return _visible(conn, and_(*mine), audience, 0, limit)


def attachment(conn: Connection, conversation_id: int, token: str, *, audience: Audience) -> Attachment | None:
    """A file of a conversation that this audience may see."""
    return _file(conn, messages.c.conversation_id == conversation_id, token, audience)


def ticket_attachment(conn: Connection, ticket: Ticket, token: str) -> Attachment | None:
    """A file of what staff may see of a ticket."""
    return _file(conn, about(ticket), token, Audience.INTERNAL)


def after(conn: Connection, conversation_id: int, *, after_id: int, limit: int = 200) -> tuple[Message, ...]:
    """What the client sees of a conversation after a message, oldest first."""
    query = select(messages).where(
        messages.c.conversation_id == conversation_id,
        messages.c.audience == Audience.CLIENT,
        messages.c.id > after_id,
    )
    return tuple(to_message(row) for row in conn.execute(query.order_by(messages.c.id).limit(limit)).mappings())


def said_since(conn: Connection, conversation_id: int, author: Author, *, after_id: int) -> bool:
    """Whether somebody of this side has spoken to the client after a message."""
    mine = (messages.c.conversation_id == conversation_id, messages.c.author == author, messages.c.id > after_id)
    return first(conn, messages, *mine, messages.c.audience == Audience.CLIENT) is not None


def noted_since(conn: Connection, conversation_id: int, since: datetime) -> bool:
    """Whether somebody was told how a question of theirs stands (`say` as system, of no ticket), since then."""
    mine = (messages.c.conversation_id == conversation_id, messages.c.author == Author.SYSTEM, messages.c.at >= since)
    about_it = (messages.c.reply_to.is_not(None), messages.c.ticket_id.is_(None), messages.c.delivery.is_not(None))
    return first(conn, messages, *mine, *about_it) is not None


def about(ticket: Ticket) -> ColumnElement[bool]:
    """Its conversation, and what came with tickets merged into it. For staff alone: a direct chat's conversation may
    hold what the same person said for another client.
    """
    return or_(messages.c.conversation_id == ticket.conversation_id, messages.c.ticket_id == ticket.id)


def dossier(conn: Connection, ticket: Ticket, *, limit: int = 200) -> tuple[Message, ...]:
    """All that staff may see of a ticket."""
    return _visible(conn, and_(about(ticket), messages.c.audience != Audience.STAFF), Audience.INTERNAL, 0, limit)


def ticket_messages(
    conn: Connection, ticket_id: int, *, audience: Audience, after_id: int = 0, limit: int = 200
) -> tuple[Message, ...]:
    """The same of one ticket's own messages."""
    return _visible(conn, messages.c.ticket_id == ticket_id, audience, after_id, limit)


def mark_delivery(
    conn: Connection, message_id: int, state: Delivery, *, sent: Sequence[str] = (), now: datetime
) -> Message:
    """Say how far a message has come; `sent` are the platform's ids of its parts, the last of them its own.

    Raises NotFound.
    """
    values: dict[str, object] = {"delivery": Delivery(state)}
    if Delivery(state) is Delivery.SENT:
        values["delivered_at"] = now
    marked = message(conn, message_id)
    if sent:
        values["sent"] = [clean(each) for each in sent]
        if not _taken(conn, marked, clean(sent[-1])):
            values["external_id"] = clean(sent[-1])
    conn.execute(update(messages).where(messages.c.id == message_id).values(values))
    signal(conn, "chat", str(marked.chat_id))
    if Delivery(state) in {Delivery.SENT, Delivery.FAILED}:
        _tell_card(conn, marked, now=now)
    return message(conn, message_id)


def press(
    conn: Connection, message_id: int, button: str, *, person_id: int, asker: int | None = None, now: datetime
) -> bool:
    """Press a message's button. True only for the first press, by the one it was said to; raises NotFound.

    `asker` is whom it was said to, where neither its turn nor its ticket tells.
    """
    pressed = message(conn, message_id)
    if button not in {offered.id for offered in pressed.buttons} or person_id != (asker or _asker(conn, pressed)):
        return False
    unpressed = (messages.c.id == message_id, messages.c.pressed.is_(None))
    done = conn.execute(update(messages).where(*unpressed).values(pressed=button, pressed_at=now)).rowcount > 0
    if done:
        signal(conn, "chat", str(pressed.chat_id))
    return done


def join_ticket(conn: Connection, message_ids: Sequence[int], ticket_id: int) -> None:
    """Make messages part of a ticket; one that is part of another stays there."""
    mine = (messages.c.id.in_(message_ids), messages.c.ticket_id.is_(None))
    conn.execute(update(messages).where(*mine).values(ticket_id=ticket_id))


def _is_reply(conn: Connection, message_id: int, turn_id: int) -> None:
    unset = (turns.c.id == turn_id, turns.c.reply_id.is_(None))
    conn.execute(update(turns).where(*unset).values(reply_id=message_id))


def _conversation(conn: Connection, conversation_id: int) -> Conversation:
    row = one(conn, conversations, conversation_id)
    return Conversation(id=row["id"], chat_id=row["chat_id"], thread=row["thread"])


def blank(
    conversation: Conversation, *, person_id: int | None, name: str, text: str, now: datetime
) -> dict[str, object]:
    """The columns that every message has."""
    return {
        "conversation_id": conversation.id,
        "chat_id": conversation.chat_id,
        "person_id": person_id,
        "name": clean(name),
        "text": clean(text),
        "citations": [],
        "buttons": [],
        "attachments": [],
        "mentioned": False,
        "at": now,
        "stored_at": now,
    }


def _deliver_change(conn: Connection, amended: Message, *, now: datetime) -> None:
    """One waiting job brings whatever has changed by the time it runs."""
    edits = conn.execute(select(messages.c.edits).where(messages.c.id == amended.id)).scalar_one()
    if edits and reschedule(conn, DELIVER, dedup=f"edit:{amended.id}:{edits}", run_at=now, now=now):
        return
    conn.execute(update(messages).where(messages.c.id == amended.id).values(edits=edits + 1))
    dedup, key = f"edit:{amended.id}:{edits + 1}", f"chat:{amended.chat_id}"
    enqueue(conn, DELIVER, {"message": amended.id, "edit": True}, key=key, dedup=dedup, now=now)


def _tell_card(conn: Connection, marked: Message, *, now: datetime) -> None:
    """A card says whether what our people wrote has arrived; some threads begin with a card that has arrived."""
    answers = marked.audience is Audience.CLIENT and marked.author is Author.STAFF
    card = cards.of_message(conn, marked.id) if marked.audience is Audience.STAFF else None
    if marked.ticket_id is not None and (answers or (card is not None and card.thread is None)):
        cards.wake(conn, marked.ticket_id, now=now)


def _select(conn: Connection, *where: ColumnElement[bool]) -> tuple[Message, ...]:
    rows = conn.execute(select(messages).where(*where).order_by(messages.c.id)).mappings()
    return tuple(to_message(row) for row in rows)


def _file(conn: Connection, where: ColumnElement[bool], token: str, audience: Audience) -> Attachment | None:
    with_files = (where, messages.c.audience.in_(VISIBLE[audience]))
    rows = conn.execute(select(messages.c.attachments).where(*with_files, cast(messages.c.attachments, Text) != "[]"))
    found = (row for kept in rows.scalars() for row in kept if row["id"] == token)
    return next((Attachment(**row) for row in found), None)


def _visible(
    conn: Connection, where: ColumnElement[bool], audience: Audience, after_id: int, limit: int
) -> tuple[Message, ...]:
    query = select(messages).where(where, messages.c.audience.in_(VISIBLE[audience])).limit(limit)
    if after_id:
        query = query.where(messages.c.id > after_id).order_by(messages.c.id)
    else:
        query = query.order_by(messages.c.id.desc())
    found = [to_message(row) for row in conn.execute(query).mappings()]
    return tuple(sorted(found, key=lambda row: row.id))


def _taken(conn: Connection, marked: Message, platform_id: str) -> bool:
    """Whether another message of the chat has this platform id (the platform echoed it to us first)."""
    other = (messages.c.chat_id == marked.chat_id, messages.c.external_id == platform_id)
    return first(conn, messages, *other, messages.c.id != marked.id) is not None


def _asker(conn: Connection, said: Message) -> int | None:
    """Whom a message with buttons was said to: its turn's person, else its ticket's requester."""
    row: Row | None = None
    if said.turn_id is not None:
        row = first(conn, turns, turns.c.id == said.turn_id)
        return None if row is None else row["person_id"]
    if said.ticket_id is not None:
        row = first(conn, tickets, tickets.c.id == said.ticket_id)
    return None if row is None else row["requester_id"]
