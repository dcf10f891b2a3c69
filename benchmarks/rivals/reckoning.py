"""What every library's script of business time shares: the vectors, a limit of time, what is printed.

A script is called with the folder of the vectors. Each vector is answered with a text as `run_vectors.py` compares it,
or with why not; and with the microseconds that the quickest of some rounds took. Reading a calendar is not timed.
"""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.rivals.told import answer

ROUNDS, LIMIT_S = 5, 3
Calendar = Mapping[str, Any]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class CannotBeSaid(Exception):  # noqa: N818 - an answer, not an error
    """The library has no way to express this calendar, unit or question."""


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def shown(found: datetime | float | None) -> object:
    if isinstance(found, datetime):
        if found.microsecond >= 500_000:
            found = found.replace(microsecond=0).fromtimestamp(round(found.timestamp()), tz=UTC)
        return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return None if found is None else round(found)


@contextmanager
def limited() -> Iterator[None]:
    """TimeoutError after a while: some libraries search for ever on a calendar that never opens."""

    def out(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, out)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def quickest(ask: Callable[[], Any]) -> tuple[object, float]:
    """What it answers, and µs."""
    with limited():
        found = shown(ask())
        spent = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            ask()
            spent.append((time.perf_counter() - began) * 1e6)
    return found, min(spent)


def play(
    parse: Callable[[Calendar], Any],
    deadline: Callable[[Any, datetime, str, int], datetime | None] | None,
    elapsed: Callable[[Any, datetime, datetime], float] | None,
    *packages: str,
) -> None:
    """Answer every vector; None for a question that the library does not answer at all."""
    folder = Path(sys.argv[1])
    calendars, read = load(folder, "calendars"), {}

    def calendar(name: str) -> Any:
        if name not in read:
            read[name] = parse(calendars[name])
        return read[name]

    def due(vector: Calendar) -> Callable[[], Any]:
        given = calendar(vector["calendar"])
        start, unit, amount = instant(vector["start"]), vector["unit"], vector["amount"]
        return lambda: deadline(given, start, unit, amount) if deadline else None

    def spent(vector: Calendar) -> Callable[[], Any]:
        given, start, end = calendar(vector["calendar"]), instant(vector["start"]), instant(vector["end"])
        return lambda: elapsed(given, start, end) if elapsed else None

    answer(
        {
            "versions": {name: version(name) for name in packages},
            "deadline": {one["id"]: told(due, one) for one in load(folder, "deadline")} if deadline else {},
            "elapsed": {one["id"]: told(spent, one) for one in load(folder, "elapsed")} if elapsed else {},
        }
    )


def told(ask: Callable[[Calendar], Callable[[], Any]], vector: Calendar) -> dict[str, object]:
    """What the library makes of a vector."""
    try:
        got, us = quickest(ask(vector))
    except CannotBeSaid:
        return {"cannot": True}
    except TimeoutError:
        return {"error": "no answer"}
    except Exception as error:  # noqa: BLE001 - whatever a library raises is its answer
        return {"error": type(error).__name__}
    return {"got": got, "us": us}


def load(folder: Path, name: str) -> Any:
    return json.loads((folder / f"vectors_{name}.json").read_text("utf-8"))
