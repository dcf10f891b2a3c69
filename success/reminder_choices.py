"""Of what nobody wants to be reminded, and what was said of late. Transaction bodies."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, select

from handoff import directory, messages
from handoff.model import Client, Message
from store.db import insert_into
from success import reminders
from success.errors import ReminderRefused
from success.reminder_ground import EVERYTHING
from success.reminder_rules import KINDS
from success.reminder_tables import reminder as reminder_table
from success.reminder_tables import reminder_notice as notices
from success.reminder_tables import reminder_off as offs
from success.reminders import Notice


@dataclass(frozen=True, kw_only=True)
class Off:
    """A kind, a client, or a client's kind that nobody is reminded of."""

    client_id: int | None
    what: str
    at: datetime
    by_id: int | None


@dataclass(frozen=True, kw_only=True)
class Item:
    """What a message was about."""

    what: str
    title: str
    last_on: date


@dataclass(frozen=True, kw_only=True)
class Told:
    """A message about last days; `who` pressed, "" for nobody."""

    notice: Notice
    client: Client
    items: tuple[Item, ...]
    message: Message | None
    who: str


def switch(conn: Connection, *, client_id: int | None, what: str, on: bool, by: int, now: datetime) -> None:
    """Remind of a kind (of a client, of all its kinds) no more, or again. Raises ReminderRefused (`gone`), NotFound."""
    if what not in KINDS and not (what == EVERYTHING and client_id is not None):
        raise ReminderRefused("gone")
    if client_id is not None:
        directory.client(conn, client_id)
    name = what if client_id is None else f"{client_id}:{what}"
    if on:
        conn.execute(delete(offs).where(offs.c.name == name))
        return
    row = {"name": name, "client_id": client_id, "what": what, "at": now, "by_id": by}
    conn.execute(insert_into(conn, offs).values(row).on_conflict_do_nothing(index_elements=["name"]))


def off(conn: Connection) -> tuple[Off, ...]:
    """What is switched off."""
    rows = conn.execute(select(offs).order_by(offs.c.name)).mappings()
    return tuple(Off(**{name: row[name] for name in Off.__dataclass_fields__}) for row in rows)


def latest(conn: Connection, *, client_id: int | None = None, limit: int = 60) -> tuple[Told, ...]:
    """The last messages about last days, the newest first."""
    mine = () if client_id is None else (notices.c.client_id == client_id,)
    query = select(notices).where(*mine).order_by(notices.c.id.desc()).limit(limit)
    found = [reminders.to_notice(row) for row in conn.execute(query).mappings()]
    about: dict[int, list[Item]] = defaultdict(list)
    named = select(reminder_table).where(reminder_table.c.notice_id.in_([each.id for each in found]))
    for row in conn.execute(named.order_by(reminder_table.c.last_on, reminder_table.c.id)).mappings():
        about[row["notice_id"]].append(Item(what=row["what"], title=row["title"], last_on=row["last_on"]))
    clients = directory.clients_of(conn, (each.client_id for each in found))
    people = directory.names(conn, [each.person_id for each in found if each.person_id is not None])
    return tuple(
        Told(
            notice=each,
            client=clients[each.client_id],
            items=tuple(about[each.id]),
            message=messages.find(conn, each.message_id) if each.message_id else None,
            who=people.get(each.person_id, "") if each.person_id else "",
        )
        for each in found
    )
