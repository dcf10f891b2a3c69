"""Pages: trainings of clients: planned, invited to, who was there, the quiz and what came of it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.care_forms import known_id, many
from console.client_frame import kept
from console.desk_pages import frame
from console.forms import typed_fields, typed_id
from console.guard import FORM, ReaderDep
from console.pages import Pages, PagesDep
from console.training_calendar import calendar_link
from handoff import accounts, directory
from handoff.model import Client
from knowledge.errors import KnowledgeError
from knowledge.model import Audience, Page
from success import quizzes
from success.drills.errors import QuizBroken, TrainingRefused
from success.training import rules, sessions
from success.training.rules import TrainingState
from success.training.sessions import TrainingDraft

router = APIRouter(prefix="/desk/care/trainings")
_HOME: Final = "/desk/care/trainings"
_LONGEST_TIME: Final = 32


@router.get("")
async def trainings_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, client: str = "") -> Response:
    """What is planned and what was held; a form to plan one, for a client."""
    return await _list(request, pages, viewer, client=client)


@router.post("", dependencies=FORM)
async def plan_training(request: Request, *, pages: PagesDep, viewer: ReaderDep) -> Response:
    """Plan a training."""
    typed, chosen = await typed_fields(request), await _chosen(request)
    now, by, known = pages.deps.clock(), viewer.person.id, await _known(pages)

    def body(conn: Connection) -> int | None:
        client = directory.client_by_slug(conn, typed.get("client", ""))
        if client is None:
            raise TrainingRefused("client")
        draft = _draft(typed, chosen, client)
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return None
        return sessions.plan(conn, draft, client_id=client.id, known=known, by=by, now=now).id

    try:
        made = await pages.deps.db.write(body)
    except TrainingRefused as refused:
        problem = pages.say(request, f"trainings.error.{refused.reason}")
    except QuizBroken as broken:
        problem = pages.say(request, f"quiz.error.{broken.why}", line=broken.line)
    else:
        return RedirectResponse(f"{_HOME}/{made}" if made else _HOME, 303)
    return await _list(request, pages, viewer, client=typed.get("client", ""), problem=problem, typed=typed)


@router.get("/{training_id}")
async def training_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, training_id: str) -> Response:
    """One training."""
    return await _show(request, pages, viewer, known_id(training_id))


@router.post("/{training_id}", dependencies=FORM)
async def change_training(request: Request, *, pages: PagesDep, viewer: ReaderDep, training_id: str) -> Response:
    """Invite, move, say who was there, send the quiz, close, call off; or change what is planned."""
    typed, chosen, which = await typed_fields(request), await _chosen(request), known_id(training_id)
    now, by, known = pages.deps.clock(), viewer.person.id, await _known(pages)
    acts: dict[str, Callable[[Connection], object]] = {
        "invite": partial(sessions.invite, training_id=which, now=now),
        "attend": partial(sessions.attend, training_id=which, people=chosen["person"], by=by, now=now),
        "quiz": partial(sessions.quiz, training_id=which, now=now),
        "close": partial(sessions.close, training_id=which, by=by, now=now),
        "cancel": partial(sessions.cancel, training_id=which, now=now),
    }

    def body(conn: Connection) -> None:
        held = sessions.training(conn, which)
        if not take_form(conn, typed.get("once", ""), person_id=by, now=now):
            return
        if typed.get("then") == "move":
            starts, minutes = _when(typed, directory.client(conn, held.client_id))
            sessions.move(conn, which, starts_at=starts, minutes=minutes, place=typed.get("place", ""), now=now)
            return
        act = acts.get(typed.get("then", ""))
        if act is not None:
            act(conn)
            return
        draft = _draft(typed, chosen, directory.client(conn, held.client_id))
        sessions.change(conn, which, draft, known=known, now=now)

    try:
        await pages.deps.db.write(body)
    except TrainingRefused as refused:
        problem = pages.say(request, f"trainings.error.{refused.reason}")
    except QuizBroken as broken:
        problem = pages.say(request, f"quiz.error.{broken.why}", line=broken.line)
    else:
        return RedirectResponse(f"{_HOME}/{which}", 303)
    return await _show(request, pages, viewer, which, problem=problem, typed=typed)


async def _chosen(request: Request) -> dict[str, tuple[Any, ...]]:
    people = tuple(found for each in await many(request, "person") if (found := typed_id(each)) is not None)
    return {"person": people, "page": await many(request, "page")}


def _when(typed: dict[str, str], client: Client) -> tuple[datetime, int]:
    try:
        local = datetime.fromisoformat(typed.get("starts_at", "")[:_LONGEST_TIME])
    except ValueError as error:
        raise TrainingRefused("starts_at") from error
    minutes = typed_id(typed.get("minutes", "").strip())
    if minutes is None:
        raise TrainingRefused("minutes")
    return local.replace(tzinfo=accounts.zone_of(client)), minutes


def _draft(typed: dict[str, str], chosen: dict[str, tuple[Any, ...]], client: Client) -> TrainingDraft:
    starts_at, minutes = _when(typed, client)
    return TrainingDraft(
        topic=typed.get("topic", ""), starts_at=starts_at, minutes=minutes, place=typed.get("place", ""),
        pages=chosen["page"], people=chosen["person"], questions=quizzes.read(typed.get("questions", "")),
    )  # fmt: skip


async def _pages(pages: Pages) -> tuple[Page, ...]:
    """The manual's pages that every client may read."""
    try:
        found = await pages.deps.manual.pages()
    except KnowledgeError:
        return ()
    fit = [page for page in found if page.audience is Audience.CLIENT and not page.clients]
    return tuple(sorted(fit, key=lambda page: (page.language, page.category, page.title)))


