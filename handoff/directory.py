"""Who is who: clients, people of both sides, chats and conversations. Transaction bodies.

The `ensure_*` verbs find or make, and are safe when two transactions do so at once.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from handoff import sites
from handoff.errors import Duplicate, NotFound
from handoff.kinds import ChatKind, Mode, PersonKind, Role, Tier
from handoff.model import Chat, Client, Conversation, Person
from handoff.rows import Row, add, clean, first, one, to_chat, to_client, to_conversation, to_person
from handoff.site_rules import read_site
from handoff.tables import chat as chats
from handoff.tables import client as client_table
from handoff.tables import conversation as conversations
from handoff.tables import identity as identities
from handoff.tables import person as people
from store.db import insert_into

WEB_KEY_BYTES = 24


def add_client(
    conn: Connection,
    *,
    slug: str,
    name: str,
    tier: Tier,
    timezone: str = "Asia/Shanghai",
    language: str | None = None,
    site: str | None = None,
    cms: str | None = None,
    hosting: str | None = None,
    now: datetime,
) -> Client:
    """Add a client with a fresh web chat key, and its first site if anything is said of one.

    Raises Duplicate if the slug is taken, SiteError.
    """
    values = {"slug": slug, "name": clean(name), "tier": tier, "timezone": timezone, "language": language}
    key = secrets.token_urlsafe(WEB_KEY_BYTES)
    made = _add_unique(conn, client_table, ("client", slug), **values, web_key=key, created_at=now)
    said = {"address": site or "", "cms": cms or "", "hosting": hosting or ""}
    if any(said.values()):
        draft = read_site({"name": "" if site else clean(name)} | said)
        sites.add(conn, client_id=made["id"], draft=draft, now=now)
    return client(conn, made["id"])


def client(conn: Connection, client_id: int) -> Client:
    """The client with this id; raises NotFound."""
    return to_client(one(conn, client_table, client_id))


def find_client(conn: Connection, client_id: int) -> Client | None:
    """The client with this id, if there is one."""
    row = first(conn, client_table, client_table.c.id == client_id)
    return None if row is None else to_client(row)


def clients_of(conn: Connection, ids: Iterable[int | None]) -> dict[int, Client]:
    """The clients with these ids, also those that are archived."""
    query = select(client_table).where(client_table.c.id.in_(set(ids) - {None}))
    return {row["id"]: to_client(row) for row in conn.execute(query).mappings()}


def find_chat_by_id(conn: Connection, chat_id: int) -> Chat | None:
    """The chat with this id, if there is one."""
    row = first(conn, chats, chats.c.id == chat_id)
    return None if row is None else to_chat(row)


def find_person_by_id(conn: Connection, person_id: int) -> Person | None:
    """The person with this id, if there is one."""
    row = first(conn, people, people.c.id == person_id)
    return None if row is None else to_person(row)


def client_by_slug(conn: Connection, slug: str) -> Client | None:
    """The client with this slug."""
    row = first(conn, client_table, client_table.c.slug == slug)
    return None if row is None else to_client(row)


def client_by_web_key(conn: Connection, key: str) -> Client | None:
    """The client whose web chat has this key; an archived one has none any more."""
    row = first(conn, client_table, client_table.c.web_key == clean(key), client_table.c.archived_at.is_(None))
    return None if row is None else to_client(row)


def update_client(conn: Connection, client_id: int, **facts: object) -> Client:
    """Change what is kept of a client (name, tier, timezone, language, managers); its sites are `sites`' to change."""
    row = conn.execute(
        update(client_table).where(client_table.c.id == client_id).values(**facts).returning(client_table)
    )
    found = row.mappings().first()
    if found is None:
        raise NotFound("client", client_id)
    return to_client(found)


def lock_client(conn: Connection, client_id: int) -> None:
    """Let no other transaction change this client's terms until this one ends; raises NotFound."""
    query = select(client_table.c.id).where(client_table.c.id == client_id).with_for_update()
    if conn.execute(query).first() is None:
        raise NotFound("client", client_id)


def clients(conn: Connection) -> tuple[Client, ...]:
    """Every client that is not archived, by name."""
    query = select(client_table).where(client_table.c.archived_at.is_(None))
    rows = conn.execute(query.order_by(client_table.c.name, client_table.c.id)).mappings()
    return tuple(to_client(row) for row in rows)


