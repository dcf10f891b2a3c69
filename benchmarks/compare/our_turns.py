"""Our turn in-process: every question through the whole of it, one at a time and from twenty conversations at once.

Called with a file of questions, a manual, the model's folder and a folder to index into (kept for the next run).
"""

import asyncio
import json
import shutil
import sys
import time
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles

import structlog

from benchmarks.rivals.told import answer, memory
from bot import commands
from bot.aftercare import Aftercare
from bot.app import open_app
from bot.settings import Settings

AT_ONCE = 20


async def one(app: Aftercare, text: str) -> dict:
    return await commands.execute(app, "ask", {"text": text}, lambda _: None)


async def index(*, manual: Path, model: Path, data: Path) -> None:
    """Put the manual into the data folder, if it is not there from another time."""
    if not (data / "index" / "model").exists():
        shutil.copytree(model, data / "index" / "model")
    async with open_app(Settings(data=data, manual=manual)) as app:
        await commands.index(app, {}, lambda _: None)


async def main() -> None:
    questions, manual, model, data = map(Path, sys.argv[1:5])
    await index(manual=manual, model=model, data=data)
    asked = json.loads(questions.read_text("utf-8"))
    async with open_app(Settings(data=data, manual=manual)) as app:
        await one(app, asked[0])
        ms, answers = [], []
        for text in asked:
            began = time.perf_counter()
            said = await one(app, text)
            ms.append((time.perf_counter() - began) * 1000)
            answers.append({"outcome": said["outcome"], "pages": [cited["page"] for cited in said["citations"]]})
        numbers = iter(asked)

        async def caller() -> None:
            for text in numbers:
                await one(app, text)

        began = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
        spent = time.perf_counter() - began
        weighs = memory()
    cuts = quantiles(ms, n=100, method="inclusive")
    answer(
        {
            "answers": answers, "ms": {"p50": cuts[49], "p95": cuts[94]}, "turns_per_s": len(asked) / spent,
            "memory_mb": weighs, "versions": {"aftercare": version("aftercare")},
        }
    )  # fmt: skip


structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))  # only the figures
if __name__ == "__main__":
    asyncio.run(main())
