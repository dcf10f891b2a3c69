"""Tokens by which other programs act: who may do what with one, and how it is known. Transaction bodies.

A token is shown once and kept as a hash. It acts in a colleague's name, and every event that it causes says through
which token; it dies with the colleague, at its hour, or when it is revoked.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, select, update

from handoff import directory
from handoff.api_tables import api_token as tokens
from handoff.errors import NotFound
from handoff.kinds import PersonKind
from handoff.model import Person
from handoff.rows import Row, add, clean, one

PREFIX: Final = "aft_"
NAME_LENGTH: Final = 60
NOTED_EVERY: Final = timedelta(minutes=1)
_BYTES: Final = 32
_HINT: Final = 4
_THROUGH: Final = "through"


class Scope(StrEnum):
    """What a token may do."""

    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    CLIENTS_READ = "clients:read"
    PEOPLE_READ = "people:read"
    MANUAL_READ = "manual:read"
    NUMBERS_READ = "numbers:read"
    WEBHOOKS_WRITE = "webhooks:write"


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """One token, without its secret. `client_id`: it knows this client alone. `person_id`: in whose name it acts."""

    id: int
    name: str
    hint: str
    scopes: frozenset[Scope]
    client_id: int | None
    person_id: int
    by_id: int
    at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """A program that showed a valid token, and the colleague in whose name it acts."""

    token: Token
    person: Person

    @property
    def client_id(self) -> int | None:
        """The one client that it may know of; None: all."""
        return self.token.client_id

    def may_see(self, client_id: int | None) -> bool:
        """Whether a record of this client is the caller's to see."""
        return self.token.client_id is None or self.token.client_id == client_id


def make(
    conn: Connection,
    *,
    name: str,
    scopes: Collection[Scope],
    client_id: int | None,
    person_id: int,
    expires_at: datetime | None,
    by: int,
    now: datetime,
) -> tuple[Token, str]:
    """Make a token; it and its secret, which is nowhere else. Raises NotFound for an unknown client or colleague."""
    directory.colleague(conn, person_id)
    if client_id is not None:
        directory.client(conn, client_id)
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    values: dict[str, object] = {"name": clean(name), "hash": _hashed(secret), "hint": secret[-_HINT:]}
    values |= {"scopes": sorted(scopes), "client_id": client_id, "person_id": person_id, "by_id": by}
    return _token(add(conn, tokens, **values, at=now, expires_at=expires_at)), secret


def known(conn: Connection, secret: str, *, now: datetime) -> Caller | None:
    """Who shows this secret; None for anything that does not hold, whatever the reason. Notes that it was used."""
    hashed = _hashed(secret)
    row = conn.execute(select(tokens).where(tokens.c.hash == hashed)).mappings().first()
    if row is None or not hmac.compare_digest(row["hash"], hashed):
        return None
    token, person = _token(row), directory.person(conn, row["person_id"])
    if not token.holds(now) or not person.active or person.kind is not PersonKind.STAFF:
        return None
    if token.used_at is None or now - token.used_at >= NOTED_EVERY:
        conn.execute(update(tokens).where(tokens.c.id == token.id).values(used_at=now))
    return Caller(token=token, person=person)


def revoke(conn: Connection, token_id: int, *, by: int, now: datetime) -> Token:
    """End a token at once. Raises NotFound."""
    mine = (tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
    conn.execute(update(tokens).where(*mine).values(revoked_at=now, revoked_by=by))
    return _token(one(conn, tokens, token_id))


def every(conn: Connection) -> tuple[Token, ...]:
    """All tokens, the newest first."""
    return tuple(_token(row) for row in conn.execute(select(tokens).order_by(tokens.c.id.desc())).mappings())


def scopes_in(names: Collection[str]) -> frozenset[Scope]:
    """The scopes of these names; raises NotFound for a name that is none."""
    unknown = sorted(set(names) - set(Scope))
    if unknown:
        raise NotFound("scope", unknown[0])
    return frozenset(Scope(name) for name in names)


@contextmanager
def through(conn: Connection, token: Token) -> Iterator[None]:
    """Let every event that a colleague causes in this block say through which token."""
    info: dict[Any, Any] = conn.info
    info[_THROUGH] = token.name
    try:
        yield
    finally:
        del info[_THROUGH]


def acting(conn: Connection) -> str | None:
    """The name of the token that acts in this transaction, if one does."""
    name: str | None = conn.info.get(_THROUGH)
    return name


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _token(row: Row) -> Token:
    return Token(
        id=row["id"],
        name=row["name"],
        hint=row["hint"],
        scopes=frozenset(Scope(name) for name in row["scopes"]),
        client_id=row["client_id"],
        person_id=row["person_id"],
        by_id=row["by_id"],
        at=row["at"],
        expires_at=row["expires_at"],
        used_at=row["used_at"],
        revoked_at=row["revoked_at"],
    )
