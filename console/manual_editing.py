"""Pages: a file of the manual as text, looked at while it is typed, saved over nobody's."""

import asyncio
from pathlib import PurePosixPath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from starlette.exceptions import HTTPException

from console.auth import Viewer
from console.forms import LongTexts
from console.guard import FORM, AdminDep
from console.manual_frame import edit_path, folder_of, manual_frame, noted, refusal
from console.pages import Pages, PagesDep
from console.rendering import page_html
from knowledge import checking, differing, front_matter, golden, uploads
from knowledge.checking import SHOWN
from knowledge.errors import FileChanged, FileRefused, GoldenInvalid
from knowledge.files import SourceFiles, TextFile, is_golden, safe_name
from knowledge.front_matter import Fault
from knowledge.model import Audience

router = APIRouter(prefix="/desk/manual", route_class=LongTexts)
BODY_LIMIT: Final = 8 * 1024 * 1024
LANGUAGES: Final = ("zh-Hans", "zh-Hant", "en")


@router.get("/_edit")
async def edit_page(
    request: Request, *, pages: PagesDep, viewer: AdminDep, file: str = "", saved: str = ""
) -> Response:
    """A file as text, with what it will look like."""
    files = folder_of(pages)
    try:
        held = await asyncio.to_thread(_opened, files, file)
    except FileRefused as error:
        if error.why == "missing":
            raise HTTPException(404) from error
        said = refusal(pages, request.state.language, error)
        return await _show(request, pages, viewer, name=file, problem=said, readable=False, status=422)
    return await _show(request, pages, viewer, name=file, text=held.text, seen=held.hash, saved=bool(saved))


def _opened(files: SourceFiles, name: str) -> TextFile:
    """The file; an empty one where a document has no sidecar yet, or the manual no golden questions."""
    try:
        return files.read(name)
    except FileRefused as error:
        of_document = name.endswith(".yaml") and files.fingerprint(name.removesuffix(".yaml"))
        if error.why != "missing" or not (is_golden(name) or of_document):
            raise
        return TextFile(name=name, text="", hash="", encoding="utf-8", newline="\n")


