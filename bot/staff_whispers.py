"""What is shown to one of our people alone: answers to commands, how to link. Transaction bodies."""

from datetime import datetime

from sqlalchemy import Connection

from bot import staff_commands
from bot.arrived import STAFF_COMMANDS, Ordered
from bot.staff_reception import ASK_AGAIN, Staff, how_to_link, is_colleague
from bot.staff_words import plain
from handoff import directory
from handoff.kinds import ChatPurpose
from handoff.model import Chat, Message
from store import rates


def answers(conn: Connection, ordered: Ordered, *, chat: Chat) -> bool:
    """Whether a command that its author alone sees is one for our own people: a colleague's, or in a staff chat."""
    if chat.purpose is ChatPurpose.STAFF:
        return True
    person = directory.find_person(conn, platform=chat.platform, external_id=ordered.said.author.id)
    return person is not None and is_colleague(person) and ordered.name in {"help", *STAFF_COMMANDS}


def whisper(conn: Connection, ordered: Ordered, *, chat: Chat, staff: Staff, now: datetime) -> str:
    """What to answer to a command that its author alone sees: as `order`, or how to link."""
    author, words = ordered.said.author, staff.words(chat)
    person = directory.find_person(conn, platform=chat.platform, external_id=author.id)
    if person is None or not is_colleague(person):
        return plain(how_to_link(words))
    return staff_commands.answer(
        conn,
        ordered.name,
        argument=ordered.argument,
        person_id=person.id,
        ticket_id=None,
        words=words,
        desk=staff.desk,
        now=now,
    )


def invitation(conn: Connection, message: Message, *, chat: Chat, staff: Staff, now: datetime) -> str:
    """What to show the author of a message in a staff chat who is not linked, once a month; "" for anybody else."""
    person = directory.person(conn, message.person_id) if message.person_id is not None else None
    if person is None or is_colleague(person):
        return ""
    asked = rates.take(conn, f"link:{person.id}", **ASK_AGAIN, now=now)  # type: ignore[arg-type]
    return how_to_link(staff.words(chat)) if asked is None else ""
