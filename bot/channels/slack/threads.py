"""Where a conversation stands in Slack: which thread a message is in, and in which thread an answer belongs.

Transaction bodies that only read.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from bot.arrived import Said
from bot.channels.slack.reading import stamp
from handoff import directory, messages, turn_records
from handoff.kinds import Audience, Author, ChatKind, ChatPurpose
from handoff.model import Chat, Message

_LOOKED_AT: Final = 30  # messages back
_OURS: Final = (Author.BOT, Author.SYSTEM)


def placed(conn: Connection, said: Said) -> Said:
    """A message in its conversation: of the message that its thread hangs on, and said to us if it follows on us.

    Among our own people each thread is a conversation, and to stand in it answers nobody in particular.
    """
    if not said.reply_to:
        return said
    chat = directory.find_chat(conn, platform=said.place.platform, external_id=said.place.chat)
    if chat is not None and chat.purpose is ChatPurpose.STAFF:
        return replace(said, reply_to=None, under=said.reply_to)
    root = _first(conn, chat, said.reply_to) if chat else None
    if chat is None or root is None:
        follows = _last_heard(conn, said, chat) if chat else False
        return replace(said, addressed=said.addressed or follows)
    thread = directory.conversation(conn, root.conversation_id).thread
    follows = root.author in _OURS or _last_heard(conn, said, chat, root=root)
    return replace(said, place=replace(said.place, thread=thread), addressed=said.addressed or follows)


def thread_for(conn: Connection, chat: Chat, message: Message) -> str:
    """The ts of the thread that a message of ours goes to; "" for none."""
    own = directory.conversation(conn, message.conversation_id).thread
    if own or message.audience is Audience.STAFF:
        return own
    asked = _asked(conn, message)
    if asked is None:
        return ""
    return _root(conn, asked) if chat.kind is ChatKind.GROUP else _thread(conn, asked)


def _first(conn: Connection, chat: Chat, identified: str) -> Message | None:
    """The message that a thread hangs on; of ours it may be any part."""
    if found := messages.by_external(conn, chat_id=chat.id, external_id=identified):
        return found
    talk = directory.find_conversation(conn, chat_id=chat.id)
    return next((each for each in _backwards(conn, talk.id) if identified in each.sent), None) if talk else None


def _asked(conn: Connection, message: Message) -> Message | None:
    """What a message of ours answers: its turn's last message, else the newest of its ticket, else the newest."""
    if message.turn_id is not None:
        return messages.message(conn, turn_records.turn(conn, message.turn_id).message_ids[-1])
    if message.ticket_id is not None:
        mine = messages.ticket_messages(conn, message.ticket_id, audience=Audience.CLIENT)
        return _newest(mine, before=message)
    return _newest(tuple(reversed(_backwards(conn, message.conversation_id))), before=message)


def _newest(said: Sequence[Message], *, before: Message) -> Message | None:
    """What a client said last, of these, the oldest first."""
    heard = (m for m in reversed(said) if m.id < before.id and m.author is Author.CLIENT and stamp(m.external_id))
    return next(heard, None)


def _thread(conn: Connection, message: Message) -> str:
    """The thread that a message stands in; "" at the top."""
    if message.reply_to is None:
        return ""
    to = messages.message(conn, message.reply_to)
    if (message.external_id or "").startswith("press:"):
        asked = _asked(conn, to)
        return _thread(conn, asked) if asked else ""
    return _stamp(to)


def _root(conn: Connection, message: Message) -> str:
    """The thread that a message stands in, else the one that it may open."""
    if (message.external_id or "").startswith("press:") and message.reply_to is not None:
        pressed = messages.message(conn, message.reply_to)
        asked = _asked(conn, pressed)
        return _root(conn, asked) if asked else _stamp(pressed)
    return _thread(conn, message) or _stamp(message)


def _last_heard(conn: Connection, said: Said, chat: Chat, *, root: Message | None = None) -> bool:
    """Whether the bot was the last to speak in a thread, but for the one who speaks now."""
    talk = root.conversation_id if root else None
    if talk is None:
        own = directory.find_conversation(conn, chat_id=chat.id, thread=said.place.thread)
        talk = own.id if own else None
    if talk is None:
        return False
    person = directory.find_person(conn, platform=said.place.platform, external_id=said.author.id)
    for each in _backwards(conn, talk):
        if root is not None and _shown_under(conn, each) != _stamp(root):
            continue
        if person is None or each.person_id != person.id:
            return each.author in _OURS
    return False


def _shown_under(conn: Connection, message: Message) -> str:
    if message.delivery is None:
        return _root(conn, message)
    asked = _asked(conn, message)
    return _root(conn, asked) if asked else ""


def _stamp(message: Message) -> str:
    return next(filter(None, (stamp(each) for each in (*message.sent, message.external_id))), "")


def _backwards(conn: Connection, conversation_id: int) -> tuple[Message, ...]:
    return tuple(reversed(messages.transcript(conn, conversation_id, audience=Audience.CLIENT, limit=_LOOKED_AT)))
