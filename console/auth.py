"""Staff sign-in: argon2 passwords, sessions in the database by hashed token, throttled attempts."""

import asyncio
import hashlib
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from pwdlib import PasswordHash
from sqlalchemy import Connection, delete, select, update

from console.auditing import beside
from console.errors import SignInRefused, TooManyAttempts, WeakPassword
from console.sign_in_limits import attempt, folded, forget
from console.tables import desk_form, staff_password, staff_session
from handoff import audit
from handoff.directory import person, staff_by_login
from handoff.kinds import PersonKind
from handoff.model import Person
from store.db import Database, insert_into
from store.rates import take

IDLE: Final = timedelta(hours=12)
ABSOLUTE: Final = timedelta(days=7)
ONE_TIME: Final = timedelta(days=7)
TOUCH_EVERY: Final = timedelta(minutes=5)
ATTEMPTS_WINDOW: Final = timedelta(minutes=10)
ATTEMPTS_PER_LOGIN: Final = 30  # from everywhere together: nobody is kept out by a stranger's few guesses
ATTEMPTS_PER_ADDRESS: Final = 40
FORMS_KEPT: Final = timedelta(days=2)
SHORTEST: Final = 10
LONGEST: Final = 200
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Who is signed in, with which session. ``must_change``: still on a one-time password."""

    person: Person
    session: str
    seen_at: datetime
    must_change: bool


@dataclass(frozen=True, kw_only=True)
class Place:
    """From where somebody signs in: the address, and the browser in two words."""

    address: str
    agent: str = ""


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A stored password: its argon2 hash, and until when it holds (None: until changed)."""

    person: Person
    hash: str
    expires_at: datetime | None


def issue_one_time_password(conn: Connection, person_id: int, *, now: datetime) -> str:
    """Give a colleague a fresh one-time password (good for 7 days) and end their sessions; the caller shows it once."""
    word = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    _store_password(conn, person_id, hashed=_engine().hash(word), one_time=True, now=now)
    end_sessions(conn, person_id)
    return word


def password_pending(conn: Connection, person_id: int) -> bool:
    """Whether a colleague has not yet chosen a password of their own."""
    own = select(staff_password.c.one_time).where(staff_password.c.person_id == person_id)
    return bool(conn.execute(own).scalar_one_or_none() in {None, True})


def open_session(conn: Connection, person_id: int, *, now: datetime, place: Place | None = None) -> str:
    """Start a session and return its token, which is stored only as a hash; old sessions are swept."""
    token = secrets.token_urlsafe(32)
    conn.execute(delete(staff_session).where(staff_session.c.seen_at < now - ABSOLUTE))
    row = {"token_hash": _hashed(token), "person_id": person_id, "created_at": now, "seen_at": now}
    where = {"address": place.address[:64], "agent": place.agent[:64]} if place else {}
    conn.execute(staff_session.insert().values(row | where))
    return token


def viewer_of(conn: Connection, token: str, *, now: datetime) -> Viewer | None:
    """Who holds this session token, unless it has expired or its person is no longer active."""
    known = staff_session.c
    row = conn.execute(
        select(known.person_id, known.seen_at, staff_password.c.one_time)
        .join(staff_password, staff_password.c.person_id == known.person_id)
        .where(known.token_hash == _hashed(token), known.seen_at > now - IDLE, known.created_at > now - ABSOLUTE)
    ).first()
    if row is None:
        return None
    who = person(conn, row.person_id)
    if not who.active or who.kind is not PersonKind.STAFF:
        return None
    return Viewer(person=who, session=_hashed(token), seen_at=row.seen_at, must_change=row.one_time)


def touch(conn: Connection, session: str, *, now: datetime) -> None:
    """Note that a session is in use."""
    conn.execute(update(staff_session).where(staff_session.c.token_hash == session).values(seen_at=now))


def end_session(conn: Connection, session: str) -> None:
    """Sign one session out."""
    conn.execute(delete(staff_session).where(staff_session.c.token_hash == session))


def end_sessions(conn: Connection, person_id: int) -> None:
    """Sign a colleague out everywhere."""
    conn.execute(delete(staff_session).where(staff_session.c.person_id == person_id))


def take_form(conn: Connection, once: str, *, person_id: int, now: datetime) -> bool:
    """Whether this form arrives for the first time; a doubled press or a repeated request is not taken again."""
    conn.execute(delete(desk_form).where(desk_form.c.at < now - FORMS_KEPT))
    if not once:
        return True
    row = {"once": f"{person_id}:{once[:64]}", "person_id": person_id, "at": now}
    statement = insert_into(conn, desk_form).values(row).on_conflict_do_nothing()
    taken = conn.execute(statement.returning(desk_form.c.once)).first()  # a driver need not count what it inserts
    if taken is None:
        audit.repeated(conn)
    return taken is not None


