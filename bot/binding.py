"""A one-time code used in a chat: whose the chat is from now on, or whose the account. A transaction body."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bot.arrived import Ordered
from console.texts import Texts
from handoff import bindings, directory, staff_chats
from handoff.kinds import ChatKind, ChatPurpose
from handoff.model import Chat
from store import rates

_TRIES: Final = {"per": timedelta(minutes=10), "limit": 10}


def bind(conn: Connection, ordered: Ordered, *, chat: Chat, tongue: str, texts: Texts, now: datetime) -> str:
    """Use a code; what to answer."""
    author, code = ordered.said.author, ordered.argument
    if rates.take(conn, f"bind:{chat.platform}:{author.id}", **_TRIES, now=now) is not None:  # type: ignore[arg-type]
        return texts.say("chat.bind.slow", tongue)
    kind = bindings.kind_of(conn, code, now=now)
    refused = _refused(conn, code, kind, chat, tongue=tongue, texts=texts, now=now)
    if refused is not None:
        return refused
    bound: str | None = None
    if kind == "colleague":
        bound = _colleague(conn, code, chat, account=author.id, tongue=tongue, texts=texts, now=now)
    elif kind == "staff" and bindings.bind_staff_chat(conn, code, chat_id=chat.id, now=now):
        bound = texts.say("staff.bound", directory.chat(conn, chat.id).language or tongue)
    elif kind == "client" and (client := bindings.bind_chat(conn, code, chat_id=chat.id, now=now)) is not None:
        bound = texts.say("chat.bound", client.language or tongue, client=client.name)
    return bound or texts.say("chat.bind.unknown", tongue)


def _colleague(
    conn: Connection, code: str, chat: Chat, *, account: str, tongue: str, texts: Texts, now: datetime
) -> str | None:
    linked = bindings.link_colleague(conn, code, platform=chat.platform, external_id=account, now=now)
    if linked is None:
        return None
    staff_chats.belongs(conn, chat.id, linked.id)
    staff_chats.greet(conn, chat.id, now=now)
    return texts.say("chat.linked", tongue, name=linked.name)


def _refused(
    conn: Connection, code: str, kind: str | None, chat: Chat, *, tongue: str, texts: Texts, now: datetime
) -> str | None:
    """Why a code is not used here: a client's chat stays the client's, ours stays ours; read by others, it is spent."""
    if kind == "staff" and chat.kind is ChatKind.DIRECT:
        return texts.say("staff.bind.group", tongue)
    if kind == "colleague" and chat.kind is not ChatKind.DIRECT:
        bindings.spend(conn, code, now=now)
        return texts.say("chat.bind.private", tongue)
    if kind == "staff" and chat.client_id is not None:
        bindings.spend(conn, code, now=now)
        return texts.say("staff.bind.client", tongue, client=directory.client(conn, chat.client_id).name)
    if kind == "client" and chat.purpose is ChatPurpose.STAFF:
        bindings.spend(conn, code, now=now)
        return texts.say("staff.bind.staff", tongue)
    return None
