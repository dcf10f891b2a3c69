"""`aftercare run` as a process of its own, as a user starts it; it can be killed and started again."""

import asyncio
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import httpx

from tests.postgres import free_port


async def until_ok(call: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The answer to a request that is made again while the server is away or asks for patience."""
    for _ in range(1200):
        with suppress(httpx.TransportError):
            response = await call()
            if response.status_code < 300:
                return response
            assert response.status_code in (429, 500, 503), response.text
        await asyncio.sleep(0.05)
    raise AssertionError("the server does not come back")


class Server:
    """One process on a data folder and a free loopback port; its log keeps what it printed."""

    def __init__(
        self, data: Path, *, role: str = "all", name: str = "", host: str = "127.0.0.1", **environment: str
    ) -> None:
        self._port = free_port()
        self.url = f"http://{host}:{self._port}"
        self.command = [sys.executable, "-m", "bot", "run", "--role", role]
        self.data, self.role, self.name = data, role, name or role
        self._log = data.parent / f"{data.name}{f'-{name}' if name else ''}.log"
        self.environment = {
            **os.environ,
            "AFTERCARE_DATA": str(data),
            "PORT": str(self._port),
            "AFTERCARE_HOST": host,
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        for _ in range(900):
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200:
                    return
            assert self._process.poll() is None, self.printed()[-2000:]
            time.sleep(0.1)
        raise AssertionError("the server does not become ready")

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it by a signal; its exit code."""
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait(30)

    def abandon(self) -> None:
        """Make sure that it runs no more."""
        if self.runs:
            self.end(signal.SIGKILL)

    def unread(self) -> bool:
        """Whether bytes have arrived at its port that it has not read."""
        rows = [row.split() for row in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
        received = [row[4].partition(":")[2] for row in rows if int(row[1].partition(":")[2], 16) == self._port]
        return any(int(size, 16) > 1 for size in received)  # a listening socket's is the number of its callers

    def fill_disk(self, *, full: bool = True) -> None:
        """Let every write of the running server to a file fail, as on a full disk; or let them through again."""
        assert self._process is not None
        most = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (0 if full else most, most))

    def starve(self, *, over: bool = False) -> None:
        """Refuse the running server any more memory than it has; or end that."""
        assert self._process is not None
        size = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[0]) * resource.getpagesize()
        most = resource.prlimit(self._process.pid, resource.RLIMIT_AS)[1]
        resource.prlimit(self._process.pid, resource.RLIMIT_AS, (most if over else size, most))

    def printed(self) -> str:
        """Everything it has printed so far."""
        return self._log.read_text("utf-8", "replace")

    def password(self) -> str:
        """The first admin's one-time password, from what it printed last."""
        found = re.findall(r"admin / (\S+)", self.printed())
        assert found, self.printed()
        return found[-1]
