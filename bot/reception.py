"""What comes in from any chat platform, written down: transaction bodies. What comes twice or late changes nothing."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from bot import (
    binding,
    care_presses,
    colleagues,
    feedback_presses,
    intake,
    interview_ground,
    staff_reception,
    staff_whispers,
    standings,
)
from bot.arrived import EDITED, STAFF_COMMANDS, Author, Ordered, Place, Said, Standing, Withdrawn
from bot.gate import SPEAKS
from bot.masking import mask
from bot.model import Inbound
from bot.own_pages import OwnPages
from bot.questions import Questions
from bot.recording import TURNED
from bot.staff_reception import Staff
from bot.staff_words import Manner
from bot.triage import Rules
from console.texts import Texts, negotiate
from handoff import bindings, chats, directory, messages, staff_chats, staff_talk, turn_records
from handoff.desk import Desk
from handoff.kinds import Author as Writer
from handoff.kinds import ChatKind, ChatPurpose, PersonKind
from handoff.model import Attachment, Chat, Message
from knowledge.language import clean
from store.signals import signal


@dataclass(frozen=True, kw_only=True)
class Room:
    """What the bodies need; `desk_texts` is the desk's own catalogue, `manner` is the platform's."""

    desk: Desk
    rules: Rules
    texts: Texts
    desk_texts: Texts = field(default_factory=Texts.shipped)
    manner: Manner = field(default_factory=Manner)
    own_pages: OwnPages = field(default_factory=OwnPages)

    @property
    def staff(self) -> Staff:
        """What the bodies for our own people's chats need."""
        return Staff(desk=self.desk, texts=self.texts, desk_texts=self.desk_texts, manner=self.manner)

    @property
    def questions(self) -> Questions:
        """How clients' people are asked about themselves."""
        return Questions(texts=self.texts, public_url=self.own_pages.public_url, secret=self.own_pages.secret)

    def say(self, key: str, language: str, *commands: str) -> str:
        """A sentence that names these commands as they are typed here."""
        return self.texts.say(key, language, **{name: self.manner.command.format(name) for name in commands})


def language(conn: Connection, place: Place, author: Author | None) -> str:
    """The language to speak in a place: of the last turn, the client's, else what the person's program is set to."""
    chat = directory.find_chat(conn, platform=place.platform, external_id=place.chat)
    talk = directory.find_conversation(conn, chat_id=chat.id, thread=place.thread) if chat else None
    if talk and (turns := turn_records.recent_turns(conn, talk.id, limit=1)):
        return turns[0].language
    client = directory.client(conn, chat.client_id) if chat and chat.client_id is not None else None
    if client is not None and client.language:
        return client.language
    return negotiate(author.language) if author and author.language else "zh-Hans"


def known(conn: Connection, said: Said) -> bool:
    """Whether this version of a message is stored already, or says what the one before it said."""
    chat = directory.find_chat(conn, platform=said.place.platform, external_id=said.place.chat)
    if chat is None:
        return False
    if messages.by_external(conn, chat_id=chat.id, external_id=said.version) is not None:
        return True
    if not said.edited:
        return False
    before = messages.latest_version(conn, chat_id=chat.id, external_id=said.message, mark=EDITED)
    return before is not None and before.text == mask(clean(said.text)).text


