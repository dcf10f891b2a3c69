"""The chat's event stream: that something changed, and which colleague is writing; never what is said."""

import json
from collections.abc import AsyncIterator
from functools import partial

from sse_starlette import ServerSentEvent

from bot.channels.web.visitor import Visit, WebChat, again
from handoff import typing
from store.signals import Signal


async def changes(web: WebChat, visit: Visit) -> AsyncIterator[ServerSentEvent]:
    """One event a change of this visitor's chat; the page then reads what is new."""
    async with web.db.listen("chat", typing.TOPIC) as subscription:
        current = await web.db.read(partial(again, visit=visit))
        async for signal in subscription:
            if current is None or current.chat is None:
                current = await web.db.read(partial(again, visit=visit))
            known = current.chat.id if current and current.chat else None
            event = _event(signal, known)
            if event is not None:
                yield event


def _event(signal: Signal, chat_id: int | None) -> ServerSentEvent | None:
    if signal.topic == "overflow" or (signal.topic == "chat" and signal.payload == str(chat_id)):
        return ServerSentEvent(data="{}", event="changed")
    if signal.topic == typing.TOPIC:
        who = typing.heard(signal.payload)
        if who.chat_id == chat_id and who.side == "staff":
            return ServerSentEvent(data=json.dumps({"name": who.name}), event="typing")
    return None
