"""What clients hear of an incident: once in each chat, in its language, by day unless it cannot wait.

What a person says counts as their answer on every linked ticket of that chat. `deliver` is the one way out; what a chat
was told stands in `incident_said`, whose key makes doubles impossible whoever runs it again. Transaction bodies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from handoff import directory, messages
from handoff.desk import Desk
from handoff.kinds import ChatKind, Mode
from handoff.model import Chat, Client, Message, Ticket
from handoff.rows import clean
from handoff.tables import message as messages_table
from knowledge.language import to_script
from store.db import insert_into
from store.jobs import enqueue
from success import incidents, proactive
from success.incident_errors import IncidentRefused
from success.incident_log import Incident, hold, incident, stands
from success.incident_members import affected, tickets_of
from success.incident_rules import Happening, require
from success.incident_tables import incident_said as said_table

SAID: Final = "incident_said"
TEXT_LENGTH: Final = 2_000
LOOKS_EVERY: Final = timedelta(minutes=10)
WROTE_BEFORE: Final = timedelta(minutes=30)
"""A group that wrote so shortly before something was to be said is awake."""


class Saying(StrEnum):
    """What is said: that we know, how it goes, that it is over."""

    FIRST = "first"
    UPDATE = "update"
    ALL_CLEAR = "all_clear"


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """A client and the chat it is told in; None where there is none. `at`: when, if it may wait until morning."""

    client: Client
    chat: Chat | None
    language: str
    at: datetime
    told: bool = False
    tickets: tuple[Ticket, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Said:
    """One thing said in one chat, or to be said."""

    id: int
    incident_id: int
    batch: str
    chat_id: int
    client_id: int
    kind: Saying
    language: str
    text: str
    name: str
    by_id: int | None
    at: datetime
    send_at: datetime
    state: str
    message_id: int | None
    said_at: datetime | None


def recipients(conn: Connection, known: Incident, kind: Saying, *, waits: bool, now: datetime) -> tuple[Recipient, ...]:
    """Whom a broadcast would reach now, each chat once; with those who have no chat, and those told already."""
    batch, linked = _batch(conn, known, kind), tickets_of(conn, known.id, unsolved=True)
    told = set(conn.execute(select(said_table.c.chat_id).where(*_of(known.id, batch))).scalars())
    found: list[Recipient] = []
    for client in affected(conn, known):
        mine = [each for each in linked if each.client_id == client.id]
        by_chat = _chats(conn, client, mine)
        at = proactive.by_day(client, now) if waits else now
        facts: dict[str, Any] = {"client": client, "language": proactive.language_of(client)}
        if not by_chat:
            found.append(Recipient(chat=None, at=at, **facts))
        for chat, theirs in by_chat:
            soon = now if at > now and _wrote(conn, chat.id, since=now - WROTE_BEFORE) else at
            found.append(Recipient(chat=chat, at=soon, told=chat.id in told, tickets=theirs, **facts))
    return tuple(found)


def broadcast(
    conn: Connection, incident_id: int, kind: Saying, texts: Mapping[str, str], *,
    name: str, desk: Desk, waits: bool = False, by: int | None = None, rule: str = "", now: datetime,
) -> tuple[Said, ...]:  # fmt: skip
    """Tell everybody concerned who was not told yet: at once, or in the morning where it may wait.

    Raises IncidentRefused: `empty`, `long`, `language` (nothing is written in a language that somebody reads),
    `nobody`.
    """
    known = hold(conn, incident_id)
    require(known.state, "tell")
    whom = recipients(conn, known, kind, waits=waits, now=now)
    left = [each for each in whom if each.chat is not None and not each.told]
    words = {each.language: text_in(texts, each.language) for each in left}
    if not left:
        raise IncidentRefused("nobody")
    batch = _batch(conn, known, kind)
    rows = [_row(each, incident_id, batch, kind, words[each.language], name=name, by=by, now=now) for each in left]
    made = [found for row in rows if (found := _insert(conn, row)) is not None]
    facts = {"what": str(kind), "texts": words, "chats": len(made), "later": sum(each.send_at > now for each in made)}
    incidents.record(conn, incident_id, Happening.SAID, by=by, rule=rule, now=now, **facts)
    for each in made:
        if each.send_at <= now:
            _say(conn, each, desk=desk, now=now)
        else:
            look = min(each.send_at, now + LOOKS_EVERY)
            enqueue(conn, SAID, {"said": each.id}, dedup=f"said:{each.id}", run_at=look, now=now)
    return tuple(made)


def deliver(conn: Connection, said_id: int, *, desk: Desk, now: datetime) -> datetime | None:
    """Say what waits, if its time has come or its group has written meanwhile; else when to look again.

    What something newer has overtaken is not said any more, nor that we know of what is over by now. Doubled
    calls change nothing.
    """
    row = conn.execute(select(said_table).where(said_table.c.id == said_id).with_for_update()).mappings().first()
    if row is None or row["state"] != "waiting":
        return None
    waiting = _said(row)
    newer = (said_table.c.incident_id == waiting.incident_id, said_table.c.chat_id == waiting.chat_id)
    later = select(said_table.c.id).where(*newer, said_table.c.id > said_id)
    if conn.execute(later.limit(1)).first() is not None or _is_over(conn, waiting):
        _end(conn, said_id, state="overtaken")
        return None
    if now < waiting.send_at and not _wrote(conn, waiting.chat_id, since=waiting.at - WROTE_BEFORE):
        return min(waiting.send_at, now + LOOKS_EVERY)
    _say(conn, waiting, desk=desk, now=now)
    return None


def settle_tickets(conn: Connection, incident_id: int, *, by: int, desk: Desk, now: datetime) -> tuple[str, ...]:
    """Resolve the tickets linked to it, as this person; their numbers."""
    found = tickets_of(conn, incident_id, unsolved=True)
    for ticket in found:
        desk.resolve(conn, ticket_id=ticket.id, by=by, why=f"incident:{incident_id}", now=now)
    return tuple(each.number for each in found)


def of_incident(conn: Connection, incident_id: int) -> tuple[Said, ...]:
    """Everything said of it, in order."""
    query = select(said_table).where(said_table.c.incident_id == incident_id).order_by(said_table.c.id)
    return tuple(_said(row) for row in conn.execute(query).mappings())


def last_in(conn: Connection, incident_id: int, chat_id: int) -> Said | None:
    """What a chat heard of it last."""
    mine = (said_table.c.incident_id == incident_id, said_table.c.chat_id == chat_id, said_table.c.state == "said")
    row = conn.execute(select(said_table).where(*mine).order_by(said_table.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else _said(row)


def text_in(texts: Mapping[str, str], language: str) -> str:
    """What is said in a language; of Chinese in one script the other is made. Raises IncidentRefused."""
    written = {tag: clean(text).strip() for tag, text in texts.items()}
    text = written.get(language, "")
    other = {"zh-Hant": "zh-Hans", "zh-Hans": "zh-Hant"}.get(language)
    if not text and other and written.get(other):
        text = to_script(written[other], language)
    if not text:
        raise IncidentRefused("language" if any(written.values()) else "empty", language)
    if len(text) > TEXT_LENGTH:
        raise IncidentRefused("long")
    return text


def _chats(conn: Connection, client: Client, linked: Sequence[Ticket]) -> list[tuple[Chat, tuple[Ticket, ...]]]:
    """The client's group, and where its linked tickets are talked about, each with those."""
    found: dict[int, tuple[Chat, list[Ticket]]] = {}
    group = proactive.group_of(conn, client.id)
    if group is not None:
        found[group.id] = (group, [])
    for ticket in linked:
        chat = directory.chat_of(conn, ticket.conversation_id)
        spoken = chat.client_id == client.id or (chat.kind is ChatKind.DIRECT and chat.client_id is None)
        if spoken and chat.lost_at is None and chat.mode not in {Mode.OFF, Mode.COMMUNITY}:
            found.setdefault(chat.id, (chat, []))[1].append(ticket)
    return [(chat, tuple(theirs)) for chat, theirs in found.values()]