def store(
    conn: Connection, said: Said, *, room: Room, text: str, files: tuple[Attachment, ...], now: datetime
) -> Message | None:
    """Keep a message with its job, and what follows from who said it; None if it is known."""
    if known(conn, said):
        return None
    if (ours := staff_reception.staffs(conn, said.place)) is not None:
        chats.regain(conn, ours.id, now=now)
        return staff_reception.hear(conn, said, chat=ours, staff=room.staff, text=text, files=files, now=now)
    if care_presses.stops(conn, said, text=text, now=now):
        return _stop(conn, said, room=room, text=text, now=now)
    reading = room.rules.read(text)
    hurry = (reading.whole or reading.emergency) and said.album is None
    inbound = _inbound(conn, said, text=text, files=files)
    if not reading.emergency and (answered := _answered(conn, inbound, said, room=room, now=now)) is not None:
        return answered
    message = intake.accept(conn, inbound, hurry=hurry, reading=reading, now=now)
    if message is None:
        return None
    if message.author is Writer.STAFF:
        colleagues.spoke(conn, message, desk=room.desk, now=now)
    if said.place.kind is ChatKind.DIRECT and message.person_id is not None:
        staff_chats.belongs(conn, message.chat_id, message.person_id)
    _look_at(conn, said.place, said.author, room=room, now=now)
    return message


def order(conn: Connection, ordered: Ordered, *, room: Room, now: datetime) -> Message | None:
    """Obey a command, once; the message if it started a turn."""
    said = ordered.said
    if (ours := _our_own(conn, ordered)) is not None and not is_binding(ordered):
        staff_reception.order(conn, ordered, chat=ours, staff=room.staff, now=now)
        return None
    if ordered.name in STAFF_COMMANDS:
        return store(conn, said, room=room, text=f"/{ordered.name} {ordered.argument}".strip(), files=(), now=now)
    if ordered.name == "human":
        label = room.texts.say("button.human", language(conn, said.place, said.author))
        text = f"{label} {ordered.argument}".strip()
        return store(conn, said, room=room, text=text, files=(), now=now)
    chat, message = _keep(conn, said, text=f"/{ordered.name}", now=now)
    if message is None:
        return None
    tongue = language(conn, said.place, said.author)
    private, talk = chat.kind is ChatKind.DIRECT, message.conversation_id
    who = message.person_id
    answer = _obey(conn, ordered, chat=chat, talk=talk, private=private, who=who, tongue=tongue, room=room, now=now)
    _answer(conn, message, answer, reason=ordered.name, tongue=tongue, room=room, now=now)
    return None


def whisper(conn: Connection, ordered: Ordered, *, room: Room, now: datetime) -> str:
    """Obey a command that its author alone sees; what to answer them, or "" where a turn will answer in the chat."""
    said, place = ordered.said, ordered.said.place
    if ordered.name == "human" and staff_reception.staffs(conn, place) is None:
        order(conn, ordered, room=room, now=now)
        return ""
    tongue = language(conn, place, said.author)
    chat = directory.ensure_chat(conn, platform=place.platform, external_id=place.chat, kind=place.kind, now=now)
    if not is_binding(ordered) and staff_whispers.answers(conn, ordered, chat=chat):
        return staff_whispers.whisper(conn, ordered, chat=chat, staff=room.staff, now=now)
    talk = directory.ensure_conversation(conn, chat_id=chat.id, thread=place.thread, now=now).id
    author = directory.find_person(conn, platform=place.platform, external_id=said.author.id)
    who = author.id if author else None
    return _obey(conn, ordered, chat=chat, talk=talk, private=True, who=who, tongue=tongue, room=room, now=now)


def withdraw(conn: Connection, withdrawn: Withdrawn, *, room: Room, now: datetime) -> None:
    """A message was taken back: no turn answers it any more, if none has begun to; what is written stays written.

    A colleague's, in a staff chat, is taken back from the client too.
    """
    place = withdrawn.place
    chat = directory.find_chat(conn, platform=place.platform, external_id=place.chat)
    if chat is None:
        return
    if chat.purpose is ChatPurpose.STAFF:
        staff_reception.withdraw(conn, withdrawn.message, chat=chat, staff=room.staff, now=now)
        return
    newest = messages.latest_version(conn, chat_id=chat.id, external_id=withdrawn.message, mark=EDITED)
    if newest is None or newest.person_id is None or newest.author is not Writer.CLIENT:
        return
    talk, tongue = newest.conversation_id, language(conn, place, None)
    for waiting in messages.unhandled(conn, conversation_id=talk, person_id=newest.person_id):
        if (waiting.external_id or "").split(EDITED)[0] == withdrawn.message:
            turn_records.handled(conn, waiting, reason="withdrawn", language=tongue, now=now)
            signal(conn, TURNED, str(waiting.id))


