"""Faults on a schedule, from a seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

Trouble = Literal[
    "busy",  # a send meets 429 with retry_after
    "error",  # a send meets a gateway's page
    "cut_before",  # the connection ends, nothing took place
    "cut_after",  # the connection ends, the message is there: the fate is hidden
    "fetch_busy",
    "fetch_error",
    "fetch_cut",
    "doubled",  # the next updates come twice
    "reordered",  # the next batch comes in reverse
    "unconfirmed",  # an acknowledgement is lost: the same updates come again
]
WEIGHTS: dict[Trouble, int] = {
    "busy": 3, "error": 3, "cut_before": 3, "cut_after": 2, "fetch_busy": 1, "fetch_error": 1, "fetch_cut": 2,
    "doubled": 3, "reordered": 3, "unconfirmed": 2,
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    at: float
    what: Trouble


def schedule(*, seconds: float, every: float, seed: int) -> Iterator[Fault]:
    """Faults at random instants, one each `every` seconds on the average."""
    chance, at = Random(seed + 1), 0.0
    while (at := at + chance.expovariate(1 / every)) < seconds:
        yield Fault(at, chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0])


def kills(*, seconds: float, count: int, seed: int) -> list[float]:
    """When the program is killed: in the middle of each of so many stretches of the first two thirds, more or less.

    The last third is one undisturbed life, whose memory can be compared.
    """
    chance, stretch = Random(seed + 2), seconds * 2 / 3 / max(count, 1)
    return [stretch * (n + chance.uniform(0.3, 0.7)) for n in range(count)]
