"""Drills as they are written: YAML to scenarios, and what is wrong with it by place. Pure."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

import yaml

from handoff.kinds import Level, Tier
from success.drills.errors import DrillBroken
from success.drills.model import WRITTEN, Branch, Item, ItemKind, Persona, Said, Scenario, Sign, Source, Step

LONGEST: Final = 96 * 1024
MOST: Final = 40
"""Branches, items, steps, lines of one kind."""
LONGEST_SENTENCE: Final = 600
LONGEST_WORDS: Final = 300
MOST_PROBLEMS: Final = 12
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,39}")
_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DEEPEST: Final = 10
_KEYS: Final = frozenset(
    {
        "name", "title", "tier", "level", "at", "persona", "facts", "pages", "opening", "branches", "otherwise",
        "content", "leaves", "no_time", "rubric", "pass_mark", "lines",
    }
)  # fmt: skip
_BEFORE: Final = frozenset(Sign)
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def version_of(text: str) -> str:
    """The name of a drill's text, by its content."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def read(text: str) -> Scenario:
    """The drill; raises DrillBroken with what is wrong, each with its place (`branches.3.say`)."""
    if len(text.encode("utf-8", "replace")) > LONGEST:
        raise DrillBroken((("", f"is longer than {LONGEST // 1024} KB"),))
    try:
        _refuse_tricks(text)
        root = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}" if mark else ""
        raise DrillBroken(((where, f"is no YAML: {error.problem or error}"),)) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise DrillBroken((("", f"is no YAML: {str(error)[:200]}"),)) from error
    reader = _Reader()
    made = reader.scenario(root, version_of(text))
    if made is None or reader.problems:
        raise DrillBroken(tuple(reader.problems[:MOST_PROBLEMS]))
    return made


