"""Languages across: translations of what clients write, originals of what was translated for them. Transaction bodies.

A message is translated after it was stored, by a job; here are its state and its text. What is shown first is the
translation; the message itself is never changed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from handoff import directory, messages
from handoff.kinds import Audience, Author
from handoff.model import Message, Ticket
from handoff.rows import clean
from handoff.tables import message as message_table
from handoff.tables import person
from knowledge.tongues import same, tongue
from store import rates
from store.db import insert_into
from store.jobs import JsonValue, enqueue
from store.signals import signal
from success import across_rules
from success.across_rules import READ, SPOKEN
from success.translation_tables import person_language, reply_original, translation

TRANSLATE: Final = "translate"
PER: Final = timedelta(hours=1)
MOST: Final = 60
"""Translations of one conversation in an hour."""
_LOOKED_BACK: Final = 8


@dataclass(frozen=True, kw_only=True)
class Translation:
    """A message in another language: waiting, done, or failed with the reason why."""

    message_id: int
    language: str
    source: str
    state: str
    text: str
    made_by: str
    why: str | None


@dataclass(frozen=True, kw_only=True)
class Original:
    """What a colleague wrote before it was translated for the client; they read the translation and sent it."""

    message_id: int
    language: str
    text: str
    into: str
    made_by: str


def heard(conn: Connection, said: Message, *, now: datetime) -> None:
    """Have what a client wrote translated for the colleagues who do not read its language; after it was stored."""
    if said.author is not Author.CLIENT or said.audience is not Audience.CLIENT:
        return
    source = tongue(said.text)
    if source is None or (any(same(source, each) for each in READ) and not _anybody_chose(conn)):
        return
    for into in across_rules.targets(source, readers(conn)):
        _ask(conn, said, into=into, source=source, dedup=f"{said.id}:{into}", now=now)


def readers(conn: Connection) -> tuple[tuple[str, ...], ...]:
    """What each colleague who is with us reads; nothing for one who has not said."""
    ours = select(person.c.id).where(person.c.active, person.c.login.is_not(None))
    chosen: dict[int, list[str]] = {}
    rows = conn.execute(select(person_language).order_by(person_language.c.person_id, person_language.c.place))
    for row in rows.mappings():
        chosen.setdefault(row["person_id"], []).append(row["language"])
    return tuple(tuple(chosen.get(who, ())) for who in conn.execute(ours).scalars())


def reads(conn: Connection, person_id: int) -> tuple[str, ...]:
    """What one colleague reads, best first."""
    mine = select(person_language.c.language).where(person_language.c.person_id == person_id)
    return tuple(conn.execute(mine.order_by(person_language.c.place)).scalars()) or READ


def set_reads(conn: Connection, person_id: int, languages: Sequence[str]) -> None:
    """Say what somebody reads, best first; nothing known: the desk's languages again."""
    known = [each for each in dict.fromkeys(languages) if each in SPOKEN]
    conn.execute(delete(person_language).where(person_language.c.person_id == person_id))
    for place, language in enumerate(known):
        conn.execute(insert(person_language).values(person_id=person_id, language=language, place=place))


def begin(conn: Connection, message_id: int, *, into: str, source: str, now: datetime) -> str | None:
    """The text to translate, if it is to be: not twice, not too long, not too many in an hour. Says so where not."""
    said = messages.find(conn, message_id)
    known = of_messages(conn, [message_id], into).get(message_id)
    if said is None or (known is not None and known.state == "done"):
        return None
    if len(said.text) > across_rules.LONGEST:
        _keep(conn, message_id, into, source=source, state="failed", why="long", now=now)
        return None
    if known is None and _is_full(conn, said, now=now):
        _keep(conn, message_id, into, source=source, state="failed", why="many", now=now)
        return None
    _keep(conn, message_id, into, source=source, state="waiting", now=now)
    return said.text


def done(conn: Connection, message_id: int, *, into: str, source: str, text: str, made_by: str, now: datetime) -> None:
    """Keep a translation, and let pages show it; one of a message that was erased meanwhile is not kept."""
    if _there(conn, message_id, into):
        _keep(conn, message_id, into, source=source, state="done", text=clean(text), made_by=made_by, now=now)


def failed(conn: Connection, message_id: int, *, into: str, source: str, why: str, made_by: str, now: datetime) -> None:
    """Say that there is no translation, and why: the original is shown."""
    if _there(conn, message_id, into):
        _keep(conn, message_id, into, source=source, state="failed", why=why, made_by=made_by, now=now)


