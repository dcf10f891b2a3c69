"""Reads one file of visits, in a process of its own that may be ended at any time, and prints what it held as JSON.

The file is a stranger's: it is read under limits of time and memory, and nothing but numbers and paths leaves this
process. Of the desk nothing is imported.
"""

import json
import resource
import sys
from datetime import date
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from success.traffic.model import Refused
from success.traffic.reading import read

CPU_S: Final = 240
MEMORY: Final = 1536 * 1024**2


def main() -> None:
    """Read the file that the arguments name."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = json.loads(sys.argv[2])
    print(json.dumps(_answer(asked)))  # noqa: T201 - this is its answer


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    zone, today = ZoneInfo(asked["zone"]), date.fromisoformat(asked["today"])
    try:
        found = read(Path(asked["path"]), zone=zone, today=today, hosts=tuple(asked["hosts"]), kind=asked["kind"])
    except Refused as refusal:
        return {"refused": refusal.why}
    except MemoryError:
        return {"refused": "broke"}
    return found.as_json()
