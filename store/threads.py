"""A few threads that run plain functions for the event loop; one that hangs does not keep the process alive."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class _Call(Generic[T]):
    """A function, and the future its caller waits for."""

    def __init__(self, work: Callable[[], T], loop: asyncio.AbstractEventLoop) -> None:
        self._work, self._loop = work, loop
        self.future: asyncio.Future[T] = loop.create_future()

    def run(self) -> None:
        """Run it, unless its caller has gone away; on a thread."""
        if self.future.cancelled():
            return
        result, error = None, None
        try:
            result = self._work()
        except BaseException as raised:  # noqa: BLE001 -- its caller gets it
            error = raised
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: Any, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class Threads:
    """At most `count` functions run at a time, in the order in which they were handed in.

    Threads are daemons, unlike an executor's, which Python waits for at its exit: a server that stands still while
    it holds its connections open would hold up our end as well.
    """

    def __init__(self, count: int, *, name: str) -> None:
        self._count, self._name = count, name
        self._calls: SimpleQueue[_Call[Any] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._open = 0  # calls that were handed in and have not ended
        self._lock = threading.Lock()

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises. If the caller is cancelled, work that has begun goes on."""
        call = _Call(work, asyncio.get_running_loop())
        self._calls.put(call)
        self._have_one_for_it()
        return await call.future

    async def end(self, *, within_s: float) -> bool:
        """Let what was handed in end; False if something still ran when the time was up."""
        for _ in self._threads:
            self._calls.put(None)
        return await asyncio.to_thread(self._join, within_s)

    def _have_one_for_it(self) -> None:
        """Begin a thread more unless each call that is open has one."""
        with self._lock:
            self._open += 1
            number = len(self._threads) + 1
            if self._open < number or number > self._count:
                return
            thread = threading.Thread(target=self._work, name=f"{self._name}-{number}", daemon=True)
            self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call.run()
            with self._lock:
                self._open -= 1

    def _join(self, within_s: float) -> bool:
        until = time.monotonic() + within_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)
