"""Jobs as rows: enqueue, order, dedupe, timers, dead letters."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, func, select

from store import leases
from store.clock import ManualClock
from store.db import Database
from store.gauge import Gauge
from store.jobs import (
    FIRST,
    SOON,
    Job,
    QueueDepth,
    cancel,
    dead_letters,
    depths,
    drop,
    enqueue,
    line,
    replay,
    reschedule,
    revive,
    unfinished,
    waits,
)
from store.tables import job

LEASE = timedelta(seconds=60)
MINUTE = timedelta(minutes=1)


def claim(
    clock: ManualClock, *, queue: str = "q", limit: int = 10, owner: str = "w"
) -> Callable[[Connection], list[Job]]:
    return lambda conn: leases.claim(conn, {queue}, owner=owner, limit=limit, now=clock(), lease=LEASE)


async def add(database: Database, clock: ManualClock, *names: str, **how: object) -> list[int | None]:
    def body(conn: Connection) -> list[int | None]:
        return [enqueue(conn, "q", {"name": name}, now=clock(), **how) for name in names]  # type: ignore[arg-type]

    return await database.write(body)


async def ready(database: Database, clock: ManualClock) -> list[object]:
    return [one.body["name"] for one in await database.write(claim(clock))]


async def bury_all(database: Database, clock: ManualClock) -> list[Job]:
    held = await database.write(claim(clock))
    for one in held:
        await database.write(lambda conn, one=one: leases.bury(conn, one, now=clock(), error="ValueError: bad"))
    return held


async def test_keyless_jobs_are_ready_together_in_order(database: Database, clock: ManualClock) -> None:
    """Nothing holds them up; the oldest are claimed first, as many as there is room for."""
    await add(database, clock, "a", "b", "c")
    first = await database.write(claim(clock, limit=2))
    assert [one.body["name"] for one in first] == ["a", "b"]
    assert [(one.attempts, one.owner, one.state) for one in first] == [(1, "w", "running")] * 2
    assert await ready(database, clock) == ["c"]


async def test_one_job_of_a_key_at_a_time(database: Database, clock: ManualClock) -> None:
    """The next of a key is ready when the one before is closed; other keys and queues do not wait."""
    await add(database, clock, "a1", "a2", key="a")
    await add(database, clock, "b1", key="b")
    await database.write(lambda conn: enqueue(conn, "other", {}, now=clock(), key="a"))
    held = await database.write(claim(clock))
    assert [one.body["name"] for one in held] == ["a1", "b1"]
    assert len(await database.write(claim(clock, queue="other"))) == 1
    await database.write(lambda conn: leases.close(conn, held[0], now=clock()))
    assert await ready(database, clock) == ["a2"]


async def test_a_key_waits_for_its_head_in_the_future(database: Database, clock: ManualClock) -> None:
    """Strict order: a later job never overtakes an earlier one, whatever their times."""
    await add(database, clock, "later", key="a", run_at=clock() + MINUTE)
    await add(database, clock, "now", key="a")
    assert await ready(database, clock) == []
    clock.advance(MINUTE)
    assert await ready(database, clock) == ["later"]


async def test_a_job_goes_ahead_of_those_that_waited_longer(database: Database, clock: ManualClock) -> None:
    """It is claimed first, with the jobs of its key before it; it looks no older than it is."""
    await add(database, clock, "other1", key="b")
    await add(database, clock, "first", key="a")
    clock.advance(MINUTE)
    await add(database, clock, "other2")
    await add(database, clock, "urgent", key="a", lead=FIRST)
    await add(database, clock, "urgent too", lead=FIRST)
    clock.advance(MINUTE)
    [held] = await database.write(claim(clock, limit=1))
    assert (held.body["name"], held.ahead) == ("first", True)
    await database.write(lambda conn: leases.close(conn, held, now=clock()))
    assert await database.read(lambda conn: depths(conn, now=clock())) == [QueueDepth("q", 4, 0, 0, 0, 120.0)]
    assert await ready(database, clock) == ["urgent", "urgent too", "other1", "other2"]


async def test_the_most_urgent_go_before_the_urgent(database: Database, clock: ManualClock) -> None:
    """A later, greater lead overtakes a smaller one; a job that waits for its time comes along, at once."""
    await add(database, clock, "plain", key="b")
    await add(database, clock, "soon", lead=SOON)
    await add(database, clock, "timer", key="a", run_at=clock() + MINUTE)
    clock.advance(timedelta(seconds=1))
    await add(database, clock, "first", key="a", lead=FIRST)
    held = await database.write(claim(clock))
    assert [one.body["name"] for one in held] == ["timer", "soon", "plain"]
    await database.write(lambda conn: leases.close(conn, held[0], now=clock()))
    await add(database, clock, "another soon", lead=SOON)
    assert await ready(database, clock) == ["first", "another soon"]


async def test_who_waits_again_yields_to_an_emergency_behind(database: Database, clock: ManualClock) -> None:
    """It came while the one before it ran: that one runs again at once. What must wait for another reason does."""
    await add(database, clock, "burst", key="a")
    [held] = await database.write(claim(clock))
    await add(database, clock, "urgent", key="a", lead=FIRST)
    later = clock() + MINUTE
    await database.write(lambda conn: leases.give_back(conn, held, run_at=later, counted=False))
    assert await ready(database, clock) == []
    clock.advance(MINUTE)
    [held] = await database.write(claim(clock))
    await database.write(lambda conn: leases.give_back(conn, held, run_at=later + MINUTE, counted=False, yields=True))
    [held] = await database.write(claim(clock))
    assert (held.body["name"], held.ahead) == ("burst", True)
    await database.write(lambda conn: leases.close(conn, held, now=clock()))
    assert await ready(database, clock) == ["urgent"]


async def test_a_job_that_is_made_sooner_keeps_its_place_in_line(database: Database, clock: ManualClock) -> None:
    """One that waits for its time comes now; one that was due, or goes ahead, is not put behind those who came since."""
    await add(database, clock, "timer", dedup="timer", run_at=clock() + MINUTE)
    await add(database, clock, "ahead", dedup="ahead", lead=FIRST)
    await add(database, clock, "due", dedup="due")
    clock.advance(timedelta(seconds=1))
    await add(database, clock, "newcomer")
    clock.advance(timedelta(seconds=1))

    def sooner(conn: Connection) -> list[bool]:
        at = {"run_at": clock(), "now": clock(), "only_sooner": True}
        return [reschedule(conn, "q", dedup=name, **at) for name in ("timer", "ahead", "due")]  # type: ignore[arg-type]

    assert await database.write(sooner) == [True, False, False]
    assert await ready(database, clock) == ["ahead", "due", "newcomer", "timer"]


async def test_the_line_is_seen_in_the_order_in_which_it_moves(database: Database, clock: ManualClock) -> None:
    """Without what runs, waits for its time, or stands behind another of its key."""
    await add(database, clock, "runs")
    await database.write(claim(clock))
    await add(database, clock, "a1", "a2", key="a")
    clock.advance(MINUTE)
    await add(database, clock, "timer", run_at=clock() + MINUTE)
    await add(database, clock, "b", lead=SOON)
    seen = await database.read(lambda conn: line(conn, "q", now=clock(), limit=9))
    assert [one.body["name"] for one in seen] == ["b", "a1"]
    old = clock() - MINUTE
    assert await database.read(lambda conn: waits(conn, "q", "a", since=old))
    assert not await database.read(lambda conn: waits(conn, "q", "a", since=old - MINUTE))
    assert not await database.read(lambda conn: waits(conn, "q", "b", since=clock()))


async def test_a_dedup_key_is_taken_until_the_window_has_passed(database: Database, clock: ManualClock) -> None:
    """A redelivered message finds its job waiting, running or closed; nothing of the closed one is kept."""
    assert None not in await add(database, clock, "a", dedup="update:1")
    assert await add(database, clock, "b", dedup="update:1") == [None]
    assert await database.write(lambda conn: enqueue(conn, "other", {}, now=clock(), dedup="update:1")) is not None
    [held] = await database.write(claim(clock))
    assert await add(database, clock, "c", dedup="update:1") == [None]
    await database.write(lambda conn: leases.checkpoint(conn, held, "step", "kept"))
    await database.write(lambda conn: leases.close(conn, held, now=clock()))
    assert await add(database, clock, "d", dedup="update:1") == [None]
    assert await database.read(lambda conn: leases.steps(conn, held.id)) == {}
    tombstone = select(job.c.body, job.c.state).where(job.c.id == held.id)
    assert await database.read(lambda conn: tuple(conn.execute(tombstone).one())) == ({}, "done")
    clock.advance(timedelta(days=7, seconds=1))
    await database.write(lambda conn: leases.sweep(conn, now=clock(), keep=timedelta(days=7)))
    assert None not in await add(database, clock, "e", dedup="update:1")


async def test_a_closed_job_without_dedup_leaves_no_row(database: Database, clock: ManualClock) -> None:
    """The table stays small; ids are not used again."""
    [first] = await add(database, clock, "a")
    [held] = await database.write(claim(clock))
    await database.write(lambda conn: leases.checkpoint(conn, held, "step", [1]))
    await database.write(lambda conn: leases.close(conn, held, now=clock()))
    assert await database.read(lambda conn: conn.execute(select(func.count()).select_from(job)).scalar_one()) == 0
    assert await add(database, clock, "b") > [first]


async def test_a_timer_moves_and_is_cancelled_only_while_it_waits(database: Database, clock: ManualClock) -> None:
    """Clocks move and stop; a timer that has begun to run is too late to move."""
    timer = "clock:7:1"
    await add(database, clock, "breach", dedup=timer, run_at=clock() + MINUTE)

    async def move(minutes: int) -> bool:
        to = clock() + minutes * MINUTE
        return await database.write(lambda conn: reschedule(conn, "q", dedup=timer, run_at=to, now=clock()))

    assert await move(2)
    clock.advance(MINUTE)
    assert await ready(database, clock) == []
    assert await move(0)
    assert await ready(database, clock) == ["breach"]
    assert not await move(5)
    assert not await database.write(lambda conn: cancel(conn, "q", dedup=timer))
    await add(database, clock, "warn", dedup="clock:7:2", run_at=clock() + MINUTE)
    assert await database.write(lambda conn: cancel(conn, "q", dedup="clock:7:2"))
    assert not await database.write(lambda conn: cancel(conn, "q", dedup="clock:7:2"))
    assert None not in await add(database, clock, "warn again", dedup="clock:7:2")


async def test_moving_or_cancelling_keeps_the_order_of_a_key(database: Database, clock: ManualClock) -> None:
    """A follower that is moved stays a follower; a cancelled head makes way."""
    for number in range(3):
        await add(database, clock, str(number), key="a", dedup=str(number))
    assert await database.write(lambda conn: reschedule(conn, "q", dedup="1", run_at=clock(), now=clock()))
    assert await database.write(lambda conn: cancel(conn, "q", dedup="0"))
    assert await ready(database, clock) == ["1"]
    assert await database.write(lambda conn: cancel(conn, "q", dedup="2"))


async def test_dead_letters_can_be_seen_replayed_and_dropped(database: Database, clock: ManualClock) -> None:
    """They keep their error and body, hold up nobody, and come back with all their attempts."""
    await add(database, clock, "a", "b", dedup=None)
    held = await bury_all(database, clock)
    dead = await database.read(dead_letters)
    assert {(one.id, one.error, one.state, one.attempts) for one in dead} == {
        (one.id, "ValueError: bad", "dead", 1) for one in held
    }
    assert len(await database.read(lambda conn: dead_letters(conn, limit=1))) == 1
    assert await database.write(lambda conn: replay(conn, held[0].id, now=clock()))
    assert not await database.write(lambda conn: replay(conn, held[0].id, now=clock()))
    assert await database.write(lambda conn: drop(conn, held[1].id))
    assert not await database.write(lambda conn: drop(conn, held[1].id))
    [again] = await database.write(claim(clock))
    assert (again.id, again.attempts, again.error) == (held[0].id, 1, None)
    assert again.claims == 2
    assert not await database.write(lambda conn: drop(conn, again.id))


async def test_what_is_unfinished_can_be_seen(database: Database, clock: ManualClock) -> None:
    """What waits, what runs, what was given up lately; nothing of another queue, nothing that is done."""
    await add(database, clock, "dead", "done", "running", "waiting")
    held = await database.write(claim(clock, limit=3))
    await database.write(lambda conn: leases.bury(conn, held[0], now=clock(), error="ValueError: bad"))
    await database.write(lambda conn: leases.close(conn, held[1], now=clock()))

    async def seen(queue: str, *, late: timedelta = timedelta(0)) -> dict[object, str]:
        found = await database.read(lambda conn: unfinished(conn, queue, since=clock() + late))
        return {one.body["name"]: one.state for one in found}

    open_ones = {"running": "running", "waiting": "waiting"}
    assert await seen("q") == open_ones | {"dead": "dead"}
    assert await seen("q", late=MINUTE) == open_ones
    assert await seen("other") == {}


async def test_a_dead_letter_is_revived_by_its_name(database: Database, clock: ManualClock) -> None:
    """Once, and only while it is dead: not what waits, not what is not there."""
    await add(database, clock, "a", dedup="erasure:7")
    assert not await database.write(lambda conn: revive(conn, "q", dedup="erasure:7", now=clock()))
    await bury_all(database, clock)
    assert not await database.write(lambda conn: revive(conn, "other", dedup="erasure:7", now=clock()))
    assert await database.write(lambda conn: revive(conn, "q", dedup="erasure:7", now=clock()))
    assert not await database.write(lambda conn: revive(conn, "q", dedup="erasure:7", now=clock()))
    assert await ready(database, clock) == ["a"]


async def test_a_replayed_job_takes_its_old_place_in_its_key(database: Database, clock: ManualClock) -> None:
    """Before those that wait, but not beside the one that runs."""
    await add(database, clock, "1", "2", "3", key="a")
    [dead] = await bury_all(database, clock)
    assert await database.write(lambda conn: replay(conn, dead.id, now=clock()))
    [first] = await database.write(claim(clock))
    assert first.body["name"] == "1"
    await database.write(lambda conn: leases.bury(conn, first, now=clock(), error="again"))
    [second] = await database.write(claim(clock))
    assert await database.write(lambda conn: replay(conn, dead.id, now=clock()))
    assert await ready(database, clock) == []
    await database.write(lambda conn: leases.close(conn, second, now=clock()))
    assert await ready(database, clock) == ["1"]


async def test_depths_tell_ready_from_scheduled(database: Database, clock: ManualClock) -> None:
    """Followers of a key wait too; the age is the oldest ready job's."""
    await add(database, clock, "a1", "a2", key="a")
    clock.advance(MINUTE)
    await add(database, clock, "timer", run_at=clock() + MINUTE)
    await add(database, clock, "closed", dedup="x")
    await database.write(lambda conn: enqueue(conn, "other", {}, now=clock()))
    await database.write(lambda conn: enqueue(conn, "timers", {}, now=clock(), run_at=clock() + MINUTE))
    held = await database.write(claim(clock))
    await database.write(lambda conn: leases.close(conn, held[1], now=clock()))
    await database.write(claim(clock, queue="other"))
    [dead] = await database.write(claim(clock, queue="other")) or [None]
    assert dead is None
    assert await database.read(lambda conn: depths(conn, now=clock())) == [
        QueueDepth("other", waiting=0, scheduled=0, running=1, dead=0, oldest_age_s=0),
        QueueDepth("q", waiting=1, scheduled=1, running=1, dead=0, oldest_age_s=60),
        QueueDepth("timers", waiting=0, scheduled=1, running=0, dead=0, oldest_age_s=0),
    ]
    await database.write(lambda conn: leases.bury(conn, held[0], now=clock(), error="x"))
    [_, queue, _] = await database.read(lambda conn: depths(conn, now=clock()))
    assert (queue.running, queue.dead) == (0, 1)


