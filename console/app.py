"""The console's application: desk, manual pages, static files, health. `bot` adds the chat's routes to the same one."""

from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse
from sqlalchemy import Connection, text
from starlette.exceptions import HTTPException

from console import (
    agreement_pages,
    assets,
    binding_pages,
    chat_pages,
    client_pages,
    desk_pages,
    gap_pages,
    holiday_pages,
    live,
    manual_editing,
    manual_golden,
    manual_pages,
    manual_review_pages,
    manual_runs,
    manual_uploads,
    manual_versions,
    number_pages,
    people_pages,
    public_pages,
    recall_pages,
    service_pages,
    sign_in_pages,
    staff_chat_pages,
    team_pages,
    ticket_pages,
)  # fmt: skip
from console.assets import Assets
from console.errors import Forbidden
from console.guard import NotSignedIn, PasswordDue
from console.pages import ConsoleDeps, Pages, environment, pages_of
from console.texts import Texts
from console.web import UPLOAD_LIMIT, BodyLimit, PageLanguage, SecurityHeaders
from store.errors import DiskFull, StoreError

__all__ = ["ConsoleDeps", "create"]
_UPLOADS = {
    "/desk/t/": UPLOAD_LIMIT,
    "/chat/": UPLOAD_LIMIT,
    "/desk/manual/_upload": manual_uploads.BODY_LIMIT,
    "/desk/manual/_edit": manual_editing.BODY_LIMIT,
}
_PAGES = (403, 404, 405, 410)


def create(deps: ConsoleDeps) -> FastAPI:
    """The web application; reads templates, texts and static files once."""
    app = FastAPI(title="Aftercare", docs_url=None, redoc_url=None, openapi_url=None)
    texts = Texts.shipped()
    app.state.pages = Pages(deps=deps, templates=environment(), texts=texts, assets=Assets.load())
    rooms = (service_pages, holiday_pages, agreement_pages, binding_pages, client_pages, team_pages, number_pages)
    for room in (
        *rooms,
        chat_pages,
        recall_pages,
        staff_chat_pages,
        assets,
        sign_in_pages,
        live,
        people_pages,
        ticket_pages,
        desk_pages,
        gap_pages,
        manual_review_pages,
        manual_runs,
        manual_editing,
        manual_uploads,
        manual_golden,
        manual_versions,
        manual_pages,
        public_pages,
    ):
        app.include_router(room.router)
    app.add_api_route("/healthz", _healthy)
    app.add_api_route("/readyz", _ready)
    app.add_exception_handler(NotSignedIn, _to_sign_in)
    app.add_exception_handler(PasswordDue, _to_password)
    app.add_exception_handler(Forbidden, _forbidden)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(StoreError, _not_stored)
    app.add_middleware(PageLanguage)
    app.add_middleware(BodyLimit, larger=_UPLOADS)
    app.add_middleware(SecurityHeaders, https=deps.secure_cookies)
    return app


async def _healthy() -> Response:
    """The process answers."""
    return PlainTextResponse("ok")


async def _ready(request: Request) -> Response:
    """The database answers and the manual is indexed; 503 says what is missing."""
    deps = pages_of(request).deps
    parts = {"database": await _database_answers(deps), "manual": deps.manual.version is not None}
    return JSONResponse(parts, status_code=200 if all(parts.values()) else 503)


async def _database_answers(deps: ConsoleDeps) -> bool:
    try:
        await deps.db.read(_select_one)
    except StoreError as error:
        structlog.get_logger().warning("readyz.database", error=str(error))
        return False
    return True


def _select_one(conn: Connection) -> None:
    conn.execute(text("SELECT 1"))


async def _to_sign_in(request: Request, _error: Exception) -> Response:
    if request.method != "GET":
        return RedirectResponse("/desk/sign-in", 303)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/desk/sign-in?next={quote(here)}" if here != "/desk" else "/desk/sign-in", 303)


async def _to_password(_request: Request, _error: Exception) -> Response:
    return RedirectResponse("/desk/password", 303)


async def _forbidden(request: Request, _error: Exception) -> Response:
    return pages_of(request).page(request, "error.html", status=403, **_error_values(403))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code not in _PAGES or request.url.path.startswith("/chat/"):
        return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)
    answer = pages_of(request).page(request, "error.html", status=error.status_code, **_error_values(error.status_code))
    answer.headers.update(error.headers or {})
    return answer


async def _not_stored(request: Request, error: Exception) -> Response:
    """The database took nothing: whoever sent it is told, and keeps it."""
    structlog.get_logger().error("not_stored", path=request.url.path, error=f"{type(error).__name__}: {error}")
    status, pages = (507 if isinstance(error, DiskFull) else 503), pages_of(request)
    if request.url.path.startswith("/chat/"):
        return JSONResponse({"error": pages.say(request, "chat.not_stored")}, status_code=status)
    return pages.page(request, "error.html", status=status, **_error_values(status))


def _error_values(status: int) -> dict[str, object]:
    return {"code": status}