def _batch(conn: Connection, known: Incident, kind: Saying) -> str:
    """What makes one broadcast one: the first and the all-clear are said once each time that it is open."""
    if kind is Saying.UPDATE:
        said = select(func.count(func.distinct(said_table.c.batch))).where(said_table.c.incident_id == known.id)
        return f"update:{conn.execute(said).scalar_one() + 1}"
    return f"{kind}:{stands(conn, known.id).rounds}"


def _row(
    to: Recipient, incident_id: int, batch: str, kind: Saying, text: str, *, name: str, by: int | None, now: datetime
) -> dict[str, Any]:
    assert to.chat is not None
    return {
        "incident_id": incident_id, "batch": batch, "chat_id": to.chat.id, "client_id": to.client.id, "kind": kind,
        "language": to.language, "text": text, "name": name, "by_id": by, "at": now, "send_at": to.at,
        "state": "waiting",
    }  # fmt: skip


def _insert(conn: Connection, row: dict[str, Any]) -> Said | None:
    statement = insert_into(conn, said_table).values(row)
    unless = statement.on_conflict_do_nothing(index_elements=["incident_id", "chat_id", "batch"])
    made = conn.execute(unless.returning(*said_table.c)).mappings().first()
    return None if made is None else _said(made)


def _say(conn: Connection, each: Said, *, desk: Desk, now: datetime) -> None:
    chat = directory.find_chat_by_id(conn, each.chat_id)
    if chat is None or chat.lost_at is not None or chat.mode in {Mode.OFF, Mode.COMMUNITY}:
        _end(conn, each.id, state="unreachable")
        return
    linked = [
        ticket
        for ticket in tickets_of(conn, each.incident_id, unsolved=True)
        if ticket.client_id == each.client_id and directory.chat_of(conn, ticket.conversation_id).id == chat.id
    ]
    message = _answer(conn, each, linked, desk=desk, now=now) or _tell(conn, each, chat, linked, now=now)
    _end(conn, each.id, state="said", message_id=message.id, said_at=now)


