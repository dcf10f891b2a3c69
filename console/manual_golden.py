"""Pages: the golden questions, how the live version does on each, and one more of them."""

import asyncio
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from console.auth import Viewer, take_form
from console.guard import FORM, AdminDep, ViewerDep
from console.manual_frame import every_page, folder_of, manual_frame, noted, refusal
from console.pages import Pages, PagesDep
from knowledge import golden, record
from knowledge.changes import Result, Verdict
from knowledge.errors import FileChanged, FileRefused, GoldenInvalid
from knowledge.files import SourceFiles, with_question
from knowledge.golden import Golden

router = APIRouter(prefix="/desk/manual")
PER_PAGE = 100
_LONGEST = 500


@router.get("/_golden")
async def golden_page(
    request: Request, *, pages: PagesDep, viewer: ViewerDep, verdict: str = "", q: str = "", at: str = "1"
) -> Response:
    """Every golden question with what the live version makes of it."""
    return await _show(request, pages, viewer, verdict=verdict, q=q[:100], at=at)


@router.post("/_golden", dependencies=FORM)
async def add(
    request: Request, *, pages: PagesDep, viewer: AdminDep, ask: Annotated[str, Form()] = "",
    after: Annotated[str, Form()] = "", expected: Annotated[str, Form()] = "", none: Annotated[str, Form()] = "",
    must: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Add a question at the file's end; what stands there already, comments too, stays as it is."""
    typed = {"ask": ask, "after": after, "expected": expected, "none": none, "must": must}
    named = tuple(dict.fromkeys(part.strip() for part in expected.replace(",", "\n").splitlines() if part.strip()))
    problem = await _wrong(request, pages, ask=ask, named=named, none=bool(none))
    if problem is None:
        row = Golden(ask=ask[:_LONGEST], pages=named, after=after[:_LONGEST].strip() or None, must=bool(must))
        problem = await _added(request, pages, viewer, row, once=once)
    if problem is not None:
        return await _show(request, pages, viewer, typed=typed, problem=problem, status=422)
    return RedirectResponse("/desk/manual/_golden?added=1#add", 303)


async def _wrong(request: Request, pages: Pages, *, ask: str, named: tuple[str, ...], none: bool) -> str | None:
    if not ask.strip():
        return pages.say(request, "golden.ask_due")
    if bool(named) == none:
        return pages.say(request, "golden.page_or_none")
    known = {page.id for page in await every_page(pages)}
    unknown = [name for name in named if name not in known]
    return pages.say(request, "golden.unknown_page", page=", ".join(unknown)[:200]) if unknown else None


async def _added(request: Request, pages: Pages, viewer: Viewer, row: Golden, *, once: str) -> str | None:
    files, now, person_id = folder_of(pages), pages.deps.clock(), viewer.person.id
    if not await pages.deps.db.write(lambda conn: take_form(conn, once, person_id=person_id, now=now)):
        return None
    try:
        await asyncio.to_thread(_append, files, row)
    except GoldenInvalid as error:
        return pages.say(request, "golden.broken", line=error.line or 1, why=error.reason)
    except FileRefused as error:
        return refusal(pages, request.state.language, error)
    except FileChanged:
        return pages.say(request, "golden.raced")
    await noted(pages, viewer, verb="golden", page=golden.FILE, reason=row.ask)
    return None


def _append(files: SourceFiles, row: Golden) -> None:
    """Add a question, unless the file cannot be read before or after."""
    seen = files.fingerprint(golden.FILE)
    text = files.read(golden.FILE).text if seen else ""
    before = golden.parse(text)
    longer = with_question(text, ask=row.ask, pages=row.pages, after=row.after or "", must=row.must)
    if len(golden.parse(longer)) != len(before) + 1:
        raise GoldenInvalid(Path(golden.FILE), None, "ends in a way that nothing can be added to")
    files.save(golden.FILE, longer, seen=seen)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, verdict: str = "", q: str = "", at: str = "1",
    typed: dict[str, str] | None = None, problem: str | None = None, status: int = 200,
) -> Response:  # fmt: skip
    version = pages.deps.manual.version
    results = await pages.deps.db.read(lambda conn: record.results(conn, version)) if version is not None else ()
    found = [each for each in results if _wanted(each, verdict, q.casefold())]
    last = max(1, -(-len(found) // PER_PAGE))
    here = min(max(int(at), 1), last) if at.isascii() and at.isdecimal() and len(at) < len(str(10**6)) else 1
    shown = await manual_frame(pages, viewer, tab="golden")
    shown |= {"results": found[(here - 1) * PER_PAGE : here * PER_PAGE], "total": len(results), "problem": problem}
    shown |= {"verdicts": {each: sum(one.verdict is each for one in results) for each in Verdict}}
    shown |= {"verdict": verdict, "q": q, "here": here, "last": last, "chosen": len(found)}
    shown |= {"typed": {"ask": "", "after": "", "expected": "", "none": "", "must": ""} | (typed or {})}
    shown |= {"listed": lambda number: urlencode({"verdict": verdict, "q": q, "at": number})}
    shown |= {"file": await asyncio.to_thread(_file, pages), "known": await every_page(pages)}
    return pages.page(request, "manual_golden.html", status=status, **shown)


def _wanted(result: Result, verdict: str, words: str) -> bool:
    if verdict == "wrong" and result.verdict is Verdict.RIGHT:
        return False
    if verdict not in ("", "wrong", result.verdict):
        return False
    return words in "\n".join((result.ask, *result.pages, result.found or "")).casefold()


def _file(pages: Pages) -> dict[str, Any]:
    """What the file holds, or where it is broken."""
    if pages.deps.manual_folder is None:
        return {"count": 0, "line": None, "why": ""}
    try:
        return {"count": len(golden.read(pages.deps.manual_folder / golden.FILE)), "line": None, "why": ""}
    except GoldenInvalid as error:
        return {"count": 0, "line": error.line or 1, "why": error.reason}
