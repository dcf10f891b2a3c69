"""`aftercare run` under observation: started, killed, and weighed by what the system says of its process."""

import asyncio
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.server import Server

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Weight:
    """How large the process was. `life` counts its starts."""

    life: int
    at: float
    mb: float


@dataclass
class Program:
    """One installation. `died` holds when it was killed and when it was ready again, in monotonic seconds."""

    server: Server
    life: int = 0
    weights: list[Weight] = field(default_factory=list)
    died: list[tuple[float, float]] = field(default_factory=list)
    cpu_s: float = 0.0
    _cpu_of_life: float = 0.0
    _ready: bool = False

    @property
    def cpu_total(self) -> float:
        """CPU seconds of all its lives, as far as it was weighed."""
        return self.cpu_s + self._cpu_of_life

    async def start(self) -> None:
        """Until it is ready."""
        await asyncio.to_thread(self.server.start)
        self.life += 1
        self._ready = True

    async def kill(self) -> None:
        """kill -9, and start again."""
        self.weigh()
        self._ready = False
        at = time.monotonic()
        await asyncio.to_thread(self.server.end, signal.SIGKILL)
        self.cpu_s, self._cpu_of_life = self.cpu_s + self._cpu_of_life, 0.0
        await self.start()
        self.died.append((at, time.monotonic()))

    async def end(self) -> None:
        """As a user does."""
        self._ready = False
        await asyncio.to_thread(self.server.end)

    def weigh(self) -> None:
        """Note its memory and CPU time, once it is ready."""
        if not self._ready:
            return
        with suppress(OSError, StopIteration):
            folder = Path("/proc") / str(self.server.pid)
            line = next(row for row in (folder / "status").read_text().splitlines() if row.startswith("VmRSS"))
            self.weights.append(Weight(self.life, time.monotonic(), int(line.split()[1]) / 1024))
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            self._cpu_of_life = (int(fields[11]) + int(fields[12])) / _TICKS
