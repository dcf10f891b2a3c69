"""The worker: handlers, leases, steps, retries, dead letters, stopping."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, insert, select

from store import leases
from store.clock import ManualClock
from store.db import Database
from store.errors import AttemptsExhausted, DatabaseGone, GiveUp, LeaseLost
from store.jobs import FIRST, dead_letters, depths, enqueue
from store.schedule import plan
from store.tables import job, rate
from store.worker import Retry, Running, Worker

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class Platform:
    """Something outside the database that fails when told to and counts what reaches it."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls: list[object] = []

    async def __call__(self, running: Running) -> None:
        self.calls.append(running.job.body.get("n"))
        if self.failures:
            raise self.failures.pop(0)


class SlowDownError(Exception):
    """A platform's 429."""

    retry_after = timedelta(seconds=37)


@pytest.fixture
def worker(database: Database, clock: ManualClock) -> Worker:
    return Worker(database, clock=clock, owner="one")


async def add(database: Database, clock: ManualClock, count: int = 1, *, queue: str = "q", **how: str) -> None:
    def body(conn: Connection) -> None:
        for number in range(count):
            enqueue(conn, queue, {"n": number}, now=clock(), **how)

    await database.write(body)


def note(name: str, at: datetime) -> Callable[[Connection], None]:
    """A row that only one transaction can add."""

    def body(conn: Connection) -> None:
        conn.execute(insert(rate).values(bucket=name, full_at=at))

    return body


def notes(conn: Connection) -> list[str]:
    return list(conn.execute(select(rate.c.bucket).order_by(rate.c.bucket)).scalars())


async def empty(database: Database, clock: ManualClock) -> bool:
    return await database.read(lambda conn: depths(conn, now=clock())) == []


async def test_a_handler_that_returns_closes_its_job(database: Database, clock: ManualClock, worker: Worker) -> None:
    """Drain runs all that is ready, and what that leads to."""
    seen: list[str] = []

    async def lead(running: Running) -> None:
        seen.append("lead")
        await running.finish(lambda conn: enqueue(conn, "follow", {}, now=clock()))

    async def follow(_: Running) -> None:
        seen.append("follow")

    worker.register("lead", lead)
    worker.register("follow", follow)
    await add(database, clock, 3, queue="lead")
    assert await worker.drain() == 6
    assert sorted(seen) == ["follow"] * 3 + ["lead"] * 3
    assert await empty(database, clock)


async def test_queues_without_a_handler_here_are_left_alone(
    database: Database, clock: ManualClock, worker: Worker
) -> None:
    """Other roles run them."""
    await add(database, clock)
    assert await worker.drain() == 0
    assert not await empty(database, clock)


async def test_keys_run_in_order_and_beside_each_other(database: Database, clock: ManualClock, worker: Worker) -> None:
    """Ten conversations of five messages: never two of one at once, always several in all."""
    running_keys: list[str] = []
    most = 0
    seen: dict[str, list[int]] = {}

    async def handler(running: Running) -> None:
        nonlocal most
        key = str(running.job.key)
        assert key not in running_keys
        running_keys.append(key)
        most = max(most, len(running_keys))
        await asyncio.sleep(0)
        seen.setdefault(key, []).append(running.job.body["n"])  # type: ignore[arg-type]
        running_keys.remove(key)

    worker.register("q", handler)
    for key in "abcdefghij":
        await add(database, clock, 5, key=key)
    assert await worker.drain() == 50
    assert seen == {key: [0, 1, 2, 3, 4] for key in "abcdefghij"}
    assert 1 < most <= 8


async def test_a_queue_may_have_fewer_slots(database: Database, clock: ManualClock, worker: Worker) -> None:
    """A slow queue cannot take all the room."""
    now, most = {"slow": 0, "q": 0}, {"slow": 0, "q": 0}

    async def handler(running: Running) -> None:
        queue = running.job.queue
        now[queue] += 1
        most[queue] = max(most[queue], now[queue])
        for _ in range(500):  # whoever is alone waits for company, within a bound
            if most[queue] >= 2:
                break
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.001)
        now[queue] -= 1

    worker.register("slow", handler, slots=2)
    worker.register("q", handler)
    await add(database, clock, 12, queue="slow")
    await add(database, clock, 12)
    assert await worker.drain() == 24
    assert most["slow"] == 2
    assert most["q"] > 2