@router.post("/_edit", dependencies=FORM)
async def save(
    request: Request, *, pages: PagesDep, viewer: AdminDep, file: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "", seen: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Save a file, if it still is what was read and can be read again."""
    files, plain = folder_of(pages), text.replace("\r\n", "\n")
    sketched = await asyncio.to_thread(looked_at, file, plain)
    if not sketched["sound"]:
        said = pages.say(request, "manual.unsound")
        return await _show(request, pages, viewer, name=file, text=plain, seen=seen, problem=said, status=422)
    try:
        await asyncio.to_thread(files.save, file, plain, seen=seen)
    except FileRefused as error:
        said = refusal(pages, request.state.language, error)
        return await _show(request, pages, viewer, name=file, text=plain, seen=seen, problem=said, status=422)
    except FileChanged:
        return await _conflict(request, pages, viewer, files, name=file, text=plain)
    await noted(pages, viewer, verb="edit" if seen else "create", page=_page_id(file))
    return RedirectResponse(edit_path(file) + "&saved=1", 303)


@router.post("/_edit/check", dependencies=FORM)
async def check(
    request: Request, *, pages: PagesDep, viewer: AdminDep, file: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """What a text would look like, and what is wrong with it; the editor asks while one types."""
    del viewer
    sketched = await asyncio.to_thread(looked_at, file, text.replace("\r\n", "\n"))
    return pages.page(request, "_sketch.html", sketch=sketched)


@router.get("/_new")
async def new_page(request: Request, pages: PagesDep, viewer: AdminDep) -> Response:
    """Where a new page goes, and what it is called."""
    return await _ask_new(request, pages, viewer, typed={})


@router.post("/_new", dependencies=FORM)
async def begin(
    request: Request, *, pages: PagesDep, viewer: AdminDep, folder: Annotated[str, Form()] = "",
    fresh: Annotated[str, Form()] = "", name: Annotated[str, Form()] = "", title: Annotated[str, Form()] = "",
    audience: Annotated[str, Form()] = "", language: Annotated[str, Form()] = "", text: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """A page that is not saved yet, in the editor."""
    typed = {"folder": folder, "fresh": fresh, "name": name, "title": title}
    typed |= {"audience": audience, "language": language}
    files = folder_of(pages)
    file = placed(fresh or folder, safe_name(f"{(name or title).strip().removesuffix('.md')}.md"))
    try:
        await asyncio.to_thread(_refuse_taken, files, file)
        head = uploads.front({"title": " ".join(title.split()), "audience": audience, "language": language})
    except FileRefused as error:
        said = refusal(pages, request.state.language, error)
        return await _ask_new(request, pages, viewer, typed=typed, problem=said, status=422)
    body = text.replace("\r\n", "\n") or f"{pages.say(request, 'manual.new_body')}\n"
    return await _show(request, pages, viewer, name=file, text=f"---\n{head}---\n\n{body}", seen="")


def _refuse_taken(files: SourceFiles, file: str) -> None:
    if not file or files.fingerprint(file):
        raise FileRefused("exists" if file else "name", name=file)


def placed(folder: str, name: str) -> str:
    """A file's place from what was typed; "" where no name is left."""
    parts = [safe_name(part) for part in folder.replace("\\", "/").split("/") if part.strip()]
    return "/".join([*(part for part in parts if part), name]) if name else ""


async def _ask_new(
    request: Request, pages: Pages, viewer: Viewer, *, typed: dict[str, str], problem: str | None = None,
    status: int = 200,
) -> Response:  # fmt: skip
    files = folder_of(pages)
    values = {"folder": "", "fresh": "", "name": "", "title": "", "audience": "client", "language": "zh-Hans"} | typed
    shown = await manual_frame(pages, viewer) | {"typed": values, "problem": problem}
    shown |= {"categories": await asyncio.to_thread(files.categories), "languages": LANGUAGES}
    return pages.page(request, "manual_new.html", status=status, **shown)


async def _conflict(
    request: Request, pages: Pages, viewer: Viewer, files: SourceFiles, *, name: str, text: str
) -> Response:
    """Both texts: what stands there now, and what was typed. Saving again then means to replace the other."""
    try:
        theirs = await asyncio.to_thread(files.read, name)
    except FileRefused:
        theirs = TextFile(name=name, text="", hash="", encoding="utf-8", newline="\n")
    spans = await asyncio.to_thread(differing.words, theirs.text, text)
    return await _show(
        request, pages, viewer, name=name, text=text, seen=theirs.hash, theirs=theirs, spans=spans, status=409
    )


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, name: str, text: str = "", seen: str = "",
    problem: str | None = None, readable: bool = True, saved: bool = False, theirs: TextFile | None = None,
    spans: Any = (), status: int = 200,
) -> Response:  # fmt: skip
    files = folder_of(pages)
    shown = await manual_frame(pages, viewer, tab="golden" if is_golden(name) else "pages")
    shown |= {"name": name, "text": text, "seen": seen, "problem": problem, "readable": readable, "saved": saved}
    shown |= {"theirs": theirs, "spans": spans, "writable": files.writable, "page_id": _page_id(name)}
    shown |= {"sketch": await asyncio.to_thread(looked_at, name, text)}
    return pages.page(request, "manual_edit.html", status=status, **shown)


def looked_at(name: str, text: str) -> dict[str, Any]:
    """What a text would be: a page, golden questions, or a sidecar; with its faults."""
    if is_golden(name):
        return _golden(text)
    if name.endswith(".yaml"):
        front = front_matter.read(f"---\n{text}\n---\n")
        faults = [Fault(line=max(1, fault.line - 1), message=fault.message) for fault in front.faults]
        return {"kind": "keys", "faults": faults, "sound": front.readable}
    made = checking.sketch(text)
    html = Markup(page_html(made.body[:SHOWN], anchors={}))  # noqa: S704 - safe by construction
    facts = {"title": made.title, "language": made.language, "open": made.audience is Audience.CLIENT}
    return {"kind": "page", "faults": made.faults, "sound": made.sound, "html": html, **facts}


def _golden(text: str) -> dict[str, Any]:
    try:
        return {"kind": "golden", "faults": (), "sound": True, "count": len(golden.parse(text))}
    except GoldenInvalid as error:
        fault = Fault(line=error.line or 1, message=error.reason)
        return {"kind": "golden", "faults": (fault,), "sound": False, "count": 0}


def _page_id(name: str) -> str:
    if is_golden(name):
        return name
    plain = name.removesuffix(".yaml")
    return PurePosixPath(plain).with_suffix("").as_posix() if plain else ""
