"""Each ticket's card in the staff chats, its thread, and what was relayed there. Transaction bodies."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, literal_column, select, update

from handoff.card_tables import card as cards
from handoff.card_tables import relay as relays
from handoff.kinds import ChatPurpose
from handoff.rows import Row, first
from handoff.tables import chat as chats
from store.db import insert_into
from store.jobs import enqueue

CARD: Final = "card"
_STAFFS: Final = chats.c.purpose == literal_column(f"'{ChatPurpose.STAFF}'")


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """A ticket's card in one staff chat. `thread` is the platform's id, "" if there is none, None while not known.

    `seq` is the ticket's last event that the thread was told; `menu` the second keyboard that stands open; `title`
    and `closed` say how the platform shows the thread.
    """

    id: int
    ticket_id: int
    chat_id: int
    thread: str | None
    conversation_id: int | None
    message_id: int | None
    suggestion_id: int | None
    title: str
    closed: bool
    seq: int
    menu: str | None
    shown_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Relay:
    """A message of a ticket and its copy in a staff chat; `mark_id` is the line there that says what became of it."""

    id: int
    card_id: int
    message_id: int
    copy_id: int
    mark_id: int | None


def wake(conn: Connection, ticket_id: int, *, lead: timedelta | None = None, now: datetime) -> None:
    """Have a ticket's cards brought up to date, after this transaction; nothing where there is no staff chat."""
    if conn.execute(select(chats.c.id).where(_STAFFS).limit(1)).first() is not None:
        enqueue(conn, CARD, {"ticket": ticket_id}, key=f"ticket:{ticket_id}", lead=lead, now=now)


def ensure(conn: Connection, *, ticket_id: int, chat_id: int, seq: int) -> Card:
    """Find or make the card of a ticket in a chat; a new one takes the events up to `seq` as told."""
    values = {"ticket_id": ticket_id, "chat_id": chat_id, "title": "", "closed": False, "seq": seq}
    conn.execute(
        insert_into(conn, cards).values(values).on_conflict_do_nothing(index_elements=["ticket_id", "chat_id"])
    )
    row = first(conn, cards, cards.c.ticket_id == ticket_id, cards.c.chat_id == chat_id)
    assert row is not None, "it was made if it was not there"
    return _card(row)


def of_ticket(conn: Connection, ticket_id: int) -> tuple[Card, ...]:
    """A ticket's cards."""
    query = select(cards).where(cards.c.ticket_id == ticket_id).order_by(cards.c.id)
    return tuple(_card(row) for row in conn.execute(query).mappings())


def of_message(conn: Connection, message_id: int) -> Card | None:
    """The card that this message is."""
    row = first(conn, cards, cards.c.message_id == message_id)
    return None if row is None else _card(row)


def of_thread(conn: Connection, conversation_id: int) -> Card | None:
    """The card whose own thread a conversation is; None for a chat where several share it."""
    row = first(conn, cards, cards.c.conversation_id == conversation_id, cards.c.thread != "")
    return None if row is None else _card(row)


def in_chat(conn: Connection, *, ticket_id: int, chat_id: int) -> Card | None:
    """The card of a ticket in a chat."""
    row = first(conn, cards, cards.c.ticket_id == ticket_id, cards.c.chat_id == chat_id)
    return None if row is None else _card(row)


def change(conn: Connection, card_id: int, **values: object) -> Card:
    """Note what has become of a card."""
    row = conn.execute(update(cards).where(cards.c.id == card_id).values(**values).returning(*cards.c)).mappings().one()
    return _card(row)


def relay(conn: Connection, *, card_id: int, message_id: int, copy_id: int) -> Relay | None:
    """Say that a ticket's message stands in a thread as `copy_id`; None if it does already."""
    values = {"card_id": card_id, "message_id": message_id, "copy_id": copy_id}
    statement = insert_into(conn, relays).values(values)
    once = statement.on_conflict_do_nothing(index_elements=["card_id", "message_id"]).returning(*relays.c)
    row = conn.execute(once).mappings().first()
    return None if row is None else Relay(**row)


def relays_of(conn: Connection, card_id: int) -> tuple[Relay, ...]:
    """What stands in a card's thread."""
    rows = conn.execute(select(relays).where(relays.c.card_id == card_id).order_by(relays.c.id)).mappings()
    return tuple(Relay(**row) for row in rows)


def of_copy(conn: Connection, copy_id: int) -> tuple[Relay, ...]:
    """What a message of a staff chat is a copy of, or became: oldest first."""
    rows = conn.execute(select(relays).where(relays.c.copy_id == copy_id).order_by(relays.c.id)).mappings()
    return tuple(Relay(**row) for row in rows)


def mark(conn: Connection, relay_id: int, *, mark_id: int) -> None:
    """Say which line tells what became of a relayed message."""
    conn.execute(update(relays).where(relays.c.id == relay_id).values(mark_id=mark_id))


def _card(row: Row) -> Card:
    return Card(**row)
