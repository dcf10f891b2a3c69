"""The commands that the guides and the READMEs show, as a reader would type them."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("README*.md")])
_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_SHELLS = {"sh", "console", "bash", "shell"}
_TYPED = re.compile(r"(?:[A-Z_]+=\S*\s+)*(?:(?:\.venv/bin/)?aftercare|make|pip|curl|sudo|docker|kubectl|git) ")


@dataclass(frozen=True, order=True)
class Shown:
    """A command, and where it stands."""

    command: str
    files: tuple[str, ...]


def shown() -> list[Shown]:
    """Every command once, with the files that show it. Comments are left out, lines that go on are put together."""
    found: dict[str, set[str]] = {}
    for file in FILES:
        for command in commands(file.read_text("utf-8")):
            found.setdefault(command, set()).add(file.name)
    return [Shown(command, tuple(sorted(files))) for command, files in sorted(found.items())]


def commands(text: str) -> list[str]:
    """Of fences that are a shell's: all lines; of fences that do not say: the lines that begin as a command does."""
    found: list[str] = []
    for _, kind, body in _FENCE.findall(text):
        lines = re.sub(r"\s*\\\n\s*", " ", body).splitlines()
        if kind == "console":
            lines = [line.strip().removeprefix("$ ") for line in lines if line.strip().startswith("$ ")]
        elif kind == "":
            lines = [line for line in lines if _TYPED.match(f"{line.strip()} ")]
        elif kind not in _SHELLS:
            continue
        found += [plain for line in lines if (plain := _without_comment(line.strip()))]
    return found


def _without_comment(line: str) -> str:
    if line.startswith("#"):
        return ""
    return re.sub(r"\s+#\s.*$", "", line).replace(".venv/bin/aftercare", "aftercare").strip()
