"""Scripts of the comparison as processes: ours in our environment, the others' in theirs."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = Path(sys.executable)


class Missing(Exception):  # noqa: N818 - not an error: the environment is simply not there
    """What a comparison needs and this machine does not have; the text says how to get it."""


class Failed(Exception):  # noqa: N818 - told in the report, in the place of figures
    """A script ended badly; the text is the end of what it printed."""


@dataclass(frozen=True)
class Environment:
    """Where the others' packages are."""

    python: Path

    def check(self) -> None:
        """Raises Missing."""
        if not self.python.is_file():
            raise Missing(f"no environment of the others ({self.python}): make rivals")

    def run(self, module: str, *arguments: object, timeout: float = 3600, **environment: str) -> dict:
        """What `benchmarks.rivals.MODULE` prints; raises Missing or Failed."""
        self.check()
        return run(self.python, f"benchmarks.rivals.{module}", *arguments, timeout=timeout, **environment)


def ours(module: str, *arguments: object, timeout: float = 3600) -> dict:
    """What `benchmarks.compare.MODULE` prints."""
    return run(OURS, f"benchmarks.compare.{module}", *arguments, timeout=timeout)


def run(python: Path, module: str, *arguments: object, timeout: float, **environment: str) -> dict:
    """The JSON on the last line of what the module prints."""
    done = subprocess.run(
        command(python, module, *arguments), cwd=ROOT, env=settings(**environment), capture_output=True, text=True,
        check=False, timeout=timeout, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode or not done.stdout.strip():
        raise Failed(f"{module}: {(done.stderr or done.stdout).strip()[-400:]}")
    found: dict = json.loads(done.stdout.strip().rsplit("\n", 1)[-1])
    return found


def command(python: Path, module: str, *arguments: object) -> list[str]:
    return [str(python), "-W", "ignore", "-m", module, *map(str, arguments)]


def settings(**more: str) -> dict[str, str]:
    """One thread for everybody's mathematics, nobody's telemetry, no hub."""
    quiet = {
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "ANONYMIZED_TELEMETRY": "False",
        "HAYSTACK_TELEMETRY_ENABLED": "False", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false",
        "LANGSMITH_TRACING": "false", "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    return {**os.environ, **quiet, **more}