def add_staff(conn: Connection, *, login: str, name: str, role: Role, now: datetime) -> Person:
    """Add a person of ours; raises Duplicate if the login is taken."""
    login = clean(login).strip().casefold()
    values = {"kind": PersonKind.STAFF, "name": clean(name), "role": role, "login": login, "active": True}
    return to_person(_add_unique(conn, people, ("login", login), **values, created_at=now))


def staff(conn: Connection, *, active_only: bool = False) -> tuple[Person, ...]:
    """Everybody of ours, by name."""
    query = select(people).where(people.c.kind == PersonKind.STAFF)
    if active_only:
        query = query.where(people.c.active)
    return tuple(to_person(row) for row in conn.execute(query.order_by(people.c.name, people.c.id)).mappings())


def staff_by_login(conn: Connection, login: str) -> Person | None:
    """The person of ours who signs in with this name, active or not."""
    row = first(conn, people, people.c.login == clean(login).strip().casefold())
    return None if row is None else to_person(row)


def person(conn: Connection, person_id: int) -> Person:
    """The person with this id; raises NotFound."""
    return to_person(one(conn, people, person_id))


def colleague(conn: Connection, person_id: int) -> Person:
    """The active person of ours with this id; raises NotFound for anybody else."""
    found = person(conn, person_id)
    if found.kind is not PersonKind.STAFF or not found.active:
        raise NotFound("colleague", person_id)
    return found


def holder(conn: Connection, assignee_id: int | None) -> Person | None:
    """Who has a ticket; somebody who has left us has none."""
    found = None if assignee_id is None else person(conn, assignee_id)
    return found if found is not None and found.active else None


def set_active(conn: Connection, person_id: int, active: bool) -> Person:  # noqa: FBT001 - reads as the fact it sets
    """Let a person of ours in, or keep them out; raises NotFound."""
    return _update_person(conn, person_id, active=active)


def set_role(conn: Connection, person_id: int, role: Role) -> Person:
    """Change what a person of ours may do; raises NotFound."""
    return _update_person(conn, person_id, role=role)


def ensure_chat(
    conn: Connection,
    *,
    platform: str,
    external_id: str,
    kind: ChatKind,
    client_id: int | None = None,
    mode: Mode = Mode.MENTION,
    now: datetime,
) -> Chat:
    """Find or make a chat. An unbound one is bound to `client_id`; a bound one keeps its client and mode."""
    key = {"platform": platform, "external_id": clean(external_id)}
    row = _ensure(conn, chats, key, kind=kind, client_id=client_id, mode=mode, created_at=now)
    if row["client_id"] is None and client_id is not None:
        conn.execute(update(chats).where(chats.c.id == row["id"]).values(client_id=client_id))
        row = one(conn, chats, row["id"])
    return to_chat(row)


def chat(conn: Connection, chat_id: int) -> Chat:
    """The chat with this id; raises NotFound."""
    return to_chat(one(conn, chats, chat_id))


def chats_of(conn: Connection, ids: Iterable[int | None]) -> dict[int, Chat]:
    """The chats with these ids."""
    rows = conn.execute(select(chats).where(chats.c.id.in_(set(ids) - {None}))).mappings()
    return {row["id"]: to_chat(row) for row in rows}


def set_mode(conn: Connection, chat_id: int, mode: Mode) -> Chat:
    """Change when the bot may speak in a chat; raises NotFound."""
    conn.execute(update(chats).where(chats.c.id == chat_id).values(mode=mode))
    return chat(conn, chat_id)


def ensure_conversation(conn: Connection, *, chat_id: int, thread: str = "", now: datetime) -> Conversation:
    """Find or make a thread of a chat; the chat itself is the thread ""."""
    key = {"chat_id": chat_id, "thread": clean(thread)}
    return to_conversation(_ensure(conn, conversations, key, created_at=now))


def conversation(conn: Connection, conversation_id: int) -> Conversation:
    """The conversation with this id; raises NotFound."""
    return to_conversation(one(conn, conversations, conversation_id))


def find_chat(conn: Connection, *, platform: str, external_id: str) -> Chat | None:
    """The chat with this platform's id, if anything was ever said in it."""
    row = first(conn, chats, chats.c.platform == platform, chats.c.external_id == clean(external_id))
    return None if row is None else to_chat(row)


def newest_chat(conn: Connection) -> int:
    """The number of the newest chat; 0 if there is none."""
    return conn.execute(select(func.max(chats.c.id))).scalar_one() or 0


