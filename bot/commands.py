"""What the commands do, in the process that owns the data folder, or through its local socket. JSON in and out."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import Any

from sqlalchemy import Connection

from bot import (
    doctor,
    following,
    gap_work,
    intake,
    job_work,
    manual_work,
    number_work,
    people_work,
    privacy_export,
    recall_work,
    reminder_work,
    report_making,
    review_work,
    service_work,
    site_check_work,
)
from bot.aftercare import Aftercare
from bot.channels import terminal
from bot.control import Emit
from bot.errors import BotError
from bot.first_start import DEMO
from bot.manual_work import index
from bot.recording import TURNED
from console.moments import iso
from console.texts import LANGUAGES, Texts
from console.why import Account, accounts
from handoff import bands, board, directory, messages, turn_records
from handoff.kinds import Audience, Author
from handoff.model import Client

__all__ = ["COMMANDS", "execute", "index"]

Arguments = Mapping[str, Any]
Command = Callable[[Aftercare, Arguments, Emit], Awaitable[Any]]

_PATIENCE_S = 90.0  # for one turn, model included


async def execute(app: Aftercare, command: str, arguments: Arguments, emit: Emit) -> Any:
    """Run a command by name; raises `BotError` for a name that is none."""
    if command not in COMMANDS:
        raise BotError(f"no such command: {command}")
    return await COMMANDS[command](app, arguments, emit)


async def ask(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """One turn in a new conversation as a contact of the client; indexes the manual first if nothing is."""
    client = await _client(app, arguments.get("client"))
    await _indexed(app, emit)
    return await _turn(app, client, session=uuid.uuid4().hex, text=str(arguments["text"]), at_once=True, emit=emit)


async def chat_say(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """One line of a chat; what the bot made of it. Answers come through `chat.follow` like everybody's."""
    client = await _client(app, arguments.get("client"))
    await _indexed(app, emit)
    session, text = str(arguments["session"]), str(arguments["text"])
    return await _turn(app, client, session=session, text=text, at_once=False, emit=emit)


