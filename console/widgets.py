"""Where a client's chat may be shown, and how its site vouches for who is signed in there. Mostly pure."""

import hashlib
import hmac
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from console.widget_tables import widget
from store.db import insert_into

MOST_ORIGINS: Final = 20
USER_LENGTH: Final = 200
NAME_LENGTH: Final = 80
_ORIGIN: Final = re.compile(
    r"(https?)://((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?::(\d{1,5}))?/?"
)
_PORTS: Final = {"http": "80", "https": "443"}
_HIGHEST_PORT: Final = 65535


@dataclass(frozen=True, kw_only=True)
class Widget:
    """The origins that may frame a client's chat; `secret_no` counts how often its secret was changed."""

    client_id: int
    origins: tuple[str, ...] = ()
    secret_no: int = 1
    changed_by: int | None = None
    changed_at: datetime | None = None


def widget_of(conn: Connection, client_id: int) -> Widget:
    """What is set for a client; at first no site may show its chat."""
    row = conn.execute(select(widget).where(widget.c.client_id == client_id)).mappings().first()
    if row is None:
        return Widget(client_id=client_id)
    return Widget(**{**row, "origins": tuple(row["origins"])})


def save(conn: Connection, wanted: Widget) -> None:
    """Keep what is set for a client."""
    values = {**vars(wanted), "origins": list(wanted.origins)}
    changes = {name: value for name, value in values.items() if name != "client_id"}
    statement = insert_into(conn, widget).values(values)
    conn.execute(statement.on_conflict_do_update(index_elements=["client_id"], set_=changes))


def read_origins(text: str) -> tuple[tuple[str, ...], str | None]:
    """The origins of a text, one on a line, as browsers write them; and the first line that is none, or too many."""
    found: list[str] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        origin = _origin(line.strip())
        if origin is None:
            return (), line.strip()[:80]
        found.append(origin)
    kept = tuple(dict.fromkeys(found))
    return (kept, None) if len(kept) <= MOST_ORIGINS else ((), f"> {MOST_ORIGINS}")


def ancestors(origins: Collection[str]) -> str:
    """The ``frame-ancestors`` of the chat in a frame: these origins, and our own page for the preview."""
    return " ".join(("frame-ancestors 'self'", *origins))


def user_secret(master: bytes, wanted: Widget) -> str:
    """What the client's site signs its users with; another one after each change."""
    named = f"widget-users:{wanted.client_id}:{wanted.secret_no}".encode()
    return hmac.new(master, named, hashlib.sha256).hexdigest()


def user_signature(secret: str, user: str, name: str = "") -> str:
    """HMAC-SHA256 in hex of the user's id, and of a line with the name where one is given."""
    said = user + (f"\n{name}" if name else "")
    return hmac.new(secret.encode(), said.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def signature_holds(secret: str, user: str, name: str, given: str) -> bool:
    """Whether the site vouches for this user (compared in constant time)."""
    expected = user_signature(secret, user, name)
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode("utf-8", "replace"))


def shown_origins(origins: Sequence[str]) -> str:
    """As a person edits them."""
    return "\n".join(origins)


def _origin(line: str) -> str | None:
    try:
        host = line.casefold().encode("ascii").decode()
    except UnicodeEncodeError:
        host = _ascii(line.casefold())
    found = _ORIGIN.fullmatch(host)
    if found is None:
        return None
    scheme, name, port = found.groups()
    if port and not 0 < int(port) <= _HIGHEST_PORT:
        return None
    return f"{scheme}://{name}" + (f":{int(port)}" if port and port != _PORTS[scheme] else "")


def _ascii(line: str) -> str:
    """A name in other letters as DNS writes it (例子.测试 → xn--…); what cannot be written so stays and is refused."""
    scheme, mark, rest = line.partition("://")
    name, colon, port = rest.rstrip("/").partition(":")
    try:
        return f"{scheme}{mark}{name.encode('idna').decode()}{colon}{port}"
    except UnicodeError:
        return line