def find_conversation(conn: Connection, *, chat_id: int, thread: str = "") -> Conversation | None:
    """A thread of a chat, if anything was ever said in it."""
    row = first(conn, conversations, conversations.c.chat_id == chat_id, conversations.c.thread == clean(thread))
    return None if row is None else to_conversation(row)


def find_person(conn: Connection, *, platform: str, external_id: str) -> Person | None:
    """The person behind a platform's user id, if known."""
    row = first(conn, identities, identities.c.platform == platform, identities.c.external_id == clean(external_id))
    return None if row is None else person(conn, row["person_id"])


def chat_of(conn: Connection, conversation_id: int) -> Chat:
    """The chat that a conversation is a thread of; raises NotFound."""
    return chat(conn, conversation(conn, conversation_id).chat_id)


def ensure_person(
    conn: Connection,
    *,
    platform: str,
    external_id: str,
    name: str,
    client_id: int | None = None,
    kind: PersonKind = PersonKind.CLIENT,
    now: datetime,
) -> Person:
    """Find or make the person behind a platform's user id; a changed display name is kept up.

    The person's kind, client and role are never changed by what a platform says; a client's contact without a
    client gets `client_id`.
    """
    key = {"platform": platform, "external_id": clean(external_id)}
    known = first(conn, identities, *(identities.c[name] == value for name, value in key.items()))
    if known is None:
        made = add(conn, people, kind=kind, name=clean(name), client_id=client_id, active=True, created_at=now)
        known = _ensure(conn, identities, key, person_id=made["id"])
        if known["person_id"] != made["id"]:  # another transaction was first
            conn.execute(delete(people).where(people.c.id == made["id"]))
    found = person(conn, known["person_id"])
    return _refresh(conn, found, name=clean(name), client_id=client_id)


def link(conn: Connection, *, platform: str, external_id: str, person_id: int) -> None:
    """Say that a platform's user id is this person, whoever it was before."""
    key = {"platform": platform, "external_id": clean(external_id)}
    row = _ensure(conn, identities, key, person_id=person_id)
    if row["person_id"] != person_id:
        mine = (identities.c[name] == value for name, value in key.items())
        conn.execute(update(identities).where(*mine).values(person_id=person_id))


def accounts(conn: Connection, person_id: int) -> tuple[tuple[str, str], ...]:
    """A person's accounts: the platform, and its id of them."""
    mine = select(identities.c.platform, identities.c.external_id).where(identities.c.person_id == person_id)
    return tuple(
        (row.platform, row.external_id)
        for row in conn.execute(mine.order_by(identities.c.platform, identities.c.external_id))
    )


def names(conn: Connection, person_ids: Sequence[int]) -> dict[int, str]:
    """The names of these people."""
    query = select(people.c.id, people.c.name).where(people.c.id.in_(set(person_ids)))
    return {row.id: row.name for row in conn.execute(query)}


def _refresh(conn: Connection, found: Person, *, name: str, client_id: int | None) -> Person:
    changes: dict[str, object] = {}
    if found.kind is not PersonKind.STAFF and name and name != found.name and not found.name_kept:
        changes["name"] = name
    if found.kind is PersonKind.CLIENT and found.client_id is None and client_id is not None:
        changes["client_id"] = client_id
    return _update_person(conn, found.id, **changes) if changes else found


def _update_person(conn: Connection, person_id: int, **changes: object) -> Person:
    row = (
        conn.execute(update(people).where(people.c.id == person_id).values(**changes).returning(*people.c))
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound("person", person_id)
    return to_person(row)


def _add_unique(conn: Connection, table: Table, key: tuple[str, str], **values: object) -> Row:
    try:
        with conn.begin_nested():
            return add(conn, table, **values)
    except IntegrityError as error:
        raise Duplicate(*key) from error


def _ensure(conn: Connection, table: Table, key: Mapping[str, object], **values: object) -> Row:
    """The row with this unique key, made if it is not there."""
    mine = [table.c[name] == value for name, value in key.items()]
    found = first(conn, table, *mine)
    if found is None:
        statement = insert_into(conn, table).values(**key, **values)
        conn.execute(statement.on_conflict_do_nothing(index_elements=list(key)))
        found = first(conn, table, *mine)
    if found is None:
        raise NotFound(table.name, str(key))
    return found
