"""Presses on what we said unasked: anybody of the client's may answer it. Transaction bodies."""

from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Connection

from bot.arrived import Author, Said
from handoff import directory
from handoff.kinds import PersonKind
from handoff.model import Chat, Message
from store.jobs import enqueue
from success import broadcasts, reminders
from success.broadcast_rules import says_stop

FRESH: Final = timedelta(days=30)
"""For so long after a broadcast "no more of this" is about broadcasts."""


def press(
    conn: Connection, said: Message, button: str, *, chat: Chat, author: Author, now: datetime
) -> Literal["taken", "again"] | None:
    """Take a press on a reminder or a broadcast; None where the message is neither.

    Who never wrote in the group may press as well; our own people do not answer for the client.
    """
    notice, broadcast = reminders.of_message(conn, said.id), broadcasts.of_message(conn, said.id)
    if notice is None and broadcast is None:
        return None
    person = directory.ensure_person(
        conn, platform=chat.platform, external_id=author.id, name=author.name, client_id=chat.client_id, now=now
    )
    if person.kind is not PersonKind.CLIENT:
        return "again"
    if notice is not None:
        return "again" if reminders.answer(conn, notice, button, person=person, now=now) is None else "taken"
    if button != broadcasts.STOP_BUTTON or not broadcasts.refuse(conn, chat.id, person=person, now=now):
        return "again"
    enqueue(conn, broadcasts.LEFT_LIST, {"message": said.id, "person": person.id}, now=now)
    return "taken"


def stops(conn: Connection, said: Said, *, text: str, now: datetime) -> bool:
    """Whether a client writes in a group that had a broadcast of late that they want no more."""
    if not says_stop(text) or said.edited:
        return False
    chat = directory.find_chat(conn, platform=said.place.platform, external_id=said.place.chat)
    last = broadcasts.last_in(conn, chat.id) if chat is not None else None
    person = directory.find_person(conn, platform=said.place.platform, external_id=said.author.id)
    theirs = person is None or person.kind is PersonKind.CLIENT
    return last is not None and now - last <= FRESH and theirs


def obey_stop(conn: Connection, message: Message, *, now: datetime) -> None:
    """Broadcasts go to that chat no more."""
    person = directory.person(conn, message.person_id) if message.person_id is not None else None
    broadcasts.refuse(conn, message.chat_id, person=person, now=now)
