"""What goes wrong: each fault is done to the field, lasts a while, and is mended as an operator or supervisor would."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks.chaos.field import Field, Mood
from tests.platforms.telegram import Cut, Gateway, Slow, TooMany
from tests.platforms.telegram.faults import Fault as Refusal

Deed = Callable[[Field], Awaitable[None]]
LEASE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One row of the matrix. `lasts` in seconds; `quick` rows are played in CI too."""

    name: str
    what: str
    strike: Deed
    mend: Deed
    lasts: float = 8.0
    quick: bool = False
    apart: bool = False
    """Whether it needs the worker on a network of its own."""
    rest_s: float = 0.0
    """How long the program spares afterwards what failed: the next row waits for it."""


def _killed(*names: str) -> tuple[Deed, Deed]:
    async def strike(field: Field) -> None:
        for name in names:
            await field.fleet.kill(name)

    async def mend(field: Field) -> None:
        await field.fleet.start(*names)

    return strike, mend


def _paused(*names: str) -> tuple[Deed, Deed]:
    def send(field: Field, how: signal.Signals) -> None:
        for name in names:
            os.kill(field.fleet.servers[name].pid, how)

    async def strike(field: Field) -> None:
        send(field, signal.SIGSTOP)

    async def mend(field: Field) -> None:
        send(field, signal.SIGCONT)

    return strike, mend


def _refused(refusal: Refusal, *, method: str = "sendMessage", times: int = 10_000) -> tuple[Deed, Deed]:
    async def strike(field: Field) -> None:
        field.telegram.world.faults.order(method, refusal, times=times)

    async def mend(field: Field) -> None:
        field.telegram.world.faults.forget()

    return strike, mend


def _model(mood: Mood) -> tuple[Deed, Deed]:
    async def strike(field: Field) -> None:
        field.model.mood = mood

    async def mend(field: Field) -> None:
        field.model.mood = "well"

    return strike, mend


async def _replace(field: Field) -> None:
    """Each process in turn is told to end, and another takes its seat: an upgrade without a pause."""
    for name, server in list(field.fleet.servers.items()):
        if server.runs:
            await asyncio.to_thread(server.end)
            await field.fleet.start(name)


async def _nothing(_: Field) -> None:
    """It is over by itself."""


async def _stop_database(field: Field) -> None:
    await asyncio.to_thread(field.fleet.cluster.stop, "immediate")


async def _start_database(field: Field) -> None:
    await asyncio.to_thread(field.fleet.cluster.start)


async def _restart_database(field: Field) -> None:
    await asyncio.to_thread(field.fleet.cluster.stop, "fast")
    await _start_database(field)


async def _freeze_database(field: Field) -> None:
    field.fleet.cluster.freeze()


async def _thaw_database(field: Field) -> None:
    field.fleet.cluster.freeze(frozen=False)


async def _promote(field: Field) -> None:
    assert field.fleet.standby is not None
    await asyncio.to_thread(field.fleet.standby.promote)


async def _stop_chroma(field: Field) -> None:
    await asyncio.to_thread(field.fleet.chroma.stop)


async def _start_chroma(field: Field) -> None:
    await asyncio.to_thread(field.fleet.chroma.start)


async def _freeze_chroma(field: Field) -> None:
    field.fleet.chroma.freeze()


async def _thaw_chroma(field: Field) -> None:
    field.fleet.chroma.freeze(frozen=False)


async def _fill_disk(field: Field) -> None:
    for server in field.fleet.servers.values():
        server.fill_disk()


async def _free_disk(field: Field) -> None:
    for server in field.fleet.servers.values():
        server.fill_disk(full=False)


async def _starve(field: Field) -> None:
    """No more memory than it has now: what it asks for is refused."""
    for name in ("bot-1", "worker-1"):
        field.fleet.servers[name].starve()