def awaits_us(conn: Connection, *, message_id: int) -> bool:
    """Whether a message still waits for a turn in which we may speak: a sign that we are at it would be true."""
    message = messages.message(conn, message_id)
    return message.turn_id is None and directory.chat(conn, message.chat_id).mode in SPEAKS


def _our_own(conn: Connection, ordered: Ordered) -> Chat | None:
    """The chat of a command that our own people are answered in: a staff chat, or a colleague's direct chat."""
    place = ordered.said.place
    if (ours := staff_reception.staffs(conn, place)) is not None:
        return ours
    if place.kind is not ChatKind.DIRECT or ordered.name not in {"help", *STAFF_COMMANDS}:
        return None
    person = directory.find_person(conn, platform=place.platform, external_id=ordered.said.author.id)
    if person is None or not staff_reception.is_colleague(person):
        return None
    made = directory.ensure_chat(
        conn, platform=place.platform, external_id=place.chat, kind=place.kind, now=ordered.said.at
    )
    staff_chats.belongs(conn, made.id, person.id)
    return directory.chat(conn, made.id)


def _answered(conn: Connection, inbound: Inbound, said: Said, *, room: Room, now: datetime) -> Message | None:
    """A reply to a question about its author is the answer, or its reason: kept, and no turn of the bot's."""
    asks = feedback_presses.question_of(conn, inbound.reply_to)
    if asks is None or said.edited:
        return None
    person = directory.find_person(conn, platform=inbound.platform, external_id=inbound.person)
    if person is None:
        return None
    text, question = mask(clean(inbound.text)).text, messages.message(conn, asks.message_id)
    if not feedback_presses.reply(conn, asks, question, text, person_id=person.id, questions=room.questions, now=now):
        return None
    _, message = _keep(conn, said, text=text, now=now)
    if message is not None:
        tongue = language(conn, said.place, said.author)
        turn_records.handled(conn, message, reason="feedback", language=tongue, now=now)
    return message


def stand(conn: Connection, standing: Standing, *, room: Room, now: datetime) -> None:
    """We were let into a chat or put out of it."""
    place = standing.place
    if standing.here:
        directory.ensure_chat(conn, platform=place.platform, external_id=place.chat, kind=place.kind, now=now)
        _look_at(conn, place, standing.author, room=room, now=now)
    elif chat := directory.find_chat(conn, platform=place.platform, external_id=place.chat):
        chats.lose(conn, chat.id, now=now)


def _inbound(conn: Connection, said: Said, *, text: str, files: tuple[Attachment, ...]) -> Inbound:
    place = said.place
    chat = directory.find_chat(conn, platform=place.platform, external_id=place.chat)
    answered = (
        messages.by_external(conn, chat_id=chat.id, external_id=said.reply_to) if chat and said.reply_to else None
    )
    return Inbound(
        platform=place.platform,
        chat=place.chat,
        chat_kind=place.kind,
        thread=place.thread,
        person=said.author.id,
        name=said.author.name,
        message=said.version,
        text=text,
        attachments=files,
        addressed=said.addressed,
        reply_to=answered.id if answered else None,
        more=said.album is not None,
        at=said.at,
    )


