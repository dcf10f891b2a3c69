"""Chats of our own people: those that all of them share, and the direct chats of each. Transaction bodies."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, literal_column, select, update

from handoff import directory
from handoff.cards import wake
from handoff.kinds import ChatKind, ChatPurpose, PersonKind
from handoff.model import Chat
from handoff.rows import to_chat
from handoff.tables import chat as chats
from handoff.tables import ticket as tickets
from handoff.tables import unsolved
from store.jobs import enqueue

GREET: Final = "greet"
LOST: Final = "chat_lost"
_STAFFS: Final = chats.c.purpose == literal_column(f"'{ChatPurpose.STAFF}'")


def make(conn: Connection, chat_id: int, *, language: str | None, timezone: str | None, now: datetime) -> None:
    """Let a chat be our people's: every ticket that people have gets its card there."""
    values = {"purpose": ChatPurpose.STAFF, "language": language, "timezone": timezone}
    conn.execute(update(chats).where(chats.c.id == chat_id).values(**values))
    greet(conn, chat_id, now=now)
    show_open(conn, now=now)


def show_open(conn: Connection, *, now: datetime) -> None:
    """Have every ticket that is not solved shown in the staff chats that lack its card."""
    for ticket_id in conn.execute(select(tickets.c.id).where(unsolved).order_by(tickets.c.id)).scalars().all():
        wake(conn, ticket_id, now=now)


def greet(conn: Connection, chat_id: int, *, now: datetime) -> None:
    """Have our people in a chat of theirs shown the commands."""
    enqueue(conn, GREET, {"chat": chat_id}, now=now)


def release(conn: Connection, chat_id: int) -> None:
    """Let a staff chat be nobody's again: nothing more is shown there."""
    conn.execute(update(chats).where(chats.c.id == chat_id, _STAFFS).values(purpose=ChatPurpose.CLIENT))


def every(conn: Connection) -> tuple[Chat, ...]:
    """The staff chats, oldest first; those that nothing gets through to as well."""
    return tuple(to_chat(row) for row in conn.execute(select(chats).where(_STAFFS).order_by(chats.c.id)).mappings())


def belongs(conn: Connection, chat_id: int, person_id: int) -> None:
    """A direct chat is with this person, as it was they who wrote there."""
    mine = (chats.c.id == chat_id, chats.c.kind == ChatKind.DIRECT, chats.c.person_id.is_distinct_from(person_id))
    conn.execute(update(chats).where(*mine).values(person_id=person_id))


def direct(conn: Connection, person_id: int, *, platform: str | None = None) -> tuple[Chat, ...]:
    """The direct chats with a person that we get through to, on all platforms or on one."""
    mine = [chats.c.person_id == person_id, chats.c.lost_at.is_(None)]
    if platform is not None:
        mine.append(chats.c.platform == platform)
    return tuple(to_chat(row) for row in conn.execute(select(chats).where(*mine).order_by(chats.c.id)).mappings())


def is_ours(conn: Connection, chat: Chat) -> bool:
    """Whether only our own people read a chat: it is a staff chat, or the direct chat of an active colleague."""
    if chat.purpose is ChatPurpose.STAFF:
        return True
    if chat.kind is not ChatKind.DIRECT or chat.person_id is None:
        return False
    person = directory.person(conn, chat.person_id)
    return person.kind is PersonKind.STAFF and person.active


def tell_lost(conn: Connection, chat_id: int, *, now: datetime) -> None:
    """Have staff told that nothing gets through to a chat any more, where there is a staff chat to tell it in."""
    if any(chat.lost_at is None and chat.id != chat_id for chat in every(conn)):
        enqueue(conn, LOST, {"chat": chat_id}, now=now)
