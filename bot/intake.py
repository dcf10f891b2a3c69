"""Store first, acknowledge after: a message and its job are written in one transaction."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot import bursts
from bot.gate import EMERGENCY_YES
from bot.masking import mask
from bot.model import Inbound
from bot.triage import Reading
from handoff import directory, messages
from handoff.kinds import Author, ChatKind, PersonKind
from handoff.model import Message
from knowledge.language import clean
from store import jobs
from success import across

TURN = "turn"
LONGEST = 100_000  # characters of one message that are kept


def accept(
    conn: Connection,
    inbound: Inbound,
    *,
    at_once: bool = False,
    hurry: bool = False,
    reading: Reading | None = None,
    now: datetime,
) -> Message | None:
    """Write an inbound message, its people and chat if they are new, and the job that will answer it.

    Secrets are masked before the write. `at_once` skips the wait for further messages of a burst; `hurry` ends the
    wait of the messages before it (this one completes their burst). What a colleague says in a group is theirs: it is
    stored as such, and no turn of the bot's. By its `reading` an emergency goes before all that waits, and whoever
    waits in line and says that it is urgent comes next.

    Returns:
        The message, or None if this (chat, message identity) is stored already: delivered twice, answered once.
    """
    masked = mask(clean(inbound.text)[:LONGEST])
    chat = directory.ensure_chat(
        conn,
        platform=inbound.platform,
        external_id=inbound.chat,
        kind=inbound.chat_kind,
        client_id=inbound.client_id,
        mode=inbound.mode,
        now=now,
    )
    conversation = directory.ensure_conversation(conn, chat_id=chat.id, thread=inbound.thread, now=now)
    person = directory.ensure_person(
        conn,
        platform=inbound.platform,
        external_id=inbound.person,
        name=_name(inbound.name),
        client_id=chat.client_id,
        now=now,
    )
    message = messages.accept(
        conn,
        conversation=conversation,
        person=person,
        external_id=inbound.message,
        text=masked.text,
        attachments=inbound.attachments,
        mentioned=inbound.addressed,
        reply_to=inbound.reply_to,
        at=inbound.at,
        now=now,
        author="staff" if person.kind is PersonKind.STAFF and chat.kind is ChatKind.GROUP else "client",
    )
    if message is None or message.author is Author.STAFF:
        return message
    across.heard(conn, message, now=now)
    if hurry or at_once:
        for waiting in messages.unhandled(conn, conversation_id=conversation.id, person_id=person.id):
            jobs.reschedule(conn, TURN, dedup=f"turn:{waiting.id}", run_at=now, now=now, only_sooner=True)
    key = f"conversation:{conversation.id}"
    jobs.enqueue(
        conn,
        TURN,
        {"message": message.id, "pressed": inbound.pressed, "at_once": at_once, "more": inbound.more},
        key=key,
        dedup=f"turn:{message.id}",
        lead=_lead(conn, inbound, reading, key=key, now=now),
        now=now,
    )
    return message


def _lead(conn: Connection, inbound: Inbound, reading: Reading | None, *, key: str, now: datetime) -> timedelta | None:
    if inbound.pressed == EMERGENCY_YES or (reading is not None and reading.emergency):
        return jobs.FIRST
    in_line = reading is not None and reading.urgent and jobs.waits(conn, TURN, key, since=now - bursts.LONGEST)
    return jobs.SOON if in_line else None


def _name(name: str) -> str:
    return " ".join(clean(name).split())[:80] or "?"
