"""Page: visits of clients' sites, imported from files of analytics programs and web servers."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from sqlalchemy import Connection

from console.auth import Viewer, take_form
from console.desk_pages import frame
from console.forms import typed_id
from console.guard import FORM, ReaderDep
from console.pages import Pages, PagesDep
from console.web import UPLOAD_LIMIT
from handoff import sites
from handoff.errors import NotFound
from success.traffic import store
from success.traffic.model import Refused
from success.traffic.store import Import

router = APIRouter(prefix="/desk/traffic")
SHOWN: Final = 20
NAME_LENGTH: Final = 120


@router.get("")
async def traffic_page(request: Request, *, pages: PagesDep, viewer: ReaderDep, site: str = "") -> Response:
    """Every site with what is known of it, and the form; `site` is chosen already."""
    return await _show(request, pages, viewer, chosen=typed_id(site))


@router.post("", dependencies=FORM)
async def take(
    request: Request, *, pages: PagesDep, viewer: ReaderDep, file: Annotated[UploadFile, File()],
    site: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Import a file for a site; what could not be read is said, with how many lines were."""
    site_id, name = typed_id(site), (file.filename or "")[-NAME_LENGTH:]
    if site_id is None or not name:
        return await _show(request, pages, viewer, problem=pages.say(request, "traffic.error.site"), chosen=site_id)
    now, by = pages.deps.clock(), viewer.person.id
    fresh = await pages.deps.db.write(lambda conn: take_form(conn, once, person_id=by, now=now))
    if not fresh:
        return await _show(request, pages, viewer, chosen=site_id)
    try:
        done = await _imported(pages, file, site_id=site_id, name=name, by=by)
    except Refused as refusal:
        told = pages.say(request, f"traffic.refused.{refusal.why}")
        return await _show(request, pages, viewer, problem=f"{name}: {told}", chosen=site_id)
    except NotFound:
        return await _show(request, pages, viewer, problem=pages.say(request, "traffic.error.site"))
    return await _show(request, pages, viewer, done=done, chosen=site_id)


async def _imported(pages: Pages, file: UploadFile, *, site_id: int, name: str, by: int) -> Import:
    """Put the upload where the reading process finds it, for as long as it reads."""
    now, deps = pages.deps.clock(), pages.deps
    with tempfile.TemporaryDirectory(prefix="visits-") as folder:
        path = Path(folder) / "upload"

        def put() -> None:
            with path.open("wb") as target:
                shutil.copyfileobj(file.file, target)

        await asyncio.to_thread(put)
        return await deps.importing.take(deps.db, path, site_id=site_id, name=name, by=by, now=now)


async def _show(
    request: Request, pages: Pages, viewer: Viewer, *,
    problem: str | None = None, done: Import | None = None, chosen: int | None = None,
) -> Response:  # fmt: skip
    def load(conn: Connection) -> dict[str, Any]:
        known = sorted(sites.every(conn), key=lambda each: (each[1].name, each[0].title))
        ids = [site.id for site, _ in known]
        files = store.imports(conn, ids, limit=SHOWN)
        return {"known": known, "covered": store.covered(conn, ids), "files": files}

    shown = await frame(pages, viewer, section="care") | await pages.deps.db.read(load)
    titles = {site.id: f"{client.name} · {site.title}" for site, client in shown["known"]}
    shown |= {"problem": problem, "done": done, "chosen": chosen, "titles": titles, "mb": UPLOAD_LIMIT // 1024 // 1024}
    return pages.page(request, "traffic.html", status=422 if problem else 200, **shown)