async def sign_in(
    db: Database, *, login: str, password: str, address: str, agent: str = "", old: str = "", now: datetime
) -> str:
    """Check a password and open a session in place of the `old` one; returns its token.

    Raises:
        SignInRefused: wrong, unknown or not active.
        TooManyAttempts: it was not looked at.
    """
    apart, place = beside(db), Place(address=address, agent=agent)
    wait = await apart.write(lambda conn: _attempt(conn, login, address, now))
    if wait is not None:
        raise TooManyAttempts(wait)
    known = await db.read(lambda conn: _credential(conn, login))
    right = await _verified(password, known.hash if known else _nobody())
    if known is None or not right or not known.person.active or (known.expires_at or now) < now:
        who = known.person if known else None
        await apart.write(lambda conn: _note(conn, who, place, name="sign_in.failed", outcome="refused", now=now))
        raise SignInRefused
    person = known.person

    def enter(conn: Connection) -> str:
        forget(conn, login=login, address=address)
        if old:
            end_session(conn, _hashed(old))
        _note(conn, person, place, name="sign_in.done", outcome="done", now=now)
        return open_session(conn, person.id, now=now, place=place)

    return await apart.write(enter)


def _attempt(conn: Connection, login: str, address: str, now: datetime) -> timedelta | None:
    waits = [attempt(conn, login=login, address=address, now=now), _throttle(conn, login, address, now)]
    return max((wait for wait in waits if wait is not None), default=None)


def _note(
    conn: Connection, who: Person | None, place: Place, *, name: str, outcome: audit.Outcome, now: datetime
) -> None:
    """A line of the log; a login that is nobody's may be a password typed into the wrong field, and is not kept."""
    action = audit.Action(
        person_id=who.id if who else None,
        via="desk",
        name=name,
        kind="sign-in",
        subject=(who.login or "") if who else "",
        address=place.address,
        facts={"browser": place.agent} if place.agent else {},
    )
    audit.keep(conn, action, outcome=outcome, now=now)


async def change_password(
    db: Database, viewer: Viewer, *, current: str | None, new: str, now: datetime, place: Place | None = None
) -> str:
    """Set a colleague's own password, end their other sessions, return a new session token.

    ``current`` None is for a one-time password only. Raises WeakPassword, SignInRefused (wrong current one) or
    TooManyAttempts.
    """
    who = viewer.person
    known = await db.read(lambda conn: _credential(conn, who.login or ""))
    if known is None or (current is None and not viewer.must_change):
        raise SignInRefused
    if current is not None:
        at = f"session:{viewer.session}"
        wait = await beside(db).write(lambda conn: _throttle(conn, who.login or "", at, now))
        if wait is not None:
            raise TooManyAttempts(wait)
        if not await _verified(current, known.hash):
            raise SignInRefused
    _refuse_weak(new, login=who.login or "")
    if await _verified(new, known.hash):
        raise WeakPassword("same")
    hashed = await asyncio.get_running_loop().run_in_executor(_pool(), _engine().hash, new)
    return await db.write(lambda conn: _changed(conn, who.id, hashed=hashed, place=place, now=now))


def csrf_token(secret: bytes, bound_to: str) -> str:
    """The token a form must carry, bound to a session (or, before sign-in, to a random cookie)."""
    return hmac.new(secret, b"csrf:" + bound_to.encode(), hashlib.sha256).hexdigest()


def csrf_holds(secret: bytes, bound_to: str, given: str) -> bool:
    """Whether a form's token is the one it must carry (compared in constant time)."""
    return hmac.compare_digest(csrf_token(secret, bound_to).encode(), given.encode("utf-8", "replace"))


def _changed(conn: Connection, person_id: int, *, hashed: str, place: Place | None, now: datetime) -> str:
    _store_password(conn, person_id, hashed=hashed, one_time=False, now=now)
    end_sessions(conn, person_id)
    return open_session(conn, person_id, now=now, place=place)


def _store_password(conn: Connection, person_id: int, *, hashed: str, one_time: bool, now: datetime) -> None:
    expires = now + ONE_TIME if one_time else None
    values = {"hash": hashed, "one_time": one_time, "set_at": now, "expires_at": expires}
    statement = insert_into(conn, staff_password).values(person_id=person_id, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=values))


def _credential(conn: Connection, login: str) -> Credential | None:
    who = staff_by_login(conn, login)
    if who is None:
        return None
    row = conn.execute(select(staff_password).where(staff_password.c.person_id == who.id)).mappings().first()
    return Credential(person=who, hash=row["hash"], expires_at=row["expires_at"]) if row else None


def _throttle(conn: Connection, login: str, address: str, now: datetime) -> timedelta | None:
    by_login = take(conn, f"sign-in:login:{folded(login)}", per=ATTEMPTS_WINDOW, limit=ATTEMPTS_PER_LOGIN, now=now)
    by_address = take(conn, f"sign-in:from:{address}", per=ATTEMPTS_WINDOW, limit=ATTEMPTS_PER_ADDRESS, now=now)
    waits = [wait for wait in (by_login, by_address) if wait is not None]
    return max(waits) if waits else None


async def _verified(password: str, hashed: str) -> bool:
    if len(password) > 2 * LONGEST:
        return False
    return await asyncio.get_running_loop().run_in_executor(_pool(), _engine().verify, password, hashed)


def _refuse_weak(password: str, *, login: str) -> None:
    if len(password) < SHORTEST:
        raise WeakPassword("short")
    if len(password) > LONGEST:
        raise WeakPassword("long")
    if password.casefold() == login.casefold():
        raise WeakPassword("login")


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, "password")  # argon2 takes 64 MB and a core each


@cache
def _engine() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobody() -> str:
    return _engine().hash(secrets.token_urlsafe(16))  # an unknown login takes as long as a known one