async def test_ids_of_a_key_follow_the_commits_of_all_processes(
    database: Database, other_database: Database, clock: ManualClock
) -> None:
    """Writers race on one key from two processes: every job is enqueued, and exactly one is the head."""
    await asyncio.gather(
        *(add(handle, clock, f"{number}", key="a") for number in range(15) for handle in (database, other_database))
    )
    ids = []
    while held := await database.write(claim(clock)):
        assert len(held) == 1
        ids.append(held[0].id)
        await database.write(lambda conn, one=held[0]: leases.close(conn, one, now=clock()))
    assert len(ids) == 30
    assert ids == sorted(ids)


async def test_racing_redeliveries_make_one_job(
    database: Database, other_database: Database, clock: ManualClock
) -> None:
    """The same message at two front doors at once."""
    added = await asyncio.gather(
        *(
            add(handle, clock, "hello", key="chat", dedup="update:1")
            for _ in range(10)
            for handle in (database, other_database)
        )
    )
    assert sum(one != [None] for one in added) == 1
    assert await ready(database, clock) == ["hello"]


async def test_two_claimers_never_get_the_same_job(
    database: Database, other_database: Database, clock: ManualClock
) -> None:
    """Each of a hundred jobs is claimed once."""
    await add(database, clock, *map(str, range(100)))
    claimed = await asyncio.gather(
        *(
            handle.write(claim(clock, limit=7, owner=f"w{n}"))
            for n in range(10)
            for handle in (database, other_database)
        )
    )
    ids = [one.id for batch in claimed for one in batch]
    assert len(ids) == len(set(ids))
    ids += [one.id for one in await database.write(claim(clock, limit=100))]
    assert len(ids) == len(set(ids)) == 100


