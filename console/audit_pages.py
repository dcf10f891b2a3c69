"""Pages for admins: the log of everything that staff did, and the same as a file."""

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from console.audit_words import AuditLine, action_words, line, people_of
from console.desk_pages import frame
from console.guard import AdminDep
from console.moments import iso
from console.pages import Pages, PagesDep
from console.views import Wording
from handoff import audit_list, directory
from handoff.audit_list import PAGE, Entry, Sieve
from handoff.figures import home_zone
from handoff.kinds import EventKind
from handoff.model import Person
from handoff.spans import midnight

router = APIRouter(prefix="/desk/settings/audit")
MOST_EXPORTED: Final = 10_000
_LONGEST: Final = 120
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """The filter as it was typed."""

    person: str = ""
    action: str = ""
    subject: str = ""
    since: str = ""
    until: str = ""

    def query(self, **more: str) -> str:
        """The same as a query, without what is empty."""
        named = {"person": self.person, "action": self.action, "subject": self.subject}
        named |= {"from": self.since, "to": self.until, **more}
        return urlencode({name: value for name, value in named.items() if value})


@router.get("")
async def audit_page(
    request: Request, *, pages: PagesDep, viewer: AdminDep, person: str = "", action: str = "", subject: str = "",
    since: Annotated[str, Query(alias="from")] = "", until: Annotated[str, Query(alias="to")] = "", before: str = "",
) -> Response:  # fmt: skip
    """The latest lines first, some at a time."""
    wanted = _filter(person, action, subject, since, until)

    def load(conn: Connection) -> tuple[tuple[Entry, ...], tuple[str, ...], tuple[Person, ...], dict[int, str], bool]:
        sieve, fault = sieve_of(wanted, home_zone(conn))
        found = audit_list.entries(conn, sieve, before=before[:64], limit=PAGE + 1)
        names = dict(directory.names(conn, people_of(found)))
        return found, audit_list.actions(conn), directory.staff(conn), names, fault

    found, actions, staff, names, fault = await pages.deps.db.read(load)
    lines = _lines(found[:PAGE], request, pages, names)
    shown = await frame(pages, viewer, section="settings")
    language = request.state.language
    known = {f"ticket.{kind}" for kind in EventKind if pages.texts.has(f"audit.kind.{kind}")} | set(actions)
    choices = sorted(((name, action_words(name, pages.texts, language)) for name in known), key=lambda pair: pair[1])
    if fault:
        shown["problem"] = pages.say(request, "audit.bad_date")
    return pages.page(
        request,
        "audit.html",
        status=422 if fault else 200,
        **shown,
        lines=lines,
        wanted=wanted,
        staff=staff,
        choices=choices,
        later=before,
        more=wanted.query(before=found[PAGE - 1].cursor) if len(found) > PAGE else None,
        export=wanted.query(),
    )


@router.get("/export.csv")
async def audit_export(
    request: Request, *, pages: PagesDep, viewer: AdminDep, person: str = "", action: str = "", subject: str = "",  # noqa: ARG001 - the viewer is the guard
    since: Annotated[str, Query(alias="from")] = "", until: Annotated[str, Query(alias="to")] = "",
) -> Response:  # fmt: skip
    """The filtered lines as a file, the latest ten thousand; what could be read as a formula is made plain text."""
    wanted = _filter(person, action, subject, since, until)

    def load(conn: Connection) -> tuple[tuple[Entry, ...], dict[int, str]]:
        sieve, _ = sieve_of(wanted, home_zone(conn))
        found = audit_list.entries(conn, sieve, limit=MOST_EXPORTED)
        return found, dict(directory.names(conn, people_of(found)))

    found, names = await pages.deps.db.read(load)
    text = _as_csv(_lines(found, request, pages, names), request, pages)
    named = f'attachment; filename="audit-{pages.deps.clock():%Y-%m-%d}.csv"'
    return Response(text, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": named})


def sieve_of(wanted: Filter, zone: ZoneInfo) -> tuple[Sieve, bool]:
    """What a filter means, days being those of the desk; and whether a date in it cannot be read."""
    since, until = _day(wanted.since, zone), _day(wanted.until, zone)
    fault = bool(wanted.since and since is None) or bool(wanted.until and until is None)
    person = int(wanted.person) if wanted.person.isascii() and wanted.person.isdecimal() else None
    sieve = Sieve(
        person_id=person,
        action=wanted.action,
        subject=wanted.subject.strip(),
        since=since,
        until=until + timedelta(days=1) if until else None,
    )
    return sieve, fault


def _filter(person: str, action: str, subject: str, since: str, until: str) -> Filter:
    return Filter(
        person=person[:18], action=action[:_LONGEST], subject=subject[:_LONGEST], since=since[:10], until=until[:10]
    )


def _day(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    if not date(1971, 1, 1) < day < date(9998, 12, 31):
        return None
    return midnight(day, zone)


def _lines(found: tuple[Entry, ...], request: Request, pages: Pages, names: dict[int, str]) -> tuple[AuditLine, ...]:
    known = names | {entry.person_id: entry.name for entry in found if entry.person_id and entry.name}
    wording = Wording(texts=pages.texts, language=request.state.language, names=known)
    return tuple(line(entry, wording) for entry in found)


def _as_csv(lines: tuple[AuditLine, ...], request: Request, pages: Pages) -> str:
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    columns = ("at", "who", "what", "subject", "details", "outcome", "via", "address", "session")
    writer.writerow([pages.say(request, f"audit.column.{name}") for name in columns])
    for each in lines:
        entry = each.entry
        outcome = pages.say(request, f"audit.outcome.{entry.outcome}")
        row = (iso(entry.at), each.who, each.words, entry.subject, each.details, outcome)
        writer.writerow([_plain(cell) for cell in (*row, entry.via or "", entry.address or "", entry.session or "")])
    return "\ufeff" + sheet.getvalue()


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
