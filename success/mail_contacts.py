"""Where a client's people are written to by e-mail, and about what. Transaction bodies."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from handoff import directory
from handoff.errors import NotFound
from handoff.rows import clean
from handoff.tables import client as clients
from store.db import insert_into
from success.errors import MailContactRefused
from success.mail_tables import mail_contact as contacts
from success.mails import is_address

REMINDERS: Final = "reminders"
REPORTS: Final = "reports"
RATINGS: Final = "ratings"
BROADCASTS: Final = "broadcasts"
PURPOSES: Final = (REMINDERS, REPORTS, RATINGS, BROADCASTS)
LANGUAGES: Final = ("zh-Hans", "zh-Hant", "en")
LONGEST_NAME: Final = 80
MOST: Final = 30
"""Addresses of one client."""


@dataclass(frozen=True, kw_only=True)
class MailContact:
    """One address of a client's. `language` None: the client's. `left_at`: its reader wants no broadcasts."""

    id: int
    client_id: int
    person_id: int | None
    name: str
    address: str
    purposes: tuple[str, ...]
    language: str | None
    left_at: datetime | None


def of_client(conn: Connection, client_id: int, purpose: str) -> tuple[MailContact, ...]:
    """Whom to write to about something, by address; nobody of a client that is archived."""
    if directory.client(conn, client_id).archived_at is not None:
        return ()
    return tuple(each for each in every(conn, client_id) if purpose in each.purposes)


def readers(conn: Connection, purpose: str) -> dict[int, list[MailContact]]:
    """The same of every client at once, by client."""
    found: dict[int, list[MailContact]] = defaultdict(list)
    joined = contacts.join(clients, clients.c.id == contacts.c.client_id)
    query = select(contacts).select_from(joined).where(clients.c.archived_at.is_(None)).order_by(contacts.c.address)
    for each in map(_contact, conn.execute(query).mappings()):
        if purpose in each.purposes:
            found[each.client_id].append(each)
    return found


def of_person(conn: Connection, person_id: int) -> MailContact | None:
    """Where one person is written to; None where we do not know, or their client is archived."""
    row = conn.execute(select(contacts).where(contacts.c.person_id == person_id).order_by(contacts.c.id)).mappings()
    found = next((_contact(each) for each in row), None)
    if found is None or directory.client(conn, found.client_id).archived_at is not None:
        return None
    return found


def address_for_ratings(conn: Connection, person_id: int) -> str | None:
    """Where one person is asked how it went, if that is one of the things they are written to about."""
    found = of_person(conn, person_id)
    return found.address if found is not None and RATINGS in found.purposes else None


def every(conn: Connection, client_id: int) -> tuple[MailContact, ...]:
    """All addresses of a client."""
    query = select(contacts).where(contacts.c.client_id == client_id).order_by(contacts.c.address)
    return tuple(_contact(row) for row in conn.execute(query).mappings())


def contact(conn: Connection, contact_id: int) -> MailContact:
    """The address with this id. Raises NotFound."""
    row = conn.execute(select(contacts).where(contacts.c.id == contact_id)).mappings().first()
    if row is None:
        raise NotFound("mail contact", contact_id)
    return _contact(row)


def keep(
    conn: Connection,
    *,
    client_id: int,
    address: str,
    name: str = "",
    purposes: Collection[str],
    language: str | None = None,
    person_id: int | None = None,
    by: int | None,
    now: datetime,
) -> MailContact:
    """Write to this address about these things; one that is known is changed.

    Raises MailContactRefused (`address`, `person`, `many`), NotFound.
    """
    plain = clean(address).strip().lower()
    if not is_address(plain):
        raise MailContactRefused("address")
    directory.lock_client(conn, client_id)
    if person_id is not None:
        _refuse_stranger(conn, client_id, person_id)
    known = every(conn, client_id)
    if len(known) >= MOST and plain not in {each.address for each in known}:
        raise MailContactRefused("many")
    values: dict[str, Any] = {"name": " ".join(clean(name).split())[:LONGEST_NAME], "person_id": person_id}
    values |= {"purposes": [each for each in PURPOSES if each in purposes], "by_id": by}
    values |= {"language": language if language in LANGUAGES else None}
    if BROADCASTS in purposes:
        values["left_at"] = None
    statement = insert_into(conn, contacts).values(client_id=client_id, address=plain, at=now, **values)
    kept = statement.on_conflict_do_update(index_elements=["client_id", "address"], set_=values).returning(*contacts.c)
    return _contact(conn.execute(kept).mappings().one())


def remove(conn: Connection, *, client_id: int, contact_id: int) -> None:
    """Write to an address no more. Raises NotFound, also for another client's."""
    mine = (contacts.c.id == contact_id, contacts.c.client_id == client_id)
    if not conn.execute(delete(contacts).where(*mine)).rowcount:
        raise NotFound("mail contact", contact_id)


def leave(conn: Connection, contact_id: int, *, now: datetime) -> MailContact:
    """Its reader wants no broadcasts; all else goes on. May be said again. Raises NotFound."""
    known = contact(conn, contact_id)
    if BROADCASTS in known.purposes:
        rest = [each for each in known.purposes if each != BROADCASTS]
        values = {"purposes": rest, "left_at": now}
        conn.execute(update(contacts).where(contacts.c.id == contact_id).values(values))
    return contact(conn, contact_id)


def _refuse_stranger(conn: Connection, client_id: int, person_id: int) -> None:
    person = directory.find_person_by_id(conn, person_id)
    if person is None or person.client_id != client_id:
        raise MailContactRefused("person")


def _contact(row: Mapping[Any, Any]) -> MailContact:
    values = {name: row[name] for name in MailContact.__dataclass_fields__}
    return MailContact(**values | {"purposes": tuple(row["purposes"])})
