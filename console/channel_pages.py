"""Page: channels and the rest of the house with their health; leads read, admins look anew."""

import time
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console import channel_store
from console.desk_pages import frame
from console.guard import FORM, AdminDep, LeadDep
from console.pages import PagesDep
from handoff import directory
from handoff.kinds import Role

router = APIRouter(prefix="/desk/settings/channels")


@router.get("")
async def channels_page(request: Request, *, pages: PagesDep, viewer: LeadDep) -> Response:
    """What the last check found, what the records say now, and which chats are lost."""
    now = pages.deps.clock()

    def load(conn: Connection) -> dict[str, Any]:
        check = channel_store.latest(conn)
        names = directory.names(conn, [check.by_id] if check and check.by_id else [])
        found: dict[str, Any] = {"check": check, "by": names.get(check.by_id or 0, "") if check else ""}
        found |= {"traffic": channel_store.traffic(conn), "lost": channel_store.lost(conn)}
        return found | {"queues": channel_store.queues(conn, now=now), "letters": channel_store.letters(conn)}

    found = await pages.deps.db.read(load)
    shown = await frame(pages, viewer, section="settings") | found
    may_check = viewer.person.role is Role.ADMIN and pages.deps.health is not None
    return pages.page(request, "channels.html", **shown, may_check=may_check)


@router.post("/check", dependencies=FORM)
async def check_now(pages: PagesDep, viewer: AdminDep) -> Response:
    """Look at everything, as `aftercare doctor` does, and keep what was found."""
    if pages.deps.health is None:
        raise HTTPException(404)
    started = time.perf_counter()
    findings = await pages.deps.health()
    spent, now, by = round((time.perf_counter() - started) * 1000), pages.deps.clock(), viewer.person.id
    await pages.deps.db.write(lambda conn: channel_store.keep(conn, findings, by=by, ms=spent, now=now))
    return RedirectResponse("/desk/settings/channels", 303)
