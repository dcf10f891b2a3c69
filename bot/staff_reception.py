"""What is said in a staff chat, written down: it stays internal but for what is explicitly sent. Transaction bodies."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bot import leaving, staff_commands
from bot.arrived import Author as Sender
from bot.arrived import Ordered, Place, Said
from bot.leaving import Asks, Leaves, Stays
from bot.masking import mask
from bot.staff_words import LANGUAGE, Manner, StaffWords, plain
from console.texts import Texts
from handoff import audit, board, cards, directory, merging, messages, sources, staff_chats, staff_talk, turn_records
from handoff.desk import Desk
from handoff.kinds import Audience, Author, ChatPurpose, PersonKind, TicketState
from handoff.model import Attachment, Button, Chat, Message, Person
from handoff.rows import number_of
from knowledge.language import clean
from store import rates

LONGEST: Final = 20_000
DROP: Final = "drop"  # the button of a draft: who replies to a draft answers the client
ASK_AGAIN: Final = {"per": timedelta(days=30), "limit": 1}


@dataclass(frozen=True, kw_only=True)
class Staff:
    """What the bodies need."""

    desk: Desk
    texts: Texts
    desk_texts: Texts = field(repr=False)
    manner: Manner = field(default_factory=Manner)

    def words(self, chat: Chat) -> StaffWords:
        """How to speak in a chat of the platform."""
        return StaffWords(texts=self.texts, desk=self.desk_texts, manner=self.manner).of(chat)


def staffs(conn: Connection, place: Place) -> Chat | None:
    """The chat of a place if it is a staff chat."""
    chat = directory.find_chat(conn, platform=place.platform, external_id=place.chat)
    return chat if chat is not None and chat.purpose is ChatPurpose.STAFF else None


def hear(
    conn: Connection,
    said: Said,
    *,
    chat: Chat,
    staff: Staff,
    text: str,
    files: tuple[Attachment, ...],
    now: datetime,
) -> Message | None:
    """Keep what was said, and send what is to be sent of it; None if it is known.

    Where something can be shown to one person alone, whoever is not linked is to be shown `staff_whispers.invitation`.
    """
    text = mask(clean(text)[:LONGEST]).text
    message, person = _keep(conn, said, chat=chat, text=text, files=files, now=now)
    if message is None:
        return None
    if not is_colleague(person):
        ask_to_link(conn, person, chat=chat, talk_id=message.conversation_id, staff=staff, now=now)
        return message
    if message.ticket_id is None:
        return message
    with audit.acting(conn, _action("chat.said", person, chat, message), now=now):
        if said.edited:
            _edited(conn, said, message, person, staff=staff, now=now)
        else:
            in_doubt = said.reply_to is not None and message.reply_to is None
            _obey(conn, message, person, chat=chat, staff=staff, in_doubt=in_doubt, now=now)
    return message


def order(conn: Connection, ordered: Ordered, *, chat: Chat, staff: Staff, now: datetime) -> None:
    """Answer a colleague's command, once, in a staff chat or in a direct chat of theirs."""
    message, person = _keep(conn, ordered.said, chat=chat, text=f"/{ordered.name}", files=(), now=now)
    if message is None:
        return
    if not is_colleague(person):
        ask_to_link(conn, person, chat=chat, talk_id=message.conversation_id, staff=staff, now=now)
        return
    action = _action("chat.command", person, chat, message, command=ordered.name)
    audit.keep(conn, action, now=now)
    words = staff.words(chat)
    text = staff_commands.answer(
        conn,
        ordered.name,
        argument=ordered.argument,
        person_id=person.id,
        ticket_id=message.ticket_id,
        words=words,
        desk=staff.desk,
        now=now,
    )
    say(conn, message, text, words, now=now)


def how_to_link(words: StaffWords) -> str:
    """How somebody links their account, for a short answer."""
    return words.guide("staff.link.short", *(() if words.manner.answers else ("bind",)))


def send(conn: Connection, source: Message, *, by: Person, text: str, staff: Staff, now: datetime) -> None:
    """Send a colleague's words of a thread to the client, with their files, under the colleague's name; once."""
    ticket_id = ticket_of(conn, source)
    card = cards.in_chat(conn, ticket_id=ticket_id, chat_id=source.chat_id) if ticket_id is not None else None
    if card is None or ticket_id is None or sent_of(conn, source) is not None:
        return
    said = staff.desk.reply(conn, ticket_id=ticket_id, by=by.id, text=text, attachments=source.attachments, now=now)
    cards.relay(conn, card_id=card.id, message_id=said.id, copy_id=source.id)


