"""What the page may see of the visitor's own chat. Transaction bodies that only read."""

import re
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from bot import standings
from bot.channels.web.translations import shown
from bot.channels.web.visitor import Visit, WebChat
from handoff import board, chat_history, messages, turn_records
from handoff.kinds import Audience, TicketState
from handoff.model import Attachment, Message, Ticket
from success import ratings

_FILE: Final = re.compile(r"[A-Za-z0-9_-]{10,60}")
_SOLVED: Final = "solved"


def state(conn: Connection, *, web: WebChat, visit: Visit, after: int, before: int | None = None) -> dict[str, Any]:
    """The page after a message: what is new, whether a turn is under way, the open ticket, what may be rated.

    With `before` the page's older part. `earlier` says whether there is more before what is given; it is left out
    where only news were asked for.
    """
    if visit.conversation is None or visit.person is None:
        return {"messages": [], "typing": False, "ticket": None, "rating": None, "talk": None, "anew": False}
    page: dict[str, Any] = {}
    if before is not None or not after:
        found, page["earlier"] = chat_history.until(conn, visit.talk_ids, before=before)
    else:
        changed = chat_history.changed(conn, visit.talk_ids, up_to=after)
        found = (*changed, *chat_history.since(conn, visit.talk_ids, after=after))
    waiting = messages.unhandled(conn, conversation_id=visit.conversation.id, person_id=visit.person.id)
    return page | {
        "messages": [
            shown(m, visitor_id=visit.person.id, secret=web.secret, picture=partial(_path, web, visit)) for m in found
        ],
        "typing": bool(waiting),
        "ticket": _banner(conn, web=web, visit=visit),
        "rating": _rating(conn, web=web, visit=visit),
        "talk": visit.conversation.id,
        "anew": may_begin_anew(conn, visit) and not waiting,
    }


def may_begin_anew(conn: Connection, visit: Visit) -> bool:
    """Whether the visitor's matter is settled, so that another conversation may begin."""
    if visit.conversation is None or open_ticket(conn, visit) is not None:
        return False
    newest = board.latest_ticket(conn, visit.conversation.id)
    if newest is not None and newest.state is TicketState.RESOLVED:
        return True
    found, _ = chat_history.until(conn, [visit.conversation.id], limit=3)
    return any(said.pressed == _SOLVED for said in found)


def open_ticket(conn: Connection, visit: Visit) -> Ticket | None:
    """The newest open ticket of the chat."""
    return next((t for talk in reversed(visit.talk_ids) for t in reversed(board.open_tickets(conn, talk))), None)


def pressable(conn: Connection, *, visit: Visit, message_id: int) -> Message | None:
    """The message with this id, if the visitor can see it."""
    found = messages.find(conn, message_id)
    seen = found is not None and found.conversation_id in visit.talk_ids and found.audience is Audience.CLIENT
    return found if seen else None


def by_key(conn: Connection, *, visit: Visit, key: str) -> Message | None:
    """The visitor's message that its browser named so."""
    return messages.by_external(conn, chat_id=visit.chat.id, external_id=key) if visit.chat else None


def attachment(conn: Connection, *, visit: Visit, file: str) -> Attachment | None:
    """A file of the visitor's own chat."""
    if not _FILE.fullmatch(file):
        return None
    kept = (messages.attachment(conn, talk, file, audience=Audience.CLIENT) for talk in reversed(visit.talk_ids))
    return next((each for each in kept if each is not None), None)


def _path(web: WebChat, visit: Visit, file: str) -> str:
    path = f"{visit.api}/files/{file}"
    if not visit.framed:
        return path
    return f"{path}?v={visit.visitor}&s={web.file_signature(visit.client.web_key, visit.visitor, file)}"


def _banner(conn: Connection, *, web: WebChat, visit: Visit) -> dict[str, Any] | None:
    """The newest open ticket of the chat, with one true line."""
    ticket = open_ticket(conn, visit)
    if ticket is None:
        return None
    turns = turn_records.recent_turns(conn, ticket.conversation_id, limit=1)
    line = standings.progress(
        conn,
        ticket,
        zone=visit.owner.timezone,
        language=turns[0].language if turns else "zh-Hans",
        texts=web.texts,
        desk=web.desk,
        now=web.clock(),
    )
    return {"number": ticket.number, "state": ticket.state.value, "line": line}


def _rating(conn: Connection, *, web: WebChat, visit: Visit) -> dict[str, Any] | None:
    """What the visitor is asked to rate, or may still change."""
    assert visit.person is not None
    found = ratings.waiting(conn, conversation_ids=visit.talk_ids, person_id=visit.person.id, now=web.clock())
    if found is None:
        return None
    ticket = board.ticket(conn, found.ticket_id)
    return {"ticket": ticket.number, "value": found.value, "comment": found.comment}
