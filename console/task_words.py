"""A task as a sentence: the text of its kind with its facts; a plainer one where facts are missing. Pure."""

from collections.abc import Mapping
from datetime import date
from string import Formatter
from typing import Any, Final

from console import formats
from console.texts import COUNT, Texts, forms_of
from success.tasks import Task

LONGEST: Final = 200
_DAY: Final = len("2026-11-30")


def sentence(texts: Texts, language: str, task: Task) -> str:
    """What is to do: the text that the facts name, else that of its kind, else the plain words of its kind."""
    for key in _keys(task):
        if texts.has(key) and (values := _values(texts, key, language, task.facts)) is not None:
            return texts.say(key, language, **values)
    return texts.say(f"task.{task.kind}.plain", language)


def _keys(task: Task) -> tuple[str, ...]:
    named = str(task.facts.get("text") or "")
    own = (f"task.{task.kind}.{named}", named) if named.isascii() and named else ()
    return (*own, f"task.{task.kind}")


def _values(texts: Texts, key: str, language: str, facts: Mapping[str, Any]) -> dict[str, object] | None:
    """What the sentence names; None where a fact is missing."""
    names = {
        name for form in forms_of(texts.entries[key][language]) for _, name, _, _ in Formatter().parse(form) if name
    }
    if any(facts.get(name) in {None, ""} for name in names if not isinstance(facts.get(name), list | dict)):
        return None
    if COUNT in names and (isinstance(facts[COUNT], bool) or not isinstance(facts[COUNT], int | float)):
        return None
    return {name: facts[name] if name == COUNT else _fact(texts, language, name, facts[name]) for name in names}


def _fact(texts: Texts, language: str, name: str, value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_fact(texts, language, name, each) for each in value)[:LONGEST]
    said = str(value)[:LONGEST]
    for key in (f"task.fact.{name}.{said}", f"sites.{name}.{said}"):
        if texts.has(key):
            return texts.say(key, language)
    try:
        return formats.day(date.fromisoformat(said), language) if len(said) == _DAY else said
    except ValueError:
        return said