def withdraw(conn: Connection, external_id: str, *, chat: Chat, staff: Staff, now: datetime) -> None:
    """A colleague took a line back: what became of it says so to the client, what was offered is not sent any more."""
    source = messages.by_external(conn, chat_id=chat.id, external_id=external_id)
    if source is None or source.author is not Author.STAFF:
        return
    words, sent = staff.words(chat), sent_of(conn, source)
    author = directory.person(conn, source.person_id) if source.person_id is not None else None
    if author is not None and source.ticket_id is not None:
        audit.keep(conn, _action("chat.withdrawn", author, chat, source), now=now)
    if sent is not None:
        turns = turn_records.recent_turns(conn, sent.conversation_id, limit=1)
        text = staff.texts.say("client.withdrawn", turns[0].language if turns else LANGUAGE)
        messages.amend(conn, sent.id, text=text, now=now)
        sources.forget(conn, sent.id)
    marks = [each.mark_id for each in cards.of_copy(conn, source.id) if each.mark_id is not None]
    for answer in staff_talk.answers(conn, source):
        if answer.id in marks and sent is not None:
            messages.amend(conn, answer.id, text=words.say("staff.withdrawn"), now=now)
        elif answer.buttons:
            messages.amend(conn, answer.id, text=plain(words.say("staff.kept")), now=now)


def sent_of(conn: Connection, source: Message) -> Message | None:
    """What a message of a thread became in the client's chat."""
    became = (messages.message(conn, each.message_id) for each in cards.of_copy(conn, source.id))
    return next((each for each in became if each.audience is Audience.CLIENT), None)


def ticket_of(conn: Connection, message: Message) -> int | None:
    """The ticket that a message of ours or of a thread is about; the one it lives on in."""
    return None if message.ticket_id is None else merging.survivor(conn, message.ticket_id)


def is_colleague(person: Person) -> bool:
    """Whether somebody is one of us, and still here."""
    return person.kind is PersonKind.STAFF and person.active


def ask_to_link(
    conn: Connection, person: Person, *, chat: Chat, talk_id: int | None, staff: Staff, now: datetime
) -> None:
    """Ask somebody to link their account: in private where we may write to them, once a month at most.

    Nothing where something can be shown to one person alone: they are shown `staff_whispers.invitation`.
    """
    if staff.manner.whispers:
        return
    if rates.take(conn, f"link:{person.id}", **ASK_AGAIN, now=now) is not None:  # type: ignore[arg-type]
        return
    words = staff.words(chat)
    for direct in staff_chats.direct(conn, person.id, platform=chat.platform):
        talk = directory.ensure_conversation(conn, chat_id=direct.id, now=now)
        name = words.say("bot.name")
        messages.say(
            conn,
            conversation_id=talk.id,
            text=words.say("staff.link"),
            author="system",
            name=name,
            now=now,
        )
        return
    if talk_id is not None:
        text = f"{plain(person.name)}: {plain(how_to_link(words))}"
        staff_talk.tell(conn, conversation_id=talk_id, text=text, name=words.say("bot.name"), now=now)


def say(
    conn: Connection,
    about: Message,
    text: str,
    words: StaffWords,
    *,
    buttons: tuple[Button, ...] = (),
    now: datetime,
) -> Message:
    """Answer a message among our own people."""
    return staff_talk.tell(
        conn,
        conversation_id=about.conversation_id,
        text=text,
        buttons=buttons,
        name=words.say("bot.name"),
        ticket_id=about.ticket_id,
        reply_to=about.id,
        now=now,
    )


def offer_buttons(words: StaffWords, *, anyway: bool) -> tuple[Button, ...]:
    """To send what was kept."""
    send_it = Button(id="send", label=words.say("staff.button.anyway" if anyway else "staff.button.send"))
    return (send_it, Button(id="keep", label=words.say("staff.button.keep"))) if anyway else (send_it,)


def _action(name: str, person: Person, chat: Chat, message: Message, **facts: str) -> audit.Action:
    """What a colleague does in a chat, for the log; never what they say."""
    about = number_of(message.ticket_id) if message.ticket_id is not None else ""
    kind = audit.TICKET if about else "chats"
    return audit.Action(
        person_id=person.id, via=chat.platform, name=name, kind=kind, subject=about or str(chat.id), facts=facts
    )


