"""The YAML block at the head of a page: its keys, their types, and what is wrong with them. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

import yaml

from knowledge.model import Audience

_FENCE = re.compile(r"\A---[ \t]*\n(.*?)(?:^(?:---|\.\.\.)[ \t]*(?:\n|\Z))", re.DOTALL | re.MULTILINE)
_TEXTS = frozenset({"title", "language", "video", "product", "owner", "url"})
_LISTS = frozenset({"questions", "tiers", "clients", "supersedes"})
_LANGUAGES = frozenset({"zh-Hans", "zh-Hant", "en"})
_LINKS = frozenset({"video", "url"})
KEYS = _TEXTS | _LISTS | {"audience", "review_by"}
_MOST_QUESTIONS = 50
_LONGEST = 64_000


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing wrong, at a line of the file."""

    line: int
    message: str


@dataclass(frozen=True, kw_only=True)
class FrontMatter:
    """The keys that are right, what is wrong with the others, and where the body begins.

    ``readable`` is False where the block is no YAML mapping at all: nothing may be assumed of such a page.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    body: str = ""
    first_line: int = 1
    readable: bool = True


class _WrongError(ValueError):
    """A value of the wrong type or kind; the text says what is expected."""


def read(text: str) -> FrontMatter:
    """Split a page's text into front matter and body, checking every key."""
    if not re.match(r"---[ \t]*\n", text):
        return FrontMatter(body=text)
    match = _FENCE.match(text)
    if not match:
        return FrontMatter(faults=(Fault(line=1, message="front matter is not closed by ---"),), readable=False)
    body, first_line = text[match.end() :], text[: match.end()].count("\n") + 1
    try:
        _refuse_hostile(match.group(1))
        node = yaml.compose(match.group(1), Loader=yaml.SafeLoader)
        raw = yaml.safe_load(match.group(1)) or {}
    except yaml.YAMLError as error:
        return FrontMatter(faults=(_yaml_fault(error),), readable=False)
    except (ValueError, RecursionError) as error:
        return FrontMatter(faults=(Fault(line=1, message=f"front matter: {error}"),), readable=False)
    if not isinstance(raw, dict):
        return FrontMatter(faults=(Fault(line=2, message="front matter is not a list of keys"),), readable=False)
    values, faults = _checked(raw, lines=_lines(node))
    return FrontMatter(values=values, faults=faults, body=body, first_line=first_line)


def _refuse_hostile(block: str) -> None:
    """A head that is too long, or that repeats itself by aliases: a few lines of those make gigabytes."""
    if len(block) > _LONGEST:
        raise ValueError(f"longer than {_LONGEST // 1000} KB")
    if "*" not in block and "&" not in block:
        return
    for event in yaml.parse(block, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            said = "anchors (&) and aliases (*) are not allowed; put the text in quotes"
            raise yaml.MarkedYAMLError(problem=said, problem_mark=cast("Any", event.start_mark))


def _yaml_fault(error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "cannot be read"
    return Fault(line=mark.line + 2 if mark else 1, message=f"front matter: {problem}")


def _lines(node: Any) -> dict[str, int]:
    """Return the line in the file on which each key stands (the block begins on line 2)."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {str(key.value): key.start_mark.line + 2 for key, _ in pairs}


def _checked(raw: Mapping[Any, Any], *, lines: Mapping[str, int]) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for key, value in raw.items():
        name = str(key)
        try:
            read_value = _value(name, value)
        except _WrongError as error:
            faults.append(Fault(line=lines.get(name, 1), message=str(error)))
        else:
            if read_value is not None:
                values[name] = read_value
    return values, tuple(faults)


def _value(key: str, value: Any) -> Any:
    if key not in KEYS:
        raise _WrongError(f"unknown key {key!r}")
    if value is None:
        return None
    if key == "audience":
        return _audience(value)
    if key == "review_by":
        return _date(value)
    if key in _LISTS:
        return _list(key, value)
    return _text(key, value)


def _audience(value: Any) -> Audience:
    try:
        return Audience(str(value))
    except ValueError:
        raise _WrongError(f"audience is client or internal, not {str(value)[:40]!r}") from None


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise _WrongError("review_by is a date like 2027-06-30") from None


def _list(key: str, value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str | int | float) for item in items):
        raise _WrongError(f"{key} is a list of texts")
    texts = tuple(str(item).strip() for item in items if str(item).strip())
    if len(texts) > _MOST_QUESTIONS:
        raise _WrongError(f"{key} has more than {_MOST_QUESTIONS} entries")
    return texts


def _text(key: str, value: Any) -> str | None:
    if isinstance(value, list | dict):
        raise _WrongError(f"{key} is a text")
    text = " ".join(str(value).split())
    if key == "language" and text not in _LANGUAGES:
        raise _WrongError(f"language is one of {', '.join(sorted(_LANGUAGES))}, not {text[:40]!r}")
    if key in _LINKS and not re.match(r"https?://[^\s<>\"']+\Z", text):
        raise _WrongError(f"{key} is not an http address")
    return text or None
