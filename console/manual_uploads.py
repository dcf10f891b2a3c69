"""Pages: documents that people bring into the manual."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from console.auth import Viewer
from console.guard import FORM, AdminDep
from console.manual_editing import LANGUAGES, placed
from console.manual_frame import folder_of, manual_frame, noted, refusal
from console.manual_runs import started
from console.pages import Pages, PagesDep
from knowledge import uploads
from knowledge.errors import FileRefused
from knowledge.files import SourceFiles, safe_name

router = APIRouter(prefix="/desk/manual")
MOST: Final = 20
BODY_LIMIT: Final = 64 * 1024 * 1024
_TYPED: Final = {"folder": "", "fresh": "", "title": "", "audience": "internal", "language": "", "questions": ""}


@router.get("/_upload")
async def upload_page(request: Request, *, pages: PagesDep, viewer: AdminDep, folder: str = "") -> Response:
    """Which files, and where they go."""
    return await _show(request, pages, viewer, typed={"folder": folder})


@router.post("/_upload", dependencies=FORM)
async def upload(
    request: Request, *, pages: PagesDep, viewer: AdminDep, file: Annotated[list[UploadFile] | None, File()] = None,
    folder: Annotated[str, Form()] = "", fresh: Annotated[str, Form()] = "", title: Annotated[str, Form()] = "",
    audience: Annotated[str, Form()] = "", language: Annotated[str, Form()] = "",
    questions: Annotated[str, Form()] = "", replace: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Store files, all or none, and show what publishing them would change."""
    typed = {"folder": folder, "fresh": fresh, "title": title, "audience": audience, "language": language}
    typed |= {"questions": questions}
    files, brought = folder_of(pages), [each for each in file or [] if each.filename]
    try:
        wanted = await _checked(brought, typed)
        await asyncio.to_thread(_stored, files, wanted, replace=bool(replace))
    except FileRefused as error:
        said = refusal(pages, request.state.language, error)
        again = error.why == "exists"
        return await _show(request, pages, viewer, typed=typed, problem=said, exists=again, status=422)
    for name in wanted:
        await noted(pages, viewer, verb="upload", page=name)
    return RedirectResponse(await started(pages, viewer), 303)


async def _checked(brought: list[UploadFile], typed: dict[str, str]) -> dict[str, bytes]:
    """What to store under which names.

    Raises:
        FileRefused: one of them is not to be taken.
    """
    asked = [line.strip() for line in typed["questions"].splitlines() if line.strip()]
    values = {"title": typed["title"].strip() if len(brought) == 1 else "", "audience": typed["audience"]}
    head = uploads.front({**values, "language": typed["language"], "questions": asked if len(brought) == 1 else []})
    found: dict[str, bytes] = {}
    if not 1 <= len(brought) <= MOST:
        raise FileRefused("many" if brought else "no_file", name=str(MOST) if brought else "")
    for each in brought:
        name = safe_name(each.filename or "")
        raw = await each.read(uploads.LIMIT + 1)
        await asyncio.to_thread(uploads.check, name or str(each.filename)[:80], raw)
        for stored, content in uploads.dressed(name, raw, head=head).items():
            place = placed(typed["fresh"] or typed["folder"], stored)
            if not place or place in found:
                raise FileRefused("name", name=str(each.filename)[:80])
            found[place] = content
    return found


def _stored(files: SourceFiles, wanted: dict[str, bytes], *, replace: bool) -> None:
    if not replace:
        for name in wanted:
            if files.fingerprint(name):
                raise FileRefused("exists", name=name)
    for name, raw in wanted.items():
        files.put(name, raw, replace=replace)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, typed: dict[str, str], problem: str | None = None,
    exists: bool = False, status: int = 200,
) -> Response:  # fmt: skip
    files = folder_of(pages)
    shown = await manual_frame(pages, viewer) | {"typed": _TYPED | typed, "problem": problem, "exists": exists}
    shown |= {"categories": await asyncio.to_thread(files.categories), "languages": LANGUAGES}
    shown |= {"kinds": ",".join(uploads.KINDS), "writable": files.writable}
    return pages.page(request, "manual_upload.html", status=status, **shown)
