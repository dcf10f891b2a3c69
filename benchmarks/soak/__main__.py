"""The soak, as a command; prints one JSON object, and a line of progress each minute on stderr.

    python -m benchmarks.soak [--platform telegram|slack|both] [--minutes 30] [--rate 20] [--chats 200] [--kills 3]
                              [--seed 1] [--together | --database-url postgresql://…] [--data FOLDER]
                              [--report FOLDER]

Exit code 1: a message was lost or doubled. For the whole half hour, apart from the terminal:

    nohup python -m benchmarks.soak --minutes 30 > soak.json 2> soak.log &
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from pathlib import Path

import structlog

from benchmarks.soak.play import ROLES, Plan, play, play_together, prepare
from benchmarks.soak.report import write_report
from benchmarks.theatre.on_slack import OnSlack
from benchmarks.theatre.on_telegram import OnTelegram
from benchmarks.theatre.stages import Stage
from bot.settings import Settings

STAGES = {"telegram": OnTelegram, "slack": OnSlack}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--platform", choices=[*STAGES, "both"], default="telegram")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=20, help="messages a second, over all chats")
    parser.add_argument("--chats", type=int, default=200)
    parser.add_argument(
        "--kills", type=int, default=3, help="kill -9 and restart, so many times in the first two thirds"
    )
    parser.add_argument("--fault-every", type=float, default=2.0, help="seconds from fault to fault, on the average")
    parser.add_argument("--drain", type=float, default=300.0, help="seconds to work off what waits in the end, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database-url", help="a PostgreSQL database, empty, instead of the embedded one")
    parser.add_argument("--together", action="store_true", help="several processes on a private PostgreSQL")
    parser.add_argument("--report", type=Path, help="write soak.md and soak.zh-CN.md into this folder")
    parser.add_argument("--data", type=Path, help="keep the data folder and the program's log there")
    parser.add_argument(
        "--indexed", type=Path, help="a data folder whose manual is indexed already, to begin with a copy"
    )
    return parser.parse_args()


def stages(platform: str, chats: int) -> list[Stage]:
    chosen = list(STAGES) if platform == "both" else [platform]
    return [STAGES[name](chats=max(1, chats // len(chosen))) for name in chosen]


async def main(given: argparse.Namespace, folder: Path) -> int:
    plan = Plan(
        rate=given.rate, seconds=given.minutes * 60, kills=given.kills, fault_every_s=given.fault_every,
        drain_s=given.drain, seed=given.seed, sample_s=min(60.0, given.minutes * 6),
    )  # fmt: skip
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)  # type: ignore[union-attr]
    tell = lambda facts: print(json.dumps(facts), file=sys.stderr, flush=True)  # noqa: E731
    if given.together:
        figures = await play_together(plan, stages(given.platform, given.chats), folder, tell=tell)
    else:
        settings = Settings(data=folder / "data", database_url=given.database_url)
        await prepare(settings, indexed=given.indexed)
        figures = await play(plan, stages(given.platform, given.chats), settings, tell=tell)
    print(json.dumps(figures, ensure_ascii=False))
    if given.report:
        processes = len(ROLES) if given.together else 1
        write_report(figures, plan, given.report, chats=given.chats, processes=processes)
    return 1 if figures["lost"] or figures["doubled"] else 0


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))  # only errors beside the figures
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="aftercare-soak-") as room:
        sys.exit(asyncio.run(main(options, options.data or Path(room))))
