"""One-time codes: they bind a chat to a client or to our own people, or an account to a colleague. Transaction bodies.

A code is shown once and stored hashed; it is good for a day and for one use. A fresh one ends those before it.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import ColumnElement, Connection, and_, delete, select, true, update

from handoff import contracts, directory, staff_chats
from handoff.kinds import ChatPurpose, PersonKind
from handoff.model import Chat, Client, Person
from handoff.rows import Row
from handoff.tables import binding_code as codes
from handoff.tables import chat as chats
from handoff.tables import conversation as conversations
from handoff.tables import message as messages
from handoff.tables import person as people
from handoff.tables import ticket as tickets

GOOD_FOR: Final = timedelta(days=1)
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike
_GROUPS, _GROUP = 3, 5  # 74 bits
_FOR_STAFF: Final = and_(codes.c.client_id.is_(None), codes.c.person_id.is_(None))
LONGEST: Final = 40
"""Characters of anything that may be a code."""


def code_for_client(conn: Connection, client_id: int, *, by: int, now: datetime) -> str:
    """A fresh code that binds one chat to this client; the caller shows it once. Raises NotFound."""
    directory.client(conn, client_id)
    return _issue(conn, codes.c.client_id == client_id, by=by, now=now, client_id=client_id)


def code_for_colleague(conn: Connection, person_id: int, *, now: datetime) -> str:
    """A fresh code that links one account to this colleague, who asks for it. Raises NotFound."""
    directory.colleague(conn, person_id)
    return _issue(conn, codes.c.person_id == person_id, by=person_id, now=now, person_id=person_id)


def code_for_staff_chat(
    conn: Connection, *, by: int, language: str | None = None, timezone: str | None = None, now: datetime
) -> str:
    """A fresh code that makes one chat a staff chat, in this language and zone. Raises NotFound."""
    directory.colleague(conn, by)
    return _issue(conn, _FOR_STAFF, by=by, now=now, language=language, timezone=timezone)


def kind_of(conn: Connection, code: str, *, now: datetime) -> Literal["client", "colleague", "staff"] | None:
    """What a code that can be used now binds; None for any other text."""
    row = _usable(conn, code, now=now)
    if row is None:
        return None
    if row["client_id"] is not None:
        return "client"
    return "staff" if row["person_id"] is None else "colleague"


def bind_chat(conn: Connection, code: str, *, chat_id: int, now: datetime) -> Client | None:
    """Use a client's code up for this chat, whoever's it was before; None if it is no such code, or used up."""
    row = _use(conn, code, codes.c.client_id.is_not(None), now=now)
    if row is None:
        return None
    values = {"client_id": row["client_id"], "purpose": ChatPurpose.CLIENT}
    conn.execute(update(chats).where(chats.c.id == chat_id).values(**values))
    return directory.client(conn, row["client_id"])


def give_over(conn: Connection, chat_id: int, *, client_id: int, now: datetime) -> None:
    """Have a chat, whoever wrote in it for its client or for none, and its tickets belong to this client from now on.

    Raises NotFound.
    """
    before = directory.chat(conn, chat_id).client_id
    conn.execute(update(chats).where(chats.c.id == chat_id).values(client_id=directory.client(conn, client_id).id))
    talks = select(conversations.c.id).where(conversations.c.chat_id == chat_id)
    wrote = select(messages.c.person_id).where(messages.c.conversation_id.in_(talks), messages.c.person_id.is_not(None))
    clients = people.c.id.in_(wrote) & (people.c.kind == PersonKind.CLIENT)
    for table, mine in ((people, clients), (tickets, tickets.c.conversation_id.in_(talks))):
        ours = table.c.client_id.is_(None) if before is None else table.c.client_id == before
        conn.execute(update(table).where(mine, ours).values(client_id=client_id))
    contracts.align(conn, client_id=client_id, now=now)


def link_colleague(conn: Connection, code: str, *, platform: str, external_id: str, now: datetime) -> Person | None:
    """Use a colleague's code up for this account; None if it is no such code, used up, or they have left us."""
    row = _use(conn, code, codes.c.person_id.is_not(None), now=now)
    if row is None or (found := directory.holder(conn, row["person_id"])) is None:
        return None
    directory.link(conn, platform=platform, external_id=external_id, person_id=found.id)
    return found


def bind_staff_chat(conn: Connection, code: str, *, chat_id: int, now: datetime) -> bool:
    """Use a code up to make this chat a staff chat; False if it is no such code, or used up."""
    row = _use(conn, code, _FOR_STAFF, now=now)
    if row is None:
        return False
    conn.execute(update(chats).where(chats.c.id == chat_id).values(client_id=None))
    staff_chats.make(conn, chat_id, language=row["language"], timezone=row["timezone"], now=now)
    return True


def spend(conn: Connection, code: str, *, now: datetime) -> None:
    """Let a code bind nothing any more."""
    _use(conn, code, true(), now=now)


def chats_of(conn: Connection, client_id: int) -> tuple[Chat, ...]:
    """The chats of a client that have a title: groups, on whatever platform."""
    found = conn.execute(select(chats.c.id).where(chats.c.client_id == client_id, chats.c.title.is_not(None)))
    return tuple(directory.chat(conn, chat_id) for chat_id in found.scalars())


def invite_once(conn: Connection, chat_id: int, *, now: datetime) -> bool:
    """Whether an unbound chat is to be told now how to be bound: True once, ever."""
    untold = (
        chats.c.id == chat_id,
        chats.c.client_id.is_(None),
        chats.c.invited_at.is_(None),
        chats.c.purpose == ChatPurpose.CLIENT,
    )
    return conn.execute(update(chats).where(*untold).values(invited_at=now)).rowcount > 0


def _issue(conn: Connection, mine: ColumnElement[bool], *, by: int, now: datetime, **target: object) -> str:
    unused = codes.c.used_at.is_(None)
    conn.execute(delete(codes).where(unused, mine))
    conn.execute(delete(codes).where(unused, codes.c.expires_at < now))
    code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    conn.execute(codes.insert().values(code_hash=_hashed(code), by_id=by, at=now, expires_at=now + GOOD_FOR, **target))
    return code


def _usable(conn: Connection, code: str, *, now: datetime) -> Row | None:
    good = (codes.c.code_hash == _hashed(code), codes.c.used_at.is_(None), codes.c.expires_at > now)
    return conn.execute(select(codes).where(*good)).mappings().first()


def _use(conn: Connection, code: str, right_kind: ColumnElement[bool], *, now: datetime) -> Row | None:
    good = (codes.c.code_hash == _hashed(code), codes.c.used_at.is_(None), codes.c.expires_at > now, right_kind)
    return conn.execute(update(codes).where(*good).values(used_at=now).returning(*codes.c)).mappings().first()


def _hashed(code: str) -> str:
    return hashlib.sha256(code.strip().lower()[:LONGEST].encode("utf-8", "replace")).hexdigest()
