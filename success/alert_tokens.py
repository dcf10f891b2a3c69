"""Tokens with which an Alertmanager posts: shown once, kept as a hash. Transaction bodies."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select, update

from handoff.rows import add, clean, one
from success.incident_errors import HookRefused
from success.incident_tables import alert_token as tokens

PREFIX: Final = "afa_"
NAME_LENGTH: Final = 60
NOTED_EVERY: Final = timedelta(minutes=1)
_BYTES: Final = 32
_HINT: Final = 4


@dataclass(frozen=True, kw_only=True)
class AlertToken:
    """One token, without its secret."""

    id: int
    name: str
    hint: str
    at: datetime
    by_id: int
    used_at: datetime | None
    revoked_at: datetime | None


def make(conn: Connection, *, name: str, by: int, now: datetime) -> tuple[AlertToken, str]:
    """Make a token; it and its secret, which is nowhere else. Raises HookRefused("name")."""
    name = " ".join(clean(name).split())
    if not name or len(name) > NAME_LENGTH:
        raise HookRefused("name")
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    values = {"name": name, "hash": _hashed(secret), "hint": secret[-_HINT:], "at": now, "by_id": by}
    return _token(add(conn, tokens, **values)), secret


def known(conn: Connection, secret: str) -> AlertToken | None:
    """Whose secret this is; None for one that does not hold. Compared in constant time with every token."""
    hashed = _hashed(secret)
    rows = conn.execute(select(tokens).where(tokens.c.revoked_at.is_(None))).mappings().all()
    found = [row for row in rows if hmac.compare_digest(row["hash"], hashed)]
    return _token(found[0]) if found else None


def used(conn: Connection, token: AlertToken, *, now: datetime) -> None:
    """Note that a token was used."""
    if token.used_at is None or now - token.used_at >= NOTED_EVERY:
        conn.execute(update(tokens).where(tokens.c.id == token.id).values(used_at=now))


def revoke(conn: Connection, token_id: int, *, by: int, now: datetime) -> AlertToken:
    """End a token at once. Raises NotFound."""
    standing = (tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
    conn.execute(update(tokens).where(*standing).values(revoked_at=now, revoked_by=by))
    return _token(one(conn, tokens, token_id))


def every(conn: Connection) -> tuple[AlertToken, ...]:
    """All tokens, the newest first."""
    return tuple(_token(row) for row in conn.execute(select(tokens).order_by(tokens.c.id.desc())).mappings())


def secret_in(header: str) -> str | None:
    """The secret of an Authorization header: a bearer's, or the password of basic credentials; None for others."""
    scheme, _, rest = header.strip().partition(" ")
    rest = rest.strip()
    match scheme.casefold():
        case "bearer":
            return rest or None
        case "basic":
            try:
                pair = base64.b64decode(rest, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                return None
            return pair.partition(":")[2] or None
    return None


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _token(row: Mapping[Any, Any]) -> AlertToken:
    return AlertToken(**{name: row[name] for name in AlertToken.__dataclass_fields__})
