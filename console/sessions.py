"""One's own sessions: where one is signed in, and ending that elsewhere."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, select

from console.auth import ABSOLUTE, IDLE, Viewer
from console.tables import staff_session

_NAMED: Final = 16
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip
_KEY: Final = re.compile(rf"[0-9a-f]{{{_NAMED}}}")


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session that still holds; `key` names it in a form and opens nothing."""

    key: str
    created_at: datetime
    seen_at: datetime
    address: str | None
    agent: str | None
    here: bool


def sessions(conn: Connection, viewer: Viewer, *, now: datetime) -> tuple[Session, ...]:
    """The viewer's sessions, this one first, then the latest used."""
    kept = staff_session.c
    holds = (kept.person_id == viewer.person.id, kept.seen_at > now - IDLE, kept.created_at > now - ABSOLUTE)
    rows = conn.execute(select(staff_session).where(*holds).order_by(kept.seen_at.desc())).mappings()
    found = [
        Session(
            key=row["token_hash"][:_NAMED],
            created_at=row["created_at"],
            seen_at=row["seen_at"],
            address=row["address"],
            agent=row["agent"],
            here=row["token_hash"] == viewer.session,
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda each: not each.here))


def end_one(conn: Connection, viewer: Viewer, key: str) -> bool:
    """End one of the viewer's own sessions; False where there is none of that name (any more)."""
    if not _KEY.fullmatch(key):
        return False
    mine = (staff_session.c.person_id == viewer.person.id, staff_session.c.token_hash.startswith(key))
    return conn.execute(delete(staff_session).where(*mine)).rowcount > 0


def agent_of(header: str) -> str:
    """A browser's own description in two words, such as "Chrome · Windows"; "" where it says nothing known."""
    browser = next((name for sign, name in _BROWSERS if sign in header), "")
    system = next((name for sign, name in _SYSTEMS if sign in header), "")
    return " · ".join(part for part in (browser, system) if part)