def _refuse_tricks(text: str) -> None:
    """Raise YAMLError for anchors, and for nesting that no drill has."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.YAMLError("anchors are not read; write the text out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise yaml.YAMLError(f"is nested deeper than {_DEEPEST}")


class _Reader:
    """Reads fields, and notes what is wrong with each instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []

    def scenario(self, root: object, version: str) -> Scenario | None:
        if not isinstance(root, Mapping):
            self._wrong("", "must be a mapping that begins with `name:`")
            return None
        self._known(root, _KEYS, "")
        rubric = self._rows(root, "rubric", self._item)
        if len({item.id for item in rubric}) != len(rubric):
            self._wrong("rubric", "an id stands twice")
        persona = self._persona(root.get("persona"))
        tier, level = self._choice(root, "tier", Tier), self._choice(root, "level", Level)
        at, name = self._instant(root.get("at")), self._name(root.get("name"))
        made = {
            "title": self._said(root.get("title"), "title"), "facts": self._rows(root, "facts", self._said),
            "pages": self._rows(root, "pages", self._page), "opening": self._rows(root, "opening", self._said),
            "branches": self._rows(root, "branches", self._branch),
            "otherwise": self._rows(root, "otherwise", self._said),
            "content": self._said(root.get("content"), "content"), "leaves": self._said(root.get("leaves"), "leaves"),
            "no_time": self._said(root.get("no_time"), "no_time"),
            "pass_mark": self._number(root.get("pass_mark"), "pass_mark", 1, 100),
            "lines": self._number(root.get("lines"), "lines", 2, 12),
        }  # fmt: skip
        if self.problems or persona is None or tier is None or level is None or at is None:
            return None
        return Scenario(
            name=name, version=version, tier=tier, level=level, at=at, persona=persona, rubric=rubric,
            **made,  # type: ignore[arg-type]
        )  # fmt: skip

    def _persona(self, row: object) -> Persona | None:
        if not isinstance(row, Mapping):
            self._wrong("persona", "must be a mapping")
            return None
        self._known(row, {"name", "firm", "who", "goal", "mood", "calm"}, "persona")
        texts = {key: self._said(row.get(key), f"persona.{key}") for key in ("name", "firm", "who", "goal")}
        mood = self._number(row.get("mood"), "persona.mood", 1, 9)
        calm = self._number(row.get("calm"), "persona.calm", 2, 12)
        if calm <= mood:
            self._wrong("persona.calm", "must be more than the mood it begins with")
        return Persona(**texts, mood=mood, calm=calm)

    def _branch(self, row: object, where: str) -> Branch:
        if not isinstance(row, Mapping):
            self._wrong(where, "must be a mapping")
            row = {}
        self._known(row, {"when", "without", "say", "mood", "ends"}, where)
        say = row.get("say")
        lines = say if isinstance(say, list) else [say]
        if row.get("ends") not in {None, True, False}:
            self._wrong(f"{where}.ends", "is yes or no")
        return Branch(
            when=self._signs(row.get("when"), f"{where}.when", needed=True),
            without=self._signs(row.get("without", []), f"{where}.without"),
            say=tuple(self._said(each, f"{where}.say.{number}") for number, each in enumerate(lines[:MOST], 1)),
            mood=self._number(row.get("mood", 0), f"{where}.mood", -9, 9),
            ends=row.get("ends") is True,
        )

    def _item(self, row: object, where: str) -> Item:
        if not isinstance(row, Mapping):
            self._wrong(where, "must be a mapping")
            row = {}
        keys = {
            "id",
            "kind",
            "name",
            "weight",
            "critical",
            "words",
            "denied",
            "steps",
            "apology_due",
            "no_date",
            "no_start",
            "page",
            "quote",
        }
        self._known(row, keys, where)
        known = str(row.get("id", ""))
        if not _ID.fullmatch(known):
            self._wrong(f"{where}.id", "must be small letters, digits and _")
        kind = self._choice(row, "kind", ItemKind, where) or ItemKind.SAYS
        steps = self._rows(row, "steps", self._step, where) if kind is ItemKind.STEPS else ()
        words = self._words(row.get("words"), f"{where}.words") if kind is ItemKind.SAYS else None
        is_facts, written = kind is ItemKind.FACTS, row.get("denied")
        denied = self._words(written, f"{where}.denied") if is_facts and written is not None else None
        if written is not None and not is_facts:
            self._wrong(f"{where}.denied", "is for the item of facts only")
        for key in ("critical", "apology_due", "no_date", "no_start"):
            if row.get(key) not in {None, True, False}:
                self._wrong(f"{where}.{key}", "is yes or no")
        return Item(
            id=known, kind=kind, name=self._said(row.get("name"), f"{where}.name"),
            weight=self._number(row.get("weight"), f"{where}.weight", 1, 100), critical=row.get("critical") is True,
            words=words, denied=denied, steps=steps, apology_due=row.get("apology_due") is True,
            no_date=row.get("no_date") is True, no_start=row.get("no_start") is True, source=self._source(row, where),
        )  # fmt: skip

    def _step(self, row: object, where: str) -> Step:
        if not isinstance(row, Mapping):
            self._wrong(where, "must be a mapping")
            row = {}
        self._known(row, {"name", "words", "page", "quote"}, where)
        name, words = self._said(row.get("name"), f"{where}.name"), self._words(row.get("words"), f"{where}.words")
        return Step(name=name, words=words, source=self._source(row, where))

    def _source(self, row: Mapping[Any, Any], where: str) -> Source | None:
        if row.get("page") is None:
            return None
        return Source(page=self._page(row["page"], f"{where}.page"), quote=str(row.get("quote") or "")[:300])

    def _said(self, value: object, where: str) -> Said:
        if not isinstance(value, Mapping) or set(value) != set(WRITTEN):
            self._wrong(where, f"must be a sentence in {' and '.join(WRITTEN)}, and no other language")
            return dict.fromkeys(WRITTEN, "")
        for language, text in value.items():
            if not isinstance(text, str) or not text.strip():
                self._wrong(f"{where}.{language}", "must be a text")
            elif len(text) > LONGEST_SENTENCE:
                self._wrong(f"{where}.{language}", f"is longer than {LONGEST_SENTENCE} characters")
        return {language: str(text).strip() for language, text in value.items()}

    def _words(self, value: object, where: str) -> Mapping[str, tuple[str, ...]]:
        if not isinstance(value, Mapping) or set(value) != set(WRITTEN):
            self._wrong(where, f"must be lists of words in {' and '.join(WRITTEN)}")
            return dict.fromkeys(WRITTEN, ())
        found: dict[str, tuple[str, ...]] = {}
        for language, words in value.items():
            rows = words if isinstance(words, list) else []
            if not rows or len(rows) > MOST or not all(isinstance(each, str) and each.strip() for each in rows):
                self._wrong(f"{where}.{language}", f"must be a list of 1 to {MOST} texts")
            if any(isinstance(each, str) and len(each) > LONGEST_WORDS for each in rows):
                self._wrong(f"{where}.{language}", f"words are longer than {LONGEST_WORDS} characters")
            found[language] = tuple(str(each).strip() for each in rows[:MOST])
        return found

    def _signs(self, value: object, where: str, *, needed: bool = False) -> frozenset[Sign]:
        rows = value if isinstance(value, list) else []
        unknown = [str(each) for each in rows if each not in _BEFORE]
        if not isinstance(value, list) or (needed and not rows):
            self._wrong(where, "must be a list of signs")
        if unknown:
            self._wrong(where, f"{unknown[0]!r} is no sign; known are {', '.join(sorted(Sign))}")
        return frozenset(Sign(each) for each in rows if each in _BEFORE)

    def _rows(
        self, root: Mapping[Any, Any], key: str, read_one: Callable[[object, str], T], within: str = ""
    ) -> tuple[T, ...]:
        where = f"{within}.{key}" if within else key
        rows = root.get(key)
        if not isinstance(rows, Sequence) or isinstance(rows, str) or not 1 <= len(rows) <= MOST:
            self._wrong(where, f"must be a list of 1 to {MOST}")
            return ()
        return tuple(read_one(row, f"{where}.{number}") for number, row in enumerate(rows, 1))

    def _choice(self, root: Mapping[Any, Any], key: str, choices: type[E], within: str = "") -> E | None:
        value = root.get(key)
        if not isinstance(value, str) or value not in set(choices):
            where = f"{within}.{key}" if within else key
            self._wrong(where, f"{value!r} is none of {', '.join(choices)}")
            return None
        return choices(value)

    def _number(self, value: object, where: str, least: int, most: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self._wrong(where, f"must be a whole number from {least} to {most}")
            return least
        return value

    def _instant(self, value: object) -> datetime | None:
        try:
            found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self._wrong("at", "must be an instant with its offset, such as 2026-11-20T22:10:00+08:00")
            return None
        return found

    def _name(self, value: object) -> str:
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            self._wrong("name", "must be small letters, digits and -, 2 to 40 of them")
        return str(value)

    def _page(self, value: object, where: str) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > 200:  # noqa: PLR2004 - of a path
            self._wrong(where, "must be the id of a page of the manual, such as zh/service/service-levels")
        return str(value).strip()

    def _known(self, row: Mapping[Any, Any], names: Iterable[str], where: str) -> None:
        for name in sorted(str(each) for each in row if each not in set(names))[:3]:
            self._wrong(f"{where}.{name}" if where else name, "is not known here")

    def _wrong(self, where: str, what: str) -> None:
        self.problems.append((where, what))
