"""A client's reports behind its private link: as a page, and as PDF. Nothing here needs a sign-in."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from console.file_answers import file_answer
from console.pages import Pages, PagesDep
from console.progress_guard import HEADERS, HeldDep, OpenedDep
from console.report_document import POLICY, Paper, Press
from console.report_pages import pdf_answer
from console.report_pdf import NoFont, NotPrinted
from handoff.model import Attachment
from handoff.progress_links import Held, Scope
from success.reports import store
from success.reports.model import Report

router = APIRouter(prefix="/p/{token}/reports")


@router.get("/{report_id}")
async def report_page(request: Request, *, pages: PagesDep, held: OpenedDep, report_id: int) -> Response:
    """A report that this client got, as a page that loads nothing."""
    del request
    report = await _theirs(pages, held, report_id)
    html = Press(pages.templates, pages.texts).page(Paper.of(report))
    return HTMLResponse(html, headers={**HEADERS, "Content-Security-Policy": POLICY})


@router.get("/{report_id}/pdf")
async def report_file(*, pages: PagesDep, held: HeldDep, report_id: int) -> Response:
    """The file as it was sent; made now where there is none. 404 where none can be made."""
    report = await _theirs(pages, held, report_id)
    press, paper = Press(pages.templates, pages.texts), Paper.of(report)
    title, sent = press.title(paper), report.sent.get("file")
    if sent and (path := pages.deps.files / sent).is_file():
        size = path.stat().st_size
        kept = Attachment(id=sent, name=f"{title}.pdf", media_type="application/pdf", size=size)
        return file_answer(pages.deps.files, kept, inline=False, headers=HEADERS)
    try:
        content = await pages.deps.printer.pdf(press.page(paper), title=title)
    except (NoFont, NotPrinted) as error:
        raise HTTPException(404) from error
    return pdf_answer(content, title, HEADERS)


async def _theirs(pages: Pages, held: Held, report_id: int) -> Report:
    found = await pages.deps.db.read(lambda conn: store.of_client(conn, held.client.id, report_id))
    if found is None or held.link.scope is Scope.OWN:
        raise HTTPException(404)
    return found
