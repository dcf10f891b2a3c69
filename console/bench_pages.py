"""Pages for admins: a run of the prompts' test bench, from its beginning to what came of it."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console import bench_store, prompt_store
from console.auth import take_form
from console.bench_view import MOST, compared, sample, totals
from console.desk_pages import frame
from console.forms import typed_id
from console.guard import FORM, AdminDep
from console.pages import PagesDep
from console.prompt_pages import BENCHED, files_of, questions_of, show_prompt
from handoff import audit, directory

router = APIRouter(prefix="/desk/settings/bench")
_SHOWN: Final = 200


@router.post("", dependencies=FORM)
async def begin_run(
    request: Request, *, pages: PagesDep, viewer: AdminDep, prompt: Annotated[str, Form()] = "",
    version: Annotated[str, Form()] = "", count: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Try a version against the live one on so many golden questions; without a model it says so."""
    files, number, wanted = files_of(pages), typed_id(version), typed_id(count)
    if prompt not in files.shipped() or prompt not in BENCHED or number is None:
        raise HTTPException(404)
    questions = sample(await asyncio.to_thread(questions_of, pages), min(wanted or 0, MOST))
    model = pages.deps.model
    fault = "bench.no_model" if model is None else "bench.no_questions" if not questions else None
    if fault or model is None:
        said = pages.say(request, fault or "bench.no_model")
        return await show_prompt(request, pages, viewer, prompt, chosen=number, problem=said)
    now, by = pages.deps.clock(), viewer.person.id
    asked = tuple({"ask": each.ask, "after": each.after, "pages": list(each.pages)} for each in questions)

    def body(conn: Connection) -> int | None:
        if number and prompt_store.text_of(conn, prompt, number) is None:
            return None
        if not take_form(conn, once, person_id=by, now=now):
            return next((run.id for run in bench_store.runs(conn, prompt)), None)
        against = prompt_store.live(conn, prompt).number
        audit.tell(conn, questions=len(asked))
        return bench_store.ask(
            conn, prompt, number=number, against=against, questions=asked, model=model, by=by, now=now
        )

    run = await pages.deps.db.write(body)
    if run is None:
        raise HTTPException(404)
    return RedirectResponse(f"/desk/settings/bench/{run}", 303)


@router.get("/{run}")
async def run_page(request: Request, *, pages: PagesDep, viewer: AdminDep, run: str) -> Response:
    """How far a run is, how the versions do, and each question on which they differ."""
    number = typed_id(run) or 0

    def load(conn: Connection) -> tuple[bench_store.Run | None, dict[int, dict[int, dict[str, Any]]], str]:
        found = bench_store.find(conn, number)
        names = directory.names(conn, [found.by_id]) if found else {}
        results = {
            place: {n: dict(f) for n, f in each.items()} for place, each in bench_store.results(conn, number).items()
        }
        return found, results, names.get(found.by_id, "") if found else ""

    found, results, by = await pages.deps.db.read(load)
    if found is None:
        raise HTTPException(404)
    rows = compared(found, results)
    shown = await frame(pages, viewer, section="settings")
    shown |= {"run": found, "by": by, "totals": totals(found, results), "model": pages.deps.model}
    shown |= {"rows": rows[:_SHOWN], "left_out": len(rows) - len(rows[:_SHOWN])}
    shown |= {"turns": {turn: sum(row.turn == turn for row in rows) for turn in ("better", "worse", "same")}}
    return pages.page(request, "bench.html", **shown)


@router.post("/{run}/cancel", dependencies=FORM)
async def cancel_run(pages: PagesDep, viewer: AdminDep, run: str) -> Response:  # noqa: ARG001 - the viewer is the guard
    """End a run before its next question; what was answered stays."""
    number, now = typed_id(run) or 0, pages.deps.clock()
    await pages.deps.db.write(lambda conn: bench_store.cancel(conn, number, now=now))
    return RedirectResponse(f"/desk/settings/bench/{number}", 303)


@router.post("/{run}/resume", dependencies=FORM)
async def resume_run(pages: PagesDep, viewer: AdminDep, run: str) -> Response:  # noqa: ARG001 - the viewer is the guard
    """Ask what is left of a run that broke off or was cancelled."""
    number, now = typed_id(run) or 0, pages.deps.clock()
    await pages.deps.db.write(lambda conn: bench_store.resume(conn, number, now=now))
    return RedirectResponse(f"/desk/settings/bench/{number}", 303)
