"""How far a conversation's open tickets are, for the client. Transaction bodies that only read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot import replies
from console.texts import Texts
from handoff import board, directory
from handoff.desk import Desk
from handoff.model import Ticket

_ZONE = "Asia/Shanghai"


def progress(
    conn: Connection, ticket: Ticket, *, zone: str | None, language: str, texts: Texts, desk: Desk, now: datetime
) -> str:
    """One true line on a ticket, on the client's wall clock."""
    standing = replies.Standing(
        ticket=ticket,
        clocks=board.clocks(conn, ticket.id, now),
        promise=desk.promise(conn, ticket.id, now=now),
        assignee=directory.person(conn, ticket.assignee_id).name if ticket.assignee_id else None,
        zone=zone or _ZONE,
        now=now,
    )
    return replies.progress(standing, language=language, texts=texts)


def told(
    conn: Connection, conversation_id: int, *, language: str, texts: Texts, desk: Desk, pages: Sequence[str] = (),
    now: datetime,
) -> str:  # fmt: skip
    """A line for each open ticket, newest first, or that there is none; then `pages`, where there is more to read."""
    client_id = directory.chat_of(conn, conversation_id).client_id
    zone = directory.client(conn, client_id).timezone if client_id is not None else None
    lines = [
        texts.say(
            "chat.status.line",
            language,
            number=ticket.number,
            title=ticket.title,
            progress=progress(conn, ticket, zone=zone, language=language, texts=texts, desk=desk, now=now),
        )
        for ticket in reversed(board.open_tickets(conn, conversation_id))
    ]
    return "\n".join([*(lines or [texts.say("chat.status.none", language)]), *pages])
