"""Broadcasts to clients' groups and readers: written, looked at, approved by a lead, sent once to each.

Transaction bodies. A place (a group, an address) is one row, sent in the transaction that says so, whoever else tries.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, update

from handoff import directory
from handoff.errors import NotFound
from handoff.kinds import ChatKind, ChatPurpose, Delivery, PersonKind
from handoff.model import Button, Chat, Client, Person
from handoff.rows import add, clean, to_chat, to_client
from handoff.tables import chat as chats
from handoff.tables import client as clients
from handoff.tables import message as message_table
from store.db import insert_into
from store.jobs import enqueue
from store.signals import signal
from store.zones import find_zone
from success import mail_contacts, proactive
from success.broadcast_rules import DEFAULT, Wanted, at_local, fits, read_local, why_left
from success.broadcast_tables import broadcast as broadcasts
from success.broadcast_tables import broadcast_place as places
from success.broadcast_tables import chat_refusal as refusals
from success.errors import BroadcastRefused
from success.mail_contacts import MailContact

SPREAD: Final = "broadcast"
"""The queue of one place of a broadcast: `{"place": id}`."""
LEFT_LIST: Final = "broadcast_left"
"""The queue of what a broadcast says once somebody has left: `{"message": id, "person": id}`."""
STOP_BUTTON: Final = "broadcast:stop"
DRAFT, SENDING, STOPPED, DONE = "draft", "sending", "stopped", "done"
WAITING, SENT, LEFT = "waiting", "sent", "left"
LONGEST_TITLE: Final = 120
LONGEST_TEXT: Final = 3_000
SLOTS: Final = 2
_CLIENTS_GROUPS: Final = (
    chats.c.kind == ChatKind.GROUP,
    chats.c.purpose == ChatPurpose.CLIENT,
    chats.c.client_id.is_not(None),
)


@dataclass(frozen=True, kw_only=True)
class Broadcast:
    """What is to be told to many. `texts` are by language; `local_at` is a wall clock's time at each client's."""

    id: int
    title: str
    texts: Mapping[str, str]
    wanted: Wanted
    by_mail: bool
    local_at: str
    state: str
    at: datetime
    by_id: int | None
    changed_at: datetime
    approved_by: int | None
    approved_at: datetime | None
    closed_by: int | None
    closed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Reach:
    """A group or an address that a broadcast would go to, or why it would not (`left`)."""

    client: Client
    chat: Chat | None
    contact: MailContact | None
    language: str
    run_at: datetime
    left: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place of a broadcast that was approved, with how far its message or letter has come."""

    id: int
    client_id: int
    chat_id: int | None
    address: str | None
    state: str
    why: str
    run_at: datetime
    sent_at: datetime | None
    delivery: Delivery | None


def keep(
    conn: Connection, *, broadcast_id: int | None, title: str, texts: Mapping[str, str], wanted: Wanted, by_mail: bool,
    local_at: str, by: int, now: datetime,
) -> Broadcast:  # fmt: skip
    """Write a draft, or write it anew. Raises BroadcastRefused (`title`, `text`, `at`, `state`), NotFound."""
    name = " ".join(clean(title).split())[:LONGEST_TITLE]
    told = {tongue: clean(text).strip() for tongue, text in texts.items() if clean(text).strip()}
    if not name:
        raise BroadcastRefused("title")
    if not told.get(DEFAULT) or any(len(text) > LONGEST_TEXT for text in told.values()):
        raise BroadcastRefused("text")
    if local_at and read_local(local_at) is None:
        raise BroadcastRefused("at")
    values = {"title": name, "texts": told, "wanted": wanted.as_json(), "by_mail": by_mail, "local_at": local_at}
    if broadcast_id is None:
        row = add(conn, broadcasts, **values, state=DRAFT, at=now, by_id=by, changed_at=now)
        return _broadcast(row)
    draft = (broadcasts.c.id == broadcast_id, broadcasts.c.state == DRAFT)
    one(conn, broadcast_id)
    if not conn.execute(update(broadcasts).where(*draft).values(**values, changed_at=now)).rowcount:
        raise BroadcastRefused("state")
    return one(conn, broadcast_id)