async def _known(pages: Pages) -> frozenset[str]:
    return frozenset(page.id for page in await _pages(pages))


async def _list(
    request: Request, pages: Pages, viewer: Viewer, *, client: str, problem: str | None = None,
    typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    def load(conn: Connection) -> dict[str, Any]:
        found = sessions.listed(conn)
        chosen = directory.client_by_slug(conn, client) if client else None
        people = [person for person, _ in accounts.contacts(conn, chosen.id)] if chosen else []
        return {
            "found": found, "of": directory.clients_of(conn, (each.client_id for each in found)),
            "clients": directory.clients(conn), "chosen": chosen, "people": people,
        }  # fmt: skip

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    shown |= {"problem": problem, "typed": kept({"minutes": "60"} | (typed or {})), "manual": await _pages(pages)}
    shown |= {"zone": accounts.zone_of(shown["chosen"]).key if shown["chosen"] else ""}
    return pages.page(request, "trainings.html", status=422 if problem else 200, **shown)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, which: int, *, problem: str | None = None,
    typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    def load(conn: Connection) -> dict[str, Any]:
        held = sessions.training(conn, which)
        client, seats = directory.client(conn, held.client_id), sessions.of_training(conn, held)
        people = [person for person, _ in accounts.contacts(conn, client.id)]
        names = directory.names(conn, [each.person_id for each in seats])
        return {"held": held, "client": client, "seats": seats, "people": people, "names": names}

    loaded = await pages.deps.db.read(load)
    held, zone = loaded["held"], accounts.zone_of(loaded["client"])
    usual = {
        "topic": held.topic, "place": held.place, "minutes": str(held.minutes),
        "questions": quizzes.write(held.questions),
        "starts_at": held.starts_at.astimezone(zone).strftime("%Y-%m-%dT%H:%M"),
    }  # fmt: skip
    shown = await frame(pages, viewer, section="care") | loaded
    shown |= {"problem": problem, "typed": kept(usual | (typed or {})), "manual": await _pages(pages), "zone": zone.key}
    shown |= {"local": held.starts_at.astimezone(zone), "states": TrainingState, "good": rules.GOOD}
    shown["calendar"] = calendar_link(held.id, secret=pages.deps.secret)
    shown["share"] = rules.understood(each.marked for each in loaded["seats"] if each.attended_at)
    return pages.page(request, "client_training.html", status=422 if problem else 200, **shown)
