"""Pages of reports: the list, one report as a sheet with what can be done about it, its print view, PDF and rows."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer
from console.desk_pages import frame
from console.guard import ReaderDep
from console.pages import Pages, PagesDep
from console.report_document import POLICY, Paper, Press
from console.report_pdf import NoFont, NotPrinted
from console.report_words import message_of
from handoff import directory
from handoff.ticket_names import named
from success import proactive
from success.reports import store
from success.reports.joined import JOINED
from success.reports.model import CLIENTS, OURS, WEEKLY, Report, State
from success.traffic import store as traffic
from success.traffic.store import Import

router = APIRouter(prefix="/desk/reports")
AT_ONCE: Final = 60


@router.get("")
async def list_page(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, state: str = "", client: str = "", said: str = ""
) -> Response:
    """Reports by state, the newest first; of one client if named."""
    return await show_list(request, pages, viewer, state=state, client=client, said=said)


async def show_list(
    request: Request, pages: Pages, viewer: Viewer, *, state: str = "", client: str = "", said: str = "",
    problem: str | None = None, typed: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """The list, with a sentence about what did not work."""
    chosen = State(state) if state in set(State) else State.DRAFT if not state else None

    def load(conn: Connection) -> dict[str, Any]:
        known = directory.clients(conn)
        one = next((each for each in known if each.slug == client), None)
        found = store.latest(conn, client_id=one.id if one else None, states=(chosen,) if chosen else (), limit=AT_ONCE)
        names = {each.id: each for each in known}
        missing = {each.client_id for each in found if each.client_id and each.client_id not in names}
        names |= {each: directory.client(conn, each) for each in missing}
        return {"found": found, "clients": known, "names": names}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    press = Press(pages.templates, pages.texts)
    shown["rows"] = [(each, period_of(press, each, request.state.language)) for each in shown.pop("found")]
    shown |= {"state": str(chosen or "all"), "states": list(State), "client": client, "problem": problem, "said": said}
    shown |= {
        "kinds": [*CLIENTS, *OURS],
        "ours": OURS,
        "typed": {"client": "", "kind": "", "day": ""} | dict(typed or {}),
    }
    return pages.page(request, "reports.html", status=422 if problem else 200, **shown)


def period_of(press: Press, report: Report, language: str) -> str:
    """What a report's period is called, in the reader's language."""
    paper = Paper(kind=report.kind, facts=report.facts, language=language, zone=report.zone)
    return press.words(paper).period(report.first_on, report.last_on)


@router.get("/{report_id}")
async def report_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, report_id: int) -> Response:
    """One report: as its client will see it, every number leading to its rows, and what can be done about it."""
    return await show_report(request, pages, viewer, report_id)


async def show_report(
    request: Request, pages: Pages, viewer: Viewer, report_id: int, *,
    problem: str | None = None, typed: Mapping[str, str] | None = None, status: int | None = None,
) -> Response:  # fmt: skip
    """The page of a report; what was typed is kept where it was not taken."""
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        report = kept(conn, report_id)
        people = [each for each in (report.approved_by, report.withdrawn_by, report.by_id) if each]
        shown: dict[str, Any] = {"report": report, "people": directory.names(conn, people)}
        if report.client_id is None:
            return shown | {"of": None, "group": None, "letters": (), "night": False}
        client = directory.client(conn, report.client_id)
        letters = tuple(JOINED.addresses(conn, client.id) or ())
        return shown | {
            "of": client, "group": proactive.group_of(conn, client.id), "letters": letters,
            "night": proactive.is_night(client, now),
        }  # fmt: skip

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    report: Report = shown["report"]
    press, paper = Press(pages.templates, pages.texts), paper_for(report, request.state.language)
    shown |= {
        "sheet": press.sheet(paper, rows_at=rows_at(report), inner=True), "language_of_sheet": paper.language,
        "title": press.title(paper), "period": period_of(press, report, request.state.language),
        "words": {"summary": press.summary(paper), "advice": press.advice(paper)} | dict(typed or {}),
        "problem": problem, "longest": store.LONGEST, "compact": report.kind in WEEKLY,
        "message": message_of(paper.facts, press.words(paper), written=report.words.get("summary", ""), url="…")
        if report.client_id is not None else "",
    }  # fmt: skip
    return pages.page(request, "report.html", status=status or (409 if problem else 200), **shown)


@router.get("/{report_id}/document")
async def document(request: Request, *, pages: PagesDep, viewer: ReaderDep, report_id: int) -> Response:
    """The report as a page of its own, to print; it loads nothing."""
    del viewer
    report = await _read(pages, report_id)
    html = Press(pages.templates, pages.texts).page(paper_for(report, request.state.language))
    return HTMLResponse(html, headers={"Content-Security-Policy": POLICY})


@router.get("/{report_id}/pdf")
async def pdf(request: Request, *, pages: PagesDep, viewer: ReaderDep, report_id: int) -> Response:
    """The report as PDF; where none can be made, the page that says why."""
    report = await _read(pages, report_id)
    press, paper = Press(pages.templates, pages.texts), paper_for(report, request.state.language)
    try:
        content = await pages.deps.printer.pdf(press.page(paper), title=press.title(paper))
    except (NoFont, NotPrinted) as error:
        why = "font" if isinstance(error, NoFont) else "print"
        problem = pages.say(request, f"reports.error.{why}")
        return await show_report(request, pages, viewer, report_id, problem=problem, status=503)
    return pdf_answer(content, press.title(paper))


def pdf_answer(content: bytes, title: str, headers: Mapping[str, str] | None = None) -> Response:
    """A file with a name that may be Chinese."""
    named = f"attachment; filename=\"report.pdf\"; filename*=utf-8''{quote(title, safe='')}.pdf"
    return Response(content, media_type="application/pdf", headers={"Content-Disposition": named, **(headers or {})})


@router.get("/{report_id}/rows")
async def rows_page(
    request: Request,
    *,
    pages: PagesDep,
    viewer: ReaderDep,
    report_id: int,
    of: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """What one number of a report counts, row by row."""

    def load(conn: Connection) -> dict[str, Any]:
        report = kept(conn, report_id)
        if of == "traffic":
            return {"report": report, "tickets": None, "imports": _imports(conn, report)}
        ids = report.facts["rows"].get(of)
        if ids is None:
            raise HTTPException(404)
        known = named(conn, set(ids))
        return {"report": report, "tickets": [(each, known.get(each)) for each in ids], "imports": ()}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    press = Press(pages.templates, pages.texts)
    shown |= {"period": period_of(press, shown["report"], request.state.language)}
    return pages.page(request, "report_rows.html", **shown)


def rows_at(report: Report) -> Any:
    """Where the rows behind each number of this report are."""
    known, base = report.facts["rows"], f"/desk/reports/{report.id}/rows?of="

    def address(name: str) -> str | None:
        if name == "checks" and report.facts.get("sites"):
            return f"/desk/clients/{report.facts['client']['slug']}/sites"
        if name == "traffic" and report.facts.get("traffic"):
            return base + name
        return base + name if known.get(name) else None

    return address


def paper_for(report: Report, language: str) -> Paper:
    """A client's report as the client reads it; our own in the reader's language."""
    if report.kind not in OURS:
        return Paper.of(report)
    return Paper(kind=report.kind, facts=report.facts, language=language, zone=report.zone, words=report.words)


def kept(conn: Connection, report_id: int) -> Report:
    """The report of a page; 404 if there is none."""
    return store.report(conn, report_id)


async def _read(pages: Pages, report_id: int) -> Report:
    return await pages.deps.db.read(lambda conn: kept(conn, report_id))


def _imports(conn: Connection, report: Report) -> tuple[Import, ...]:
    return traffic.imported(conn, {one for site in report.facts.get("traffic", ()) for one in site["imports"]})