@pytest.mark.parametrize("slots", [8, 3])
async def test_what_goes_ahead_finds_room_in_a_full_house(
    database: Database, clock: ManualClock, worker: Worker, slots: int
) -> None:
    """Slow jobs hold every slot, of the worker or of their queue: what goes ahead runs, the next ordinary one not."""
    seen: list[object] = []
    full, urgent_ran, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def handler(running: Running) -> None:
        seen.append(running.job.body["n"])
        if len(seen) == slots:
            full.set()
        if running.job.ahead:
            urgent_ran.set()
        await urgent_ran.wait()
        if len(seen) == slots + 2:
            stop.set()

    def urgent(conn: Connection) -> None:
        enqueue(conn, "q", {"n": "urgent"}, now=clock(), lead=FIRST)

    worker.register("q", handler, slots=slots, spare=True)
    await add(database, clock, slots + 1)
    async with asyncio.timeout(20):
        running = asyncio.create_task(worker.run(stop))
        await full.wait()
        await database.write(urgent)
        await running
    assert seen == [*range(slots), "urgent", slots]


async def test_two_workers_share_and_never_repeat(
    database: Database, other_database: Database, clock: ManualClock
) -> None:
    """Each job runs once, on whichever has room; the first ones wait here until both workers have some."""
    seen: list[tuple[str, int]] = []
    names: set[str] = set()
    both = asyncio.Event()

    def make(handle: Database, name: str) -> Worker:
        async def handler(running: Running) -> None:
            names.add(name)
            if len(names) > 1:
                both.set()
            await both.wait()
            number = running.job.body["n"]
            await running.finish(note(f"{number}", clock()))
            seen.append((name, number))  # type: ignore[arg-type]

        worker = Worker(handle, clock=clock, owner=name, slots=4)
        worker.register("q", handler)
        return worker

    await add(database, clock, 60)
    async with asyncio.timeout(20):
        ran = await asyncio.gather(make(database, "one").drain(), make(other_database, "two").drain())
    assert sum(ran) == 60
    assert sorted(number for _, number in seen) == list(range(60))


async def test_a_stalled_worker_cannot_commit_twice(
    database: Database, other_database: Database, clock: ManualClock, worker: Worker
) -> None:
    """Its lease ran out, another has the job: finish, step and later are refused, and leave no trace."""
    stalled, wake = asyncio.Event(), asyncio.Event()
    refused: list[str] = []

    async def stall(running: Running) -> None:
        stalled.set()
        await wake.wait()
        attempts = {
            "finish": running.finish(note("stalled", clock())),
            "step": running.step("late", lambda: asyncio.sleep(0, "x")),
            "later": running.later(clock()),
        }
        for name, attempt in attempts.items():
            with pytest.raises(LeaseLost):
                await attempt
            refused.append(name)

    async def quick(running: Running) -> None:
        await running.finish(note("quick", clock()))

    worker.register("q", stall)
    rescuer = Worker(other_database, clock=clock, owner="two")
    rescuer.register("q", quick)
    await add(database, clock, dedup="update:1")
    draining = asyncio.create_task(worker.drain())
    await stalled.wait()
    assert await rescuer.drain() == 0
    clock.advance(MINUTE)
    assert await rescuer.drain() == 1
    wake.set()
    await draining
    assert refused == ["finish", "step", "later"]
    assert await database.read(notes) == ["quick"]


async def test_a_running_handler_keeps_its_lease(database: Database, clock: ManualClock) -> None:
    """Leases are prolonged while a handler runs, however long it takes."""
    lease = timedelta(seconds=0.06)  # prolonged every 20 ms of real time
    worker = Worker(database, clock=clock, owner="one", lease=lease)
    started, wake = asyncio.Event(), asyncio.Event()

    async def slow(running: Running) -> None:
        started.set()
        await wake.wait()
        await running.finish(note("slow", clock()))

    worker.register("q", slow)
    other = Worker(database, clock=clock, owner="two", lease=lease)
    other.register("q", slow)
    await add(database, clock)
    draining = asyncio.create_task(worker.drain())
    await started.wait()
    for _ in range(4):
        clock.advance(lease * 0.9)
        await until_due_after(database, clock() + lease * 0.8)
        assert await other.drain() == 0
    wake.set()
    assert await draining == 1
    assert await database.read(notes) == ["slow"]


