"""What becomes of a chat on its platform: its title, that it moved, that it was lost. Transaction bodies."""

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from handoff import directory, staff_chats
from handoff.chat_tables import chat_mode as changes
from handoff.chat_tables import draft_score as scores
from handoff.kinds import ChatPurpose
from handoff.model import Chat
from handoff.rows import clean
from handoff.tables import chat as chats
from handoff.tables import conversation as conversations
from handoff.tables import message as messages
from handoff.tables import ticket as tickets
from handoff.tables import turn as turns
from store.signals import signal


def entitle(conn: Connection, chat_id: int, title: str) -> None:
    """Keep a chat's title up, as the platform shows it."""
    name = " ".join(clean(title).split())[:120]
    changed = (chats.c.id == chat_id, chats.c.title.is_distinct_from(name))
    conn.execute(update(chats).where(*changed).values(title=name))


def lose(conn: Connection, chat_id: int, *, now: datetime) -> None:
    """Nothing of ours gets through any more: we were blocked or put out, or the chat is gone. Staff are told, once."""
    lost = update(chats).where(chats.c.id == chat_id, chats.c.lost_at.is_(None)).values(lost_at=now)
    if conn.execute(lost).rowcount:
        staff_chats.tell_lost(conn, chat_id, now=now)
    signal(conn, "chat", str(chat_id))


def regain(conn: Connection, chat_id: int, *, now: datetime) -> None:
    """We are let in again, or somebody wrote to us there; a staff chat gets the cards that it missed."""
    back = update(chats).where(chats.c.id == chat_id, chats.c.lost_at.is_not(None)).values(lost_at=None)
    if conn.execute(back).rowcount and directory.chat(conn, chat_id).purpose is ChatPurpose.STAFF:
        staff_chats.show_open(conn, now=now)


def move(conn: Connection, *, platform: str, old: str, new: str) -> Chat | None:
    """The platform gave a chat another id; None if we know neither. What was said under the new one before joins it.

    Safe to run again.
    """
    known = directory.find_chat(conn, platform=platform, external_id=old)
    stray = directory.find_chat(conn, platform=platform, external_id=new)
    if known is None:
        return stray
    if stray is not None:
        _absorb(conn, known, stray)
    conn.execute(update(chats).where(chats.c.id == known.id).values(external_id=clean(new)))
    return directory.chat(conn, known.id)


def _absorb(conn: Connection, known: Chat, stray: Chat) -> None:
    """Make everything of `stray` part of `known`."""
    for row in conn.execute(select(conversations).where(conversations.c.chat_id == stray.id)).mappings().all():
        mine = directory.find_conversation(conn, chat_id=known.id, thread=row["thread"])
        if mine is None:
            conn.execute(update(conversations).where(conversations.c.id == row["id"]).values(chat_id=known.id))
            continue
        for table in (messages, turns, tickets):
            there = table.c.conversation_id == row["id"]
            conn.execute(update(table).where(there).values(conversation_id=mine.id))
        conn.execute(delete(conversations).where(conversations.c.id == row["id"]))
    for table in (messages, changes, scores):
        conn.execute(update(table).where(table.c.chat_id == stray.id).values(chat_id=known.id))
    conn.execute(delete(chats).where(chats.c.id == stray.id))
