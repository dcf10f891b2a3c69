"""A sales festival: a usual day, twenty times as much for a while, and a usual day again; nothing may be lost."""

from dataclasses import dataclass
from typing import Any

from benchmarks.load.playing import Play

TIMES = 20
_PARTS = (0.15, 0.7, 0.15)  # of the whole: before, at the peak, after
_DRAIN = 6  # times the length of the whole, at most, until the line is gone


@dataclass(frozen=True, kw_only=True)
class Festival:
    """`usual` messages a second; `seconds` in all."""

    usual: float
    seconds: float
    times: float = TIMES


async def hold(play: Play, festival: Festival) -> dict[str, Any]:
    """The figures of the three parts, how long the line took to go, and everybody's fate."""
    found: dict[str, Any] = {}
    paces = (festival.usual, festival.usual * festival.times, festival.usual)
    for name, part, pace in zip(("before", "peak", "after"), _PARTS, paces, strict=True):
        step = await play.stretch(pace, festival.seconds * part)
        found[name] = step.json()
        play.tell({name: found[name]})
    waited = await play.drained(max(120.0, _DRAIN * festival.seconds))
    found["recovered_s"] = None if waited is None else round(waited, 1)
    quiet = await play.stretch(festival.usual, max(5.0, festival.seconds * _PARTS[2]))
    found["recovered"] = quiet.json()
    await play.drained(60.0)
    return found | {"verdict": await play.verdict(), "waits_s": play.all_waits()}
