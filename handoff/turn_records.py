"""What the bot made of what was said: a record for each turn. Transaction bodies."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from handoff import messages
from handoff.kinds import Level, Outcome
from handoff.model import Citation, Json, Message, Turn
from handoff.rows import add, clean, one, parts, to_turn
from handoff.tables import message as table
from handoff.tables import turn as turns


def record_turn(
    conn: Connection,
    *,
    conversation_id: int,
    person_id: int | None,
    message_ids: Sequence[int],
    outcome: Outcome,
    reason: str,
    level: Level,
    category: str | None = None,
    language: str,
    question: str,
    ticket_id: int | None = None,
    reply_id: int | None = None,
    index_version: str | None = None,
    evidence: float | None = None,
    citations: Sequence[Citation] = (),
    trace: Json | None = None,
    at: datetime,
    ms: int,
) -> Turn:
    """Record what the bot made of these messages; they, and the reply if it is said already, get its id."""
    values: dict[str, object] = {"conversation_id": conversation_id, "message_ids": list(message_ids)}
    values |= {
        "person_id": person_id,
        "outcome": Outcome(outcome),
        "reason": reason,
        "level": Level(level),
        "category": category,
    }
    values |= {"language": language, "question": clean(question), "ticket_id": ticket_id, "reply_id": reply_id}
    values |= {"index_version": index_version, "evidence": evidence, "citations": parts(citations)}
    recorded = to_turn(add(conn, turns, **values, trace=dict(trace or {}), at=at, ms=ms))
    mine = table.c.id.in_([*message_ids, *([] if reply_id is None else [reply_id])])
    conn.execute(update(table).where(mine).values(turn_id=recorded.id))
    if ticket_id is not None:
        messages.join_ticket(conn, message_ids, ticket_id)
    return recorded


def handled(conn: Connection, message: Message, *, reason: str, language: str, now: datetime) -> Turn:
    """Record that a message, such as a command, was seen to at once and needs no answer of the bot's."""
    return record_turn(
        conn,
        conversation_id=message.conversation_id,
        person_id=message.person_id,
        message_ids=[message.id],
        outcome=Outcome.SILENT,
        reason=reason,
        level=Level.QUESTION,
        language=language,
        question="",
        at=now,
        ms=0,
    )


def turn(conn: Connection, turn_id: int) -> Turn:
    """The turn with this id; raises NotFound."""
    return to_turn(one(conn, turns, turn_id))


def turns_of(conn: Connection, turn_ids: Collection[int]) -> dict[int, Turn]:
    """These turns, by id."""
    query = select(turns).where(turns.c.id.in_(turn_ids))
    return {row["id"]: to_turn(row) for row in conn.execute(query).mappings()}


def give_to_ticket(conn: Connection, turn_id: int, ticket_id: int) -> None:
    """A turn that was left alone has become part of a ticket after all, with its messages."""
    conn.execute(update(turns).where(turns.c.id == turn_id).values(ticket_id=ticket_id))
    messages.join_ticket(conn, turn(conn, turn_id).message_ids, ticket_id)


def turn_of_message(conn: Connection, message_id: int) -> Turn | None:
    """The turn that handled this message, or that it is the reply of."""
    turn_id = messages.message(conn, message_id).turn_id
    return None if turn_id is None else turn(conn, turn_id)


def recent_turns(conn: Connection, conversation_id: int, limit: int = 10) -> tuple[Turn, ...]:
    """A conversation's latest turns, newest first."""
    query = select(turns).where(turns.c.conversation_id == conversation_id).order_by(turns.c.id.desc())
    return tuple(to_turn(row) for row in conn.execute(query.limit(limit)).mappings())


def count_since(conn: Connection, since: datetime) -> int:
    """How many turns were had since an instant."""
    return conn.execute(select(func.count()).select_from(turns).where(turns.c.at > since)).scalar_one()


def last_replied(conn: Connection, ticket_id: int, *, reason: str) -> Turn | None:
    """A ticket's latest turn of this reason that said something to the client."""
    query = select(turns).where(turns.c.ticket_id == ticket_id, turns.c.reason == reason, turns.c.reply_id.is_not(None))
    row = conn.execute(query.order_by(turns.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else to_turn(row)
