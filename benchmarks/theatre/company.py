"""Several processes under observation, as `Program` is for one: a different one of them is killed each time."""

import asyncio
import time
from dataclasses import dataclass, field
from itertools import cycle

from benchmarks.theatre.program import Program, Weight
from tests.fleet import Fleet


@dataclass
class Company:
    """A fleet's processes. What they weigh is told together; `died` holds each one's absences."""

    fleet: Fleet
    life: int = 0
    weights: list[Weight] = field(default_factory=list)
    died: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._programs = {name: Program(server) for name, server in self.fleet.servers.items()}
        self._next = cycle(self._programs)

    @property
    def cpu_total(self) -> float:
        """CPU seconds of all of them, as far as they were weighed."""
        return sum(program.cpu_total for program in self._programs.values())

    async def start(self) -> None:
        """All at once, until each is ready."""
        await asyncio.gather(*(program.start() for program in self._programs.values()))
        self.life += 1

    async def kill(self) -> None:
        """kill -9 of the next one, and start it again; the others go on."""
        program = self._programs[next(self._next)]
        await program.kill()
        self.died.append(program.died[-1])
        self.life += 1

    async def end(self) -> None:
        """As a supervisor does."""
        await asyncio.gather(*(program.end() for program in self._programs.values()))

    def weigh(self) -> None:
        """Note what they weigh together, if all of them are there."""
        for program in self._programs.values():
            program.weigh()
        latest = [program.weights[-1] for program in self._programs.values() if program.weights]
        if len(latest) == len(self._programs):
            self.weights.append(Weight(self.life, time.monotonic(), sum(weight.mb for weight in latest)))