def _answer(conn: Connection, each: Said, linked: Sequence[Ticket], *, desk: Desk, now: datetime) -> Message | None:
    """Say it as the person's answer to the first of these tickets, which counts on the others as well."""
    person = directory.find_person_by_id(conn, each.by_id) if each.by_id is not None else None
    if person is None or not person.active or not linked:
        return None
    said = desk.reply(conn, ticket_id=linked[0].id, by=person.id, text=each.text, now=now)
    for other in linked[1:]:
        desk.answered(conn, ticket_id=other.id, by=person.id, message_id=said.id, now=now)
    return said


def _tell(conn: Connection, each: Said, chat: Chat, linked: Sequence[Ticket], *, now: datetime) -> Message:
    if chat.kind is ChatKind.GROUP or not linked:
        return proactive.tell_group(conn, chat, each.text, name=each.name, now=now)
    talk = linked[0].conversation_id
    return messages.say(conn, conversation_id=talk, text=each.text, author="system", name=each.name, now=now)


def _end(conn: Connection, said_id: int, **values: Any) -> None:
    conn.execute(update(said_table).where(said_table.c.id == said_id).values(values))


def _wrote(conn: Connection, chat_id: int, *, since: datetime) -> bool:
    mine = (messages_table.c.chat_id == chat_id, messages_table.c.author == "client", messages_table.c.at >= since)
    return conn.execute(select(messages_table.c.id).where(*mine).limit(1)).first() is not None


def _is_over(conn: Connection, waiting: Said) -> bool:
    """Whether it was to be said that we know of something that has ended since."""
    ended = incident(conn, waiting.incident_id).resolved_at
    return waiting.kind is Saying.FIRST and ended is not None and ended >= waiting.at


def _of(incident_id: int, batch: str) -> tuple[Any, ...]:
    return said_table.c.incident_id == incident_id, said_table.c.batch == batch


def _said(row: Mapping[Any, Any]) -> Said:
    values = {name: row[name] for name in Said.__dataclass_fields__}
    return Said(**values | {"kind": Saying(row["kind"])})
