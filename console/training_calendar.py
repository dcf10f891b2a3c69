"""A client's training as a calendar file, behind a signed link."""

from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.care_forms import known_id
from console.guard import current_viewer
from console.pages import PagesDep
from console.signing import holds, signature
from success.reports import office
from success.training import calendar, sessions
from success.training.rules import TrainingState

router = APIRouter()


def calendar_link(training_id: int, *, secret: bytes) -> str:
    """The signed path of a training's calendar file."""
    return f"/trainings/{training_id}.ics?s={signature(_named(training_id), secret=secret)}"


@router.get("/trainings/{training_id}.ics")
async def calendar_file(request: Request, *, pages: PagesDep, training_id: str, s: str = "") -> Response:
    """The file, for whoever has the signed link or is signed in; nothing of a training that is only planned."""
    which, now = known_id(training_id), pages.deps.clock()
    if not holds(s, _named(which), secret=pages.deps.secret) and await current_viewer(request, pages) is None:
        raise HTTPException(404)
    host = urlsplit(pages.deps.public_url or "").hostname or "aftercare"

    def load(conn: Connection) -> bytes | None:
        held = sessions.training(conn, which)
        if held.state is TrainingState.PLANNED:
            return None
        return calendar.ics(held, host=host, agency=office.of(conn).agency, now=now)

    content = await pages.deps.db.read(load)
    if content is None:
        raise HTTPException(404)
    named = f'attachment; filename="training-{which}.ics"'
    headers = {"Content-Disposition": named, "Cache-Control": "private, no-cache"}
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)


def _named(training_id: int) -> str:
    return f"client-training:{training_id}"
