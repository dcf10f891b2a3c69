"""Cron rows fire once whoever ticks; rates are shared."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

import pytest
from sqlalchemy import Connection, select

from store.clock import ManualClock
from store.db import Database
from store.errors import BadSchedule
from store.jobs import depths
from store.rates import Booked, Bucket, Full, book, book_in_turn, take
from store.schedule import plan, tick, unplan
from store.tables import job, schedule

SECOND = timedelta(seconds=1)


async def plan_daily(database: Database, clock: ManualClock, *, cron: str = "30 9 * * *", zone: str = "UTC") -> None:
    await database.write(
        lambda conn: plan(conn, "daily", cron=cron, zone=zone, queue="q", body={"report": 1}, now=clock())
    )


async def fires(database: Database) -> list[tuple[str | None, object]]:
    rows = select(job.c.dedup, job.c.body).order_by(job.c.id)
    return [(row.dedup, row.body) for row in await database.read(lambda conn: conn.execute(rows).all())]


async def test_a_fire_happens_once_whoever_ticks(
    database: Database, other_database: Database, clock: ManualClock
) -> None:
    """Ten ticks from two processes, one job; and none before its time."""
    await plan_daily(database, clock)
    assert await database.write(lambda conn: tick(conn, now=clock())) == 0
    clock.advance(timedelta(minutes=30))
    fired = await asyncio.gather(
        *(handle.write(lambda conn: tick(conn, now=clock())) for _ in range(5) for handle in (database, other_database))
    )
    assert sum(fired) == 1
    assert await fires(database) == [("cron:daily:2026-03-02T09:30", {"report": 1})]


async def test_a_clock_that_lags_cannot_fire_again(database: Database, clock: ManualClock) -> None:
    """Even if the row were set back, the local time is taken."""
    await plan_daily(database, clock)
    clock.advance(timedelta(hours=1))
    await database.write(lambda conn: tick(conn, now=clock()))
    clock.advance(timedelta(hours=-1))
    assert await database.write(lambda conn: unplan(conn, "daily"))
    assert not await database.write(lambda conn: unplan(conn, "daily"))
    await plan_daily(database, clock)
    clock.advance(timedelta(hours=1))
    assert await database.write(lambda conn: tick(conn, now=clock())) == 0
    assert len(await fires(database)) == 1


async def test_fires_missed_in_the_night_are_made_up_for_by_one(database: Database, clock: ManualClock) -> None:
    """Three days off, one report."""
    await plan_daily(database, clock)
    clock.advance(timedelta(days=3))
    assert await database.write(lambda conn: tick(conn, now=clock())) == 1
    assert await database.write(lambda conn: tick(conn, now=clock())) == 0
    clock.advance(timedelta(minutes=30))
    assert await database.write(lambda conn: tick(conn, now=clock())) == 1


@pytest.mark.parametrize(
    ("begin", "minutes", "expected"),
    [
        (datetime(2026, 10, 25, 0, 0, tzinfo=UTC), 180, ["cron:daily:2026-10-25T02:30"]),  # a fold
        (datetime(2026, 3, 29, 0, 0, tzinfo=UTC), 180, ["cron:daily:2026-03-29T03:00"]),  # a gap
    ],
)
async def test_clock_changes(
    database: Database, clock: ManualClock, begin: datetime, minutes: int, expected: list[str]
) -> None:
    """Half past two in Berlin, ticked every ten minutes through the night."""
    clock.set(begin)
    await plan_daily(database, clock, cron="30 2 * * *", zone="Europe/Berlin")
    for _ in range(0, minutes, 10):
        clock.advance(timedelta(minutes=10))
        await database.write(lambda conn: tick(conn, now=clock()))
    assert [dedup for dedup, _ in await fires(database)] == expected


async def test_planning_again_keeps_the_next_fire_of_the_same_times(database: Database, clock: ManualClock) -> None:
    """A restart between the fire and its tick loses nothing; new times begin anew."""
    await plan_daily(database, clock)
    clock.advance(timedelta(hours=1))
    await plan_daily(database, clock)
    assert await database.write(lambda conn: tick(conn, now=clock())) == 1
    await plan_daily(database, clock, cron="0 12 * * *")
    assert await database.read(lambda conn: conn.execute(select(schedule.c.next_at)).scalar_one()) == datetime(
        2026, 3, 2, 12, tzinfo=UTC
    )


async def test_an_unreadable_plan_is_refused(database: Database, clock: ManualClock) -> None:
    """Nothing half-read is stored."""
    with pytest.raises(BadSchedule):
        await plan_daily(database, clock, cron="whenever")
    assert await database.read(lambda conn: depths(conn, now=clock())) == []


async def test_a_rate_allows_a_burst_and_then_a_steady_pace(database: Database, clock: ManualClock) -> None:
    """Three in ten seconds: three at once, then one each three and a third; waiting as told is enough."""

    async def ask(bucket: str = "chat:1") -> timedelta | None:
        return await database.write(lambda conn: take(conn, bucket, per=10 * SECOND, limit=3, now=clock()))

    assert [await ask() for _ in range(3)] == [None] * 3
    wait = await ask()
    assert wait is not None
    assert wait.total_seconds() == pytest.approx(10 / 3, abs=1e-5)
    assert await ask("chat:2") is None
    clock.advance(wait - timedelta(microseconds=2))
    assert await ask() is not None
    clock.advance(timedelta(microseconds=2))
    assert await ask() is None
    assert await ask() is not None
    clock.advance(10 * SECOND)
    assert [await ask() is None for _ in range(4)] == [True, True, True, False]


async def test_processes_share_a_rate(database: Database, other_database: Database, clock: ManualClock) -> None:
    """Twenty racing takers, five tokens."""
    taken = await asyncio.gather(
        *(
            handle.write(lambda conn: take(conn, "bot", per=SECOND, limit=5, now=clock()))
            for _ in range(10)
            for handle in (database, other_database)
        )
    )
    assert taken.count(None) == 5


async def test_a_clock_set_back_does_not_close_a_bucket(database: Database, clock: ManualClock) -> None:
    """After an hour too far ahead the bucket is whole again, not closed for an hour."""

    def one(conn: Connection) -> timedelta | None:
        return take(conn, "b", per=timedelta(seconds=10), limit=2, now=clock())

    await database.write(one)
    clock.advance(timedelta(hours=-1))
    taken = [await database.write(one) for _ in range(3)]
    assert taken == [None, None, timedelta(seconds=5)]


async def test_of_several_buckets_all_are_taken_or_none(database: Database, clock: ManualClock) -> None:
    """A chat that must wait costs the others nothing, and a full whole costs the chat nothing."""
    whole = Bucket(name="all", per=SECOND, limit=2)

    async def ask(chat: str) -> Booked | Full:
        own = Bucket(name=chat, per=10 * SECOND, limit=1)
        return await database.write(lambda conn: book(conn, (own, whole), now=clock()))

    assert await ask("a") == Booked(timedelta())
    assert await ask("a") == Full(10 * SECOND)
    assert await ask("b") == Booked(timedelta())
    assert await ask("c") == Full(SECOND / 2)
    clock.advance(SECOND / 2)
    assert await ask("c") == Booked(timedelta())


async def test_a_place_is_booked_ahead(database: Database, clock: ManualClock) -> None:
    """One each tenth of a second, up to three of them in advance; each has an instant of its own."""
    steady = Bucket(name="all", per=SECOND / 10, limit=1, ahead=3 * SECOND / 10)

    async def ask() -> Booked | Full:
        return await database.write(lambda conn: book(conn, [steady], now=clock()))

    assert [await ask() for _ in range(4)] == [Booked(n * SECOND / 10) for n in range(4)]
    assert await ask() == Full(SECOND / 10)
    clock.advance(SECOND / 10)
    assert await ask() == Booked(3 * SECOND / 10)


async def test_whom_a_shared_rate_refuses_comes_again_in_turn(database: Database, clock: ManualClock) -> None:
    """Forty at once at four a second: each asks twice at most, is let through in its order, and no room is wasted."""
    shared = Bucket(name="all", per=SECOND, limit=4)

    async def ask(chat: int) -> Booked | Full:
        own = (Bucket(name=f"chat:{chat}", per=SECOND, limit=1),)
        return await database.write(lambda conn: book_in_turn(conn, own, shared, now=clock()))

    began, asked, through = clock(), Counter[int](), []
    waiting = [(clock(), number) for number in range(40)]
    while waiting:
        at, number = heappop(waiting)
        clock.set(max(clock(), at))
        asked[number] += 1
        answer = await ask(number)
        if isinstance(answer, Full):
            heappush(waiting, (clock() + answer.wait, number))
        else:
            through.append(number)
    assert through == list(range(40))
    assert max(asked.values()) == 2
    assert clock() - began == 9 * SECOND  # the first four at once, the others four a second


async def test_the_line_is_forgotten_once_everybody_is_through(database: Database, clock: ManualClock) -> None:
    """Whoever asks after a pause waits for nobody."""
    shared = Bucket(name="all", per=SECOND, limit=1)

    async def ask() -> Booked | Full:
        return await database.write(lambda conn: book_in_turn(conn, (), shared, now=clock()))

    assert [await ask() for _ in range(3)] == [Booked(timedelta()), Full(SECOND), Full(2 * SECOND)]
    clock.advance(5 * SECOND)
    assert [await ask() for _ in range(2)] == [Booked(timedelta()), Full(SECOND)]