async def _feed(field: Field) -> None:
    """What died of it is started anew; what lives gets its memory back."""
    for name in ("bot-1", "worker-1"):
        server = field.fleet.servers[name]
        if server.runs:
            server.starve(over=True)
        else:
            field.down.append((time.monotonic(), time.monotonic()))
            await field.fleet.start(name)


async def _cut(field: Field) -> None:
    assert field.apart is not None
    field.apart.cut()


async def _join(field: Field) -> None:
    assert field.apart is not None
    field.apart.cut(whole=True)


async def _forget_names(field: Field) -> None:
    assert field.apart is not None
    field.apart.forget_names()


async def _know_names(field: Field) -> None:
    assert field.apart is not None
    field.apart.forget_names(known=True)


def _row(name: str, what: str, deeds: tuple[Deed, Deed], **facts: float) -> Fault:
    return Fault(name=name, what=what, strike=deeds[0], mend=deeds[1], **facts)  # type: ignore[arg-type]


FAULTS = (
    _row("calm", "nothing goes wrong", (_nothing, _nothing)),
    _row("kill-web", "kill -9 of the process that serves the pages", _killed("web-1")),
    _row("kill-bot", "kill -9 of one of two processes that answer", _killed("bot-1"), quick=True),
    _row("kill-worker", "kill -9 of one of two workers", _killed("worker-1")),
    _row(
        "kill-all", "kill -9 of every process at once, as when the machine loses power",
        _killed("web-1", "bot-1", "bot-2", "worker-1", "worker-2"), quick=True,
    ),
    _row(
        "pause", "a process that answers stands still (SIGSTOP) for longer than its leases last",
        _paused("bot-1"), lasts=LEASE_S + 10,
    ),
    _row("replace", "every process is replaced in turn, as in an upgrade", (_replace, _nothing), lasts=0.0),
    _row("database-restart", "the database is restarted", (_restart_database, _nothing), lasts=0.0, quick=True),
    _row("database-gone", "the database crashes and comes back", (_stop_database, _start_database), lasts=15.0),
    _row(
        "database-frozen", "the database answers no more, its connections stay open",
        (_freeze_database, _thaw_database), lasts=15.0,
    ),
    _row("chroma-gone", "Chroma is killed and comes back", (_stop_chroma, _start_chroma)),
    _row("chroma-frozen", "Chroma answers no more, its port stays open", (_freeze_chroma, _thaw_chroma), lasts=12.0),
    _row("model-gone", "the model's connections break", _model("gone"), rest_s=30.0),
    _row("model-busy", "the model's server takes no more (503)", _model("busy"), rest_s=30.0),
    _row("model-slow", "the model answers after two minutes", _model("slow"), lasts=15.0, rest_s=30.0),
    _row("model-wrong", "the model's address answers with a web page", _model("wrong"), rest_s=30.0),
    _row("platform-429", "the platform refuses everything for a while (429)", _refused(TooMany(2), times=60)),
    _row("platform-500", "the platform's gateway fails (502)", _refused(Gateway(502), method="*", times=200)),
    _row("platform-slow", "the platform does what it is asked and answers too late", _refused(Slow(40), times=6)),
    _row("platform-cut", "the platform's answers break off after the deed", _refused(Cut(after_effect=True), times=10)),
    _row(
        "fetch-cut", "what the platform hands out is lost on the way",
        _refused(Cut(after_effect=True), method="getUpdates", times=10),
    ),
    _row("disk-full", "no process can write to a file any more", (_fill_disk, _free_disk), lasts=12.0),
    _row("memory", "two processes get no more memory than they have", (_starve, _feed), lasts=12.0),
    _row(
        "partition", "the link of a worker swallows everything for longer than its leases last", (_cut, _join),
        apart=True, lasts=LEASE_S + 10,
    ),
    _row("names", "a worker finds the platform's name no more", (_forget_names, _know_names), apart=True),
    _row(
        "failover", "the database's machine is lost, its standby is promoted", (_stop_database, _promote), lasts=5.0,
    ),
)  # fmt: skip
"""In the order in which they are played: the one that changes the field comes last."""
