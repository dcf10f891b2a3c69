"""Macros: named replies with placeholders, in several languages, with what is to follow them. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from handoff.errors import HandoffError
from handoff.kinds import Level, Role
from handoff.model import Person
from handoff.routing import LEADING

PLACEHOLDERS: Final = ("client", "requester", "ticket", "agent", "site")
LANGUAGES: Final = ("zh-Hans", "zh-Hant", "en")
ACTIONS: Final = ("wait", "resolve")
NAME_LENGTH: Final = 60
TEXT_LENGTH: Final = 4_000
_BRACED: Final = re.compile(r"\{([^{}\n]*)\}")
_NEAREST: Final = {"zh-Hans": "zh-Hant", "zh-Hant": "zh-Hans"}


class MacroError(HandoffError):
    """A macro cannot be kept: its field `where`, `why` (missing, long, taken, stale, many, placeholder) and `what`."""

    def __init__(self, where: str, why: str, what: str = "") -> None:
        super().__init__(f"{where}: {why} {what}".strip())
        self.where = where
        self.why = why
        self.what = what


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a macro says and does; `shared`: it is everybody's."""

    name: str
    texts: Mapping[str, str]
    then: str | None = None
    level: Level | None = None
    shared: bool = False


@dataclass(frozen=True, kw_only=True)
class Macro(Draft):
    """A macro that is kept. `uses`: how often a reply was sent with it; `version` grows with each change."""

    id: int
    owner_id: int | None
    place: int
    uses: int
    version: int


def read_draft(fields: Mapping[str, str], *, by: Person) -> Draft:
    """A macro as typed; raises MacroError naming the field, and the placeholder that there is not."""
    name = " ".join(fields.get("name", "").split())
    if not name or len(name) > NAME_LENGTH:
        raise MacroError("name", "long" if name else "missing")
    texts = {tag: _text(tag, fields.get(f"text-{tag}", "")) for tag in LANGUAGES}
    kept = {tag: text for tag, text in texts.items() if text}
    if not kept:
        raise MacroError("text", "missing")
    then, level = fields.get("then", ""), fields.get("level", "")
    return Draft(
        name=name,
        texts=kept,
        then=then if then in ACTIONS else None,
        level=Level(level) if level in set(Level) else None,
        shared=bool(fields.get("shared")) and by.role in LEADING,
    )


def fill(text: str, values: Mapping[str, str | None]) -> str:
    """The text with what is known put in; one without a value stays, to be seen. Values are not read again."""
    return _BRACED.sub(lambda found: values.get(found[1].strip()) or found[0], text)


def unfilled(text: str) -> tuple[str, ...]:
    """The placeholders that still stand in a text, as they are written."""
    return tuple(found[0] for found in _BRACED.finditer(text) if found[1].strip() in PLACEHOLDERS)


def wording(macro: Draft, language: str) -> str:
    """The text in a language; else in the other script, else in English, else in any there is."""
    order = (language, _NEAREST.get(language, ""), "en", *LANGUAGES)
    return next(macro.texts[tag] for tag in order if tag in macro.texts)


def may_change(macro: Macro, person: Person) -> bool:
    """One's own, or as a lead those of everybody."""
    return macro.owner_id == person.id or (macro.owner_id is None and person.role in LEADING)


def may_share(role: Role | None) -> bool:
    """Whether this role keeps macros for everybody."""
    return role in LEADING


def _text(tag: str, typed: str) -> str:
    text = typed.replace("\r\n", "\n").replace("\0", "").strip()
    if len(text) > TEXT_LENGTH:
        raise MacroError(f"text-{tag}", "long")
    for found in _BRACED.finditer(text):
        if found[1].strip() not in PLACEHOLDERS:
            raise MacroError(f"text-{tag}", "placeholder", found[0])
    return text
