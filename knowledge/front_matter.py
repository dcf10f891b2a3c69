"""What is said about a page, in YAML: at its head, in its sidecar, in its folder's defaults. Pure.

The keys, their types, what is wrong with them, and which word counts where several speak.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

import yaml

from knowledge.model import Audience

_FENCE = re.compile(r"\A---[ \t]*\n(.*?)(?:^(?:---|\.\.\.)[ \t]*(?:\n|\Z))", re.DOTALL | re.MULTILINE)
_TEXTS = frozenset({"title", "language", "video", "product", "owner", "url", "translation_of"})
_LISTS = frozenset({"questions", "tiers", "clients", "supersedes"})
_LANGUAGES = frozenset({"zh-Hans", "zh-Hant", "en"})
_LINKS = frozenset({"video", "url"})
KEYS = _TEXTS | _LISTS | {"audience", "review_by"}
#: Keys that a folder may set for all its pages; the others belong to one page.
SHARED = frozenset({"audience", "clients", "language", "owner", "product", "review_by", "tiers"})
#: Keys that decide who may see a page: where one cannot be understood, the page is internal.
_GUARDED = frozenset({"audience", "clients"})
_MOST_QUESTIONS = 50
#: The safe loader that is written in C, where PyYAML was built with it: ten times as fast.
QUICK: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ALIKE = 0.8
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
    ``doubtful`` are the keys on who may see the page that cannot be understood.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    body: str = ""
    first_line: int = 1
    readable: bool = True
    doubtful: frozenset[str] = frozenset()


class _WrongError(ValueError):
    """A value of the wrong type or kind; the text says what is expected."""


@lru_cache(maxsize=4_096)
def read(text: str) -> FrontMatter:
    """Split a page's text into front matter and body, checking every key; what was read lately is remembered."""
    if not re.match(r"---[ \t]*\n", text):
        return FrontMatter(body=text)
    match = _FENCE.match(text)
    if not match:
        return FrontMatter(faults=(Fault(line=1, message="front matter is not closed by ---"),), readable=False)
    body, first_line = text[match.end() :], text[: match.end()].count("\n") + 1
    found = keys(match.group(1), first=2)
    return replace(found, body=body, first_line=first_line) if found.readable else found


def keys(block: str, *, first: int = 1, allowed: frozenset[str] = KEYS) -> FrontMatter:
    """Check a YAML mapping whose first line is line ``first`` of its file; it has no body."""
    try:
        _refuse_hostile(block)
        node, raw = _parsed(block)
    except yaml.YAMLError as error:
        return _unreadable(_yaml_fault(error, first=first))
    except (ValueError, RecursionError) as error:
        return _unreadable(Fault(line=max(first - 1, 1), message=f"front matter: {error}"))
    if not isinstance(raw, dict):
        return _unreadable(Fault(line=first, message="front matter is not a list of keys"))
    return _checked(raw, lines=_lines(node, first=first), allowed=allowed)


def _parsed(block: str) -> tuple[Any, Any]:
    """Return a block as nodes, which know their lines, and as values."""
    loader = QUICK(block)
    try:
        node = loader.get_single_node()
        return node, (loader.construct_document(node) if node is not None else None) or {}
    finally:
        loader.dispose()


def merged(layers: Iterable[FrontMatter]) -> dict[str, Any]:
    """Return what holds for a page of which several speak, the last word counting.

    Where the last word on who may see it cannot be understood, the page is internal.
    """
    values: dict[str, Any] = {}
    doubtful: frozenset[str] = frozenset()
    for layer in layers:
        doubtful = (doubtful - layer.values.keys()) | layer.doubtful
        values |= layer.values
    return values | {"audience": Audience.INTERNAL} if doubtful else values


def _unreadable(fault: Fault) -> FrontMatter:
    return FrontMatter(faults=(fault,), readable=False, doubtful=_GUARDED)


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


def _yaml_fault(error: yaml.YAMLError, *, first: int) -> Fault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "cannot be read"
    return Fault(line=mark.line + first if mark else 1, message=f"front matter: {problem}")


def _lines(node: Any, *, first: int) -> dict[str, int]:
    """Return the line in the file on which each key stands."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {str(key.value): key.start_mark.line + first for key, _ in pairs}


def _checked(raw: Mapping[Any, Any], *, lines: Mapping[str, int], allowed: frozenset[str]) -> FrontMatter:
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    doubtful: set[str] = set()
    for key, value in raw.items():
        name = str(key)
        try:
            read_value = _value(name, value, allowed=allowed)
        except _WrongError as error:
            faults.append(Fault(line=lines.get(name, 1), message=str(error)))
            doubtful |= _meant(name)
        else:
            if read_value is not None:
                values[name] = read_value
    return FrontMatter(values=values, faults=tuple(faults), doubtful=frozenset(doubtful))


def _meant(key: str) -> set[str]:
    """Return the guarded key that a wrong entry was probably about ("client: acme" is about ``clients``)."""
    return set(difflib.get_close_matches(key.lower(), sorted(_GUARDED), n=1, cutoff=_ALIKE))


def _value(key: str, value: Any, *, allowed: frozenset[str]) -> Any:
    if key not in KEYS:
        hint = "".join(f" (is {meant!r} meant?)" for meant in _meant(key))
        raise _WrongError(f"unknown key {key!r}{hint}")
    if key not in allowed:
        raise _WrongError(f"{key} belongs to one page, not to a folder")
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
