"""Pages: what publishing the folder would change, and publishing it, as a run that everybody can follow."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer, take_form
from console.forms import typed_id
from console.guard import FORM, AdminDep, ViewerDep
from console.manual_frame import edit_path, manual_frame, root_of, who
from console.pages import Pages, PagesDep
from knowledge import runs
from knowledge.runs import Run

router = APIRouter(prefix="/desk/manual")
_REASON = 300


@router.post("/_preview", dependencies=FORM)
async def preview(
    pages: PagesDep, viewer: AdminDep, once: Annotated[str, Form()] = "", spend: Annotated[str, Form()] = ""
) -> Response:
    """Start a preview of the folder, or show the run that goes on; only with ``spend`` may it cost anything."""
    return RedirectResponse(await started(pages, viewer, once=once, spend=bool(spend)), 303)


async def started(pages: Pages, viewer: Viewer, *, once: str = "", spend: bool = False) -> str:
    """Start a preview; where to follow it."""
    root_of(pages)
    now, by, person_id = pages.deps.clock(), who(viewer), viewer.person.id

    def body(conn: Connection) -> runs.Asked | None:
        if not take_form(conn, once, person_id=person_id, now=now):
            last = runs.latest(conn)
            return runs.Asked(run=last, fresh=True) if last else None
        return runs.ask(conn, "preview", by=by, force=spend, now=now)

    return _path(await pages.deps.db.write(body))


@router.post("/_publish", dependencies=FORM)
async def publish(
    request: Request, *, pages: PagesDep, viewer: AdminDep, run: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "", force: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Publish what a run previewed (or was refused), and nothing else; to override the gate takes a reason."""
    root_of(pages)
    number = typed_id(run) or 0
    seen = await pages.deps.db.read(lambda conn: runs.find(conn, number))
    expects = _expected(seen)
    if seen is None or expects is None:
        raise HTTPException(404)
    if force and not reason.strip():
        return await _show(request, pages, viewer, seen, problem=pages.say(request, "manual.reason_due"), status=422)
    now, by, person_id = pages.deps.clock(), who(viewer), viewer.person.id

    def body(conn: Connection) -> runs.Asked | None:
        if not take_form(conn, once, person_id=person_id, now=now):
            last = runs.latest(conn)
            return runs.Asked(run=last, fresh=True) if last else None
        why = reason.strip()[:_REASON]
        return runs.ask(conn, "publish", by=by, reason=why, force=bool(force), expects=expects, now=now)

    return RedirectResponse(_path(await pages.deps.db.write(body)), 303)


@router.get("/_runs/{number}")
async def run_page(request: Request, *, pages: PagesDep, viewer: ViewerDep, number: str, busy: str = "") -> Response:
    """How far a run is, and what came of it."""
    known = typed_id(number) or 0
    found = await pages.deps.db.read(lambda conn: runs.find(conn, known))
    if found is None:
        raise HTTPException(404)
    return await _show(request, pages, viewer, found, busy=bool(busy))


async def _show(
    request: Request, pages: Pages, viewer: Viewer, run: Run, *,
    problem: str | None = None, busy: bool = False, status: int = 200,
) -> Response:  # fmt: skip
    shown = await manual_frame(pages, viewer) | {"run": run, "report": run.report, "problem": problem}
    shown |= {"busy": busy and run.open, "edit_path": edit_path, "can_publish": _expected(run) is not None}
    return pages.page(request, "manual_run.html", status=status, **shown)


def _expected(run: Run | None) -> str | None:
    """The state of the folder that a run looked at, where that may be published yet."""
    if run is None or run.state != "done" or run.report is None:
        return None
    if run.kind == "preview":
        return None if run.report["unchanged"] else str(run.report["source"])
    refused = not run.report["published"] and not run.report["unchanged"]
    return run.expects if refused else None


def _path(asked: runs.Asked | None) -> str:
    if asked is None:
        return "/desk/manual"
    return f"/desk/manual/_runs/{asked.run.id}" + ("" if asked.fresh else "?busy=1")
