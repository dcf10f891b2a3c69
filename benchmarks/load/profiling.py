"""Where a process spends its time, by a sampler that looks at it from outside (py-spy), if there is one."""

import asyncio
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

#: What a stack is counted under: the innermost frame that tells it.
_PARTS: Final = (
    ("vectors of questions", ("knowledge/e5",)),
    ("Chroma", ("chromadb/",)),
    ("ranking passages", ("knowledge/",)),
    ("waiting for the disk", ("do_commit (",)),
    ("driver of the database", ("psycopg/", "do_execute (")),
    ("SQLAlchemy", ("sqlalchemy/",)),
    ("chat platforms", ("telegram/", "slack_sdk/", "slack_bolt/", "httpx/", "httpcore/", "aiohttp/")),
    ("web server", ("uvicorn/", "starlette/", "fastapi/", "sse_starlette/")),
    ("our rules and shells", ("bot/", "handoff/", "success/", "console/", "store/")),
    ("event loop", ("asyncio/", "concurrent/", "uvloop")),
)


@dataclass
class Profile:
    """A sampler at work, and the file it writes."""

    working: "asyncio.Task[int | None]"
    file: Path

    @classmethod
    def begin(cls, sampler: Path, pid: int, *, seconds: float) -> Self:
        """Sample a process for so long; it is not slowed down much."""
        file = Path(tempfile.mkstemp(prefix="aftercare-profile-")[1])

        async def sample() -> int | None:
            options = ("-d", str(round(seconds)), "-r", "50", "-f", "raw", "-o", str(file), "--nonblocking")
            quiet = asyncio.subprocess.DEVNULL
            process = await asyncio.create_subprocess_exec(
                sampler, "record", "-p", str(pid), *options, stdin=quiet, stdout=quiet, stderr=quiet
            )
            return await process.wait()

        return cls(asyncio.create_task(sample()), file)


async def hot(profile: Profile) -> dict[str, float]:
    """The share of each part in what the process did, the largest first; empty if it could not be sampled."""
    await profile.working
    counts: Counter[str] = Counter()
    for row in profile.file.read_text("utf-8", "replace").splitlines():
        stack, _, times = row.rpartition(" ")
        counts[_part(stack.split(";"))] += int(times) if times.isdecimal() else 0  # the last line may be cut
    profile.file.unlink()
    total = counts.total()
    return {name: round(times / total, 3) for name, times in counts.most_common()} if total else {}


def _part(stack: list[str]) -> str:
    """By the innermost frame that names one of the parts."""
    for frame in reversed(stack):
        for name, signs in _PARTS:
            if any(sign in frame for sign in signs):
                return name
    return "else"