async def until_due_after(database: Database, instant: datetime) -> None:
    """Wait until the lease has been prolonged beyond `instant`."""
    async with asyncio.timeout(5):
        while await database.read(lambda conn: conn.execute(select(job.c.due)).scalar_one()) <= instant:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_lost_lease_stops_the_handler(database: Database, clock: ManualClock) -> None:
    """Work whose result nobody will take is cancelled at the next heartbeat."""
    worker = Worker(database, clock=clock, owner="one", lease=timedelta(seconds=0.06))
    started = asyncio.Event()

    async def endless(_: Running) -> None:
        started.set()
        await asyncio.Event().wait()

    other = Worker(database, clock=clock, owner="two", lease=MINUTE)
    other.register("q", Platform())
    worker.register("q", endless)
    await add(database, clock)
    draining = asyncio.create_task(worker.drain())
    await started.wait()
    async with asyncio.timeout(5):
        ran = 0
        while not ran:
            clock.advance(SECOND)
            ran = await other.drain()
        await draining
    assert await empty(database, clock)


async def test_steps_are_not_repeated_when_the_job_is(database: Database, clock: ManualClock, worker: Worker) -> None:
    """A model's answer already paid for is kept; a retry goes on from there and gets the same value."""
    calls: list[str] = []
    results: list[object] = []

    async def model() -> dict[str, list[int]]:
        calls.append("model")
        return {"answer": [1, 2]}

    async def check() -> None:
        calls.append("check")
        if calls.count("check") == 1:
            raise ConnectionError

    async def handler(running: Running) -> None:
        results.append(await running.step("model", model))
        results.append(await running.step("model", model))
        await running.step("check", check)

    worker.register("q", handler)
    await add(database, clock, dedup="update:1")
    await worker.drain()
    clock.advance(SECOND)
    await worker.drain()
    assert calls == ["model", "check", "check"]
    assert results == [{"answer": [1, 2]}] * 4
    assert await empty(database, clock)


async def test_retries_back_off_and_end_as_a_dead_letter(database: Database, clock: ManualClock) -> None:
    """1 s, 2 s, then dead, and whoever watches is told once."""
    platform = Platform(*(ValueError(f"no. {n}") for n in range(3)))
    told: list[tuple[int, str]] = []

    async def on_dead(running: Running, error: Exception) -> None:
        told.append((running.job.attempts, str(error)))

    worker = Worker(database, clock=clock, owner="one", on_dead=on_dead)
    worker.register("q", platform, retry=Retry(attempts=3))
    await add(database, clock)
    for wait, ran in [(0, 1), (0.9, 0), (0.1, 1), (1.9, 0), (0.1, 1), (1000, 0)]:
        clock.advance(timedelta(seconds=wait))
        assert await worker.drain() == ran
    [dead] = await database.read(dead_letters)
    assert (dead.error, dead.attempts) == ("ValueError: no. 2", 3)
    assert told == [(3, "no. 2")]


async def test_a_dead_letter_and_what_it_leads_to_are_one(database: Database, clock: ManualClock) -> None:
    """What must follow a death is committed with it: a crash in between leaves neither, and another worker both."""
    crashes = [DatabaseGone("killed between the two")]

    async def on_dead(running: Running, error: Exception) -> None:
        def ticket(conn: Connection) -> None:
            note("ticket", clock())(conn)
            if crashes:
                raise crashes[0]

        await running.bury(error, ticket)

    worker = Worker(database, clock=clock, owner="one", on_dead=on_dead)
    worker.register("q", Platform(ValueError("broken"), ValueError("broken")), retry=Retry(attempts=1))
    await add(database, clock)
    await worker.drain()
    assert (await database.read(dead_letters), await database.read(notes)) == ([], [])
    crashes.clear()
    clock.advance(MINUTE)
    await worker.drain()
    assert ([one.attempts for one in await database.read(dead_letters)], await database.read(notes)) == (
        [2],
        ["ticket"],
    )


async def test_a_dead_letter_that_nobody_can_be_told_of_is_buried(database: Database, clock: ManualClock) -> None:
    """A fault in what follows does not let the job run for ever: people see it among the dead letters."""

    async def on_dead(running: Running, error: Exception) -> None:
        raise KeyError("no such ticket")

    worker = Worker(database, clock=clock, owner="one", on_dead=on_dead)
    worker.register("q", Platform(ValueError("broken")), retry=Retry(attempts=1))
    await add(database, clock)
    await worker.drain()
    [dead] = await database.read(dead_letters)
    assert dead.error == "ValueError: broken"


