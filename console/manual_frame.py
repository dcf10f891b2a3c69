"""What every page of the manual's part of the desk shows: what is live, who is at it, what the viewer may do."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.auth import Viewer
from console.desk_pages import frame
from console.pages import Pages
from handoff.kinds import Role
from handoff.routing import LEADING
from knowledge import runs, store
from knowledge.errors import FileRefused, NothingIndexed
from knowledge.files import SourceFiles
from knowledge.model import Page

TABS = ("pages", "golden", "versions", "log")


async def manual_frame(pages: Pages, viewer: Viewer, *, tab: str = "pages") -> dict[str, Any]:
    """The desk's frame and the manual's."""
    going, latest = await pages.deps.db.read(lambda conn: (runs.open_run(conn), runs.latest(conn)))
    folder = pages.deps.manual_folder
    shown = await frame(pages, viewer, section="manual")
    return shown | {
        "tab": tab,
        "tabs": TABS,
        "going": going,
        "latest": latest,
        "version": pages.deps.manual.version,
        "may_change": viewer.person.role is Role.ADMIN and folder is not None,
        "may_withdraw": viewer.person.role in LEADING,
    }


def who(viewer: Viewer) -> str:
    """How the manual's log names somebody: a name, and the login, of which there is only one."""
    return f"{viewer.person.name} ({viewer.person.login})"


def folder_of(pages: Pages) -> SourceFiles:
    """The manual's files; 404 where this process has none."""
    if pages.deps.manual_folder is None:
        raise HTTPException(404)
    return SourceFiles(pages.deps.manual_folder)


def root_of(pages: Pages) -> Path:
    """The manual's folder; 404 where this process has none."""
    if pages.deps.manual_folder is None:
        raise HTTPException(404)
    return pages.deps.manual_folder


async def every_page(pages: Pages) -> tuple[Page, ...]:
    """The pages of the live version, withdrawn ones too; none before the first."""
    try:
        return await pages.deps.manual.every_page()
    except NothingIndexed:
        return ()


def refusal(pages: Pages, language: str, error: FileRefused) -> str:
    """Why a file is not taken, as a sentence."""
    key = f"manual.refused.{error.why}"
    return pages.texts.say(key, language, name=error.name)


async def noted(pages: Pages, viewer: Viewer, *, verb: str, page: str, reason: str = "") -> None:
    """Write into the manual's log what somebody did to a file."""
    by, now = who(viewer), pages.deps.clock()

    def body(conn: Connection) -> None:
        store.note(conn, by=by, verb=verb, page=page, reason=reason, now=now)

    await pages.deps.db.write(body)


def edit_path(name: str) -> str:
    """Where a file of the manual is edited."""
    return f"/desk/manual/_edit?file={quote(name, safe='')}"