async def test_a_gauge_reads_once_in_ten_seconds(database: Database, clock: ManualClock) -> None:
    """Who asks each second gets the same figures for ten; a clock set back does not freeze them."""
    gauge = Gauge(database, lambda conn, now: depths(conn, now=now), clock=clock)
    assert await gauge.value() == []
    await database.write(lambda conn: enqueue(conn, "q", {}, now=clock()))
    clock.advance(timedelta(seconds=9))
    assert await gauge.value() == []
    clock.advance(timedelta(seconds=1))
    assert [depth.waiting for depth in await gauge.value()] == [1]
    await database.write(lambda conn: enqueue(conn, "q", {}, now=clock()))
    clock.advance(timedelta(hours=-1))
    assert [depth.waiting + depth.scheduled for depth in await gauge.value()] == [2]


@pytest.mark.parametrize("database_urls", ["sqlite"], indirect=True)
async def test_depths_do_not_read_what_is_closed(database: Database, clock: ManualClock) -> None:
    """Tombstones of a week are passed over by the partial indexes."""
    said: list[str] = []

    def explained(conn: Connection) -> None:
        def watch(_conn: object, cursor: object, statement: str, given: object, *_: object) -> None:
            said.extend(row[3] for row in conn.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", given))

        event.listen(conn, "before_cursor_execute", watch)
        depths(conn, now=clock())
        event.remove(conn, "before_cursor_execute", watch)

    await database.read(explained)
    scans = [line for line in said if line.startswith(("SCAN", "SEARCH"))]
    assert len(scans) == 2
    assert all("USING" in line and ("job_open" in line or "job_dead" in line) for line in scans), said
