"""Sign-in limits and the audit log over both databases."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from console import auth, sign_in_limits
from console.auditing import Audited
from console.errors import SignInRefused, TooManyAttempts
from handoff import audit, audit_list, directory
from handoff.audit import Action
from handoff.audit_list import Sieve
from handoff.kinds import Role
from store.db import Database

NOW = datetime(2026, 11, 16, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tries", "seconds"), [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (9, 480), (10, 900), (500, 900)]
)
def test_pauses_grow_and_end(tries: int, seconds: int) -> None:
    """None for the first, then doubled, a quarter of an hour at most."""
    assert sign_in_limits.pause(tries) == timedelta(seconds=seconds)


async def test_a_hundred_guesses_at_once_count_as_a_hundred(database: Database) -> None:
    """Those who come together are not all let in before the first is counted."""

    def one(conn: Connection) -> timedelta | None:
        return sign_in_limits.attempt(conn, login="lin", address="10.0.0.1", now=NOW)

    waits = await asyncio.gather(*(database.write(one) for _ in range(100)))
    assert waits.count(None) == sign_in_limits.FREE
    other = {"login": "lin", "address": "10.0.0.2", "now": NOW}
    assert await database.write(lambda conn: sign_in_limits.attempt(conn, **other)) is None
    late = NOW + sign_in_limits.FORGOTTEN + timedelta(seconds=1)
    for _ in range(sign_in_limits.FREE):
        assert (
            await database.write(lambda conn: sign_in_limits.attempt(conn, login="lin", address="10.0.0.1", now=late))
            is None
        )


async def test_a_locked_place_is_told_so_known_or_not(database: Database) -> None:
    """The right password waits too, an unknown login waits as long, and success forgets."""

    def seed(conn: Connection) -> None:
        who = directory.add_staff(conn, login="lin", name="Lin", role=Role.AGENT, now=NOW)
        hashed = auth._engine().hash("a quiet harbour")
        auth._store_password(conn, who.id, hashed=hashed, one_time=False, now=NOW)

    await database.write(seed)
    told = []
    for login in ("lin", "nobody"):
        for _ in range(sign_in_limits.FREE):
            with pytest.raises(SignInRefused):
                await auth.sign_in(database, login=login, password="guess", address="10.0.0.1", now=NOW)
        with pytest.raises(TooManyAttempts) as slow:
            await auth.sign_in(database, login=login, password="a quiet harbour", address="10.0.0.1", now=NOW)
        told.append(slow.value.wait)
    assert told == [timedelta(seconds=30)] * 2
    assert await auth.sign_in(database, login="lin", password="a quiet harbour", address="10.0.0.9", now=NOW)
    after = NOW + told[0]
    assert await auth.sign_in(database, login="lin", password="a quiet harbour", address="10.0.0.1", now=after)
    with pytest.raises(SignInRefused) as wrong:
        await auth.sign_in(database, login="lin", password="guess", address="10.0.0.1", now=after)
    assert not isinstance(wrong.value, TooManyAttempts)


async def test_lines_of_one_instant_are_leafed_through_once_each(database: Database) -> None:
    """A cursor takes up exactly where it left, whatever came in between."""

    def write(conn: Connection) -> None:
        for number in range(7):
            audit.keep(conn, Action(person_id=None, via="desk", name="x.y", subject=f"s{number}"), now=NOW)

    await database.write(write)
    seen, cursor = [], ""
    for _ in range(9):
        page = await database.read(lambda conn, at=cursor: audit_list.entries(conn, Sieve(), before=at, limit=2))
        if not page:
            break
        seen += [entry.subject for entry in page]
        cursor = page[-1].cursor
        await database.write(write)
    assert seen == [f"s{number}" for number in reversed(range(7))]
    by_subject = await database.read(lambda conn: audit_list.entries(conn, Sieve(subject="s%"), limit=9))
    assert by_subject == ()


async def test_an_action_that_fails_leaves_nothing(database: Database) -> None:
    """The line goes with the transaction; what the body tells of itself is in it, once, however often it runs."""
    runs = []

    def body(conn: Connection) -> None:
        with audit.acting(conn, Action(person_id=1, via="desk", name="x.y"), now=NOW):
            runs.append(1)
            audit.tell(conn, was="a", role="b")
            if len(runs) < 2:
                raise LookupError

    with pytest.raises(LookupError):
        await database.write(body)
    assert await database.read(lambda conn: audit_list.entries(conn, Sieve())) == ()
    await database.write(body)
    (line,) = await database.read(lambda conn: audit_list.entries(conn, Sieve()))
    assert (line.facts, line.outcome) == ({"was": "a", "role": "b"}, "done")
    assert await Audited(database, clock=lambda: NOW).read(lambda conn: len(audit_list.entries(conn, Sieve()))) == 1
