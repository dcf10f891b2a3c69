"""What the page may see of the visitor's own chat. Transaction bodies that only read."""

import re
from typing import Any

from sqlalchemy import Connection

from bot import standings
from bot.channels.web.translations import shown
from bot.channels.web.visitor import Visit, WebChat
from handoff import board, messages, turn_records
from handoff.kinds import Audience
from handoff.model import Attachment, Message, Ticket


def state(conn: Connection, *, web: WebChat, visit: Visit, after: int) -> dict[str, Any]:
    """The page after a message: what is new, whether a turn is under way, the open ticket."""
    if visit.conversation is None or visit.person is None:
        return {"messages": [], "typing": False, "ticket": None}
    found = messages.transcript(conn, visit.conversation.id, audience=Audience.CLIENT, after_id=max(0, after))
    changed = messages.amended(conn, visit.conversation.id, audience=Audience.CLIENT, up_to=after) if after else ()
    waiting = messages.unhandled(conn, conversation_id=visit.conversation.id, person_id=visit.person.id)
    return {
        "messages": [
            shown(m, visitor_id=visit.person.id, api=visit.api, secret=web.secret) for m in (*changed, *found)
        ],
        "typing": bool(waiting),
        "ticket": _banner(conn, web=web, visit=visit),
    }


def _banner(conn: Connection, *, web: WebChat, visit: Visit) -> dict[str, Any] | None:
    """The newest open ticket of the chat, with one true line."""
    assert visit.conversation is not None
    tickets = board.open_tickets(conn, visit.conversation.id)
    if not tickets:
        return None
    ticket: Ticket = tickets[-1]
    turns = turn_records.recent_turns(conn, visit.conversation.id, limit=1)
    line = standings.progress(
        conn,
        ticket,
        zone=visit.client.timezone,
        language=turns[0].language if turns else "zh-Hans",
        texts=web.texts,
        desk=web.desk,
        now=web.clock(),
    )
    return {"number": ticket.number, "state": ticket.state.value, "line": line}


def pressable(conn: Connection, *, visit: Visit, message_id: int) -> Message | None:
    """The message with this id, if the visitor can see it."""
    if visit.conversation is None:
        return None
    near = messages.transcript(
        conn, visit.conversation.id, audience=Audience.CLIENT, after_id=max(0, message_id - 1), limit=1
    )
    return next((m for m in near if m.id == message_id), None)


def by_key(conn: Connection, *, visit: Visit, key: str) -> Message | None:
    """The visitor's message that its browser named so."""
    if visit.conversation is None:
        return None
    found = messages.transcript(conn, visit.conversation.id, audience=Audience.CLIENT)
    return next((m for m in found if m.external_id == key), None)


def attachment(conn: Connection, *, visit: Visit, file: str) -> Attachment | None:
    """A file of the visitor's own chat."""
    if visit.conversation is None or not re.fullmatch(r"[A-Za-z0-9_-]{10,60}", file):
        return None
    return messages.attachment(conn, visit.conversation.id, file, audience=Audience.CLIENT)