async def test_retry_after_is_obeyed(database: Database, clock: ManualClock, worker: Worker) -> None:
    """The platform knows best when to come again."""
    worker.register("q", Platform(SlowDownError()))
    await add(database, clock)
    for wait, ran in [(0, 1), (36, 0), (1, 1)]:
        clock.advance(wait * SECOND)
        assert await worker.drain() == ran
    assert await empty(database, clock)


async def test_giving_up_needs_no_further_attempts(database: Database, clock: ManualClock, worker: Worker) -> None:
    """Blocked by the user is blocked."""
    worker.register("q", Platform(GiveUp("blocked")))
    await add(database, clock)
    assert await worker.drain() == 1
    [dead] = await database.read(dead_letters)
    assert dead.error == "GiveUp: blocked"


async def test_a_failing_head_holds_its_key_and_a_dead_one_does_not(
    database: Database, clock: ManualClock, worker: Worker
) -> None:
    """Order is kept through retries; a dead letter steps aside."""
    platform = Platform(ValueError(), ValueError())
    worker.register("q", platform, retry=Retry(attempts=2))
    await add(database, clock, 2, key="chat")
    assert await worker.drain() == 1
    clock.advance(SECOND)
    assert await worker.drain() == 2
    assert platform.calls == [0, 0, 1]


async def test_a_failure_inside_finish_undoes_the_close(database: Database, clock: ManualClock, worker: Worker) -> None:
    """The job and its result are one transaction."""
    bodies: list[Callable[[Connection], object]] = [lambda _: 1 / 0, note("done", clock())]

    async def handler(running: Running) -> None:
        await running.finish(bodies.pop(0))

    worker.register("q", handler)
    await add(database, clock)
    await worker.drain()
    assert await database.read(notes) == []
    clock.advance(SECOND)
    assert await worker.drain() == 1
    assert await database.read(notes) == ["done"]
    assert await empty(database, clock)


async def test_later_costs_no_attempt(database: Database, clock: ManualClock, worker: Worker) -> None:
    """A job may wait for its burst window or its rate as often as it likes."""
    attempts: list[int] = []

    async def handler(running: Running) -> None:
        attempts.append(running.job.attempts)
        if len(attempts) < 5:
            await running.later(clock() + SECOND)

    worker.register("q", handler, retry=Retry(attempts=1))
    await add(database, clock, 2, key="chat")
    for _ in range(5):
        await worker.drain()
        clock.advance(SECOND)
    assert attempts == [1] * 6
    assert await empty(database, clock)


async def test_a_job_that_kills_its_workers_dies_too(database: Database, clock: ManualClock) -> None:
    """Attempts are counted when they begin, so a crash counts."""

    async def crash(_: Running) -> None:
        raise AssertionError("must not run a third time")

    told: list[Exception] = []

    async def on_dead(_: Running, error: Exception) -> None:
        told.append(error)

    await add(database, clock)
    for _ in range(2):  # two processes that claimed it and were killed
        await database.write(lambda conn: leases.claim(conn, {"q"}, owner="dead", limit=1, now=clock(), lease=MINUTE))
        clock.advance(MINUTE)
    worker = Worker(database, clock=clock, owner="one", on_dead=on_dead)
    worker.register("q", crash, retry=Retry(attempts=2))
    await worker.drain()
    [error] = told
    assert isinstance(error, AttemptsExhausted)
    assert error.attempts == 2


async def test_run_wakes_by_signal_and_stops_when_told(database: Database, clock: ManualClock) -> None:
    """Far quicker than the one-second poll, then a clean end: running handlers may end."""
    worker = Worker(database, clock=clock, owner="one")
    started, wake, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def handler(running: Running) -> None:
        started.set()
        await wake.wait()
        await running.finish(note("done", clock()))

    worker.register("q", handler)
    running = asyncio.create_task(worker.run(stop))
    await add(database, clock)
    async with asyncio.timeout(5):
        await started.wait()
        stop.set()
        await asyncio.sleep(0)
        wake.set()
        await running
    assert await database.read(notes) == ["done"]


async def test_many_jobs_flow_through_run(database: Database, clock: ManualClock) -> None:
    """A full house: slots free up and are filled without waiting for the poll."""
    worker = Worker(database, clock=clock, owner="one", slots=3)
    stop = asyncio.Event()

    async def handler(running: Running) -> None:
        await running.finish(note(f"{running.job.body['n']:02}", clock()))
        if running.job.body["n"] == 39:
            stop.set()

    worker.register("q", handler)
    await add(database, clock, 40, key="chat")
    async with asyncio.timeout(20):
        await worker.run(stop)
    assert await database.read(notes) == [f"{number:02}" for number in range(40)]


