"""Rules as they are written: YAML to rules, and what is wrong with it by line, with what to do. Pure."""

import re
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from success.incident_errors import Problem, RulesBroken
from success.rule_model import Book

LONGEST: Final = 64 * 1024
DEEPEST: Final = 12
MOST_PROBLEMS: Final = 20
Model = TypeVar("Model", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """YAML without its surprises: `on` is a word, 9:30 a text, dates too; a key stands once."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - yaml's own way

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Refuse a key that stands twice."""
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if keys.count(key.value) > 1:
                raise _broken(key.start_mark.line + 1, str(key.value)[:60], "stands twice")
        return super().construct_mapping(node, deep=deep)


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|false|False)$", "tTfF"),
    ("int", r"^[-+]?[0-9]{1,15}$", "-+0123456789"),
    ("float", r"^[-+]?[0-9]{1,15}\.[0-9]{1,15}$", "-+0123456789"),
    ("null", r"^(?:~|null|)$", "~n\0"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), [*_first, ""])


def read(source: str) -> Book:
    """The rules; raises RulesBroken with every problem, each at its line."""
    return validated(source, Book, begins="rules:")


def validated(source: str, model: type[Model], *, begins: str) -> Model:
    """What is written, as a model reads it; raises RulesBroken with every problem, each at its line."""
    if len(source) > LONGEST:
        raise _broken(1, "", f"is longer than {LONGEST // 1024} KB; leave some out")
    try:
        _refuse_tricks(source)
        node = yaml.compose(source, Loader=_Loader)
        written = yaml.load(source, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _broken(mark.line + 1 if mark else 1, "", f"is no YAML here: {error.problem or error}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _broken(1, "", f"is no YAML: {str(error)[:200]}") from error
    if not isinstance(written, dict):
        raise _broken(1, "", f"must begin with `{begins}`, as the sample does")
    try:
        return model.model_validate(written)
    except ValidationError as error:
        wrong = error.errors()
        deepest = [one for one in wrong if not any(_within(other["loc"], one["loc"]) for other in wrong)]
        found = [_problem(each["loc"], each["msg"], each["type"], node) for each in deepest[:MOST_PROBLEMS]]
        raise RulesBroken(tuple(sorted(found, key=lambda each: each.line))) from error


def _refuse_tricks(source: str) -> None:
    """No anchors (a few lines can stand for millions), no depth without end, no second document, no key twice."""
    depth, documents = 0, 0
    for event in yaml.parse(source, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _broken(_at(event), "", "anchors (& and *) are not taken; write it out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > DEEPEST:
            raise _broken(_at(event), "", "is nested too deeply")
    if documents > 1:
        raise _broken(1, "", "must be one document, without ---")


def _within(inner: Sequence[int | str], outer: Sequence[int | str]) -> bool:
    """Whether a place lies in another: what is wrong around it is wrong because of it."""
    return len(inner) > len(outer) and list(inner[: len(outer)]) == list(outer)


def _at(event: Any) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 1


def _problem(loc: Sequence[int | str], message: str, kind: str, node: Any) -> Problem:
    where = ".".join(str(part) if isinstance(part, str) else f"[{part + 1}]" for part in loc).replace(".[", "[")
    advice = {
        "extra_forbidden": "is not known here; see the examples for what can be written",
        "missing": "is missing",
        "too_short": "wants at least one",
        "string_pattern_mismatch": "wants small letters, digits and hyphens only, or the name of a field",
    }.get(kind, message.removeprefix("Value error, "))
    return Problem(line=_line(loc, node), where=where, why=advice)


def _line(loc: Sequence[int | str], node: Any) -> int:
    """The line of the deepest part of a place that is written."""
    line = node.start_mark.line
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == part), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
        else:
            break
    return int(line) + 1


def _broken(line: int, where: str, why: str) -> RulesBroken:
    return RulesBroken((Problem(line=line, where=where, why=why),))
