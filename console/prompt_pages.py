"""Pages for admins: what the model is told, version by version; writing one, publishing one, going back."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console import bench_store, prompt_store
from console.auth import Viewer, take_form
from console.bench_view import offers
from console.desk_pages import frame
from console.differing_lines import differing_lines
from console.errors import NoVersion, PromptRefused
from console.forms import LongTexts, typed_id
from console.guard import FORM, AdminDep
from console.pages import Pages, PagesDep
from console.ports import PromptFacts, PromptFiles
from console.prompt_store import SHIPPED, Live
from handoff import audit, directory
from knowledge import golden
from knowledge.errors import GoldenInvalid
from knowledge.golden import Golden

router = APIRouter(prefix="/desk/settings/prompts", route_class=LongTexts)
BENCHED: Final = frozenset({"answer", "repair"})
"""The prompts that golden questions go through."""
_WHY: Final = 300


@dataclass(frozen=True, kw_only=True)
class _Line:
    name: str
    facts: PromptFacts
    live: Live
    versions: int


@router.get("")
async def prompts_page(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Each prompt: what it is for, and what holds."""
    files = files_of(pages)

    def load(conn: Connection) -> tuple[dict[str, Live], Mapping[str, int]]:
        return {name: prompt_store.live(conn, name) for name in files.shipped()}, prompt_store.counts(conn)

    live, counts = await pages.deps.db.read(load)
    lines = [
        _Line(name=name, facts=_facts(files, name, live[name], text), live=live[name], versions=counts.get(name, 0))
        for name, text in files.shipped().items()
    ]
    shown = await frame(pages, viewer, section="settings")
    return pages.page(request, "prompts.html", **shown, lines=lines, model=pages.deps.model)


@router.get("/{name}")
async def prompt_page(request: Request, *, pages: PagesDep, viewer: AdminDep, name: str, version: str = "") -> Response:
    """One prompt: the chosen version (the live one), what it changes, and all there were."""
    return await show_prompt(request, pages, viewer, name, chosen=typed_id(version))


@router.post("/{name}/versions", dependencies=FORM)
async def save_version(
    request: Request, *, pages: PagesDep, viewer: AdminDep, name: str, text: Annotated[str, Form()] = "",
    why: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Keep a text as a new version, if it can stand in the prompt's place; it is not published by that."""
    files, now, by = _known(pages, name), pages.deps.clock(), viewer.person.id
    text = text.replace("\r\n", "\n").replace("\0", "").rstrip() + "\n"
    problem = pages.say(request, "prompt.why_due") if not why.strip() else None
    try:
        files.read(name, text)
    except PromptRefused as refused:
        problem = pages.say(request, "prompt.refused", why=refused.why)
    if problem:
        return await show_prompt(request, pages, viewer, name, typed=text, why=why[:_WHY], problem=problem)

    def body(conn: Connection) -> int:
        if not take_form(conn, once, person_id=by, now=now):
            return max((each.number for each in prompt_store.versions(conn, name)), default=SHIPPED)
        number = prompt_store.add(conn, name, text=text, by=by, why=why.strip()[:_WHY], now=now)
        audit.tell(conn, version=number)
        return number

    number = await pages.deps.db.write(body)
    return RedirectResponse(f"/desk/settings/prompts/{name}?version={number}", 303)


@router.post("/{name}/publish", dependencies=FORM)
async def publish_version(
    request: Request, *, pages: PagesDep, viewer: AdminDep, name: str, version: Annotated[str, Form()] = "",
    why: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Let a version hold at once, in every process; the file too (version 0). A version that is broken is refused."""
    files, now, by, number = _known(pages, name), pages.deps.clock(), viewer.person.id, typed_id(version)
    if number is None:
        raise HTTPException(404)
    if not why.strip():
        due = pages.say(request, "prompt.why_due")
        return await show_prompt(request, pages, viewer, name, chosen=number, problem=due)

    def body(conn: Connection) -> None:
        text = prompt_store.text_of(conn, name, number) if number else files.shipped()[name]
        if text is None:
            raise NoVersion(name, number)
        files.read(name, text)
        if take_form(conn, once, person_id=by, now=now):
            audit.tell(conn, was=prompt_store.live(conn, name).number)
            prompt_store.publish(conn, name, number, by=by, why=why.strip()[:_WHY], now=now)

    try:
        await pages.deps.db.write(body)
    except NoVersion:
        raise HTTPException(404) from None
    except PromptRefused as refused:
        said = pages.say(request, "prompt.refused", why=refused.why)
        return await show_prompt(request, pages, viewer, name, chosen=number, problem=said)
    return RedirectResponse(f"/desk/settings/prompts/{name}", 303)


async def show_prompt(
    request: Request, pages: Pages, viewer: Viewer, name: str, *, chosen: int | None = None, typed: str | None = None,
    why: str = "", problem: str | None = None,
) -> Response:  # fmt: skip
    """The page of one prompt; with what was typed, and why it was not taken."""
    files = _known(pages, name)

    def load(conn: Connection) -> dict[str, Any]:
        versions, publications = prompt_store.versions(conn, name), prompt_store.publications(conn, name)
        runs = bench_store.runs(conn, name)
        people = [each.by_id for each in versions] + [each.by_id for each in publications] + [run.by_id for run in runs]
        found = {"versions": versions, "publications": publications, "runs": runs}
        return found | {"live": prompt_store.live(conn, name), "names": directory.names(conn, people)}

    found = await pages.deps.db.read(load)
    live: Live = found["live"]
    texts = {each.number: each.text for each in found["versions"]} | {SHIPPED: files.shipped()[name]}
    number = live.number if chosen is None else chosen
    if number not in texts and chosen is not None:
        raise HTTPException(404)
    text, holds = texts.get(number, texts[SHIPPED]), texts.get(live.number, texts[SHIPPED])
    questions = await asyncio.to_thread(questions_of, pages) if name in BENCHED else ()
    shown = await frame(pages, viewer, section="settings") | found
    shown |= {"name": name, "facts": _facts(files, name, live, files.shipped()[name]), "number": number}
    shown |= {
        "text": text if typed is None else typed,
        "why": why,
        "problem": problem,
        "broken": _broken(files, name, holds),
    }
    shown |= {"diff": differing_lines(holds, text) if number != live.number else (), "model": pages.deps.model}
    shown |= {"offers": offers(len(questions), text), "benched": name in BENCHED}
    status = 422 if problem else 200
    return pages.page(request, "prompt.html", status=status, **shown)


def files_of(pages: Pages) -> PromptFiles:
    """The prompts; 404 where this process has none."""
    if pages.deps.prompts is None:
        raise HTTPException(404)
    return pages.deps.prompts


def questions_of(pages: Pages) -> tuple[Golden, ...]:
    """The golden questions of the manual's folder; none where it cannot be read. Reads a file."""
    if pages.deps.manual_folder is None:
        return ()
    try:
        return golden.read(pages.deps.manual_folder / golden.FILE)
    except GoldenInvalid:
        return ()


def _known(pages: Pages, name: str) -> PromptFiles:
    files = files_of(pages)
    if name not in files.shipped():
        raise HTTPException(404)
    return files


def _facts(files: PromptFiles, name: str, live: Live, text: str) -> PromptFacts:
    """Of the live version; of the file where that is broken."""
    try:
        return files.read(name, live.text if live.text is not None else text)
    except PromptRefused:
        return files.read(name, files.shipped()[name])


def _broken(files: PromptFiles, name: str, text: str) -> str | None:
    try:
        files.read(name, text)
    except PromptRefused as refused:
        return refused.why
    return None