async def test_a_cancelled_handler_gives_its_job_back(database: Database, clock: ManualClock, worker: Worker) -> None:
    """A worker that is cancelled leaves its jobs to others at once, and no attempt is lost."""
    started = asyncio.Event()

    async def endless(_: Running) -> None:
        started.set()
        await asyncio.Event().wait()

    worker.register("q", endless)
    await add(database, clock, key="chat")
    draining = asyncio.create_task(worker.drain())
    await started.wait()
    draining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await draining
    attempts: list[int] = []

    async def handler(running: Running) -> None:
        attempts.append(running.job.attempts)

    other = Worker(database, clock=clock, owner="two")
    other.register("q", handler)
    assert await other.drain() == 1
    assert attempts == [1]


async def test_a_cancellation_inside_the_handler_is_a_failure(
    database: Database, clock: ManualClock, worker: Worker
) -> None:
    """Else a library that cancels itself would spin for ever."""

    async def handler(_: Running) -> None:
        raise asyncio.CancelledError

    worker.register("q", handler, retry=Retry(attempts=1))
    await add(database, clock)
    assert await worker.drain() == 1
    [dead] = await database.read(dead_letters)
    assert "CancelledError" in (dead.error or "")


async def test_run_ticks_schedules_and_sweeps(database: Database, clock: ManualClock) -> None:
    """Cron rows need nobody else."""
    worker = Worker(database, clock=clock, owner="one")
    stop = asyncio.Event()

    async def handler(_: Running) -> None:
        stop.set()

    worker.register("q", handler)
    await database.write(
        lambda conn: plan(conn, "daily", cron="0 9 * * *", zone="UTC", queue="q", body={}, now=clock() - SECOND)
    )
    await database.write(note("whole again", clock() - SECOND))
    async with asyncio.timeout(5):
        await worker.run(stop)
    assert await database.read(notes) == []


HOUR = timedelta(hours=1)


async def test_a_clock_set_back_holds_up_no_job(database: Database, clock: ManualClock, worker: Worker) -> None:
    """What was made, tried or held while the clock was an hour ahead is due when it would have been; timers stay."""
    ran: list[object] = []
    failing = [ValueError("once")]

    async def handler(running: Running) -> None:
        if running.job.body["n"] == "tried" and failing:
            raise failing.pop()
        ran.append(running.job.body["n"])

    async def make(name: str, wait: timedelta = timedelta(0)) -> None:
        await database.write(lambda c: enqueue(c, "q", {"n": name}, now=clock(), run_at=clock() + wait, dedup=name))

    worker.register("q", handler)
    await make("timer", 2 * HOUR)
    await make("held")
    clock.advance(HOUR)  # ahead of the time
    await database.write(lambda c: leases.claim(c, {"q"}, owner="dead", limit=1, now=clock(), lease=MINUTE))
    clock.advance(-HOUR)
    await make("tried")
    clock.advance(HOUR)
    assert await worker.drain() == 1
    await make("made")
    await make("later", 10 * SECOND)
    clock.advance(-HOUR)
    other = Worker(database, clock=clock, owner="two")  # started after it: the jobs themselves tell
    other.register("q", handler)
    await other.drain()
    assert ran == ["made"]
    clock.advance(10 * SECOND)
    await other.drain()
    assert sorted(map(str, ran)) == ["later", "made", "tried"]
    clock.advance(MINUTE)
    await other.drain()
    assert "held" in ran
    clock.advance(2 * HOUR - 2 * MINUTE)
    await other.drain()
    assert "timer" not in ran
    clock.advance(MINUTE)
    await other.drain()
    assert sorted(map(str, ran)) == ["held", "later", "made", "timer", "tried"]


async def test_a_dead_owners_jobs_go_to_its_heir_at_once(database: Database, clock: ManualClock) -> None:
    """Whoever sits where the dead one sat takes over what it held; what others hold stays theirs."""
    await add(database, clock, 2)
    for owner in ("host:1@seat", "host:2@other"):
        await database.write(
            lambda c, owner=owner: leases.claim(c, {"q"}, owner=owner, limit=1, now=clock(), lease=MINUTE)
        )
    assert await database.write(lambda c: leases.inherit(c, seat="seat", now=clock())) == 1
    platform = Platform()
    heir = Worker(database, clock=clock, owner="host:3@seat")
    heir.register("q", platform)
    assert await heir.drain() == 1
    assert platform.calls == [0]
