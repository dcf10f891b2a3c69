"""What is written when an incident is over: a draft from its events, for a person to finish. Pure.

What happened is filled in; why, and what will be done about it, are headings.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

LONGEST: Final = 40_000
Say = Callable[..., str]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the timeline, in words."""

    at: datetime
    words: str


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A ticket and how long its client waited for a person's first answer; None where nobody answered."""

    number: str
    client: str
    waited: timedelta | None


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """What clients were told, and in how many chats."""

    at: datetime
    text: str
    chats: int


@dataclass(frozen=True, kw_only=True)
class Matter:
    """Everything that a draft is made from; `ended_at` is None while it goes on."""

    number: str
    title: str
    severity: str
    started_at: datetime
    ended_at: datetime | None
    clients: Sequence[str]
    alerts: int
    timeline: Sequence[Line]
    spoken: Sequence[Spoken]
    tickets: Sequence[Answered]


def draft(matter: Matter, *, say: Say, language: str, zone: tzinfo) -> str:
    """The post-mortem in Markdown, its times in the reader's zone."""

    def tell(key: str, **values: object) -> str:
        return say(f"postmortem.{key}", language, **values)

    def when(at: datetime) -> str:
        return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")

    def heading(key: str) -> str:
        return f"\n## {tell(key)}\n"

    ended = matter.ended_at
    lines = [f"# {matter.number} {plain(matter.title)}", heading("summary")]
    lines += [f"- {tell('severity')}: {say(f'incident.severity.{matter.severity}', language)}"]
    lines += [f"- {tell('began')}: {when(matter.started_at)}", f"- {tell('ended')}: {when(ended) if ended else '–'}"]
    lines += [f"- {tell('lasted')}: {span(ended - matter.started_at) if ended else '–'}"]
    lines += [f"- {tell('hurt')}: {len(matter.clients)} · {tell('tickets')}: {len(matter.tickets)}"]
    lines += [f"- {tell('alerts')}: {matter.alerts}", heading("timeline")]
    lines += [f"- {when(each.at)} {plain(each.words)}" for each in matter.timeline]
    lines += [heading("affected"), *(f"- {plain(name)}" for name in matter.clients)]
    lines += [heading("told")]
    lines += [f"- {when(each.at)} ({tell('chats')}: {each.chats}) {plain(each.text)}" for each in matter.spoken] or [
        "–"
    ]
    lines += [heading("first_answers")]
    lines += [f"- {each.number} {plain(each.client)}: {_waited(each, tell)}" for each in matter.tickets] or ["–"]
    for key in ("cause", "went_well", "went_badly", "actions"):
        lines += [heading(key), tell("to_write")]
    return "\n".join(lines).strip() + "\n"


def span(length: timedelta) -> str:
    """A length of time in hours and minutes: 1:05 h, 12 min."""
    minutes = max(0, int(length.total_seconds()) // 60)
    return f"{minutes // 60}:{minutes % 60:02} h" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004 -- an hour


def plain(text: str) -> str:
    """Text that cannot be read as Markdown's own signs, in one line."""
    one = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|" else letter for letter in one)


def _waited(each: Answered, tell: Say) -> str:
    return tell("unanswered") if each.waited is None else span(each.waited)
