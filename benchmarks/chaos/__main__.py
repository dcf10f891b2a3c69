"""The fault matrix, as a command; prints one JSON object for each row, and keeps the report where it is asked to.

    python -m benchmarks.chaos [ROW …] [--rate 3] [--quick] [--report FOLDER]

Exit code 1: something was lost or doubled. `--report docs` writes docs/faults.md and docs/faults.zh-CN.md.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from pathlib import Path

import structlog

from benchmarks.chaos.faults import FAULTS, Fault
from benchmarks.chaos.field import opened
from benchmarks.chaos.play import Pace, play
from benchmarks.chaos.report import write_report


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos")
    parser.add_argument("rows", nargs="*", choices=[[], *(fault.name for fault in FAULTS)], metavar="ROW")
    parser.add_argument("--rate", type=float, default=3.0, help="messages a second")
    parser.add_argument("--quick", action="store_true", help="the rows that CI plays")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="write faults.md and faults.zh-CN.md into this folder")
    return parser.parse_args()


async def main(given: argparse.Namespace, folder: Path) -> int:
    chosen = [
        fault for fault in FAULTS if (not given.rows or fault.name in given.rows) and (fault.quick or not given.quick)
    ]
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)  # type: ignore[union-attr]
    rows: list[dict[str, object]] = []
    skipped: list[Fault] = []
    async with opened(folder) as field:
        for number, fault in enumerate(chosen):
            if fault.apart and field.apart is None:
                skipped.append(fault)
                print(json.dumps({"fault": fault.name, "skipped": "needs root and iproute2"}), flush=True)
                continue
            rows.append(await play(field, fault, pace=Pace(rate=given.rate), seed=given.seed + number))
            print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
            await asyncio.sleep(fault.rest_s)
    if given.report:
        write_report(rows, given.report, rate=given.rate, skipped=skipped)
    return 1 if any(row["lost"] or row["doubled"] or not row["drained"] for row in rows) else 0


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="aftercare-chaos-", ignore_cleanup_errors=True) as room:
        sys.exit(asyncio.run(main(options, Path(room))))
