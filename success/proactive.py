"""Words to a client that nobody asked for: in its group, by day, as the desk. Transaction bodies."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from handoff import directory, listing, messages
from handoff.kinds import Mode
from handoff.model import Attachment, Button, Chat, Client, Message
from success.rating_rules import next_morning

LANGUAGE: Final = "zh-Hans"


def language_of(client: Client) -> str:
    """What a client is written to in."""
    return client.language or LANGUAGE


def group_of(conn: Connection, client_id: int) -> Chat | None:
    """Of the client's groups where we may speak the one used last; None where there is none."""
    return listing.usual_chat(conn, client_id, requester_id=None, but=(Mode.OFF, Mode.COMMUNITY))


def by_day(client: Client, at: datetime) -> datetime:
    """That instant, or the next morning where it is night at the client's."""
    return next_morning(client.timezone, at) or at


def is_night(client: Client, now: datetime) -> bool:
    """Whether nothing that can wait is said now."""
    return by_day(client, now) - now > timedelta(0)


def tell_group(
    conn: Connection,
    chat: Chat,
    text: str,
    *,
    name: str,
    buttons: Sequence[Button] = (),
    attachments: Sequence[Attachment] = (),
    now: datetime,
) -> Message:
    """Say something in a client's group, in its main conversation."""
    talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
    return messages.say(
        conn, conversation_id=talk.id, text=text, author="system", name=name, buttons=buttons,
        attachments=attachments, now=now,
    )  # fmt: skip
