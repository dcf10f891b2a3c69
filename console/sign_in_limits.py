"""How fast somebody may guess passwords: from one place at one account, slower and slower. Counters are rows.

An attempt is counted before its password is looked at, so that a hundred at once count as a hundred; the right
password forgets them.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, select, update

from console.tables import sign_in_try
from store.db import insert_into

FREE: Final = 5
"""Attempts before the first pause."""
FIRST: Final = timedelta(seconds=30)
LONGEST: Final = timedelta(minutes=15)
FORGOTTEN: Final = timedelta(hours=1)
"""After so long without an attempt they begin anew."""


def pause(tries: int) -> timedelta:
    """How long to wait after this many attempts without success: none, then 30 s, doubled each time, 15 min at most."""
    if tries < FREE:
        return timedelta()
    return min(LONGEST, FIRST * (1 << min(tries - FREE, 10)))


def attempt(conn: Connection, *, login: str, address: str, now: datetime) -> timedelta | None:
    """Count an attempt; how long it must wait where one is not looked at now (it is not counted then)."""
    name, seen = _name(login, address), sign_in_try.c
    conn.execute(delete(sign_in_try).where(seen.last_at < now - FORGOTTEN))
    fresh = {"name": name, "tries": 0, "last_at": now, "until": None}
    conn.execute(insert_into(conn, sign_in_try).values(fresh).on_conflict_do_nothing())
    row = conn.execute(select(sign_in_try).where(seen.name == name).with_for_update()).mappings().one()
    until: datetime | None = row["until"]
    if until is not None and now < until <= now + LONGEST:  # further ahead: the clock was set back
        return until - now
    tries = row["tries"] + 1
    rest = pause(tries)
    values = {"tries": tries, "last_at": now, "until": now + rest if rest else None}
    conn.execute(update(sign_in_try).where(seen.name == name).values(**values))
    return None


def forget(conn: Connection, *, login: str, address: str) -> None:
    """The right password was given."""
    conn.execute(delete(sign_in_try).where(sign_in_try.c.name == _name(login, address)))


def folded(login: str) -> str:
    """A login as it is counted, whatever was typed: short, and not to be read."""
    return hashlib.sha256(login.strip().casefold().encode("utf-8", "replace")).hexdigest()[:32]


def _name(login: str, address: str) -> str:
    return f"{folded(login)}:{address[:64]}"
