"""What `aftercare report` and `aftercare visits import` do, in the owner of the data folder. JSON in and out."""

import asyncio
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from bot.control import Emit
from bot.errors import BotError
from bot.report_work import HOME_LANGUAGE
from console.pages import environment
from console.report_document import Paper, Press
from console.report_pdf import NoFont, NotPrinted, Printer
from console.texts import LANGUAGES, Texts
from handoff import directory
from handoff.errors import NotFound
from handoff.site_tables import site as sites
from handoff.spans import Span
from success.reports import gathering, schedule
from success.reports.model import CLIENTS, OURS, Kind
from success.reports.periods import finished, of_kind, read_day
from success.traffic.importing import Importing
from success.traffic.model import Refused

if TYPE_CHECKING:
    from bot.aftercare import Aftercare

AGENCY = "agency"


async def show(app: "Aftercare", arguments: Mapping[str, Any], emit: Emit) -> Any:
    """A report as a file; nothing is kept."""
    del emit
    slug, language = str(arguments["client"]), str(arguments.get("language") or "")
    kind = _kind(str(arguments["kind"]), ours=slug == AGENCY)
    if language and language not in LANGUAGES:
        raise BotError(f"no such language: {language} (there are {', '.join(LANGUAGES)})")
    now = app.clock()

    def body(conn: Connection) -> Paper:
        client = None if slug == AGENCY else directory.client_by_slug(conn, slug)
        if client is None and slug != AGENCY:
            raise BotError(f"no such client: {slug}")
        zone = schedule.zone_of(conn, client)
        asked = str(arguments.get("month") or "")
        span = of_kind(kind, _day(asked), zone) if asked else finished(kind, now, zone)
        _refuse_future(span, today=now.astimezone(zone).date())
        usual = schedule.language_of(conn, client) if client else HOME_LANGUAGE
        facts = gathering.gather(conn, kind, client, span, now=now)
        return Paper(kind=kind, facts=facts, language=language or usual, zone=zone.key)

    paper, press = await app.db.read(body), Press(environment(), Texts.shipped())
    title = press.title(paper)
    path = (
        Path(str(arguments["out"]))
        if arguments.get("out")
        else Path(str(arguments["folder"])) / f"{title.replace('/', '-')}.pdf"
    )
    content = await _written(press, paper, title, path)
    await asyncio.to_thread(_put, path, content)
    return {"title": title, "out": str(path), "summary": press.summary(paper)}


async def _written(press: Press, paper: Paper, title: str, path: Path) -> bytes:
    html = press.page(paper)
    if path.suffix.lower() in {".html", ".htm"}:
        return html.encode()
    if path.suffix.lower() != ".pdf":
        raise BotError("a report is written as .pdf or .html")
    try:
        return await Printer().pdf(html, title=title)
    except NoFont:
        raise BotError(
            "this machine has no Chinese font, the PDF would be a page of boxes: install one "
            "(Debian: apt install fonts-noto-cjk), or write --out report.html"
        ) from None
    except NotPrinted as error:
        raise BotError(f"the PDF could not be made ({error}); write --out report.html") from None


def _put(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise BotError(f"{path} cannot be written: {error.strerror}") from None


def _kind(text: str, *, ours: bool) -> Kind:
    known = OURS if ours else CLIENTS
    if text not in known:
        raise BotError(f"no such report: {text} (there are {', '.join(known)})")
    return Kind(text)


def _day(text: str) -> date:
    found = read_day(text if text.count("-") == 2 else f"{text}-01")  # noqa: PLR2004 - a whole date
    if found is None:
        raise BotError("a period is written as 2026-10, or as a day in it")
    return found


def _refuse_future(span: Span, *, today: date) -> None:
    if span.first > today:
        raise BotError(f"that period begins on {span.first}")


async def take_visits(app: "Aftercare", arguments: Mapping[str, Any], emit: Emit) -> Any:
    """Import a file of visits for a site."""
    del emit
    asked, path = str(arguments["site"]), Path(str(arguments["file"]))
    site_id = await app.db.read(lambda conn: _site(conn, asked))
    kind, now = str(arguments.get("kind") or ""), app.clock()
    try:
        done = await Importing().take(app.db, path, site_id=site_id, name=path.name, kind=kind, now=now)
    except Refused as refusal:
        raise BotError(Texts.shipped().say(f"traffic.refused.{refusal.why}", "en")) from None
    except NotFound:
        raise BotError(f"no such site: {asked}") from None
    return {
        "site": site_id, "kind": done.kind, "first": str(done.first_on), "last": str(done.last_on),
        "lines": done.lines, "broken": done.broken, "bots": done.bots, "outside": done.outside,
    }  # fmt: skip


def _site(conn: Connection, asked: str) -> int:
    """A site by its number, or by its address, with or without what stands before the host."""
    rows = conn.execute(select(sites.c.id, sites.c.address).where(sites.c.removed_at.is_(None))).all()
    plain = _plain(asked)
    found = [row.id for row in rows if str(row.id) == asked or _plain(row.address) == plain]
    if not found:
        raise BotError(f"no such site: {asked}")
    if len(found) > 1:
        raise BotError(f"{asked} is a site of several clients: give its number ({', '.join(map(str, found))})")
    return int(found[0])


def _plain(address: str) -> str:
    return (address.partition("://")[2] or address).rstrip("/")


COMMANDS = {"report": show, "visits.import": take_visits}
