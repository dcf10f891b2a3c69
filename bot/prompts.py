"""What the model is told: files in `prompts/` with front matter and strict placeholders.

A file is front matter (`purpose`, `version`, `placeholders`, `temperature`, `max_tokens`), then the instructions, then,
after a line `===`, the material. Instructions become the system message and take no foreign text but a language's name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

import yaml

from bot.errors import PromptError

_FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_KEYS = {"purpose", "version", "placeholders", "temperature", "max_tokens"}
_DELIMITER = re.compile(r"<<<|>>>")


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One prompt file; `name@version` goes into the record of every turn that used it."""

    name: str
    version: int
    purpose: str
    placeholders: frozenset[str]
    temperature: float
    max_tokens: int
    instructions: str
    material: str

    @property
    def label(self) -> str:
        """The prompt and its version, as records keep it."""
        return f"{self.name}@{self.version}"

    def fill(self, **values: str) -> list[dict[str, str]]:
        """Chat messages with every placeholder filled; delimiters inside foreign text are broken.

        Raises:
            PromptError: the values given are not exactly the placeholders of the file.
        """
        if values.keys() != self.placeholders:
            raise PromptError(f"{self.name}: wants {sorted(self.placeholders)}, was given {sorted(values)}")
        safe = {name: _DELIMITER.sub("⟪", value) for name, value in values.items()}
        system = {"role": "system", "content": self.instructions.format_map(safe)}
        if not self.material:
            return [{"role": "user", "content": system["content"]}]
        return [system, {"role": "user", "content": self.material.format_map(safe)}]


def parse(name: str, text: str) -> Prompt:
    """Read one prompt file; raises `PromptError` naming what is wrong with it."""
    found = _FRONT.match(text.replace("\r\n", "\n"))
    if not found:
        raise PromptError(f"{name}: front matter between two lines of --- is missing")
    try:
        return _parsed(name, yaml.safe_load(found[1]), found[2])
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise PromptError(f"{name}: {error}") from error


def _parsed(name: str, front: object, body: str) -> Prompt:
    if not isinstance(front, dict) or front.keys() != _KEYS:
        raise PromptError(f"{name}: front matter must hold exactly {', '.join(sorted(_KEYS))}")
    instructions, _, material = body.partition("\n===\n")
    used = {field for _, field, _, _ in Formatter().parse(instructions + material) if field is not None}
    if used != set(front["placeholders"]):
        raise PromptError(f"{name}: uses {sorted(used)} but names {sorted(front['placeholders'])}")
    return Prompt(
        name=name,
        version=int(front["version"]),
        purpose=str(front["purpose"]),
        placeholders=frozenset(used),
        temperature=float(front["temperature"]),
        max_tokens=int(front["max_tokens"]),
        instructions=instructions.strip(),
        material=material.strip(),
    )


def load(folder: Path) -> Mapping[str, Prompt]:
    """All prompts of a folder by name (the file's stem)."""
    files = sorted(folder.glob("*.md"))
    if not files:
        raise PromptError(f"no prompt files in {folder.name}/")
    return {path.stem: parse(path.stem, path.read_text("utf-8")) for path in files}
