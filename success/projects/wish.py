"""What somebody wants built, as a questionnaire or a person gathered it. Pure.

All of it is the client's words: they may be quoted, and nothing else. `plain` takes from them what a reader's program
would make a link or hidden text of; `calm` besides whatever a chat makes a link of by itself.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final, Self

from success.projects.errors import ProjectRefused

LANGUAGES: Final = ("zh-Hans", "zh-Hant", "en")
TITLE_LENGTH: Final = 80
TEXT_LENGTH: Final = 2_000
ITEM_LENGTH: Final = 300
MOST_ITEMS: Final = 40
MOST_BUDGET: Final = 1_000_000_000
YEARS: Final = range(2000, 2101)
TEXTS: Final = ("industry", "audience", "look")
LISTS: Final = ("functions", "references", "competitors", "indicators", "open")
_SCHEME: Final = re.compile(
    r"(?i)(?<![a-z0-9])(?:(?:[a-z][a-z0-9+.-]{0,15}:)?//|(?:javascript|vbscript|data|mailto|tel|file|tg|sms):|www\.)"
)
_MARKUP: Final = re.compile(r"\](?=[(\[])")
_REACHES: Final = re.compile(
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}|(?<!\w)@\w{2,64}|(?<![\w.-])(?:[\w-]{1,63}\.){1,5}[^\W\d_]{2,24}(?:[/?#]\S{0,500})?"
)
_MARKS: Final = r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_STACKED: Final = re.compile(rf"({_MARKS}{{3}}){_MARKS}+")
"""More marks over one letter than any language has."""
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """New work as its client describes it. A budget is in whole units of its currency; None where none was named."""

    title: str
    client: str
    language: str = "zh-Hans"
    industry: str = ""
    audience: str = ""
    functions: tuple[str, ...] = ()
    look: str = ""
    references: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    budget_from: int | None = None
    budget_to: int | None = None
    currency: str = "CNY"
    wanted_on: date | None = None
    indicators: tuple[str, ...] = ()
    open: tuple[str, ...] = ()

    @property
    def kept(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self) | {"wanted_on": self.wanted_on.isoformat() if self.wanted_on else None}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """As it was stored."""
        wanted = kept.get("wanted_on")
        lists = {name: tuple(kept.get(name) or ()) for name in LISTS}
        return cls(**{**kept, **lists, "wanted_on": date.fromisoformat(wanted) if wanted else None})


def read_wish(fields: Mapping[str, object]) -> Wish:
    """Read it from a form or a questionnaire; a list may be its lines. Raises ProjectRefused naming the field."""
    title = calm(str(fields.get("title") or ""))
    client = calm(str(fields.get("client") or ""))
    language = str(fields.get("language") or "zh-Hans")
    currency = str(fields.get("currency") or "CNY").strip().upper()
    refused = {
        "title": not title or len(title) > TITLE_LENGTH,
        "client": not client or len(client) > TITLE_LENGTH,
        "language": language not in LANGUAGES,
        "currency": not _CURRENCY.fullmatch(currency),
    }
    if (wrong := next((name for name, holds in refused.items() if holds), None)) is not None:
        raise ProjectRefused(wrong)
    texts = {name: _text(fields.get(name), name) for name in TEXTS}
    lists = {name: _items(fields.get(name), name) for name in LISTS}
    low, high = (_amount(fields.get(name)) for name in ("budget_from", "budget_to"))
    if low is not None and high is not None and low > high:
        raise ProjectRefused("budget")
    return Wish(
        title=title, client=client, language=language, currency=currency, budget_from=low, budget_to=high,
        wanted_on=read_date(fields.get("wanted_on"), "wanted_on"), **texts, **lists,  # type: ignore[arg-type]
    )  # fmt: skip


def plain(text: str) -> str:
    """Somebody's words without what hides or leads elsewhere: no control marks, no schemes of addresses."""
    bare = _STACKED.sub(r"\1", "".join(each for each in text if _is_letter(each)))
    while (fewer := _SCHEME.sub("", bare)) != bare:
        bare = fewer
    return "\n".join(" ".join(line.split()) for line in _MARKUP.sub("] ", bare).split("\n")).strip()


def calm(text: str) -> str:
    """One line of somebody's words that no chat makes a link or a call of: addresses and handles become dots."""
    return " ".join(_REACHES.sub("…", plain(text).replace("\n", " ")).split())


def read_date(value: object, field: str) -> date | None:
    """A date that can be meant; None for nothing. Raises ProjectRefused."""
    if value is None or value == "":
        return None
    try:
        found = value if isinstance(value, date) else date.fromisoformat(str(value).strip())
    except ValueError as error:
        raise ProjectRefused(field) from error
    if found.year not in YEARS:
        raise ProjectRefused(field)
    return found


def _is_letter(each: str) -> bool:
    """Whether a letter can be seen, and stand in any file."""
    code = ord(each)
    is_none = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # noqa: PLR2004 - Unicode's noncharacters
    return each == "\n" or not (is_none or unicodedata.category(each) in {"Cc", "Cf", "Cs", "Co"})


def _text(value: object, field: str) -> str:
    said = plain(str(value or ""))
    if len(said) > TEXT_LENGTH:
        raise ProjectRefused(field)
    return said


def _items(value: object, field: str) -> tuple[str, ...]:
    rows: Iterable[object] = value if isinstance(value, list | tuple) else str(value or "").split("\n")
    said = tuple(dict.fromkeys(item for row in rows if (item := plain(str(row)).replace("\n", " "))))
    if len(said) > MOST_ITEMS or any(len(item) > ITEM_LENGTH for item in said):
        raise ProjectRefused(field)
    return said


def _amount(value: object) -> int | None:
    said = str(value if value is not None else "").replace(",", "").replace("，", "").strip()
    if not said:
        return None
    if not (said.isascii() and said.isdecimal() and len(said) <= len(str(MOST_BUDGET)) and int(said) <= MOST_BUDGET):
        raise ProjectRefused("budget")
    return int(said)
