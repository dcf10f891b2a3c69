"""A chat's conversations read as one: for a channel that shows them one after the other. Transaction bodies."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from handoff.kinds import Audience
from handoff.model import Conversation, Message
from handoff.rows import to_conversation, to_message
from handoff.tables import conversation as conversations
from handoff.tables import message as messages

PAGE = 60


def talks(conn: Connection, chat_id: int) -> tuple[Conversation, ...]:
    """The chat's conversations, oldest first."""
    query = select(conversations).where(conversations.c.chat_id == chat_id).order_by(conversations.c.id)
    return tuple(to_conversation(row) for row in conn.execute(query).mappings())


def since(conn: Connection, talk_ids: Collection[int], *, after: int, limit: int = 200) -> tuple[Message, ...]:
    """What the client sees of these conversations after a message, oldest first."""
    query = _seen(talk_ids, messages.c.id > after).order_by(messages.c.id).limit(limit)
    return tuple(to_message(row) for row in conn.execute(query).mappings())


def until(
    conn: Connection, talk_ids: Collection[int], *, before: int | None = None, limit: int = PAGE
) -> tuple[tuple[Message, ...], bool]:
    """The newest of what the client sees (before a message, if named), oldest first, and whether there is more."""
    where = messages.c.id < before if before is not None else messages.c.id > 0
    query = _seen(talk_ids, where).order_by(messages.c.id.desc()).limit(limit + 1)
    found = [to_message(row) for row in conn.execute(query).mappings()]
    return tuple(reversed(found[:limit])), len(found) > limit


def changed(conn: Connection, talk_ids: Collection[int], *, up_to: int, limit: int = 20) -> tuple[Message, ...]:
    """The newest of what was changed after it was said, among the messages up to one."""
    query = _seen(talk_ids, messages.c.edits > 0, messages.c.id <= up_to).order_by(messages.c.id.desc()).limit(limit)
    return tuple(sorted((to_message(row) for row in conn.execute(query).mappings()), key=lambda row: row.id))


def silent(conn: Connection, talk_id: int) -> bool:
    """Whether nothing was said in a conversation yet."""
    return conn.execute(select(messages.c.id).where(messages.c.conversation_id == talk_id).limit(1)).first() is None


def _seen(talk_ids: Collection[int], *where: ColumnElement[bool]) -> Select[Any]:
    return select(messages).where(
        messages.c.conversation_id.in_(talk_ids), messages.c.audience == Audience.CLIENT, *where
    )
