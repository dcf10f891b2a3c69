"""What the needs questionnaire knows of a turn, and what a turn leaves of it. Transaction bodies."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.model import Act, Offer, Stepped
from console.texts import Texts
from handoff.kinds import Outcome, PersonKind
from handoff.model import Chat, Client, Message, Person, Turn
from success.intake import forms_kept, prospects, store
from success.intake.interview import State
from success.intake.store import Told
from success.intake.surroundings import Around


def around(
    conn: Connection, chat: Chat, client: Client | None, pieces: Sequence[Message], history: Sequence[Message]
) -> Around | None:
    """What is known where somebody speaks; None where there is no interview and nobody may begin one."""
    there = store.live(conn, pieces[-1].conversation_id)
    there = there or store.lapsed(conn, pieces[-1].conversation_id, pieces[-1].reply_to)
    allowed = may_begin(conn, chat, client)
    if there is None and not allowed:
        return None
    forms = forms_kept.offered(conn)
    if there is None:
        return Around(form=forms_kept.in_force(conn), forms=forms, may_begin=allowed)
    form = store.form_of(conn, there)
    replied = any(_of(conn, piece.reply_to) == there.id for piece in pieces)
    before = [each for each in history if each.id < pieces[0].id]
    near = bool(before) and _of(conn, before[-1].id) == there.id
    return Around(form=form, forms=forms, interview=there, may_begin=allowed, replied=replied, near=near)


def still(conn: Connection, act: Act) -> Act:
    """The same act, unless a colleague took the interview over meanwhile: then nothing is said and taken."""
    stepped = act.intake
    if not isinstance(stepped, Stepped):
        return act
    there = store.one(conn, stepped.interview, lock=True)
    if not there.held and there.state is not State.CLOSED:
        return act
    return replace(act, outcome=Outcome.SILENT, reason="person_handles", say=None, buttons=(), intake=None)


def keep(conn: Connection, act: Act, turn: Turn, *, person: Person, pieces: Sequence[Message], now: datetime) -> None:
    """Keep what a turn came to: the offer, or the answers and what is asked next."""
    if isinstance(act.intake, Offer):
        offered = store.open_one(
            conn, conversation_id=turn.conversation_id, language=act.intake.language, form=act.intake.form,
            person_id=person.id, now=now,
        )  # fmt: skip
        if turn.reply_id is not None:
            store.tell_asked(conn, offered.id, turn.reply_id, "")
    if isinstance(act.intake, Stepped):
        told = Told(
            pieces=tuple((each.id, each.text, tuple(f.id for f in each.attachments)) for each in pieces),
            person_id=person.id,
        )
        store.apply(conn, act.intake.interview, act.intake.step, told=told, person_id=person.id, now=now)
        if turn.reply_id is not None:
            store.tell_asked(conn, act.intake.interview, turn.reply_id, act.intake.asks)


def asks(conn: Connection, message_id: int) -> bool:
    """Whether a message of ours is the questionnaire's."""
    return store.of_message(conn, message_id) is not None


def asker(conn: Connection, message_id: int, person: Person | None) -> int | None:
    """Who may press a button of that message of ours besides whom it was said to: any client of the chat."""
    if person is None or person.kind is not PersonKind.CLIENT or not asks(conn, message_id):
        return None
    return person.id


def invited(conn: Connection, chat: Chat, *, texts: Texts, tongue: str) -> str:
    """How somebody of no client asks for a project, where an admin lets them; else nothing."""
    allowed = chat.client_id is None and may_begin(conn, chat, None)
    return "\n" + texts.say("intake.invite", tongue) if allowed else ""


def may_begin(conn: Connection, chat: Chat, client: Client | None) -> bool:
    """Whether who writes there may ask for a project: a prospect, where an admin lets them."""
    allowed = prospects.prospects(conn)
    at_the_door = client is not None and client.id == allowed.door_id and chat.platform == "web"
    return allowed.allowed and (at_the_door or (client is None and chat.client_id is None))


def _of(conn: Connection, message_id: int | None) -> int | None:
    found = store.of_message(conn, message_id)
    return found[0] if found is not None else None