def _look_at(conn: Connection, place: Place, author: Author | None, *, room: Room, now: datetime) -> None:
    """A sign of life of a chat: its title, that it is there, and once how an unbound group is bound."""
    chat = directory.find_chat(conn, platform=place.platform, external_id=place.chat)
    assert chat is not None, "it was made before"
    chats.regain(conn, chat.id, now=now)
    if place.title and place.title != chat.title:
        chats.entitle(conn, chat.id, place.title)
    if place.kind is ChatKind.GROUP and bindings.invite_once(conn, chat.id, now=now):
        tongue = language(conn, place, author)
        talk = directory.ensure_conversation(conn, chat_id=chat.id, thread=place.thread, now=now)
        text, name = room.say("chat.invite", tongue, "bind"), room.texts.say("bot.name", tongue)
        text += interview_ground.invited(conn, chat, texts=room.desk_texts, tongue=tongue)
        messages.say(conn, conversation_id=talk.id, text=text, author="system", name=name, now=now)


def _keep(conn: Connection, said: Said, *, text: str, now: datetime) -> tuple[Chat, Message | None]:
    """Keep a command without what stands after it: it may be a code."""
    place = said.place
    chat = directory.ensure_chat(conn, platform=place.platform, external_id=place.chat, kind=place.kind, now=now)
    talk = directory.ensure_conversation(conn, chat_id=chat.id, thread=place.thread, now=now)
    person = directory.ensure_person(
        conn,
        platform=place.platform,
        external_id=said.author.id,
        name=said.author.name,
        client_id=chat.client_id,
        now=now,
    )
    chats.regain(conn, chat.id, now=now)
    staff_chats.belongs(conn, chat.id, person.id)
    if place.title:
        chats.entitle(conn, chat.id, place.title)
    message = messages.accept(
        conn,
        conversation=talk,
        person=person,
        external_id=said.version,
        text=text,
        mentioned=True,
        at=said.at,
        now=now,
        author="client" if person.kind is PersonKind.CLIENT else "system",
    )
    return chat, message


def _obey(
    conn: Connection,
    ordered: Ordered,
    *,
    chat: Chat,
    talk: int,
    private: bool,
    who: int | None,
    tongue: str,
    room: Room,
    now: datetime,
) -> str:
    """Do what a command says, for the person `who`; the answer. `private`: nobody else has read it."""
    if is_binding(ordered):
        words = room.staff.words(chat)
        return binding.bind(conn, ordered, chat=chat, private=private, tongue=tongue, words=words, now=now)
    if ordered.name == "status":
        pages = room.own_pages.lines(conn, chat, who, language=tongue, texts=room.texts, now=now)
        return standings.told(conn, talk, language=tongue, texts=room.texts, desk=room.desk, pages=pages, now=now)
    invited = interview_ground.invited(conn, chat, texts=room.desk_texts, tongue=tongue)
    return room.say("chat.help", tongue, "status", "human") + invited


def _stop(conn: Connection, said: Said, *, room: Room, text: str, now: datetime) -> Message | None:
    """A group wants no broadcasts: so be it, with a word that reminders of what ends still come."""
    _, message = _keep(conn, said, text=text, now=now)
    if message is not None:
        care_presses.obey_stop(conn, message, now=now)
        tongue = language(conn, said.place, said.author)
        told = room.desk_texts.say("broadcast.stopped", tongue)
        _answer(conn, message, told, reason="no_broadcasts", tongue=tongue, room=room, now=now)
    return message


def is_binding(ordered: Ordered) -> bool:
    """Whether a command uses a code."""
    return ordered.name == "bind" or (ordered.name == "start" and bool(ordered.argument))


def _answer(
    conn: Connection, message: Message, text: str, *, reason: str, tongue: str, room: Room, now: datetime
) -> None:
    """Answer a command; it is handled, and no part of anybody's burst."""
    talk, name = message.conversation_id, room.texts.say("bot.name", tongue)
    if directory.chat(conn, message.chat_id).purpose is ChatPurpose.STAFF:
        staff_talk.tell(conn, conversation_id=talk, text=text, name=name, now=now)
        return
    messages.say(conn, conversation_id=talk, text=text, author="system", name=name, now=now)
    if message.author is Writer.CLIENT:
        turn_records.handled(conn, message, reason=reason, language=tongue, now=now)
