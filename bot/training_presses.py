"""Presses under invitations to trainings and their questions. Transaction bodies."""

from datetime import datetime

from sqlalchemy import Connection

from bot.training_work import thank
from console.texts import Texts
from handoff import messages
from handoff.model import Message
from success.training import telling
from success.training.telling import Pressed


def press(
    conn: Connection, said: Message, button: str, *, person_id: int | None, texts: Texts, now: datetime
) -> Pressed | None:
    """Take a press; None where the message is about no training.

    In somebody's own chat the buttons go with the press; in a group they stay for the others.
    """
    subject = telling.about(conn, said.id)
    if subject is None:
        return None
    if person_id is None:
        return "other"
    became, seat = telling.press(conn, subject, said, button, person_id=person_id, now=now)
    if became == "taken" and subject.person_id is not None:
        messages.press(conn, said.id, button, person_id=person_id, asker=person_id, now=now)
    if seat is not None:
        thank(conn, texts, subject, said, seat, now=now)
    return became