async def chat_follow(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """Emit every message that comes into a chat's conversation, until the reader goes away."""
    client = await _client(app, arguments.get("client"))
    last = 0
    async with app.db.listen("chat") as subscription:
        async for _ in subscription:
            news = await app.db.read(partial(_news, client=client, session=str(arguments["session"]), after=last))
            for message in news:
                last = max(last, message.id)
                if message.author is not Author.CLIENT:
                    emit(terminal.line(message))


async def tickets(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """The queue, most urgent first."""
    del emit
    view = arguments.get("view") or "open"
    if view not in bands.VIEWS:
        raise BotError(f"no such view: {view} (there are {', '.join(bands.VIEWS)})")
    now = app.clock()
    rows = await app.db.read(lambda conn: board.queue(conn, view=view, viewer_id=0, now=now))
    return [
        {
            "ticket": row.ticket.number,
            "level": row.ticket.level.value,
            "state": row.ticket.state.value,
            "title": row.ticket.title,
            "client": row.client_name,
            "tier": row.ticket.tier.value,
            "assignee": row.assignee_name,
            "reason": row.ticket.reason,
            "clock": row.next_clock.kind.value if row.next_clock else None,
            "due": iso(row.next_clock.due_at) if row.next_clock and row.next_clock.due_at else None,
            "late": bool(row.next_clock and row.next_clock.breached),
        }
        for row in rows
    ]


async def why(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """Why a message was answered, handed over, or met with silence."""
    del emit
    return await app.db.read(partial(_why, which=str(arguments["message"])))


async def sla_why(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """Line by line, what produced each deadline of a ticket."""
    del emit
    number, language = str(arguments["ticket"]), str(arguments.get("language") or "en")
    if language not in LANGUAGES:
        raise BotError(f"no such language: {language} (there are {', '.join(LANGUAGES)})")
    now, texts = app.clock(), Texts.shipped()

    def body(conn: Connection) -> Any:
        ticket = board.ticket_by_number(conn, number)
        if ticket is None:
            raise BotError(f"no ticket {number}")
        ledger = app.desk.ledger(conn, ticket.id, now=now)
        return {
            "ticket": ticket.number,
            "clocks": [
                {
                    "clock": c.kind.value,
                    "state": c.state.value,
                    "target": c.target,
                    "elapsed_s": c.elapsed_s,
                    "remaining_s": c.remaining_s,
                    "due": iso(c.due_at) if c.due_at else None,
                    "breached": c.breached,
                }
                for c in board.clocks(conn, ticket.id, now)
            ],
            "ledger": [
                {"at": iso(row.at), "kind": row.kind, "clock": row.clock.value if row.clock else None, "data": row.data}
                for row in ledger
            ],
            "accounts": [_told(account) for account in accounts(ledger, texts, language)],
        }

    return await app.db.read(body)


COMMANDS: Mapping[str, Command] = {
    "ask": ask,
    "chat.say": chat_say,
    "chat.follow": chat_follow,
    "tickets": tickets,
    "why": why,
    "sla.why": sla_why,
    "numbers": number_work.show,
    "doctor": doctor.examine,
    **job_work.COMMANDS,
    **people_work.COMMANDS,
    **privacy_export.COMMANDS,
    **service_work.COMMANDS,
    **gap_work.COMMANDS,
    **review_work.COMMANDS,
    **report_making.COMMANDS,
    **recall_work.COMMANDS,
    **reminder_work.COMMANDS,
    **manual_work.COMMANDS,
    **site_check_work.COMMANDS,
}


async def _indexed(app: Aftercare, emit: Emit) -> None:
    """Index the manual if nothing is indexed yet."""
    if app.manual.version is None:
        await index(app, {}, emit)


def _told(account: Account) -> Any:
    facts = {**asdict(account), "due_at": iso(account.due_at) if account.due_at else None}
    return facts | {"rows": [{**asdict(row), "at": iso(row.at)} for row in account.rows]}


async def _client(app: Aftercare, slug: object) -> Client:
    wanted = str(slug or DEMO)
    found = await app.db.read(lambda conn: directory.client_by_slug(conn, wanted))
    if found is None:
        names = ", ".join(client.slug for client in await app.db.read(directory.clients))
        raise BotError(f"no client {wanted!r}; there are: {names}")
    return found


async def _turn(app: Aftercare, client: Client, *, session: str, text: str, at_once: bool, emit: Emit) -> Any:
    """Take a typed line in and wait for its turn; emits the message's number first, for `why`."""
    arrived = terminal.inbound(client=client, session=session, key=uuid.uuid4().hex, text=text, at=app.clock())
    reading = app.rules.read(text)
    hurry = reading.whole or reading.emergency
    async with app.db.listen(TURNED) as subscription:
        message = await app.db.write(
            lambda conn: intake.accept(conn, arrived, at_once=at_once, hurry=hurry, now=app.clock())
        )
        assert message is not None, "a new line has a new identity"
        following.stored(message, platform=terminal.PLATFORM)
        emit({"message": message.id})
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                async for signal in subscription:
                    if signal.payload in ("", str(message.id)):
                        found = await app.db.read(partial(_outcome, app=app, message_id=message.id))
                        if found is not None:
                            return found
    raise BotError(f"message {message.id} is kept but has no answer yet; see `aftercare jobs`")


def _outcome(conn: Connection, *, app: Aftercare, message_id: int) -> Any:
    turn = turn_records.turn_of_message(conn, message_id)
    if turn is None:
        return None
    reply = messages.message(conn, turn.reply_id) if turn.reply_id else None
    ticket = board.ticket(conn, turn.ticket_id) if turn.ticket_id else None
    links = {c.n: app.address(c) for c in turn.citations}
    return terminal.outcome(turn, reply=reply, ticket=ticket, links=links)


def _news(conn: Connection, *, client: Client, session: str, after: int) -> Any:
    chat = directory.find_chat(
        conn, platform=terminal.PLATFORM, external_id=terminal.chat_id(client=client, session=session)
    )
    conversation = directory.find_conversation(conn, chat_id=chat.id) if chat else None
    if conversation is None:
        return ()
    return messages.transcript(conn, conversation.id, audience=Audience.CLIENT, after_id=after)


def _why(conn: Connection, *, which: str) -> Any:
    if not which.isdecimal():
        raise BotError(f"a message is named by its number, not {which!r}")
    found = messages.message(conn, int(which))
    turn = turn_records.turn_of_message(conn, found.id)
    if turn is None:
        return {
            "message": found.id,
            "author": found.author.value,
            "outcome": None,
            "reason": "no turn yet, or not ours",
        }
    ticket = board.ticket(conn, turn.ticket_id) if turn.ticket_id else None
    return {
        "message": found.id,
        "turn": turn.id,
        "messages": list(turn.message_ids),
        "outcome": turn.outcome.value,
        "reason": turn.reason,
        "level": turn.level.value,
        "category": turn.category,
        "language": turn.language,
        "question": turn.question,
        "evidence": turn.evidence,
        "index_version": turn.index_version,
        "citations": [asdict(c) for c in turn.citations],
        "ticket": ticket.number if ticket else None,
        "trace": dict(turn.trace),
        "at": iso(turn.at),
        "ms": turn.ms,
    }
