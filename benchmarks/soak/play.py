"""One run: clients write at a steady pace, things go wrong, everything is worked off, and both sides are compared."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

from benchmarks.load.installation import index
from benchmarks.theatre.books import Books, bind
from benchmarks.theatre.company import Company
from benchmarks.theatre.program import Program, Weight
from benchmarks.theatre.stages import Said, Stage
from benchmarks.theatre.talk import Script
from benchmarks.theatre.troubles import kills, schedule
from benchmarks.theatre.verdict import Verdict, judge, latencies
from bot import commands
from bot.app import open_app
from bot.settings import Settings
from tests.fleet import fleet
from tests.server import Server

ROLES = ("web", "bot", "bot", "worker")
Tell = Callable[[dict[str, object]], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is played. A fault each `fault_every_s` seconds on the average; `drain_s` bounds the working off."""

    rate: float
    seconds: float
    kills: int
    fault_every_s: float
    drain_s: float
    seed: int
    sample_s: float = 60.0


@dataclass
class _Run:
    plan: Plan
    stages: Sequence[Stage]
    program: Program | Company
    books: Books
    tell: Tell
    said: dict[str, list[Said]]
    faults: int = 0
    oldest_s: float = 0.0

    async def clients(self) -> None:
        """Open loop: the next message comes when it is due, whatever became of those before it."""
        began = time.monotonic()
        scripts = [Script(chats=len(stage.places), seed=self.plan.seed + n) for n, stage in enumerate(self.stages)]
        for number in range(round(self.plan.rate * self.plan.seconds)):
            due = number / self.plan.rate
            await asyncio.sleep(max(0.0, began + due - time.monotonic()))
            place = number % len(self.stages)
            said = self.stages[place].say(scripts[place].next(due))
            if said is not None:
                self.said[self.stages[place].name].append(said)

    async def troubles(self) -> None:
        began = time.monotonic()
        wanted = schedule(seconds=self.plan.seconds, every=self.plan.fault_every_s, seed=self.plan.seed)
        for number, fault in enumerate(wanted):
            await asyncio.sleep(max(0.0, began + fault.at - time.monotonic()))
            self.faults += self.stages[number % len(self.stages)].trouble(fault.what)

    async def killer(self) -> None:
        began = time.monotonic()
        for at in kills(seconds=self.plan.seconds, count=self.plan.kills, seed=self.plan.seed):
            await asyncio.sleep(max(0.0, began + at - time.monotonic()))
            await self.program.kill()

    async def samples(self) -> None:
        """Until cancelled."""
        began = time.monotonic()
        while True:
            self.program.weigh()
            age = await asyncio.to_thread(self.books.age)
            self.oldest_s = max(self.oldest_s, age)
            for stage in self.stages:
                stage.tidy()
            self.tell(
                {
                    "minute": round((time.monotonic() - began) / 60, 1),
                    "mb": round(self.program.weights[-1].mb) if self.program.weights else None,
                    "oldest_s": round(age, 1),
                    "said": sum(map(len, self.said.values())),
                    "life": self.program.life,
                }
            )
            await asyncio.sleep(self.plan.sample_s)

    async def drained(self) -> bool:
        """Whether everything was confirmed, turned and delivered within the bound."""
        until, quiet = time.monotonic() + self.plan.drain_s, 0
        while time.monotonic() < until:
            busy = sum(stage.waiting for stage in self.stages) or await asyncio.to_thread(self.books.busy)
            quiet = 0 if busy else quiet + 1
            if quiet >= 3:  # a confirmation comes with the next fetch
                return True
            await asyncio.sleep(0.5)
        return False


async def prepare(settings: Settings, *, indexed: Path | None = None) -> None:
    """A data folder with the sample manual indexed; `indexed` is one to copy, for a database of its own."""
    if indexed is not None:
        shutil.copytree(indexed, settings.data)
        return
    async with open_app(settings) as app:
        await commands.index(app, {"by": "soak"}, lambda _: None)


async def play(plan: Plan, stages: Sequence[Stage], settings: Settings, *, tell: Tell) -> dict[str, object]:
    """Play a plan over prepared `settings`; the figures. Always ends: the run is bounded, and so is the working off."""
    async with _opened(stages) as environment:
        await bind(settings.database, [place for stage in stages for place in stage.places])
        if settings.database_url is not None:
            environment["DATABASE_URL"] = settings.database
        program = Program(Server(settings.data, **environment))
        return await _observed(plan, stages, program, settings.database, tell=tell)


