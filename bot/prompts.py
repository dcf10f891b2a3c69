"""What the model is told: files in `prompts/` with front matter and strict placeholders.

A file is front matter (`purpose`, `version`, `placeholders`, `temperature`, `max_tokens`), then the instructions, then,
after a line `===`, the material. Instructions become the system message and take no foreign text but a language's name.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from string import Formatter

import yaml

from bot.errors import PromptError

_FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_KEYS = {"purpose", "version", "placeholders", "temperature", "max_tokens"}
LONGEST = 16_000
"""Characters of a version that is written in the desk."""
_HOTTEST = 2
_MOST_TOKENS = 8_000
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
    edition: int = 0  # of one that was written in the desk; 0 is the file

    @property
    def label(self) -> str:
        """The prompt and its version, as records keep it: `answer@1` is the file's, `answer@desk.3` the desk's."""
        return f"{self.name}@desk.{self.edition}" if self.edition else f"{self.name}@{self.version}"

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


Source = Prompt | Callable[[], Awaitable[Prompt]]
"""A prompt, or what tells the one that is published now."""


async def current(source: Source) -> Prompt:
    """The prompt that holds now."""
    return source if isinstance(source, Prompt) else await source()


def checked(text: str, *, like: Prompt, edition: int) -> Prompt:
    """Read a version that was written in the desk, which must fit where the file `like` is used.

    Raises:
        PromptError: it cannot be read, is too long, takes other placeholders, or asks for what no model gives.
    """
    if len(text) > LONGEST:
        raise PromptError(f"{like.name}: longer than {LONGEST:,} characters")
    made = replace(parse(like.name, text), edition=edition)
    if made.placeholders != like.placeholders:
        raise PromptError(
            f"{like.name}: must take exactly {sorted(like.placeholders)}, takes {sorted(made.placeholders)}"
        )
    if not 0 <= made.temperature <= _HOTTEST:
        raise PromptError(f"{like.name}: temperature must lie between 0 and {_HOTTEST}")
    if not 1 <= made.max_tokens <= _MOST_TOKENS:
        raise PromptError(f"{like.name}: max_tokens must lie between 1 and {_MOST_TOKENS:,}")
    if not made.purpose.strip() or not made.instructions:
        raise PromptError(f"{like.name}: purpose and instructions must not be empty")
    if bool(made.material) != bool(like.material):
        raise PromptError(f"{like.name}: the line === parts instructions from material, as in the file")
    if _named(made.instructions) - _named(like.instructions):
        raise PromptError(
            f"{like.name}: what clients and pages say belongs below the line ===, not in the instructions"
        )
    return made


def _named(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


def parse(name: str, text: str) -> Prompt:
    """Read one prompt file; raises `PromptError` naming what is wrong with it."""
    found = _FRONT.match(text.replace("\r\n", "\n"))
    if not found:
        raise PromptError(f"{name}: front matter between two lines of --- is missing")
    try:
        return _parsed(name, yaml.safe_load(found[1]), found[2])
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, OverflowError) as error:
        raise PromptError(f"{name}: {error}") from error


def _parsed(name: str, front: object, body: str) -> Prompt:
    if not isinstance(front, dict) or front.keys() != _KEYS:
        raise PromptError(f"{name}: front matter must hold exactly {', '.join(sorted(_KEYS))}")
    if not isinstance(front["purpose"], str) or not isinstance(front["placeholders"], list):
        raise PromptError(f"{name}: purpose is a text, placeholders a list")
    instructions, _, material = body.partition("\n===\n")
    parts = list(Formatter().parse(instructions + material))
    if any(form or turned for _, _, form, turned in parts):
        raise PromptError(f"{name}: a placeholder is a plain name in braces; a brace itself is written twice")
    used = {field for _, field, _, _ in parts if field is not None}
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
