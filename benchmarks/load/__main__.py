"""How much the program takes on this machine, as a command; prints one JSON object, progress on stderr.

    python -m benchmarks.load [--kinds sqlite,postgresql,processes] [--groups 2000] [--rates 5,10,…] [--step 20]
                              [--bound 10] [--peak | --no-climb] [--minutes 4] [--times 20] [--usual RATE]
                              [--profile PY-SPY] [--seed 1] [--data FOLDER] [--report docs/load.md]

`--peak` holds a sales festival after the climb, on the first kind, for so many minutes; `--no-climb` only that.
`--report` writes the figures into that page and its translation. Exit code 1: a message was lost or doubled.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from benchmarks.load.climbing import Climb, climb
from benchmarks.load.installation import KINDS
from benchmarks.load.peak import TIMES, Festival, hold
from benchmarks.load.playing import Players, playing
from benchmarks.load.report import machine, write


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load")
    parser.add_argument("--kinds", default="sqlite,postgresql,processes", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--groups", type=int, default=2000)
    parser.add_argument("--rates", default="5,10,15,20,25,30,40,50", help="messages a second of each step")
    parser.add_argument("--step", type=float, default=20, help="seconds of a step")
    parser.add_argument("--bound", type=float, default=10, help="seconds that 95 %% of the answers may take at most")
    parser.add_argument("--peak", action="store_true", help="hold a sales festival too")
    parser.add_argument("--no-climb", action="store_true", help="hold nothing but that")
    parser.add_argument(
        "--minutes", type=float, default=4, help="how long the festival is, seven tenths of it the peak"
    )
    parser.add_argument("--times", type=float, default=TIMES, help="how much more is said at the peak")
    parser.add_argument("--usual", type=float, help="messages a second on a usual day; else a tenth of the limit")
    parser.add_argument("--profile", type=Path, help="a py-spy that samples each process at every step")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, help="keep the data folders and the programs' logs there")
    parser.add_argument("--report", type=Path, help="the page to write the figures into")
    return parser.parse_args()


def tell(facts: Mapping[str, object]) -> None:
    print(json.dumps(facts, ensure_ascii=False), file=sys.stderr, flush=True)


async def main(given: argparse.Namespace, folder: Path) -> int:
    plan = Climb(rates=[float(each) for each in given.rates.split(",")], step_s=given.step, bound_s=given.bound)
    players = Players(groups=given.groups, seed=given.seed)
    kinds = given.kinds.split(",")
    figures: dict[str, Any] = {"machine": machine(), "groups": given.groups, "bound_s": given.bound, "climbs": {}}
    for kind in [] if given.no_climb else kinds:
        async with playing(kind, made(folder / kind), players, tell=tell, profiler=given.profile) as play:
            figures["climbs"][kind] = await climb(play, plan)
    if given.peak or given.no_climb:
        festival = Festival(
            usual=given.usual or _usual(figures["climbs"].get(kinds[0])), seconds=given.minutes * 60, times=given.times
        )
        async with playing(kinds[0], made(folder / "festival"), players, tell=tell) as play:
            figures["peak"] = {"kind": kinds[0], "times": given.times, **await hold(play, festival)}
    print(json.dumps(figures, ensure_ascii=False))
    if given.report:
        write(given.report, figures)
    verdicts = [each["verdict"] for each in (*figures["climbs"].values(), *filter(None, [figures.get("peak")]))]
    return 1 if any(each["lost"] or each["doubled"] for each in verdicts) else 0


def made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _usual(climbed: Mapping[str, Any] | None) -> float:
    """A tenth of the limit: the peak is twice as much as can be answered."""
    limit = (climbed or {}).get("limit")
    return round(limit["messages_a_second"] / 10, 1) if limit else 1.0


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))  # only errors beside the figures
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="aftercare-load-") as room:
        sys.exit(asyncio.run(main(options, options.data or Path(room))))
