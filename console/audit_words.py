"""A line of the audit log as a sentence. Pure."""

from dataclasses import dataclass

from console.texts import Texts
from console.views import Wording, event_words, people_in
from handoff.audit_list import Entry
from handoff.kinds import EventKind
from handoff.model import TicketEvent

_NAMED_BY_TEXT = ("role", "level", "tier")
_HIDDEN = frozenset({"download", "status", "browser", "name"})


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """What the page and the export show of an entry."""

    entry: Entry
    who: str
    words: str
    details: str
    href: str | None


def line(entry: Entry, wording: Wording) -> AuditLine:
    """The sentence of an entry, with its details and where to read on."""
    return AuditLine(
        entry=entry,
        who=entry.name or wording.say("audit.unknown"),
        words=_event(entry, wording) if entry.event else action_words(entry.action, wording.texts, wording.language),
        details=_details(entry, wording),
        href=_href(entry),
    )


def action_words(action: str, texts: Texts, language: str) -> str:
    """What an action is, in words; one that the catalogue does not know is shown by its name, legibly."""
    kind = f"audit.kind.{action.removeprefix('ticket.')}"
    for key in (f"act.{action}", kind) if action.startswith("ticket.") else (f"act.{action}",):
        if texts.has(key):
            return texts.say(key, language)
    room, _, name = action.partition(".")
    return f"{room.removesuffix('_pages').replace('_', ' ')}: {name.replace('_', ' ')}"


def people_of(entries: tuple[Entry, ...]) -> tuple[int, ...]:
    """Everybody whose name the sentences need."""
    return tuple(people_in([_as_event(entry) for entry in entries if entry.event]))


def _event(entry: Entry, wording: Wording) -> str:
    """Without the name at its beginning, which has a column of its own."""
    if wording.texts.has(f"audit.event.{entry.action}"):
        return wording.say(f"audit.event.{entry.action}")
    said = event_words(_as_event(entry), wording)
    return said.removeprefix(wording.name(entry.person_id)).strip()


def _as_event(entry: Entry) -> TicketEvent:
    return TicketEvent(
        id=entry.id, ticket_id=0, seq=0, at=entry.at, recorded_at=entry.at, kind=EventKind(entry.action),
        actor_id=entry.person_id, data=entry.facts,
    )  # fmt: skip


def _details(entry: Entry, wording: Wording) -> str:
    if entry.event:
        return ""
    facts = [_fact(name, value, wording) for name, value in entry.facts.items() if name not in _HIDDEN and value != ""]
    return " · ".join(facts)


def _fact(name: str, value: object, wording: Wording) -> str:
    label = wording.say(f"audit.fact.{name}") if wording.texts.has(f"audit.fact.{name}") else name
    if isinstance(value, bool) or value == "yes":
        shown = wording.say("audit.yes" if value else "audit.no")
    else:
        key = next((f"{each}.{value}" for each in _NAMED_BY_TEXT if wording.texts.has(f"{each}.{value}")), "")
        shown = wording.say(key) if key else str(value)
    return f"{label}: {shown}"


_PLACES = {"t": "/desk/t/{}", "tickets": "/desk/t/{}", "clients": "/desk/clients/{}", "team": "/desk/team/{}"}


def _href(entry: Entry) -> str | None:
    first = entry.subject.split("/")[0]
    safe = first.isascii() and first.replace("-", "").replace("_", "").isalnum()
    return _PLACES[entry.kind].format(first) if entry.kind in _PLACES and safe and first else None
