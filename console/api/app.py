"""The API as an application of its own: routes, problems, its document, and the page that shows it."""

from functools import cache
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from console.api import clients, doing, hooks, manual, numbers, opening, problems, tickets, verbs
from console.api.describing import described
from console.api.gate import Gate
from console.api.problems import Problem
from console.pages import Pages
from console.web import BodyLimit
from handoff.errors import HandoffError
from store.errors import OutOfRange, StoreError

BODY_LIMIT: Final = 128 * 1024
ROOMS: Final = (
    tickets.router,
    opening.router,
    verbs.router,
    clients.router,
    manual.router,
    numbers.router,
    hooks.router,
)


def create(pages: Pages) -> FastAPI:
    """The API over the console's dependencies; mount it at /api/v1."""
    api = FastAPI(title="Aftercare", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    api.state.pages = pages
    for router in ROOMS:
        api.include_router(router)

    @cache
    def document() -> dict[str, Any]:
        return described(get_openapi(title="Aftercare API", version="1", openapi_version="3.1.0", routes=api.routes))

    async def openapi(_request: Request) -> Response:
        return JSONResponse(document(), headers={"Cache-Control": "no-cache"})

    async def docs(request: Request) -> Response:
        return pages.page(request, "api_docs.html", **_page_of(document()))

    api.add_route("/openapi.json", openapi, include_in_schema=False)
    api.add_route("/docs", docs, include_in_schema=False)
    for error, handler in (
        (Problem, problems.problem_raised),
        (RequestValidationError, problems.not_understood),
        (HTTPException, problems.http_error),
        (HandoffError, doing.refused),
        (StoreError, doing.not_stored),
        (OutOfRange, problems.out_of_range),
        (Exception, problems.unexpected),
    ):
        api.add_exception_handler(error, handler)
    api.add_middleware(BodyLimit, limit=BODY_LIMIT, larger={}, refuse=_too_large)
    api.add_middleware(Gate, deps=pages.deps)
    return api


def _page_of(document: dict[str, Any]) -> dict[str, Any]:
    return {"document": document, "problems": problems.PROBLEMS}


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    await Problem("too-large", f"At most {BODY_LIMIT} bytes.").response()(scope, receive, send)
