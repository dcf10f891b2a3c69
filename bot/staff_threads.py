"""A ticket's card and thread in one staff chat, brought up to date. Transaction bodies, safe to run again."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bot import cards as faces
from bot import grounds
from bot.answering import Draft
from bot.cards import Dossier
from bot.masking import MASK
from bot.staff_words import StaffWords, plain
from console.views import people_in
from handoff import asking, board, cards, contracts, directory, messages, staff_talk, turn_records
from handoff.cards import Card, Relay
from handoff.kinds import Audience, Author, Delivery, Outcome
from handoff.lifecycle import WITH_PEOPLE, standing
from handoff.model import Button, Chat, Message, Ticket

_BEFORE: Final = timedelta(hours=1)  # how far back the bot's answers before the hand-off are shown
_LOOKED_BACK: Final = 30
_ROSTER_WEIGHT: Final = 3
DRAFT_BUTTONS: Final = ("send_draft", "edit_draft", "drop")


@dataclass(frozen=True, kw_only=True)
class Thread:
    """A card, its chat, and what the platform's side of it is known to be. `thread` None: not known yet."""

    card: Card
    chat: Chat
    thread: str | None


def dossier(conn: Connection, ticket: Ticket, *, public_url: str | None, now: datetime) -> Dossier:
    """Everything that the ticket's cards show."""
    events = board.events(conn, ticket.id)
    client = directory.client(conn, ticket.client_id) if ticket.client_id is not None else None
    names = directory.names(conn, [*people_in(events), *_ids(ticket)])
    others = board.tickets_of_client(conn, client.id) if client else ()
    return Dossier(
        ticket=ticket,
        client=client.name if client else None,
        assignee=names.get(ticket.assignee_id or 0),
        asked=names.get(ticket.asked_id or 0) if ticket.assignee_id is None else None,
        clocks=board.clocks(conn, ticket.id, now),
        events=events,
        names=names,
        similar=faces.listed(others, but=ticket.id),
        link=f"{public_url}/desk/t/{ticket.number}" if public_url else None,
        now=now,
    )


def show(
    conn: Connection, thread: Thread, known: Dossier, words: StaffWords, *, draft: Draft | None = None, now: datetime
) -> Card:
    """Bring the card and its thread up to date: the card, what happened, what was said, what became of it.

    `draft` is a reply to suggest, where the thread has none yet.
    """
    card = thread.card
    shown = _with_colleagues(conn, known, now=now) if card.menu == "assign" else known
    face = faces.face(shown, words, menu=card.menu)
    if card.message_id is None:
        card = _post(conn, thread, face, known, words, now=now)
    else:
        card = _amend(conn, card, face, now=now)
    if card.thread is None and thread.thread is not None:
        talk = directory.ensure_conversation(conn, chat_id=card.chat_id, thread=thread.thread, now=now)
        card = cards.change(conn, card.id, thread=thread.thread, conversation_id=talk.id)
    if card.conversation_id is None:
        return card  # the thread begins with the card, which has not arrived yet
    _tell_news(conn, card, known, words, now=now)
    _relay(conn, card, known, words, now=now)
    _mark(conn, card, words, now=now)
    if draft is not None and card.suggestion_id is None:
        card = _suggest(conn, card, draft, words, now=now)
    return cards.change(conn, card.id, seq=known.events[-1].seq)


def _post(
    conn: Connection, thread: Thread, face: faces.Face, known: Dossier, words: StaffWords, *, now: datetime
) -> Card:
    place = thread.thread or ""
    talk = directory.ensure_conversation(conn, chat_id=thread.chat.id, thread=place, now=now)
    name = words.say("bot.name")
    said = staff_talk.tell(
        conn,
        conversation_id=talk.id,
        text=face.text,
        buttons=face.buttons,
        name=name,
        ticket_id=known.ticket.id,
        now=now,
    )
    values: dict[str, object] = {"message_id": said.id, "shown_at": now}
    if thread.thread is not None:
        values |= {"thread": thread.thread, "conversation_id": talk.id}
        values |= {"title": faces.thread_name(known, words) if thread.thread else ""}
    return cards.change(conn, thread.card.id, **values)


def _amend(conn: Connection, card: Card, face: faces.Face, *, now: datetime) -> Card:
    assert card.message_id is not None, "it was posted"
    was = messages.message(conn, card.message_id)
    if (was.text, was.buttons) == (face.text, face.buttons):
        return card
    messages.amend(conn, card.message_id, text=face.text, buttons=face.buttons, now=now)
    return cards.change(conn, card.id, shown_at=now)


def _tell_news(conn: Connection, card: Card, known: Dossier, words: StaffWords, *, now: datetime) -> None:
    if text := faces.news(known, words, after=card.seq):
        _line(conn, card, text, words, now=now)


def _relay(conn: Connection, card: Card, known: Dossier, words: StaffWords, *, now: datetime) -> None:
    """Every message of the ticket stands in the thread once, oldest first."""
    stands = {each.message_id for each in cards.relays_of(conn, card.id)}
    said = messages.ticket_messages(conn, known.ticket.id, audience=Audience.INTERNAL)
    for message in (*_before(conn, known.ticket), *said):
        if (
            message.id not in stands
            and message.audience is not Audience.STAFF
            and (message.text or message.attachments)
        ):
            stands.add(message.id)
            _copy(conn, card, message, words, now=now)