def gave_up(conn: Connection, message_id: int, *, into: str, source: str, now: datetime) -> None:
    """Say that a fault of ours kept a message from being translated."""
    known = of_messages(conn, [message_id], into).get(message_id)
    if messages.find(conn, message_id) is not None and (known is None or known.state != "done"):
        _keep(conn, message_id, into, source=source, state="failed", why="broke", now=now)


def again(conn: Connection, message_id: int, *, into: str, conversation_id: int, now: datetime) -> bool:
    """Have a message of this conversation tried again; whether it is.

    Not one whose translation did not fail, or is too long; too many in an hour fail once more.
    """
    said, known = messages.find(conn, message_id), of_messages(conn, [message_id], into).get(message_id)
    if said is None or said.conversation_id != conversation_id or known is None:
        return False
    if known.state != "failed" or known.why == "long":
        return False
    if _is_full(conn, said, now=now):
        _keep(conn, message_id, into, source=known.source, state="failed", why="many", now=now)
        return False
    _keep(conn, message_id, into, source=known.source, state="waiting", now=now)
    _ask(conn, said, into=into, source=known.source, dedup=None, now=now)
    return True


def of_messages(conn: Connection, ids: Collection[int], language: str) -> dict[int, Translation]:
    """The translations of these messages into one language."""
    query = select(translation).where(translation.c.message_id.in_(ids), translation.c.language == language)
    found = [{key: value for key, value in row.items() if key != "at"} for row in conn.execute(query).mappings()]
    return {row["message_id"]: Translation(**row) for row in found}


def originals(conn: Connection, ids: Collection[int]) -> dict[int, Original]:
    """What was translated before it was sent, among these messages."""
    query = select(reply_original).where(reply_original.c.message_id.in_(ids))
    found = [{key: value for key, value in row.items() if key != "at"} for row in conn.execute(query).mappings()]
    return {row["message_id"]: Original(**row) for row in found}


def keep_original(conn: Connection, kept: Original, *, now: datetime) -> None:
    """Keep what a colleague wrote beside what was sent."""
    conn.execute(insert(reply_original).values(**vars(kept), at=now))


def language_of(conn: Connection, ticket: Ticket) -> str | None:
    """What the client is written to in: the language of its recent messages, else of its record."""
    client = directory.find_client(conn, ticket.client_id) if ticket.client_id is not None else None
    theirs = (
        select(message_table.c.text)
        .where(message_table.c.conversation_id == ticket.conversation_id, message_table.c.author == Author.CLIENT)
        .order_by(message_table.c.id.desc())
        .limit(_LOOKED_BACK)
    )
    return across_rules.spoken(conn.execute(theirs).scalars().all(), client.language if client else None)


def offered(conn: Connection, ticket: Ticket, person_id: int) -> str | None:
    """The language into which a colleague's reply would be translated; None where they know it themselves."""
    into = language_of(conn, ticket)
    mine = reads(conn, person_id)
    return into if into is not None and not any(same(into, each) for each in mine) else None


def _ask(conn: Connection, said: Message, *, into: str, source: str, dedup: str | None, now: datetime) -> None:
    body: dict[str, JsonValue] = {"message": said.id, "into": into, "source": source}
    enqueue(conn, TRANSLATE, body, key=f"conversation:{said.conversation_id}", dedup=dedup, now=now)


def _is_full(conn: Connection, said: Message, *, now: datetime) -> bool:
    """Whether its conversation had as many translations as it may have in this hour; else one more is counted."""
    return rates.take(conn, f"translate:{said.conversation_id}", per=PER, limit=MOST, now=now) is not None


def _anybody_chose(conn: Connection) -> bool:
    return conn.execute(select(person_language.c.person_id).limit(1)).first() is not None


def _there(conn: Connection, message_id: int, into: str) -> bool:
    mine = (translation.c.message_id == message_id, translation.c.language == into)
    return conn.execute(select(translation.c.message_id).where(*mine)).first() is not None


def _keep(
    conn: Connection, message_id: int, language: str, *, source: str, state: str, text: str = "", made_by: str = "",
    why: str | None = None, now: datetime,
) -> None:  # fmt: skip
    values = {"source": source, "state": state, "text": text, "made_by": made_by, "why": why, "at": now}
    statement = insert_into(conn, translation).values(message_id=message_id, language=language, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["message_id", "language"], set_=values))
    said = messages.message(conn, message_id)
    signal(conn, "chat", str(said.chat_id))
