"""The chat's event stream: that something changed, and which colleague is writing; never what is said."""

import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

from sqlalchemy import Connection
from sse_starlette import ServerSentEvent

from bot.channels.web.visitor import Visit, WebChat, again
from handoff import directory, typing
from store.signals import Signal

_AT_ONCE: Final = 100  # chats that may be in the making: their numbers do not appear in order


async def changes(web: WebChat, visit: Visit) -> AsyncIterator[ServerSentEvent]:
    """One event a change of this visitor's chat; the page then reads what is new.

    Who has said nothing yet has no chat: only a chat that is newer than those that were there can become theirs.
    """
    async with web.db.listen("chat", typing.TOPIC) as subscription:
        current, newest = await web.db.read(partial(_begin, visit=visit))
        async for signal in subscription:
            if (current is None or current.chat is None) and _is_news(signal, newest):
                current, newest = await web.db.read(partial(_begin, visit=visit))
            known = current.chat.id if current and current.chat else None
            event = _event(signal, known)
            if event is not None:
                yield event


def _begin(conn: Connection, *, visit: Visit) -> tuple[Visit | None, int]:
    """The visit as it is now, and the number of the newest chat."""
    return again(conn, visit), directory.newest_chat(conn)


def _is_news(signal: Signal, newest: int) -> bool:
    """Whether a chat that was not there before may have spoken."""
    return signal.topic == "overflow" or (
        signal.topic == "chat" and signal.payload.isdecimal() and int(signal.payload) > newest - _AT_ONCE
    )


def _event(signal: Signal, chat_id: int | None) -> ServerSentEvent | None:
    if signal.topic == "overflow" or (signal.topic == "chat" and signal.payload == str(chat_id)):
        return ServerSentEvent(data="{}", event="changed")
    if signal.topic == typing.TOPIC:
        who = typing.heard(signal.payload)
        if who.chat_id == chat_id and who.side == "staff":
            return ServerSentEvent(data=json.dumps({"name": who.name}), event="typing")
    return None
