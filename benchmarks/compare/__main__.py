"""Measure Aftercare beside what a user would pick instead.

Prints one JSON object; what is missing goes to stderr, with how to get it. With ``--report docs/benchmarks.md`` it
also writes that file, the same in Chinese beside it (``.zh-CN.md``) and plots (``images/benchmarks/``). ``--small``
takes a few minutes and says nothing about speed: it shows that everything runs.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.compare import jobs, report, retrieval, sla, turns
from benchmarks.compare.scripts import ROOT, Environment, Failed, Missing

PARTS = ("retrieval", "turns", "sla", "jobs")


def parts(given: argparse.Namespace) -> dict[str, Callable[[], dict[str, object]]]:
    """What can be measured, by its name."""
    folder = given.bench.resolve()
    others, chat = (Environment(folder / name / "bin" / "python") for name in ("rivals", "rivals-chat"))
    model, kept = (given.model or folder / "model").resolve(), folder / "kept"
    bots = [
        turns.Bot("python-telegram-bot + LangChain + Chroma", "bot_langchain", others),
        turns.Bot("ChatterBot", "bot_chatterbot", chat),
    ]
    return {
        "retrieval": lambda: retrieval.measure(
            others, packs=given.packs.resolve(), model=model, kept=kept, small=given.small
        ),
        "turns": lambda: turns.measure(bots, model=model, kept=kept, small=given.small),
        "sla": lambda: sla.measure(others, vectors=given.vectors.resolve()),
        "jobs": lambda: jobs.measure(others, small=given.small),
    }


def machine() -> dict[str, object]:
    """What everything ran on."""
    names = (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name"))  # fmt: skip
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": len(os.sched_getaffinity(0)), "processor": next(names, platform.machine()),
        "memory_gb": round(pages / 2**30), "system": platform.system(), "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1), "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }  # fmt: skip


def missing(found: object) -> Iterator[str]:
    """Every `missing` anywhere in it, each once, with whose it is."""
    if isinstance(found, dict):
        if "missing" in found:
            yield f"{found.get('name', 'all of it')}: {found['missing']}"
        for value in found.values():
            yield from missing(value)
    elif isinstance(found, list):
        for value in found:
            yield from missing(value)


def main() -> int:
    known = argparse.ArgumentParser(
        prog="python -m benchmarks.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known.add_argument("--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    known.add_argument("--small", action="store_true")
    known.add_argument("--report", type=Path, help="where to write it, in English; the Chinese one goes beside it")
    known.add_argument("--packs", type=Path, default=ROOT.parent / "shared" / "eval")
    known.add_argument("--vectors", type=Path, default=ROOT.parent / "shared" / "sla")
    known.add_argument("--bench", type=Path, default=ROOT / ".bench", help="the others' environments and what is kept")
    known.add_argument("--model", type=Path, help="the embedding model's folder (BENCH/model)")
    given = known.parse_args()
    wanted = [name.strip() for name in given.only.split(",")]
    if unknown := sorted(set(wanted) - set(PARTS)):
        known.error(f"--only knows {', '.join(PARTS)}, not {', '.join(unknown)}")
    found: dict[str, object] = {"machine": machine(), "small": given.small}
    every = parts(given)
    for name in PARTS:
        if name in wanted:
            print(f"{name} …", file=sys.stderr, flush=True)
            try:
                found[name] = every[name]()
            except (Missing, Failed) as why:
                found[name] = {"missing": str(why)}
            for line in dict.fromkeys(missing(found[name])):
                print(f"missing in {name}: {line}", file=sys.stderr, flush=True)
    if given.report:
        report.write(found, given.report)
    print(json.dumps(found, ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
