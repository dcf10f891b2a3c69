"""Threads for the event loop: as many at a time as allowed, in order; a cancelled call, a failing one, one that hangs."""

import asyncio
import threading

import pytest

from store.threads import Threads


async def test_as_many_at_a_time_as_allowed() -> None:
    """Three calls that wait for each other need three threads; a fourth waits for one of them."""
    threads, meet = Threads(3, name="t"), threading.Barrier(3)
    met = await asyncio.wait_for(asyncio.gather(*(threads.run(lambda: meet.wait(10)) for _ in range(6))), 20)
    assert sorted(met) == [0, 0, 1, 1, 2, 2]
    assert sum(thread.name.startswith("t-") for thread in threading.enumerate()) == 3
    assert await threads.end(within_s=10)


async def test_one_thread_keeps_the_order() -> None:
    threads, seen = Threads(1, name="one"), []
    await asyncio.gather(*(threads.run(lambda n=n: seen.append(n)) for n in range(50)))
    assert seen == list(range(50))
    assert await threads.end(within_s=10)


async def test_what_it_raises_is_raised_to_its_caller() -> None:
    """And the thread goes on."""
    threads = Threads(1, name="fails")
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    assert await threads.run(lambda: 7) == 7
    assert await threads.end(within_s=10)


async def test_a_cancelled_call_that_has_not_begun_never_does() -> None:
    """One that has begun goes on without anybody to tell."""
    threads, begun, go, seen = Threads(1, name="cancelled"), threading.Event(), threading.Event(), []

    def begin() -> None:
        begun.set()
        seen.append(go.wait(10))

    first = asyncio.create_task(threads.run(begin))
    second = asyncio.create_task(threads.run(lambda: seen.append("second")))
    await asyncio.to_thread(begun.wait, 10)
    first.cancel()
    second.cancel()
    await asyncio.wait([first, second])
    go.set()
    assert await threads.run(lambda: "third") == "third"
    assert seen == [True]
    assert await threads.end(within_s=10)


async def test_what_hangs_is_left() -> None:
    """The end waits so long and no longer; the thread does not keep the process alive."""
    threads, go = Threads(2, name="hangs"), threading.Event()
    hanging = asyncio.create_task(threads.run(lambda: go.wait(30)))
    await asyncio.sleep(0)  # it is handed in
    assert not await threads.end(within_s=0.1)
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("hangs"))
    go.set()
    assert await hanging
