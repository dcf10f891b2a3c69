"""Pages: one verb on several tickets, and the views that people keep.

Each ticket is a transaction of its own with a verdict of its own: what works is kept, what does not is listed with why.
"""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.case_verbs import sentence
from console.desk_pages import MOST_DONE, Verdict, show_queue_again
from console.forms import typed_fields, typed_id
from console.guard import FORM, ViewerDep
from console.pages import Pages, PagesDep
from handoff import board, views
from handoff.errors import BadView, HandoffError, NotFound, NotMergeable
from handoff.kinds import Level
from handoff.views import Wanted

router = APIRouter(prefix="/desk")
Verb = Callable[[Connection, int], object]


@router.post("/bulk", dependencies=FORM)
async def bulk(
    request: Request, *, pages: PagesDep, viewer: ViewerDep,
    ticket: Annotated[list[str] | None, Form()] = None, do: Annotated[str, Form()] = "",
    to: Annotated[str, Form()] = "", level: Annotated[str, Form()] = "", into: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "queue", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Do one thing to every chosen ticket; those that refuse stay chosen."""
    numbers = list(dict.fromkeys(ticket or ()))[:MOST_DONE]
    verb = _verb(pages, viewer, do or ("merge" if into.strip() else ""), to=to, level=level, into=into)
    typed = {"to": to, "level": level, "into": into[:20]}
    if verb is None or not numbers:
        problem = pages.say(request, "bulk.nothing")
        return await show_queue_again(request, pages, viewer, back, problem=problem, chosen=numbers, typed=typed)
    verdicts = [await _one(request, pages, viewer, number, once=once, verb=verb) for number in numbers]
    failed = [each.number for each in verdicts if each.why]
    if not failed:
        return _to(back, done=len(numbers))
    return await show_queue_again(request, pages, viewer, back, verdicts=verdicts, chosen=failed, typed=typed)


@router.post("/views", dependencies=FORM)
async def keep_view(
    request: Request, *, pages: PagesDep, viewer: ViewerDep,
    name: Annotated[str, Form()] = "", shared: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "queue", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Keep a narrowed view under a name."""
    wanted, now, who = Wanted.read(await typed_fields(request)), pages.deps.clock(), viewer.person

    def body(conn: Connection) -> int | None:
        if not take_form(conn, once, person_id=who.id, now=now):
            return None
        made = views.save(conn, person_id=who.id, role=who.role, name=name, wanted=wanted, shared=bool(shared), now=now)
        return made.id

    try:
        made = await pages.deps.db.write(body)
    except BadView as error:
        problem, typed = pages.say(request, f"error.view.{error.why}"), {"name": name[:200], "shared": shared}
        return await show_queue_again(request, pages, viewer, back, problem=problem, typed=typed)
    return RedirectResponse(f"/desk?{urlencode({'saved': made} if made else wanted.address)}", 303)


@router.post("/views/{view_id}/delete", dependencies=FORM)
async def forget_view(
    *, pages: PagesDep, viewer: ViewerDep, view_id: str, once: Annotated[str, Form()] = ""
) -> Response:
    """Delete a view of one's own; leads delete shared ones too."""
    who, now = viewer.person, pages.deps.clock()

    def body(conn: Connection) -> None:
        if take_form(conn, once, person_id=who.id, now=now):
            views.forget(conn, typed_id(view_id) or 0, person_id=who.id, role=who.role)

    await pages.deps.db.write(body)
    return RedirectResponse("/desk", 303)


def _verb(pages: Pages, viewer: Viewer, do: str, *, to: str, level: str, into: str) -> Verb | None:
    """What is to be done to each ticket; None for nothing that is known."""
    desk, by, now = pages.deps.desk, viewer.person.id, pages.deps.clock()
    known: dict[str, Verb] = {
        "claim": lambda conn, ticket_id: desk.claim(conn, ticket_id=ticket_id, by=by, now=now),
        "resolve": lambda conn, ticket_id: desk.resolve(conn, ticket_id=ticket_id, by=by, now=now),
        "wait": lambda conn, ticket_id: desk.wait(conn, ticket_id=ticket_id, by=by, now=now),
        "assign": lambda conn, ticket_id: desk.transfer(conn, ticket_id=ticket_id, to=_heir(to), by=by, now=now),
        "merge": lambda conn, ticket_id: desk.merge(
            conn, ticket_id=ticket_id, into=_survivor(conn, into), by=by, now=now
        ),
    }
    if level in set(Level):
        known["level"] = lambda conn, ticket_id: desk.set_level(
            conn, ticket_id=ticket_id, level=Level(level), by=by, now=now
        )
    return known.get(do)


def _heir(to: str) -> int:
    found = typed_id(to)
    if found is None:
        raise NotFound("colleague", to)
    return found


def _survivor(conn: Connection, number: str) -> int:
    found = board.ticket_by_number(conn, number)
    if found is None:
        raise NotMergeable("unknown")
    return found.id


async def _one(request: Request, pages: Pages, viewer: Viewer, number: str, *, once: str, verb: Verb) -> Verdict:
    """One ticket in one transaction, once for each form."""
    person_id, now = viewer.person.id, pages.deps.clock()

    def body(conn: Connection) -> str:
        found = board.ticket_by_number(conn, number)
        if found is None:
            raise NotFound("row", number)
        if take_form(conn, f"{once[:40]}:{found.id}" if once else "", person_id=person_id, now=now):
            verb(conn, found.id)
        return found.number

    try:
        return Verdict(number=await pages.deps.db.write(body))
    except NotFound as error:
        why = "error.nobody" if error.what in {"colleague", "person"} else "bulk.unknown"
        return Verdict(number=number[:20], why=pages.say(request, why))
    except HandoffError as error:
        return Verdict(number=number[:20], why=sentence(request, pages, error))


def _to(back: str, *, done: int) -> Response:
    """Back to where the form came from, which says how many it was."""
    given = dict(parse_qsl(back.partition("?")[2])) if back.partition("?")[0] == "queue" else {}
    return RedirectResponse(f"/desk?{urlencode({**given, 'done': done})}", 303)
