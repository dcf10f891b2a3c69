"""What the pages of incidents show, read in one snapshot; and the part of a ticket's page that speaks of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import Request, Response
from sqlalchemy import Connection

from console.auth import Viewer
from console.desk_pages import frame
from console.incident_words import subject_words, timeline, usual_texts
from console.pages import Pages
from console.texts import LANGUAGES
from handoff import directory
from handoff.model import Ticket
from success import alerts, hooks
from success.incident_errors import IncidentRefused
from success.incident_log import Incident, incident, live
from success.incident_members import affected, counts, firing, of_incident, of_member, tickets_of
from success.incident_reports import newest
from success.incident_rules import ALLOWED, Kind, Member, Severity
from success.incident_talk import Said, Saying, recipients
from success.incident_talk import of_incident as said_of

SHOWN_ALERTS: Final = 20
VERBS: Final = ("confirm", "dismiss", "monitor", "resolve", "reopen", "close")


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A broadcast as it stands in the form; `preview`: whom it would reach is shown, and it may be sent."""

    kind: Saying
    texts: dict[str, str]
    waits: bool = True
    resolve: bool = False
    tickets: bool = False
    preview: bool = False


def usual(pages: Pages, kind: Saying, known: Incident) -> Typed:
    """A broadcast before anybody changed it: what is critical may be told at night."""
    waits = kind is Saying.UPDATE or known.severity is not Severity.CRITICAL
    clear = kind is Saying.ALL_CLEAR
    return Typed(kind=kind, texts=usual_texts(pages.texts, kind), waits=waits, resolve=clear, tickets=clear)


async def show(
    request: Request, pages: Pages, viewer: Viewer, incident_id: int, *,
    typed: Typed | None = None, problem: str | None = None, status: int = 200,
) -> Response:  # fmt: skip
    """One incident's page; raises 404 for none."""
    now, language = pages.deps.clock(), request.state.language

    def load(conn: Connection) -> dict[str, Any]:
        known = incident(conn, incident_id)
        said = said_of(conn, incident_id)
        kind = typed.kind if typed else (Saying.UPDATE if said else Saying.FIRST)
        form = typed or usual(pages, kind, known)
        facts: dict[str, Any] = {"incident": known, "form": form, "said": _batches(said)}
        facts |= {"timeline": timeline(conn, known, pages.texts, language), "hurt": affected(conn, known)}
        facts |= {"tickets": tickets_of(conn, known.id), "parts": _parts(conn, known), "firing": firing(conn, known.id)}
        facts |= {"alerts": alerts.of_incident(conn, known.id, limit=SHOWN_ALERTS), "report": newest(conn, known.id)}
        facts |= {"number_of": counts(conn, [known.id]).get(known.id, {}), "hooks": hooks.every(conn)}
        facts |= {"clients": directory.clients(conn)}
        facts["whom"] = recipients(conn, known, form.kind, waits=form.waits, now=now) if form.preview else ()
        return facts

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    shown |= {"problem": problem, "severities": list(Severity), "sayings": list(Saying), "languages": LANGUAGES}
    known: Incident = shown["incident"]
    shown["verbs"] = [verb for verb in VERBS if known.state in ALLOWED[verb]]
    shown |= {"may_tell": known.state in ALLOWED["tell"], "may_link": known.state in ALLOWED["link"]}
    return pages.page(request, "incident.html", status=status, **shown)


async def of_ticket(pages: Pages, ticket: Ticket) -> dict[str, Any]:
    """What `_incident_panel.html` needs: the incidents a ticket belongs to, and those it might."""

    def load(conn: Connection) -> dict[str, Any]:
        mine = of_member(conn, Member(kind=Kind.TICKET, subject=ticket.id), live=False)
        ids = {each.id for each, _ in mine}
        return {"incidents_of": mine, "incidents_live": [each for each in live(conn) if each.id not in ids]}

    return await pages.deps.db.read(load)


def problem_words(request: Request, pages: Pages, error: IncidentRefused) -> str:
    """Why something was not done, as a sentence."""
    key = f"incident.error.{error.why}"
    return pages.say(request, key if pages.texts.has(key) else "incident.error.state")


def _parts(conn: Connection, known: Incident) -> list[tuple[Member, str, bool]]:
    """What belongs to it but for its alerts, with what it is called, and whether that is only proposed."""
    found = [each for each in of_incident(conn, known.id) if each.member.kind is not Kind.ALERT]
    return [(each.member, subject_words(conn, each.member.kind, each.member.subject), each.proposed) for each in found]


def _batches(said: tuple[Said, ...]) -> list[dict[str, Any]]:
    """What was said, each broadcast once: its text in each language, and how far it has come."""
    found: dict[str, dict[str, Any]] = {}
    for each in said:
        batch = found.setdefault(
            each.batch,
            {"kind": each.kind, "at": each.at, "texts": {}, "said": 0, "waiting": 0, "left": 0, "next": None},
        )
        batch["texts"][each.language] = each.text
        batch["said" if each.state == "said" else "waiting" if each.state == "waiting" else "left"] += 1
        if each.state == "waiting":
            batch["next"] = _sooner(batch["next"], each.send_at)
    return list(found.values())


def _sooner(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)
