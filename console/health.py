"""Whether a process lives and can work: what load balancers and supervisors ask of every role."""

import structlog
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy import Connection, text

from console.pages import ConsoleDeps
from store.errors import StoreError


def routes(deps: ConsoleDeps) -> APIRouter:
    """`/healthz` and `/readyz` of the process that these parts belong to."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthy() -> Response:
        """The process answers."""
        return PlainTextResponse("ok")

    @router.get("/readyz")
    async def ready() -> Response:
        """The database answers and the manual is indexed; 503 says what is missing."""
        parts = {"database": await _database_answers(deps), "manual": deps.manual.version is not None}
        return JSONResponse(parts, status_code=200 if all(parts.values()) else 503)

    return router


async def _database_answers(deps: ConsoleDeps) -> bool:
    try:
        await deps.db.read(_select_one)
        await deps.manual.follow()  # another process may have indexed it
    except StoreError as error:
        structlog.get_logger().warning("readyz.database", error=str(error))
        return False
    return True


def _select_one(conn: Connection) -> None:
    conn.execute(text("SELECT 1"))
