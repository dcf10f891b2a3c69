"""`python -m tests.fuzz NAME --seconds N`: one target, guided by coverage (atheris), for so long.

Without a name the targets are listed. What crashes is kept in `.fuzz/NAME/crash-…`; give that file to try it again.
"""

import argparse
import importlib
import os
import sys
from pathlib import Path

from tests.fuzz.reading import ROOT

_MOST = 4_096  # bytes of an input
_PATIENCE_S = 20  # of one input
_MEMORY_MB = 6_000


def main() -> None:
    """Fuzz one target, or try one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?")
    parser.add_argument("file", nargs="?", type=Path, help="try this input alone")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="of chance; 0 is another one each time")
    parser.add_argument("--list", action="store_true", help="the names of the targets")
    asked = parser.parse_args()
    if asked.list:
        from tests.fuzz import targets

        print(*targets.TARGETS)
        return
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["bot", "knowledge", "handoff", "success"]):
        from tests.fuzz import targets
    if asked.name not in (*targets.TARGETS, targets.ALL):
        sys.exit("which of: " + ", ".join((*targets.TARGETS, targets.ALL)))
    target = targets.TARGETS.get(asked.name, targets.every)
    if asked.file is not None:
        target(asked.file.read_bytes())
        return
    room = ROOT / ".fuzz" / asked.name
    (room / "corpus").mkdir(parents=True, exist_ok=True)
    for n, begun in enumerate(targets.corpus(asked.name)):
        (room / "corpus" / f"begin-{n}").write_bytes(begun)
    options = [
        f"-max_total_time={asked.seconds}", f"-max_len={_MOST}", f"-seed={asked.seed}", f"-timeout={_PATIENCE_S}", f"-rss_limit_mb={_MEMORY_MB}",
        f"-artifact_prefix={room}{os.sep}", "-print_final_stats=1", "-verbosity=0",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(room / "corpus")], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
