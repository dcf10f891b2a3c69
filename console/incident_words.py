"""Incidents in words: what happened to one, line by line, and what may be said to clients of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from console.texts import LANGUAGES, Texts
from handoff import directory, sites
from handoff.errors import NotFound
from handoff.rows import number_of
from success import alerts
from success.alerts import Alert
from success.incident_log import Incident, events
from success.incident_members import names
from success.incident_rules import Happening, IncidentEvent, Kind
from success.incident_talk import Saying
from success.postmortem import Line


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of an incident's timeline; `text` is what was written or said with it."""

    at: datetime
    words: str
    kind: str
    text: str = ""


def timeline(conn: Connection, known: Incident, texts: Texts, language: str) -> tuple[Entry, ...]:
    """What happened, in order, its alerts among it: the first, and how many more."""
    happened = events(conn, known.id)
    who = names(conn, [event.by_id for event in happened])
    lines = [_entry(conn, event, who, texts, language) for event in happened]
    return tuple(sorted([*lines, *_alerts(conn, known.id, texts, language)], key=lambda each: each.at))


def as_lines(entries: Sequence[Entry]) -> tuple[Line, ...]:
    """The timeline of a post-mortem."""
    return tuple(Line(at=each.at, words=f"{each.words} {each.text}".strip()) for each in entries)


def usual_texts(texts: Texts, kind: Saying) -> dict[str, str]:
    """What is usually said, in every language, for a person to change."""
    return {language: texts.say(f"incident.say.{kind}", language) for language in LANGUAGES}


def subject_words(conn: Connection, kind: Kind, subject: int) -> str:
    """What a member is called."""
    try:
        match kind:
            case Kind.TICKET:
                return number_of(subject)
            case Kind.CLIENT:
                return directory.client(conn, subject).name
            case Kind.ALERT:
                return alerts.alert(conn, subject).says
    except NotFound:
        return "–"
    site = sites.find(conn, subject)
    return site.title if site is not None else "–"


def _entry(conn: Connection, event: IncidentEvent, who: Mapping[int, str], texts: Texts, language: str) -> Entry:
    facts = event.facts

    def told(key: str, **values: Any) -> str:
        return texts.say(f"incident.event.{key}", language, **values)

    by = who.get(event.by_id or 0) or (
        texts.say("incident.event.rule", language, rule=event.rule)
        if event.rule
        else texts.say("incident.event.desk", language)
    )
    text = str(facts.get("text") or "")
    match event.kind:
        case Happening.LINKED | Happening.PROPOSED | Happening.UNLINKED:
            subject = facts.get("title") or subject_words(conn, Kind(facts["member"]), int(facts["subject"]))
            kind = texts.say(f"incident.member.{facts['member']}", language)
            gone = f"gone.{facts['why']}" if facts.get("why") else None  # nobody took it out
            named = f"{kind} {subject}"
            words = told(gone, what=named) if gone else told(str(event.kind), by=by, what=named)
        case Happening.SAID:
            text = "\n".join(str(each) for each in facts["texts"].values())
            what = texts.say(f"incident.saying.{facts['what']}", language)
            words = told("said", by=by, what=what, n=int(facts["chats"]))
        case Happening.CALLED:
            outcome = texts.say(f"hook.state.{facts['outcome']}", language)
            words, text = told("called", hook=facts["hook"], outcome=outcome), _answer(facts)
        case Happening.DESCRIBED | Happening.SUGGESTED | Happening.OPENED:
            severity = texts.say(f"incident.severity.{facts['severity']}", language)
            words = told(str(event.kind), by=by, title=facts["title"], severity=severity)
        case Happening.DISMISSED:
            words, text = told("dismissed", by=by), str(facts.get("why") or "")
        case Happening.REPORTED if facts.get("finished"):
            words = told("finished", by=by)
        case _:
            words = told(str(event.kind), by=by)
    return Entry(at=event.at, words=words, kind=str(event.kind), text=text)


def _answer(facts: Mapping[str, Any]) -> str:
    return " ".join(str(each) for each in (facts.get("status"), facts.get("answer")) if each)


def _alerts(conn: Connection, incident_id: int, texts: Texts, language: str) -> list[Entry]:
    found: dict[str, list[Alert]] = {}
    for each in reversed(alerts.of_incident(conn, incident_id, limit=2_000)):
        found.setdefault(each.name, []).append(each)
    entries = []
    for name, group in found.items():
        first = min(group, key=lambda each: each.starts_at)
        words = texts.say("incident.event.alert", language, name=name or "–", n=len(group))
        entries.append(
            Entry(at=first.starts_at, words=words, kind="alert", text=first.says if first.says != name else "")
        )
    return entries
