"""A suggested reply changed in a form, on platforms that have forms. Transaction bodies; a form is sent once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bot import staff_presses, staff_reception, suggestions
from bot.arrived import StaffPressed, Submitted
from bot.masking import mask
from bot.staff_reception import Staff
from bot.staff_words import StaffWords, plain
from handoff import audit, board, cards, directory, messages, sources, staff_chats
from handoff.errors import HandoffError
from handoff.model import Chat, Message, Person
from handoff.rows import number_of
from knowledge.language import clean

EDIT: Final = "edit_draft"


@dataclass(frozen=True, kw_only=True)
class Form:
    """What to show: the draft `message`, its text to be changed, and who else has the ticket, if anybody."""

    message: int
    text: str
    holder: Person | None
    words: StaffWords


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A draft that still waits, its ticket and a colleague."""

    chat: Chat
    draft: Message
    ticket_id: int
    person: Person
    holder: Person | None


def form(conn: Connection, pressed: StaffPressed, *, staff: Staff) -> Form | None:
    """The form for a draft; None where the press comes to something else, which `staff_presses.press` says."""
    case = _case(conn, pressed.message, platform=pressed.place.platform, account=pressed.author.id)
    if case is None or case.chat.external_id != pressed.place.chat:
        return None
    if not suggestions.holds(conn, case.draft, ticket_id=case.ticket_id):
        return None
    text = staff_presses.unmarked(case.draft.text)
    return Form(message=case.draft.id, text=text, holder=case.holder, words=staff.words(case.chat))


def submit(conn: Connection, submitted: Submitted, *, staff: Staff, now: datetime) -> str:
    """Send what was written under the writer's name; "" where it worked, else why it did not.

    Who has the ticket must be who had it when the form was shown: somebody else is not spoken over unasked.
    """
    case = _case(conn, submitted.message, platform=submitted.platform, account=submitted.author.id)
    if case is None:
        return StaffWords(texts=staff.texts, desk=staff.desk_texts).say("staff.press.gone")
    words, text = staff.words(case.chat), mask(clean(submitted.text)[: staff_reception.LONGEST]).text
    if not text.strip():
        return words.say("staff.form.empty")
    if not suggestions.holds(conn, case.draft, ticket_id=case.ticket_id):
        return words.say("staff.draft.stale")
    if case.holder is not None and case.holder.id != submitted.holder:
        return words.say("staff.confirm", name=case.holder.name)
    action = audit.Action(
        person_id=case.person.id,
        via=submitted.platform,
        name="chat.form",
        kind=audit.TICKET,
        subject=number_of(case.ticket_id),
    )
    try:
        with conn.begin_nested(), audit.acting(conn, action, now=now):
            _send(conn, case, text, staff=staff, words=words, now=now)
    except HandoffError as error:
        audit.keep(conn, action, outcome="refused", now=now)
        return staff_presses.sentence(error, words)
    return ""


def _case(conn: Connection, message: int, *, platform: str, account: str) -> _Case | None:
    draft = messages.find(conn, message)
    person = directory.find_person(conn, platform=platform, external_id=account)
    if draft is None or person is None or not staff_reception.is_colleague(person):
        return None
    chat, ticket_id = directory.chat(conn, draft.chat_id), staff_reception.ticket_of(conn, draft)
    waits = any(button.id == EDIT for button in draft.buttons)
    if not waits or ticket_id is None or chat.platform != platform or not staff_chats.is_ours(conn, chat):
        return None
    holder = directory.holder(conn, board.ticket(conn, ticket_id).assignee_id)
    others = holder if holder is not None and holder.id != person.id else None
    return _Case(chat=chat, draft=draft, ticket_id=ticket_id, person=person, holder=others)


def _send(conn: Connection, case: _Case, text: str, *, staff: Staff, words: StaffWords, now: datetime) -> None:
    said = staff.desk.reply(conn, ticket_id=case.ticket_id, by=case.person.id, text=text, now=now)
    sources.hand_on(conn, case.draft.id, to=said.id, at=now)
    told = plain(words.say("staff.draft.sent", name=case.person.name))
    messages.amend(conn, case.draft.id, text=f"{told}\n\n{plain(said.text)}", now=now)
    card = cards.in_chat(conn, ticket_id=case.ticket_id, chat_id=case.chat.id)
    if card is None:
        return
    relayed = cards.relay(conn, card_id=card.id, message_id=said.id, copy_id=case.draft.id)
    if relayed is not None:
        line = staff_reception.say(conn, case.draft, plain(words.say("staff.sending")), words, now=now)
        cards.mark(conn, relayed.id, mark_id=line.id)
