"""One row of the matrix: clients write at a steady pace, the fault comes and goes, and both sides are compared."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain

import httpx

from benchmarks.chaos.faults import Fault
from benchmarks.chaos.field import Field, troubles_in_logs
from benchmarks.soak.play import beside
from benchmarks.theatre.stages import Said, Shown
from benchmarks.theatre.talk import Script
from benchmarks.theatre.verdict import judge, latencies

_DRAIN_S = 240.0


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Messages a second, and for how many seconds before and after the fault."""

    rate: float = 3.0
    before: float = 6.0
    after: float = 10.0


@dataclass
class Web:
    """What the desk's door said each half second: whether people could work."""

    codes: Counter[str]

    async def watch(self, url: str) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient(timeout=2, trust_env=False) as http:
            while True:
                try:
                    answer = await http.get(f"{url}/readyz")
                    self.codes[str(answer.status_code)] += 1
                except httpx.HTTPError:
                    self.codes["no answer"] += 1
                await asyncio.sleep(0.5)


async def play(field: Field, fault: Fault, *, pace: Pace, seed: int) -> dict[str, object]:
    """Play one row; its figures."""
    said: dict[str, list[Said]] = {stage.name: [] for stage in field.stages}
    began = time.monotonic()
    before = _printed(field)
    web = Web(Counter())
    field.down.clear()
    async with beside(web.watch(field.fleet.servers["web-1"].url)), beside(_clients(field, said, pace, seed)):
        await asyncio.sleep(pace.before)
        struck = time.monotonic()
        await fault.strike(field)
        await asyncio.sleep(fault.lasts)
        await fault.mend(field)
        mended = time.monotonic()
        field.down += [(at, at) for at in _instants(struck, mended + 2)]
        await asyncio.sleep(pace.after)
    field.telegram.world.faults.forget()
    drained = await _drained(field)
    took = time.monotonic() - mended
    shown = {stage.name: [one for one in stage.shown if one.at >= began] for stage in field.stages}
    return {
        "fault": fault.name,
        "seconds": round(mended - struck, 1),
        "sent": sum(map(len, said.values())),
        **await asyncio.to_thread(_judged, field, said, shown),
        "drained": drained,
        "whole_again_s": round(took, 1),
        "waits_s": latencies(chain(*said.values()), chain(*shown.values()), kills=[])["all_s"],
        "each_s": {name: latencies(said[name], shown[name], kills=[])["all_s"] for name in said},
        "desk": dict(web.codes),
        "said_in_logs": troubles_in_logs({name: text[len(before[name]) :] for name, text in _printed(field).items()}),
    }


async def _clients(field: Field, said: dict[str, list[Said]], pace: Pace, seed: int) -> None:
    """Open loop, until cancelled: the next message comes when it is due, whatever became of those before it."""
    scripts = [Script(chats=len(stage.places), seed=seed + n) for n, stage in enumerate(field.stages)]
    began = time.monotonic()
    for number in range(100_000):
        due = number / pace.rate
        await asyncio.sleep(max(0.0, began + due - time.monotonic()))
        place = number % len(field.stages)
        each = field.stages[place].say(scripts[place].next(due))
        if each is not None:
            said[field.stages[place].name].append(each)


async def _drained(field: Field) -> bool:
    """Whether everything was confirmed, turned and delivered within the bound."""
    until, quiet = time.monotonic() + _DRAIN_S, 0
    while time.monotonic() < until:
        busy = sum(stage.waiting for stage in field.stages)
        with suppress(Exception):  # the database may be just coming back
            busy = busy or await asyncio.to_thread(field.books.busy)
            quiet = 0 if busy else quiet + 1
        if quiet >= 3:
            return True
        await asyncio.sleep(0.5)
    return False


def _judged(field: Field, said: dict[str, list[Said]], shown: dict[str, list[Shown]]) -> dict[str, object]:
    counts: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    for stage in field.stages:
        kept = field.books.read([stage.name])
        mine = {each.version for each in said[stage.name]}
        turns = {n: turn for n, turn in kept.turns.items() if any(version in mine for version in turn.versions)}
        kept = replace(kept, turns=turns)
        verdict = judge(said[stage.name], shown[stage.name], kept, notes=stage.notes, kills=field.down)
        counts += verdict.counts
        outcomes.update(turn.outcome for turn in turns.values())
        examples |= verdict.examples
    return {
        "lost": counts["not_stored"] + counts["no_turn"] + counts["not_shown"],
        "doubled": counts["two_turns"] + counts["shown_twice"],
        "doubled_of_hidden_fate": counts["hidden_fate"],
        "outcomes": dict(outcomes),
        "examples": examples,
    }


def _instants(start: float, end: float) -> list[float]:
    return [start + n * 0.25 for n in range(int((end - start) * 4) + 1)]


def _printed(field: Field) -> Mapping[str, str]:
    return {name: server.printed() for name, server in field.fleet.servers.items()}
