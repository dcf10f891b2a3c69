"""What a colleague says straight in the client's chat: it counts as the answer. A transaction body."""

from datetime import datetime

from sqlalchemy import Connection

from handoff import audit, board, directory, drafts, messages
from handoff.desk import Desk
from handoff.model import Message, Ticket


def spoke(conn: Connection, said: Message, *, desk: Desk, now: datetime) -> Ticket | None:
    """Count a stored message of a colleague as a reply to the ticket it is about; None if there is none.

    What the bot drafted in silence is held against it.
    """
    assert said.person_id is not None, "a colleague is somebody"
    drafts.heard(conn, said, now=now)
    about = _about(conn, said)
    if about is None:
        return None
    chat = directory.chat(conn, said.chat_id)
    action = audit.Action(
        person_id=said.person_id, via=chat.platform, name="chat.answered", kind=audit.TICKET, subject=about.number
    )
    with audit.acting(conn, action, now=now):
        return desk.answered(conn, ticket_id=about.id, by=said.person_id, message_id=said.id, now=now)


def _about(conn: Connection, said: Message) -> Ticket | None:
    """The ticket of the message it replies to, else the speaker's own newest, else the newest that nobody has."""
    waiting = tuple(reversed(board.open_tickets(conn, said.conversation_id)))
    answers = messages.message(conn, said.reply_to).ticket_id if said.reply_to is not None else None
    for fits in (
        lambda ticket: ticket.id == answers,
        lambda ticket: ticket.assignee_id == said.person_id,
        lambda ticket: ticket.assignee_id is None,
    ):
        if found := next(filter(fits, waiting), None):
            return found
    return next(iter(waiting), None)
