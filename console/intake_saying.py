"""What the questionnaire says in a chat beside the turns: the offer of a colleague's, a question again, a reminder.

Transaction bodies.
"""

from datetime import datetime

from sqlalchemy import Connection

from console import intake_words
from console.intake_words import Spoken
from console.texts import Texts
from handoff import directory, messages
from handoff.kinds import ChatPurpose, Mode
from handoff.model import Chat, Message
from success.intake import forms_kept, store
from success.intake import interview as rules
from success.intake.errors import IntakeRefused
from success.intake.interview import Plain, Step
from success.intake.store import Interview

_SILENT = frozenset({Mode.OFF, Mode.COMMUNITY, Mode.SHADOW})


def offer(
    conn: Connection,
    chat_id: int,
    *,
    by: int,
    language: str,
    texts: Texts,
    now: datetime,
    form: str = forms_kept.WEBSITE,
) -> Interview:
    """Offer the questionnaire in a chat, in a colleague's name.

    Raises NotFound, IntakeRefused: ``chat``, ``begun``, ``form`` (there is none of that key, or it is put aside).
    """
    asked = next((each for each in forms_kept.offered(conn) if each.key == form), None)
    if asked is None:
        raise IntakeRefused("form")
    chat = directory.chat(conn, chat_id)
    _refuse_silent(chat)
    talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
    client = directory.client(conn, chat.client_id) if chat.client_id is not None else None
    spoken = (client.language if client else None) or language
    made = store.open_one(conn, conversation_id=talk.id, language=spoken, person_id=None, by=by, form=form, now=now)
    name = directory.person(conn, by).name
    said = intake_words.offer(asked, language=spoken, texts=texts, colleague=name)
    _say(conn, made, said, texts=texts, now=now)
    return made


def ask_again(conn: Connection, interview_id: int, question: str, *, texts: Texts, now: datetime) -> None:
    """Ask a question again, or one that is missing.

    Raises NotFound, IntakeRefused: ``question``, ``state``, ``chat``.
    """
    found = store.one(conn, interview_id, lock=True)
    if found.state not in rules.LIVE:
        raise IntakeRefused("state")
    step = rules.ask_again(store.form_of(conn, found), found.standing, question)
    if step is None:
        raise IntakeRefused("question")
    _refuse_silent(directory.chat_of(conn, found.conversation_id))
    if found.held:
        store.give_back(conn, found.id, now=now)
    _step(conn, found, step, texts=texts, now=now)


def give_back(conn: Connection, interview_id: int, *, texts: Texts, now: datetime) -> None:
    """Let the program go on, with the question that waits. Raises NotFound, IntakeRefused."""
    store.give_back(conn, interview_id, now=now)
    found = store.one(conn, interview_id)
    asked = found.standing.asked
    if asked is None or found.state not in {rules.State.OPEN, rules.State.PAUSED}:
        return
    _refuse_silent(directory.chat_of(conn, found.conversation_id))
    step = rules.ask_again(store.form_of(conn, found), found.standing, asked)
    assert step is not None, "it was asked before"
    _step(conn, found, Step(after=step.after, lines=(Plain(what="back"), *step.lines)), texts=texts, now=now)


def remind(conn: Connection, found: Interview, *, texts: Texts, now: datetime) -> None:
    """The one gentle reminder."""
    if directory.chat_of(conn, found.conversation_id).mode not in _SILENT:
        said = intake_words.reminder(language=found.language, texts=texts)
        _say(conn, found, said, texts=texts, now=now)


def may_offer(chat: Chat) -> bool:
    """Whether a colleague may offer it there."""
    return chat.mode not in _SILENT and chat.purpose is ChatPurpose.CLIENT and chat.lost_at is None


def _step(conn: Connection, found: Interview, step: Step, *, texts: Texts, now: datetime) -> None:
    said = intake_words.spoken(step, store.form_of(conn, found), language=found.language, texts=texts)
    store.apply(conn, found.id, step, told=None, now=now)
    _say(conn, found, said, texts=texts, now=now)


def _say(conn: Connection, found: Interview, said: Spoken, *, texts: Texts, now: datetime) -> Message:
    message = messages.say(
        conn, conversation_id=found.conversation_id, text=said.text, author="system", buttons=said.buttons,
        name=texts.say("intake.name", found.language), now=now,
    )  # fmt: skip
    store.tell_asked(conn, found.id, message.id, said.asks)
    return message


def _refuse_silent(chat: Chat) -> None:
    if not may_offer(chat):
        raise IntakeRefused("chat")