def _before(conn: Connection, ticket: Ticket) -> tuple[Message, ...]:
    """The bot's answers shortly before the hand-off: colleagues see them, and may retract them."""
    talk = messages.transcript(conn, ticket.conversation_id, audience=Audience.CLIENT, limit=_LOOKED_BACK)
    start = ticket.opened_at - _BEFORE
    return tuple(
        said
        for said in talk
        if said.ticket_id is None and start <= said.at <= ticket.opened_at and retractable(conn, said)
    )


def retractable(conn: Connection, said: Message) -> bool:
    """Whether a message is an answer of the bot's from the manual."""
    if said.author is not Author.BOT or not said.citations or said.turn_id is None:
        return False
    return turn_records.turn(conn, said.turn_id).outcome in {Outcome.ANSWERED, Outcome.ESCALATE}


def _suggest(conn: Connection, card: Card, draft: Draft, words: StaffWords, *, now: datetime) -> Card:
    suggested = staff_talk.tell(
        conn,
        conversation_id=_talk(card),
        text=draft.text,
        author=Author.BOT,
        name=words.say("staff.draft"),
        citations=draft.citations,
        buttons=tuple(Button(id=name, label=words.say(f"staff.button.{name}")) for name in DRAFT_BUTTONS),
        ticket_id=card.ticket_id,
        reply_to=_under(card),
        now=now,
    )
    grounds.keep(conn, draft, message_id=suggested.id, now=now)
    return cards.change(conn, card.id, suggestion_id=suggested.id)


def _copy(conn: Connection, card: Card, message: Message, words: StaffWords, *, now: datetime) -> None:
    files = words.say("staff.copy.files", names=", ".join(file.name for file in message.attachments))
    text = message.text or (files if message.author is Author.CLIENT else plain(files))
    label = words.say("staff.button.retract")
    copied = staff_talk.tell(
        conn,
        conversation_id=_talk(card),
        text=text,
        author=message.author,
        name=_whose(message, words),
        citations=message.citations,
        attachments=message.attachments,
        buttons=(Button(id="retract", label=label),) if retractable(conn, message) else (),
        ticket_id=card.ticket_id,
        reply_to=_under(card),
        now=now,
    )
    cards.relay(conn, card_id=card.id, message_id=message.id, copy_id=copied.id)


def _whose(message: Message, words: StaffWords) -> str:
    """Whose words a copy passes on, and to whom they were said."""
    if message.author is Author.STAFF:
        key = "staff.copy.note" if message.audience is Audience.INTERNAL else "staff.copy.reply"
        return words.say(key, name=message.name)
    return message.name if message.author is Author.CLIENT else words.say("staff.copy.bot")


def _mark(conn: Connection, card: Card, words: StaffWords, *, now: datetime) -> None:
    """What a colleague sent from the thread gets a line once it has arrived, or has not."""
    for each in cards.relays_of(conn, card.id):
        sent = messages.message(conn, each.message_id)
        if sent.audience is not Audience.CLIENT or sent.author is not Author.STAFF:
            continue
        source = messages.message(conn, each.copy_id)
        own = source.delivery is None or each.mark_id is not None  # not the copy of what was sent elsewhere
        if own and (text := _fate(sent, words)):
            _mark_one(conn, card, each, text, words, now=now)


def _fate(sent: Message, words: StaffWords) -> str | None:
    if sent.delivery is Delivery.FAILED:
        return words.say("staff.failed")
    if sent.delivery is not Delivery.SENT:
        return None
    return words.say("staff.sent.masked" if MASK in sent.text else "staff.sent")


def _mark_one(conn: Connection, card: Card, each: Relay, text: str, words: StaffWords, *, now: datetime) -> None:
    if each.mark_id is None:
        line = _line(conn, card, text, words, reply_to=each.copy_id, now=now)
        cards.mark(conn, each.id, mark_id=line.id)
        return
    was = messages.message(conn, each.mark_id)
    if was.text not in {text, words.say("staff.changed"), words.say("staff.withdrawn")}:
        messages.amend(conn, each.mark_id, text=text, now=now)


def _line(
    conn: Connection, card: Card, text: str, words: StaffWords, *, reply_to: int | None = None, now: datetime
) -> Message:
    return staff_talk.tell(
        conn,
        conversation_id=_talk(card),
        text=text,
        name=words.say("bot.name"),
        ticket_id=card.ticket_id,
        reply_to=reply_to or _under(card),
        now=now,
    )


def _under(card: Card) -> int | None:
    """Where a chat has no threads, a ticket's lines reply to its card."""
    return card.message_id if card.thread == "" else None


def _talk(card: Card) -> int:
    assert card.conversation_id is not None, "the thread is known"
    return card.conversation_id


def _with_colleagues(conn: Connection, known: Dossier, *, now: datetime) -> Dossier:
    """With the colleagues on duty, those with least to do first; with everybody where nobody is."""
    ticket = known.ticket
    was = asking.candidates(conn, weight=_ROSTER_WEIGHT)
    contract = contracts.book(conn).of(ticket.policy)
    duty = asking.people_on_duty(conn, contract, standing(known.events), now=now)
    others = [each for each in was if each.person.id != ticket.assignee_id]
    there = [each for each in others if duty is None or each.person.id in duty] or others
    ranked = sorted(there, key=lambda each: (each.load, each.person.name))
    return replace(known, colleagues=tuple(each.person for each in ranked))


def wants_card(ticket: Ticket) -> bool:
    """Whether a ticket that has no card yet gets one: people have it."""
    return ticket.state in WITH_PEOPLE


def _ids(ticket: Ticket) -> list[int]:
    return [who for who in (ticket.assignee_id, ticket.asked_id) if who is not None]
