"""Which mode each chat is in, who set it and why, and the way back from auto. Transaction bodies.

Every change is kept with who made it; `by` None is the desk itself.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection, func, or_, select

from handoff import autonomy, casefile, directory, drafts
from handoff.autonomy import Bound, Fall, Tally
from handoff.chat_tables import autonomy_bound as bounds
from handoff.chat_tables import chat_mode as changes_table
from handoff.kinds import Audience, ChatKind, Mode, NoticeKind
from handoff.model import Chat, Json
from handoff.rows import Row, add, to_chat, to_turn
from handoff.tables import chat as chats
from handoff.tables import client as clients
from handoff.tables import conversation as conversations
from handoff.tables import message as messages
from handoff.tables import turn as turns
from store.signals import signal

Why = Literal["set", "fell_back"]
FELL_BACK: Final = "fell_back"
MOST_CHATS: Final = 300
_TURNS: Final = 300  # of a chat, looked back at for its answers


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A chat's mode from `at` on, by whom and why."""

    mode: Mode
    by_id: int | None
    why: str
    facts: Json
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatRow:
    """A chat as the desk lists it: whose, its last public message, its last changes of mode, how its drafts did."""

    chat: Chat
    client_slug: str | None
    client_name: str | None
    last_text: str | None
    last_at: datetime | None
    changes: tuple[Change, ...]
    tallies: tuple[Tally, ...]


def change(
    conn: Connection, chat_id: int, mode: Mode, *, by: int | None, why: Why = "set", facts: Json | None = None,
    now: datetime,
) -> Chat:  # fmt: skip
    """Put a chat into a mode and keep who did so; the mode that it is in is no change. Raises NotFound."""
    was = directory.chat(conn, chat_id)
    if was.mode is Mode(mode):
        return was
    add(conn, changes_table, chat_id=chat_id, mode=Mode(mode), by_id=by, why=why, facts=dict(facts or {}), at=now)
    signal(conn, "chat", str(chat_id))
    return directory.set_mode(conn, chat_id, Mode(mode))


def changes(conn: Connection, chat_id: int, *, limit: int = 5) -> tuple[Change, ...]:
    """A chat's latest changes of mode, newest first."""
    mine = select(changes_table).where(changes_table.c.chat_id == chat_id).order_by(changes_table.c.id.desc())
    return tuple(_to_change(row) for row in conn.execute(mine.limit(limit)).mappings())


def bound(conn: Connection) -> Bound:
    """From when on the auto mode is offered."""
    row = conn.execute(select(bounds).order_by(bounds.c.id.desc()).limit(1)).mappings().first()
    return Bound() if row is None else Bound(percent=row["percent"], least=row["least"])


def set_bound(conn: Connection, wanted: Bound, *, by: int, now: datetime) -> None:
    """Change that bound, and keep who did so."""
    add(conn, bounds, **asdict(wanted), by_id=by, at=now)


def reconsider(conn: Connection, chat_id: int, *, ticket_id: int, now: datetime) -> Fall | None:
    """Take a chat out of auto where too many of its answers did not help; leads are told by the ticket that tipped it.

    Safe to run again: a chat that is not in auto is left alone.
    """
    chat = directory.chat(conn, chat_id)
    if chat.mode is not Mode.AUTO:
        return None
    fall = autonomy.falls(_unsolved(conn, chat_id))
    if fall is None:
        return None
    change(conn, chat_id, Mode.MENTION, by=None, why=FELL_BACK, facts=asdict(fall), now=now)
    facts: Json = {"chat": chat.title or chat.external_id, "unsolved": fall.unsolved, "answers": fall.answers}
    casefile.notify(conn, casefile.lock(conn, ticket_id), NoticeKind.FELL_BACK, now=now, data=facts)
    return fall


def overview(conn: Connection, *, now: datetime) -> tuple[ChatRow, ...]:
    """Every chat that has a title or is a group, those that were last spoken in first."""
    last = (
        select(conversations.c.chat_id, func.max(messages.c.id).label("message_id"))
        .join(messages, messages.c.conversation_id == conversations.c.id)
        .where(messages.c.audience == Audience.CLIENT)
        .group_by(conversations.c.chat_id)
        .subquery()
    )
    query = (
        select(chats, clients.c.slug, clients.c.name.label("client_name"), messages.c.text, messages.c.at)
        .outerjoin(clients, clients.c.id == chats.c.client_id)
        .outerjoin(last, last.c.chat_id == chats.c.id)
        .outerjoin(messages, messages.c.id == last.c.message_id)
        .where(or_(chats.c.title.is_not(None), chats.c.kind == ChatKind.GROUP))
        .order_by(func.coalesce(last.c.message_id, 0).desc(), chats.c.id)
    )
    rows = conn.execute(query.limit(MOST_CHATS)).mappings().all()
    tallies = drafts.tallies(conn, now=now)
    return tuple(
        ChatRow(
            chat=to_chat(row),
            client_slug=row["slug"],
            client_name=row["client_name"],
            last_text=row["text"],
            last_at=row["at"],
            changes=changes(conn, row["id"]),
            tallies=tallies.get(row["id"], ()),
        )
        for row in rows
    )


def _unsolved(conn: Connection, chat_id: int) -> list[bool]:
    """For each answer since the chat was put into auto, whether it did not help."""
    query = select(turns).join(conversations, conversations.c.id == turns.c.conversation_id)
    query = query.where(conversations.c.chat_id == chat_id).order_by(turns.c.id.desc()).limit(_TURNS)
    begun = next((each.at for each in changes(conn, chat_id, limit=1)), None)
    latest = [to_turn(row) for row in conn.execute(query).mappings()]
    mine = [turn for turn in reversed(latest) if begun is None or turn.at >= begun]
    replies = [turn.reply_id for turn in mine if turn.reply_id is not None]
    human = select(messages.c.id).where(messages.c.id.in_(replies), messages.c.pressed == "human")
    return autonomy.unsolved_answers(mine, pressed_human=frozenset(conn.execute(human).scalars()))


def _to_change(row: Row) -> Change:
    return Change(mode=Mode(row["mode"]), by_id=row["by_id"], why=row["why"], facts=row["facts"], at=row["at"])
