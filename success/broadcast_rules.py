"""Whom a broadcast is for, in which words, who is left out, and when it is said there. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from handoff.kinds import Mode
from handoff.model import Chat, Client

DEFAULT: Final = "zh-Hans"
TRADITIONAL: Final = "zh-Hant"
ENGLISH: Final = "en"
LANGUAGES: Final = (DEFAULT, TRADITIONAL, ENGLISH)
STOP_WORDS: Final = frozenset(
    {"退订", "退訂", "不再接收", "取消订阅", "取消訂閱", "td", "unsubscribe", "stop broadcasts"}
)
"""What somebody writes who wants no broadcasts."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Whom a broadcast is for; a choice of nothing means everybody."""

    tiers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    clients: tuple[int, ...] = ()
    cms: tuple[str, ...] = ()
    hosting: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """From JSON."""
        return cls(**{name: tuple(kept.get(name, ())) for name in cls.__dataclass_fields__})

    def as_json(self) -> dict[str, list[Any]]:
        """For the database."""
        return {name: list(values) for name, values in asdict(self).items()}


def fits(wanted: Wanted, client: Client, *, language: str, platform: str) -> bool:
    """Whether a client's group is among those chosen. CMS and hosting are those of its main site."""
    checks = (
        (wanted.tiers, str(client.tier)),
        (wanted.languages, language),
        (wanted.clients, client.id),
        (_folded(wanted.cms), (client.cms or "").casefold()),
        (_folded(wanted.hosting), (client.hosting or "").casefold()),
        (wanted.platforms, platform),
    )
    return all(not chosen or value in chosen for chosen, value in checks)


def why_left(chat: Chat, client: Client, *, refused: bool) -> str:
    """Why nothing is said in a group: `archived`, `lost`, `off`, `community`, `refused`; "" where something is."""
    reasons = {
        "archived": client.archived_at is not None,
        "lost": chat.lost_at is not None,
        "off": chat.mode is Mode.OFF,
        "community": chat.mode is Mode.COMMUNITY,
        "refused": refused,
    }
    return next((why for why, holds in reasons.items() if holds), "")


def text_in(texts: Mapping[str, str], language: str, *, convert: Callable[[str], str]) -> str:
    """The text for a language: traditional script is converted where nobody wrote it; without English, the default."""
    written = texts.get(language)
    if written:
        return written
    return convert(texts[DEFAULT]) if language == TRADITIONAL else texts[DEFAULT]


def read_local(text: str) -> datetime | None:
    """A wall clock's time, as a form gives it; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is None else None


def at_local(text: str, zone: ZoneInfo) -> datetime:
    """That time on the wall there, in UTC."""
    found = read_local(text)
    assert found is not None, "it was read before"
    return found.replace(tzinfo=zone).astimezone(UTC)


def says_stop(text: str) -> bool:
    """Whether somebody writes that they want no broadcasts, and nothing else."""
    return " ".join(text.strip(" \t\n.。!！~").casefold().split()) in STOP_WORDS


def _folded(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.casefold() for name in names)