def one(conn: Connection, broadcast_id: int) -> Broadcast:
    """The broadcast with this id. Raises NotFound."""
    row = conn.execute(select(broadcasts).where(broadcasts.c.id == broadcast_id)).mappings().first()
    if row is None:
        raise NotFound("broadcast", broadcast_id)
    return _broadcast(row)


def every(conn: Connection, *, limit: int = 100) -> tuple[Broadcast, ...]:
    """The broadcasts, the newest first."""
    query = select(broadcasts).order_by(broadcasts.c.id.desc()).limit(limit)
    return tuple(_broadcast(row) for row in conn.execute(query).mappings())


def platforms(conn: Connection) -> tuple[str, ...]:
    """Where our clients have groups, by name: what a broadcast can be narrowed to."""
    query = select(chats.c.platform).where(*_CLIENTS_GROUPS).distinct().order_by(chats.c.platform)
    return tuple(conn.execute(query).scalars())


def reach(conn: Connection, found: Broadcast, *, now: datetime) -> tuple[Reach, ...]:
    """Every group and address that fits, with who is left out and why; at night it is the next morning."""
    refused = frozenset(conn.execute(select(refusals.c.chat_id)).scalars())
    hosts = [to_client(row) for row in conn.execute(select(clients).order_by(clients.c.name)).mappings()]
    groups: dict[int | None, list[Chat]] = defaultdict(list)
    for row in conn.execute(select(chats).where(*_CLIENTS_GROUPS).order_by(chats.c.id)).mappings():
        groups[row["client_id"]].append(to_chat(row))
    by_mail = found.by_mail and not found.wanted.platforms
    readers = mail_contacts.readers(conn, mail_contacts.BROADCASTS) if by_mail else {}
    reached: list[Reach] = []
    for client in hosts:
        language = proactive.language_of(client)
        run_at = _when(client, found.local_at, now)
        for chat in groups[client.id]:
            if fits(found.wanted, client, language=language, platform=chat.platform):
                left = why_left(chat, client, refused=chat.id in refused)
                reached.append(
                    Reach(client=client, chat=chat, contact=None, language=language, run_at=run_at, left=left)
                )
        if fits(found.wanted, client, language=language, platform=""):
            reached += [
                Reach(client=client, chat=None, contact=each, language=each.language or language, run_at=run_at)
                for each in readers.get(client.id, ())
            ]
    return tuple(reached)


def approve(conn: Connection, broadcast_id: int, *, seen: str, by: int, now: datetime) -> int:
    """Send it as it was looked at (`seen` is `version`); how many places. Raises BroadcastRefused, NotFound.

    `state`: it was sent or stopped; `changed`: somebody has written it anew since; `nobody`: it reaches nobody.
    """
    found = one(conn, broadcast_id)
    if found.state != DRAFT:
        raise BroadcastRefused("state")
    if version(found) != seen:
        raise BroadcastRefused("changed")
    reached = [each for each in reach(conn, found, now=now) if not each.left]
    if not reached:
        raise BroadcastRefused("nobody")
    mine = (broadcasts.c.id == broadcast_id, broadcasts.c.state == DRAFT)
    values = {"state": SENDING, "approved_by": by, "approved_at": now}
    if not conn.execute(update(broadcasts).where(*mine).values(values)).rowcount:
        raise BroadcastRefused("state")
    return sum(_plan(conn, broadcast_id, each, now=now) for each in reached)


