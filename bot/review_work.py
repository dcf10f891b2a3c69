"""What `aftercare review` does, in the process that owns the data folder. JSON in and out."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.control import Emit
from bot.errors import BotError
from bot.gap_work import told
from console import review_document
from console.moments import iso
from console.texts import LANGUAGES, Texts
from handoff.figures import home_zone
from knowledge.errors import NothingIndexed
from success.quarters import Quarter
from success.review import review

if TYPE_CHECKING:
    from bot.aftercare import Aftercare


async def show(app: "Aftercare", arguments: Mapping[str, Any], emit: Emit) -> Any:
    """A quarter's review: as a document, and its figures."""
    del emit
    language = str(arguments.get("language") or "en")
    if language not in LANGUAGES:
        raise BotError(f"no such language: {language} (there are {', '.join(LANGUAGES)})")
    now, zone = app.clock(), await app.db.read(home_zone)
    asked = str(arguments.get("quarter") or "")
    quarter = Quarter.read(asked) if asked else Quarter.at(now, zone)
    if quarter is None:
        raise BotError("a quarter is written as 2026Q4")
    try:
        pages = await app.manual.pages()
    except NothingIndexed:
        pages = ()
    live = app.manual.version
    found = await app.db.read(partial(review, quarter=quarter, pages=pages, live=live, zone=zone, now=now))
    written = review_document.printable if arguments.get("as") == "html" else review_document.markdown
    return {
        "quarter": quarter.written,
        "since": iso(found.since),
        "until": iso(found.until),
        "subjects": [asdict(each) for each in found.subjects],
        "gaps": [told(gap) for gap in found.gaps],
        "pages": [
            {"page": each.page.id, "owner": each.page.owner, "concerns": [c.value for c in each.concerns]}
            for each in found.findings
        ],
        "changes": [{**asdict(each), "at": iso(each.at)} for each in found.changes],
        "recalled": [asdict(each) for each in found.recalled],
        "tasks": [asdict(task) for task in found.tasks],
        "document": written(found, Texts.shipped(), language, zone=zone),
    }


COMMANDS = {"review": show}