async def play_together(plan: Plan, stages: Sequence[Stage], folder: Path, *, tell: Tell) -> dict[str, object]:
    """The same with several processes on one PostgreSQL, each killed in turn; `folder` is an empty one."""
    async with _opened(stages) as environment, fleet(folder, ROLES, environment=environment, fsync=True) as made:
        await index(made.data, made.shared)
        await bind(made.url, [place for stage in stages for place in stage.places])
        return await _observed(plan, stages, Company(made), made.url, tell=tell)


@asynccontextmanager
async def _opened(stages: Sequence[Stage]) -> AsyncIterator[dict[str, str]]:
    """The platforms; what the program is told of them."""
    async with AsyncExitStack() as stack:
        environment = {"AFTERCARE_LOG": "warning"}
        for stage in stages:
            environment |= await stack.enter_async_context(stage.running())
        yield environment


async def _observed(
    plan: Plan, stages: Sequence[Stage], program: Program | Company, database: str, *, tell: Tell
) -> dict[str, object]:
    run = _Run(plan, stages, program, Books(database), tell, {stage.name: [] for stage in stages})
    async with AsyncExitStack() as stack:
        await program.start()
        stack.push_async_callback(program.end)
        stack.callback(run.books.close)
        began = time.monotonic()
        async with beside(run.samples()):
            await asyncio.gather(run.clients(), run.troubles(), run.killer())
            took, queue_age = time.monotonic() - began, await asyncio.to_thread(run.books.age)
            program.weigh()
            drained = await run.drained()
        return await asyncio.to_thread(_figures, run, took=took, queue_age=queue_age, drained=drained)


def _figures(run: _Run, *, took: float, queue_age: float, drained: bool) -> dict[str, object]:
    kept = run.books.read([stage.name for stage in run.stages])
    deaths = run.program.died
    every: dict[str, object] = {}
    verdicts: list[Verdict] = []
    for stage in run.stages:
        said = run.said[stage.name]
        mine = {each.version for each in said}
        turns = {n: turn for n, turn in kept.turns.items() if any(version in mine for version in turn.versions)}
        verdict = judge(said, stage.shown, replace(kept, turns=turns), notes=stage.notes, kills=deaths)
        verdicts.append(verdict)
        every[stage.name] = {
            "sent": len(said),
            "stored": sum(each.version in kept.stored for each in said),
            "shown": len(stage.shown),
            "refused_by_limits": stage.refused,
            "given_up_by_the_platform": stage.given_up,
            "counts": dict(verdict.counts),
            "examples": dict(verdict.examples),
            **latencies(said, stage.shown, kills=deaths),
        }
    return {
        "sent": sum(map(len, run.said.values())),
        "lost": sum(verdict.lost for verdict in verdicts),
        "doubled": sum(verdict.doubled for verdict in verdicts),
        "doubled_of_hidden_fate": sum(verdict.counts["hidden_fate"] for verdict in verdicts),
        "refused_by_limits": sum(stage.refused.get("send", 0) for stage in run.stages),
        "deliveries_failed": kept.deliveries["failed"],
        "faults": run.faults,
        "kills": len(deaths),
        "away_s": [round(up - down, 1) for down, up in deaths],
        "seconds": round(took),
        "queue_age_s": {"at_the_end": round(queue_age, 1), "most": round(run.oldest_s, 1)},
        "drained": drained,
        "memory_mb": memory(run.program.weights),
        "cpu_share": round(run.program.cpu_total / max(took, 1), 2),
        "platforms": every,
    }


def memory(weights: Sequence[Weight]) -> dict[str, object]:
    """What the process weighed each time, and the means of the first and the last third of its longest life."""
    lives = {weight.life: [w.mb for w in weights if w.life == weight.life] for weight in weights}
    longest = max(reversed(lives.values()), key=len, default=[])
    third = max(1, len(longest) // 3)
    return {
        "samples": [round(weight.mb) for weight in weights],
        "first_third": round(mean(longest[:third])) if longest else None,
        "last_third": round(mean(longest[-third:])) if longest else None,
    }


@asynccontextmanager
async def beside(work: Awaitable[None]) -> AsyncIterator[None]:
    """Do the work until the block ends."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
