"""What scripts read of the system and print."""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path


def memory() -> float:
    """MB in use now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def rows(path: Path) -> list[dict]:
    """What a file of JSON lines holds."""
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]


def pages(ids: Iterable[str], *, most: int = 10) -> list[str]:
    """Passages as the pages that they are of, each once."""
    return list(dict.fromkeys(ids))[:most]


def answer(found: dict) -> None:
    """Print it, alone on the last line."""
    sys.stdout.flush()
    print(json.dumps(found), flush=True)
