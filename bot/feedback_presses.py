"""Answers to questions that one person was asked: a number pressed or written, and why. Transaction bodies."""

from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection

from bot.questions import Questions, tongue_of
from handoff import board, directory, messages
from handoff.kinds import ChatKind
from handoff.model import Message, Ticket
from success import asked, ratings, surveys
from success.asked import Asked, Subject
from success.errors import RatingRefused
from success.rating_rules import LOW, SCALE
from success.ratings import Rating
from success.survey_rules import SCALES, SurveyKind
from success.surveys import Survey

Became = Literal["answered", "again", "other", "not_resolved"]
_LONGEST_NUMBER: Final = 2


def press(
    conn: Connection, asks: Asked, said: Message, button: str, *, person_id: int, questions: Questions, now: datetime
) -> Became:
    """A number under a question was pressed: counted from the one it asks, who is thanked where it stood."""
    if said.pressed is not None:
        return "again"
    if person_id != asks.person_id:
        return "other"
    value = int(button.rpartition(":")[2])
    try:
        _take(conn, asks, value, comment=None, now=now)
    except RatingRefused as refused:
        if refused.reason == "not_resolved":
            return "not_resolved"
        _close(conn, asks, said, questions=questions, now=now)
        return "answered"
    messages.press(conn, said.id, button, person_id=person_id, asker=asks.person_id, now=now)
    _thank(conn, asks, said, value, questions=questions, now=now)
    return "answered"


def reply(
    conn: Connection, asks: Asked, said: Message, text: str, *, person_id: int, questions: Questions, now: datetime
) -> bool:
    """Something was said in reply to a question: its number, or why it was given. False: it is about something else."""
    if person_id != asks.person_id:
        return False
    known, number = _given(conn, asks), _number(asks, text)
    try:
        if known is not None and known.value is not None:
            comment = "\n".join(filter(None, (known.comment, text.strip())))
            _take(conn, asks, known.value, comment=comment, now=now)
            _say_noted(conn, asks, said, questions=questions, now=now)
        elif number is not None:
            _take(conn, asks, number, comment=None, now=now)
            _thank(conn, asks, said, number, questions=questions, now=now)
        else:
            return False
    except RatingRefused:
        return False
    return True


def _given(conn: Connection, asks: Asked) -> Rating | Survey | None:
    """What a question was answered with, if it was."""
    read = ratings.of_ticket if asks.kind is Subject.CSAT else surveys.survey
    return read(conn, asks.subject_id)


def _take(conn: Connection, asks: Asked, value: int, *, comment: str | None, now: datetime) -> None:
    who = asks.person_id
    if asks.kind is not Subject.CSAT:
        surveys.answer(conn, asks.subject_id, person_id=who, value=value, comment=comment, now=now)
        return
    channel = directory.chat(conn, messages.message(conn, asks.message_id).chat_id).platform
    ratings.answer(
        conn, ticket_id=asks.subject_id, person_id=who, value=value, comment=comment, channel=channel, now=now
    )


def _number(asks: Asked, text: str) -> int | None:
    said = text.strip()
    if not (said.isascii() and said.isdecimal() and len(said) <= _LONGEST_NUMBER):
        return None
    return int(said) if int(said) in _scale(asks) else None


def _scale(asks: Asked) -> range:
    return SCALE if asks.kind is Subject.CSAT else SCALES[SurveyKind(asks.kind)]


def _thank(conn: Connection, asks: Asked, said: Message, value: int, *, questions: Questions, now: datetime) -> None:
    tongue, ticket = _tongue(conn, asks, said)
    low = asks.kind is not Subject.NPS and value < LOW
    key = "feedback.low" if low else "feedback.nps.thanks" if asks.kind is Subject.NPS else "feedback.thanks"
    lines = [questions.texts.say(key, tongue, value=value, most=_scale(asks)[-1])]
    alone = directory.chat(conn, said.chat_id).kind is ChatKind.DIRECT  # whoever has the page counts as its person
    path = questions.page(conn, asks.kind, asks.subject_id, ticket) if alone and key != "feedback.thanks" else None
    url = questions.address(path, tongue) if path else None
    lines += [questions.texts.say("feedback.page", tongue, url=url)] if url else []
    messages.amend(conn, said.id, text="\n".join(lines), now=now)


def _close(conn: Connection, asks: Asked, said: Message, *, questions: Questions, now: datetime) -> None:
    tongue, _ = _tongue(conn, asks, said)
    messages.amend(conn, said.id, text=questions.texts.say("feedback.closed", tongue), now=now)


def _say_noted(conn: Connection, asks: Asked, said: Message, *, questions: Questions, now: datetime) -> None:
    tongue, _ = _tongue(conn, asks, said)
    messages.say(
        conn, conversation_id=said.conversation_id, text=questions.texts.say("feedback.noted", tongue),
        author="system", name=questions.texts.say("bot.name", tongue), now=now,
    )  # fmt: skip


def _tongue(conn: Connection, asks: Asked, said: Message) -> tuple[str, Ticket | None]:
    """The language of a question, and its ticket where it is about one."""
    if asks.kind is Subject.CSAT:
        ticket = board.ticket(conn, asks.subject_id)
        client = directory.client(conn, ticket.client_id) if ticket.client_id is not None else None
        return tongue_of(conn, client, ticket.conversation_id), ticket
    found = surveys.survey(conn, asks.subject_id)
    client = directory.client(conn, found.client_id) if found else None
    return tongue_of(conn, client, said.conversation_id), None


def question_of(conn: Connection, message_id: int | None) -> Asked | None:
    """What a message asks its person; None of any other."""
    return None if message_id is None else asked.of_message(conn, message_id)
