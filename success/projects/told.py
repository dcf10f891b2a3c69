"""What was put to a client in a chat, once it is over: it says so, and has nothing to press. Transaction bodies."""

from datetime import datetime

from sqlalchemy import Connection

from handoff import messages
from handoff.model import Message


def close(conn: Connection, message_id: int | None, line: str, *, now: datetime) -> Message | None:
    """Put what came of it below what was put; None where it never left, or has nothing to press any more."""
    said = messages.message(conn, message_id) if message_id is not None else None
    if said is None or not said.buttons:
        return None
    return messages.amend(conn, said.id, text=f"{said.text}\n\n{line}", now=now)