def stop(conn: Connection, broadcast_id: int, *, by: int, now: datetime) -> int:
    """Send it to nobody else; how many it does not reach any more. Raises NotFound, BroadcastRefused (`state`)."""
    one(conn, broadcast_id)
    mine = (broadcasts.c.id == broadcast_id, broadcasts.c.state == SENDING)
    values = {"state": STOPPED, "closed_by": by, "closed_at": now}
    if not conn.execute(update(broadcasts).where(*mine).values(values)).rowcount:
        raise BroadcastRefused("state")
    waiting = (places.c.broadcast_id == broadcast_id, places.c.state == WAITING)
    ended = conn.execute(update(places).where(*waiting).values(state=STOPPED)).rowcount
    signal(conn, "desk", "")
    return ended


def discard(conn: Connection, broadcast_id: int) -> None:
    """Throw a draft away. Raises NotFound, BroadcastRefused (`state`)."""
    one(conn, broadcast_id)
    mine = (broadcasts.c.id == broadcast_id, broadcasts.c.state == DRAFT)
    if not conn.execute(delete(broadcasts).where(*mine)).rowcount:
        raise BroadcastRefused("state")


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What is to be done with one place now: `later` is when instead, where it is night there."""

    broadcast: Broadcast
    client: Client
    chat: Chat | None
    contact: MailContact | None
    language: str
    later: datetime | None = None


def turn(conn: Connection, place_id: int, *, now: datetime) -> Turn | None:
    """Look at one place again: it may have left, be lost or archived, or the broadcast was stopped; None then.

    Locks the broadcast and the place until the transaction ends: of its last two places one comes after the other, and
    sees that it is the last.
    """
    joined = broadcasts.join(places, places.c.broadcast_id == broadcasts.c.id)
    query = select(places).select_from(joined).where(places.c.id == place_id)
    row = conn.execute(query.with_for_update()).mappings().first()
    if row is None or row["state"] != WAITING:
        return None
    found, client = one(conn, row["broadcast_id"]), directory.client(conn, row["client_id"])
    chat = directory.chat(conn, row["chat_id"]) if row["chat_id"] is not None else None
    listed = mail_contacts.of_client(conn, client.id, mail_contacts.BROADCASTS) if chat is None else ()
    contact = next((each for each in listed if each.address == row["address"]), None)
    why = why_left(chat, client, refused=is_refused(conn, chat.id)) if chat else "" if contact else "refused"
    if chat is not None and chat.client_id != client.id:
        why = "moved"
    if why:
        _settle(conn, row["id"], found.id, {"state": LEFT, "why": why}, now=now)
        return None
    tongue = (contact.language if contact else None) or proactive.language_of(client)
    morning = proactive.by_day(client, now)
    later = morning if morning > now else None
    return Turn(broadcast=found, client=client, chat=chat, contact=contact, language=tongue, later=later)


def said(
    conn: Connection, place_id: int, turned: Turn, *, text: str, name: str, buttons: Collection[Button], now: datetime
) -> None:
    """Say it in the group, once."""
    assert turned.chat is not None
    told = proactive.tell_group(conn, turned.chat, text, name=name, buttons=tuple(buttons), now=now)
    _settle(conn, place_id, turned.broadcast.id, {"state": SENT, "message_id": told.id, "sent_at": now}, now=now)


def posted(conn: Connection, place_id: int, turned: Turn, *, mail_id: int | None, now: datetime) -> None:
    """It went to a reader as a letter."""
    _settle(conn, place_id, turned.broadcast.id, {"state": SENT, "mail_id": mail_id, "sent_at": now}, now=now)


def places_of(conn: Connection, broadcast_id: int) -> tuple[Place, ...]:
    """Every place of a broadcast that was approved."""
    joined = places.outerjoin(message_table, message_table.c.id == places.c.message_id)
    query = select(places, message_table.c.delivery).select_from(joined).where(places.c.broadcast_id == broadcast_id)
    rows = conn.execute(query.order_by(places.c.id)).mappings()
    return tuple(
        Place(
            **{name: row[name] for name in Place.__dataclass_fields__ if name != "delivery"},
            delivery=Delivery(row["delivery"]) if row["delivery"] else None,
        )
        for row in rows
    )


def of_message(conn: Connection, message_id: int) -> int | None:
    """The broadcast that a message belongs to."""
    query = select(places.c.broadcast_id).where(places.c.message_id == message_id)
    found: int | None = conn.execute(query).scalar_one_or_none()
    return found


def last_in(conn: Connection, chat_id: int) -> datetime | None:
    """When the last broadcast came to a chat."""
    query = select(func.max(places.c.sent_at)).where(places.c.chat_id == chat_id, places.c.state == SENT)
    found: datetime | None = conn.execute(query).scalar_one()
    return found


def refuse(
    conn: Connection, chat_id: int, *, person: Person | None = None, by: int | None = None, now: datetime
) -> bool:
    """This chat wants no broadcasts; False where it said so before."""
    row: dict[str, Any] = {"chat_id": chat_id, "at": now, "by_id": by}
    row["person_id"] = person.id if person is not None and person.kind is PersonKind.CLIENT else None
    statement = insert_into(conn, refusals).values(row).on_conflict_do_nothing(index_elements=["chat_id"])
    done = conn.execute(statement.returning(refusals.c.chat_id)).first() is not None
    signal(conn, "desk", "")
    return done


def readmit(conn: Connection, chat_id: int) -> bool:
    """Broadcasts go to this chat again, as it asked."""
    return conn.execute(delete(refusals).where(refusals.c.chat_id == chat_id)).rowcount > 0


def is_refused(conn: Connection, chat_id: int) -> bool:
    """Whether a chat wants no broadcasts."""
    return conn.execute(select(refusals.c.chat_id).where(refusals.c.chat_id == chat_id)).first() is not None


def refused(conn: Connection) -> tuple[tuple[Chat, int | None, int | None, datetime], ...]:
    """The chats that want none, with who of theirs or of ours said so, and when; the latest first."""
    joined = refusals.join(chats, chats.c.id == refusals.c.chat_id)
    extra = (refusals.c.person_id.label("said_by"), refusals.c.by_id, refusals.c.at)
    rows = conn.execute(select(chats, *extra).select_from(joined).order_by(refusals.c.at.desc())).mappings()
    return tuple((to_chat(row), row["said_by"], row["by_id"], row["at"]) for row in rows)


def version(found: Broadcast) -> str:
    """What changes with every edit of a draft."""
    return found.changed_at.isoformat()


def _when(client: Client, local_at: str, now: datetime) -> datetime:
    zone = find_zone(client.timezone)
    wanted = at_local(local_at, zone) if local_at and zone is not None else now
    return proactive.by_day(client, max(wanted, now))


def _plan(conn: Connection, broadcast_id: int, each: Reach, *, now: datetime) -> bool:
    row = {
        "broadcast_id": broadcast_id, "client_id": each.client.id, "chat_id": each.chat.id if each.chat else None,
        "address": each.contact.address if each.contact else None, "state": WAITING, "why": "", "run_at": each.run_at,
    }  # fmt: skip
    made = conn.execute(insert_into(conn, places).values(row).on_conflict_do_nothing().returning(places.c.id)).scalar()
    if made is None:
        return False  # the same address stands with two clients
    enqueue(conn, SPREAD, {"place": made}, run_at=each.run_at, now=now)
    return True


def _settle(conn: Connection, place_id: int, broadcast_id: int, values: Mapping[str, Any], *, now: datetime) -> None:
    conn.execute(update(places).where(places.c.id == place_id).values(values))
    left = (places.c.broadcast_id == broadcast_id, places.c.state == WAITING)
    if conn.execute(select(places.c.id).where(*left).limit(1)).first() is None:
        mine = (broadcasts.c.id == broadcast_id, broadcasts.c.state == SENDING)
        conn.execute(update(broadcasts).where(*mine).values(state=DONE, closed_at=now))
    signal(conn, "desk", "")


def _broadcast(row: Mapping[Any, Any]) -> Broadcast:
    values = {name: row[name] for name in Broadcast.__dataclass_fields__}
    return Broadcast(**values | {"wanted": Wanted.read(row["wanted"])})
