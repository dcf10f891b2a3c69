"""A one-time code used in a chat: whose the chat is from now on, or whose the account. A transaction body."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bot.arrived import Ordered
from bot.staff_words import StaffWords
from console.texts import Texts
from handoff import audit, bindings, directory, staff_chats
from handoff.kinds import ChatKind, ChatPurpose, PersonKind
from handoff.model import Chat
from store import rates

_TRIES: Final = {"per": timedelta(minutes=10), "limit": 10}


def bind(
    conn: Connection, ordered: Ordered, *, chat: Chat, private: bool, tongue: str, words: StaffWords, now: datetime
) -> str:
    """Use a code; what to answer. `private`: nobody else has read it."""
    author, code, texts = ordered.said.author, ordered.argument, words.texts
    if rates.take(conn, f"bind:{chat.platform}:{author.id}", **_TRIES, now=now) is not None:  # type: ignore[arg-type]
        return texts.say("chat.bind.slow", tongue)
    kind = bindings.kind_of(conn, code, now=now)
    refused = _refusal(kind, chat, private=private)
    if refused is not None:
        if not (kind == "staff" and chat.kind is ChatKind.DIRECT):
            bindings.spend(conn, code, now=now)
        named = {"client": _name(conn, chat)} if refused == "staff.bind.client" else {}
        return texts.say(refused, tongue, **named)
    bound: str | None = None
    if kind == "colleague":
        bound = _colleague(conn, code, chat, account=author.id, tongue=tongue, texts=texts, now=now)
    elif kind == "staff" and bindings.bind_staff_chat(conn, code, chat_id=chat.id, now=now):
        bound = _staffs(words.of(directory.chat(conn, chat.id)))
    elif kind == "client" and (client := bindings.bind_chat(conn, code, chat_id=chat.id, now=now)) is not None:
        bound = texts.say("chat.bound", client.language or tongue, client=client.name)
    if bound is not None:
        _note(conn, chat, account=author.id, kind=str(kind), now=now)
    return bound or texts.say("chat.bind.unknown", tongue)


def _note(conn: Connection, chat: Chat, *, account: str, kind: str, now: datetime) -> None:
    """A line of the log, where one of our people used the code."""
    who = directory.find_person(conn, platform=chat.platform, external_id=account)
    if who is not None and who.kind is PersonKind.STAFF:
        name = "chat.linked" if kind == "colleague" else "chat.bound"
        action = audit.Action(person_id=who.id, via=chat.platform, name=name, kind="chats", subject=str(chat.id))
        audit.keep(conn, action, now=now)


def _staffs(words: StaffWords) -> str:
    return words.guide("staff.bound", *(("help",) if words.manner.answers else ("help", "bind")))


def _colleague(
    conn: Connection, code: str, chat: Chat, *, account: str, tongue: str, texts: Texts, now: datetime
) -> str | None:
    linked = bindings.link_colleague(conn, code, platform=chat.platform, external_id=account, now=now)
    if linked is None:
        return None
    staff_chats.belongs(conn, chat.id, linked.id)
    staff_chats.greet(conn, chat.id, now=now)
    return texts.say("chat.linked", tongue, name=linked.name)


def _refusal(kind: str | None, chat: Chat, *, private: bool) -> str | None:
    """Why a code is not used here: a client's chat stays the client's, ours stays ours; others have read it."""
    if kind == "staff" and chat.kind is ChatKind.DIRECT:
        return "staff.bind.group"
    if kind == "colleague" and not private:
        return "chat.bind.private"
    if kind == "staff" and chat.client_id is not None:
        return "staff.bind.client"
    return "staff.bind.staff" if kind == "client" and chat.purpose is ChatPurpose.STAFF else None


def _name(conn: Connection, chat: Chat) -> str:
    return directory.client(conn, chat.client_id).name if chat.client_id is not None else ""
