"""A press of a button under a message of ours, from wherever it comes: whose matter it is, what became of it.

Transaction bodies.
"""

from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from bot import care_presses, feedback_presses, intake, interview_ground, project_presses, training_presses
from bot.arrived import Author, Pressed
from bot.model import Inbound
from bot.reception import Room
from handoff import directory, messages
from handoff.model import Button, Chat, Message, Person

Became = Literal["taken", "again", "other", "gone", "answered", "not_resolved", "unauthorised"]


def press(conn: Connection, pressed: Pressed, *, room: Room, now: datetime) -> Became:
    """A press as a platform brings it; ``gone`` where there is no such message or button in that chat."""
    chat = directory.find_chat(conn, platform=pressed.place.platform, external_id=pressed.place.chat)
    said = messages.find(conn, pressed.message)
    if chat is None or said is None or said.chat_id != chat.id or pressed.button >= len(said.buttons):
        return "gone"
    return take(conn, said, said.buttons[pressed.button], chat=chat, author=pressed.author, room=room, now=now)


def take(
    conn: Connection, said: Message, button: Button, *, chat: Chat, author: Author, room: Room, now: datetime
) -> Became:
    """Take a press once, from the one it was said to.

    ``answered``: it was a question about themselves, which has changed by now; ``not_resolved``: it cannot be yet;
    ``unauthorised``: somebody else of the client's decides on it.
    """
    person = directory.find_person(conn, platform=chat.platform, external_id=author.id)
    who = person.id if person is not None else None
    unasked = training_presses.press(conn, said, button.id, person_id=who, texts=room.texts, now=now)
    if unasked is None:
        unasked = care_presses.press(conn, said, button.id, chat=chat, author=author, now=now)
    if unasked is not None:
        return unasked
    if project_presses.is_ours(conn, said):
        decider = person or _newcomer(conn, chat, author, now=now)
        texts = room.desk_texts
        became = project_presses.press(conn, said, button.id, person=decider, desk=room.desk, texts=texts, now=now)
        return became or "gone"
    if person is not None and (asks := feedback_presses.question_of(conn, said.id)) is not None:
        return feedback_presses.press(
            conn, asks, said, button.id, person_id=person.id, questions=room.questions, now=now
        )
    if interview_ground.asks(conn, said.id):
        person = person or _newcomer(conn, chat, author, now=now)
    asker = interview_ground.asker(conn, said.id, person)
    if person is None or not messages.press(conn, said.id, button.id, person_id=person.id, asker=asker, now=now):
        return "again" if messages.message(conn, said.id).pressed else "other"
    inbound = Inbound(
        platform=chat.platform,
        chat=chat.external_id,
        chat_kind=chat.kind,
        thread=directory.conversation(conn, said.conversation_id).thread,
        person=author.id,
        name=author.name,
        message=f"press:{said.id}:{button.id}",
        text=button.label,
        reply_to=said.id,
        pressed=button.id,
        at=now,
    )
    intake.accept(conn, inbound, at_once=True, now=now)
    return "taken"


def _newcomer(conn: Connection, chat: Chat, author: Author, *, now: datetime) -> Person:
    """Who never wrote in the chat and presses there."""
    return directory.ensure_person(
        conn, platform=chat.platform, external_id=author.id, name=author.name, client_id=chat.client_id, now=now
    )