def _keep(
    conn: Connection, said: Said, *, chat: Chat, text: str, files: tuple[Attachment, ...], now: datetime
) -> tuple[Message | None, Person]:
    talk = directory.ensure_conversation(conn, chat_id=chat.id, thread=said.place.thread, now=now)
    author = said.author
    person = directory.ensure_person(conn, platform=chat.platform, external_id=author.id, name=_name(author), now=now)
    replied, above = (_known(conn, chat, named) for named in (said.reply_to, said.under))
    card = cards.of_thread(conn, talk.id)
    about = (each.ticket_id for each in (card, replied, above) if each is not None)
    ticket_id = next((each for each in about if each is not None), None)
    message = staff_talk.hear(
        conn,
        conversation=talk,
        person=person,
        external_id=said.version,
        text=text,
        attachments=files,
        reply_to=replied.id if replied else None,
        ticket_id=ticket_id,
        at=said.at,
        now=now,
    )
    return message, person


def _known(conn: Connection, chat: Chat, external_id: str | None) -> Message | None:
    return messages.by_external(conn, chat_id=chat.id, external_id=external_id) if external_id else None


def _obey(
    conn: Connection, message: Message, person: Person, *, chat: Chat, staff: Staff, in_doubt: bool, now: datetime
) -> None:
    ticket_id = ticket_of(conn, message)
    assert ticket_id is not None, "it is about one"
    ticket = board.ticket(conn, ticket_id)
    holder = directory.holder(conn, ticket.assignee_id)
    what = leaving.leaving(
        message.text,
        answers=_answers(conn, message),
        has_files=bool(message.attachments),
        author=person.id,
        assignee=holder.id if holder is not None else None,
        in_doubt=in_doubt,
    )
    words = staff.words(chat)
    match what:
        case Leaves(text) if ticket.state is not TicketState.MERGED:
            send(conn, message, by=person, text=text, staff=staff, now=now)
        case (Asks() | Stays(offered=True)) as kept:
            _note(conn, message, person, ticket_id, staff=staff, now=now)
            other = holder if holder is not None and holder.id != person.id else None
            anyway = isinstance(kept, Asks) or other is not None
            asked = words.say("staff.confirm", name=other.name) if other is not None else words.say("staff.offer")
            say(conn, message, plain(asked), words, buttons=offer_buttons(words, anyway=anyway), now=now)
        case _:
            _note(conn, message, person, ticket_id, staff=staff, now=now)


def _answers(conn: Connection, message: Message) -> bool:
    """Whether a message replies to what means the client: the card, a client's words, a draft for the client."""
    replied = messages.find(conn, message.reply_to) if message.reply_to is not None else None
    if replied is None:
        return False
    drafted = any(button.id == DROP for button in replied.buttons)
    return replied.author is Author.CLIENT or drafted or cards.of_message(conn, replied.id) is not None


def _note(conn: Connection, message: Message, person: Person, ticket_id: int, *, staff: Staff, now: datetime) -> None:
    """Talk in a ticket's thread is kept with the ticket."""
    if not (message.text.strip() or message.attachments):
        return
    noted = staff.desk.note(
        conn, ticket_id=ticket_id, by=person.id, text=message.text, attachments=message.attachments, now=now
    )
    card = cards.in_chat(conn, ticket_id=ticket_id, chat_id=message.chat_id)
    if card is not None:
        cards.relay(conn, card_id=card.id, message_id=noted.id, copy_id=message.id)


def _edited(conn: Connection, said: Said, message: Message, person: Person, *, staff: Staff, now: datetime) -> None:
    """A correction of what was sent is brought to the client; of anything else it is one more note."""
    ticket_id = ticket_of(conn, message)
    assert ticket_id is not None, "it is about one"
    original = messages.by_external(conn, chat_id=message.chat_id, external_id=said.message)
    sent = sent_of(conn, original) if original is not None and original.person_id == person.id else None
    text = leaving.without_prefix(message.text)
    if original is None or sent is None or not text.strip():
        _note(conn, message, person, ticket_id, staff=staff, now=now)
        return
    if sent.text == text:
        return
    messages.amend(conn, sent.id, text=text, now=now)
    marks = [each.mark_id for each in cards.of_copy(conn, original.id) if each.mark_id is not None]
    words = staff.words(directory.chat(conn, message.chat_id))
    for mark_id in marks:
        messages.amend(conn, mark_id, text=words.say("staff.changed"), now=now)


def _name(author: Sender) -> str:
    return " ".join(clean(author.name).split())[:80] or "?"
