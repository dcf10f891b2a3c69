"""How much the program takes on this machine, as a command; prints one JSON object, progress on stderr.

    python -m benchmarks.load [--kinds sqlite,postgresql,processes] [--groups 2000] [--step 20] [--bound 10]
                              [--peak] [--minutes 3] [--seed 1] [--data FOLDER] [--report docs/load.md]

Exit code 1: a message was lost or doubled.
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
from benchmarks.load.playing import Players, playing


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load")
    parser.add_argument("--kinds", default="sqlite,postgresql,processes", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--groups", type=int, default=2000)
    parser.add_argument("--rates", default="5,10,15,20,25,30,40,50", help="messages a second of each step")
    parser.add_argument("--step", type=float, default=20, help="seconds of a step")
    parser.add_argument("--bound", type=float, default=10, help="seconds that 95 %% of the answers may take at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, help="keep the data folders and the programs' logs there")
    return parser.parse_args()


def tell(facts: Mapping[str, object]) -> None:
    print(json.dumps(facts), file=sys.stderr, flush=True)


async def main(given: argparse.Namespace, folder: Path) -> int:
    plan = Climb(rates=[float(each) for each in given.rates.split(",")], step_s=given.step, bound_s=given.bound)
    figures: dict[str, Any] = {}
    for kind in given.kinds.split(","):
        place = folder / kind
        place.mkdir(parents=True)
        async with playing(kind, place, Players(groups=given.groups, seed=given.seed), tell=tell) as play:
            figures[kind] = await climb(play, plan)
    print(json.dumps(figures, ensure_ascii=False))
    return 1 if any(each["verdict"]["lost"] or each["verdict"]["doubled"] for each in figures.values()) else 0


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))  # only errors beside the figures
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="aftercare-load-") as room:
        sys.exit(asyncio.run(main(options, options.data or Path(room))))
