"""A ticket in a few lines without a model: who, what, since when, what was tried, how it stands. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from console.texts import Texts
from handoff.kinds import Audience, Author
from handoff.model import Client, Message, Person, Ticket

TRIED: Final = 3
_LINE: Final = 160


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a summary is made of; `said` is the ticket's talk, oldest first."""

    ticket: Ticket
    client: Client | None
    requester: Person
    assignee: Person | None
    said: Sequence[Message]


def extract(material: Material, texts: Texts, language: str, *, zone: tzinfo) -> str:
    """The summary, a line for each thing."""

    def line(key: str, /, **values: object) -> str:
        return texts.say(f"case.summary.{key}", language, **values)

    ticket, who = material.ticket, material.requester.name
    lines = [
        line("who_of", who=who, client=material.client.name) if material.client else line("who", who=who),
        line("what", what=_first_words(material) or ticket.title),
        line("since", at=_wall(ticket.since, zone)),
    ]
    tried = _tried(material.said)
    lines += [line("tried", tried="； ".join(tried) if language != "en" else "; ".join(tried))] if tried else []
    state = texts.say(f"state.{ticket.state}", language)
    holder = material.assignee
    lines.append(line("stands_with", state=state, who=holder.name) if holder else line("stands", state=state))
    last = next((each for each in reversed(material.said) if each.audience is Audience.CLIENT and each.text), None)
    if last is not None:
        lines.append(line("last", who=last.name, at=_wall(last.at, zone), text=_short(last.text)))
    return "\n".join(lines)


def talk(material: Material, *, zone: tzinfo, most: int = 40) -> str:
    """The ticket's talk as plain lines, for a model: when, who, what."""
    lines = [
        f"{_wall(each.at, zone)} {each.author} {each.name}"
        f"{' (internal)' if each.audience is Audience.INTERNAL else ''}: {' '.join(each.text.split())[:600]}"
        for each in material.said
        if each.text
    ]
    return "\n".join(lines[-most:])


def _first_words(material: Material) -> str:
    """What the client said first on this ticket."""
    mine = (each for each in material.said if each.author is Author.CLIENT and each.text)
    own = (each for each in mine if each.ticket_id == material.ticket.id)
    return _short(next((each.text for each in own), material.ticket.summary))


def _tried(said: Sequence[Message]) -> list[str]:
    """What the bot and colleagues told the client, the last few."""
    ours = [each for each in said if each.author in {Author.BOT, Author.STAFF} and each.audience is Audience.CLIENT]
    return [f"{each.name}: {_short(each.text)}" for each in ours if each.text][-TRIED:]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LINE else line[: _LINE - 1] + "…"


def _wall(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
