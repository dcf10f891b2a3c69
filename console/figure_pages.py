"""Page: figures that an admin types: each month's revenue, what came of training."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.client_frame import kept
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, AdminDep, ReaderDep
from console.pages import Pages, PagesDep
from handoff import directory
from handoff.agreements import FEES_IN
from handoff.figures import home_zone
from success import typed_figures
from success.errors import FeedbackRefused

router = APIRouter(prefix="/desk/care/figures")


@router.get("")
async def figures_page(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """What was typed, with what it comes to; admins may type."""
    return await _show(request, pages, viewer)


@router.post("/revenue", dependencies=FORM)
async def type_revenue(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Keep a month's revenue; typed again it replaces what was."""

    def change(conn: Connection, typed: dict[str, str], by: int) -> None:
        service = typed.get("service", "").strip()
        typed_figures.keep_revenue(
            conn, month=typed.get("month", "").strip(), total=_whole(typed.get("total", ""), "total"),
            service=_whole(service, "service") if service else None, by=by, now=pages.deps.clock(),
        )  # fmt: skip

    return await _change(request, pages, viewer, change, form="revenue")


@router.post("/training", dependencies=FORM)
async def type_training(request: Request, *, pages: PagesDep, viewer: AdminDep) -> Response:
    """Keep what came of a session."""
    now = pages.deps.clock()

    def change(conn: Connection, typed: dict[str, str], by: int) -> None:
        try:
            held_on = date.fromisoformat(typed.get("held_on", "").strip())
        except ValueError as error:
            raise FeedbackRefused("held_on") from error
        typed_figures.keep_training(
            conn, held_on=held_on, topic=typed.get("topic", ""),
            took_part=_whole(typed.get("took_part", ""), "took_part"), passed=_whole(typed.get("passed", ""), "passed"),
            today=now.astimezone(home_zone(conn)).date(), by=by, now=now,
        )  # fmt: skip

    return await _change(request, pages, viewer, change, form="training")


@router.post("/training/{training_id}/remove", dependencies=FORM)
async def remove_training(request: Request, *, pages: PagesDep, viewer: AdminDep, training_id: int) -> Response:
    """Take a session out of the figures."""

    def change(conn: Connection, typed: dict[str, str], by: int) -> None:  # noqa: ARG001
        typed_figures.remove_training(conn, training_id, by=by)

    return await _change(request, pages, viewer, change, form="training")


def _whole(text: str, name: str) -> int:
    """A whole number as people type it, with or without separators."""
    found = typed_id(text.strip().replace(",", "").replace("，", "").replace(" ", ""))
    if found is None:
        raise FeedbackRefused(name)
    return found


async def _change(request: Request, pages: Pages, viewer: Viewer, change: Any, *, form: str) -> Response:
    typed, now, by = await typed_fields(request), pages.deps.clock(), viewer.person.id

    def body(conn: Connection) -> None:
        if take_form(conn, typed.get("once", ""), person_id=by, now=now):
            change(conn, typed, by)

    try:
        await pages.deps.db.write(body)
    except FeedbackRefused as refused:
        problem = pages.say(request, f"figures.error.{refused.reason}")
        return await _show(request, pages, viewer, problem=problem, typed=typed | {"form": form})
    return RedirectResponse(f"/desk/care/figures#{form}", 303)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *, problem: str | None = None, typed: dict[str, str] | None = None
) -> Response:
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        today = now.astimezone(home_zone(conn)).date()
        names = {person.id: person.name for person in directory.staff(conn)}
        shown: dict[str, Any] = {"revenue": typed_figures.revenue(conn), "training": typed_figures.training(conn)}
        return shown | {"desk_today": today, "names": names, "currency": FEES_IN}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    shown |= {"problem": problem, "typed": kept(typed), "longest": typed_figures.TOPIC_LENGTH}
    return pages.page(request, "figures.html", status=422 if problem else 200, **shown)
