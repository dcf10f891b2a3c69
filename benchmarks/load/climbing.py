"""Finding the limit: the pace grows until answers take too long or what waits grows, on one installation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.load.playing import Play, Stretch

_SETTLE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Climb:
    """Paces in messages a second, the length of a step, and how long 95 % of the answers may take at most."""

    rates: Sequence[float]
    step_s: float
    bound_s: float


async def climb(play: Play, plan: Climb) -> dict[str, Any]:
    """The figures of each step, the last of which is the first that was too much, and everybody's fate."""
    steps: list[Stretch] = []
    limit: Stretch | None = None
    for rate in plan.rates:
        step = await play.stretch(rate, plan.step_s)
        steps.append(step)
        play.tell({"step": step.json()})
        settled = await play.drained(_SETTLE_S)
        if settled is None or not _held(step, plan):
            break
        limit = step
    drained = await play.drained(10 * _SETTLE_S)
    return {
        "limit": limit.json() if limit else None,
        "too_much": steps[-1].json() if steps[-1] is not limit else None,
        "steps": [step.json() for step in steps],
        "drained_s": drained,
        "verdict": await play.verdict(),
    }


def _held(step: Stretch, plan: Climb) -> bool:
    """Whether the program kept up: 95 % of the questions were answered in time, and nothing piled up."""
    late = max((step.waits_s.get(kind, {}).get("p95", 0.0) for kind in ("question", "burst")), default=0.0)
    return late <= plan.bound_s and step.queue_age_s <= plan.bound_s
