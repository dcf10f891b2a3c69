"""In which chats a training is told of, and what a press there answers. Transaction bodies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection, select

from handoff import listing
from handoff.kinds import ChatKind, Mode
from handoff.model import Chat, Message
from store.db import insert_into
from success import proactive
from success.drill_tables import training_message as told
from success.training import sessions
from success.training.sessions import Seat, Training

HERE: Final = "training:here"
CHOICE: Final = "quiz"
Pressed = Literal["taken", "again", "other"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A chat, and whose alone it is; None in a group, where several sit."""

    chat: Chat
    person_id: int | None


@dataclass(frozen=True, kw_only=True)
class About:
    """What a message of ours is about: a training, and a question's place; None: the invitation."""

    training_id: int
    person_id: int | None
    question: int | None


def places(conn: Connection, held: Training, seats: Sequence[Seat]) -> tuple[Place, ...]:
    """Where people are told: each in the chat they wrote in last, else in the client's group; each chat once."""
    found: dict[int, Place] = {}
    for each in seats:
        chat = listing.usual_chat(
            conn, held.client_id, requester_id=each.person_id, but=(Mode.OFF, Mode.COMMUNITY)
        ) or proactive.group_of(conn, held.client_id)
        if chat is not None:
            alone = each.person_id if chat.kind is ChatKind.DIRECT else None
            found.setdefault(chat.id, Place(chat=chat, person_id=alone))
    return tuple(found.values())


def note(conn: Connection, message_id: int, *, training_id: int, person_id: int | None, question: int | None) -> None:
    """Remember what a message is about."""
    row = {"message_id": message_id, "training_id": training_id, "person_id": person_id, "question": question}
    conn.execute(insert_into(conn, told).values(row).on_conflict_do_nothing(index_elements=["message_id"]))


def about(conn: Connection, message_id: int) -> About | None:
    """What a message is about; None of any other message."""
    row = conn.execute(select(told).where(told.c.message_id == message_id)).mappings().first()
    if row is None:
        return None
    return About(training_id=row["training_id"], person_id=row["person_id"], question=row["question"])


def has_told(conn: Connection, training_id: int, *, question: int | None) -> bool:
    """Whether a training was told of, or a question of it asked."""
    same = told.c.question.is_(None) if question is None else told.c.question == question
    query = select(told.c.message_id).where(told.c.training_id == training_id, same).limit(1)
    return conn.execute(query).first() is not None


def choice_of(button: str) -> int | None:
    """The choice that a button stands for; None of any other button."""
    kind, _, number = button.partition(":")
    return int(number) if kind == CHOICE and number.isascii() and number.isdecimal() and len(number) < 3 else None  # noqa: PLR2004


def press(
    conn: Connection, subject: About, said: Message, button: str, *, person_id: int, now: datetime
) -> tuple[Pressed, Seat | None]:
    """Take a press under an invitation or a question: ``other`` from somebody it does not ask, ``again`` where it
    changes nothing; with the seat of whoever answered.
    """
    if button not in {offered.id for offered in said.buttons}:
        return "again", None
    if subject.person_id is not None and subject.person_id != person_id:
        return "other", None
    if subject.question is None:
        came = sessions.is_here(conn, subject.training_id, person_id=person_id, now=now)
        return ("taken" if came else "again"), None
    held = sessions.training(conn, subject.training_id)
    sat = next((each for each in sessions.of_training(conn, held) if each.person_id == person_id), None)
    if sat is None or sat.attended_at is None:
        return "other", None
    choice = choice_of(button)
    if choice is None:
        return "again", None
    seat = sessions.answer(conn, held.id, person_id=person_id, question=subject.question, choice=choice, now=now)
    return ("taken", seat) if seat is not None else ("again", None)
