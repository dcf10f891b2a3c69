"""What `aftercare manual`, `index` and `rollback` do, in the process that owns the index. JSON in and out."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.aftercare import Aftercare
from bot.control import Emit
from bot.manual_runs import as_json
from console.moments import iso
from knowledge import record

Arguments = Mapping[str, Any]
_LINES = 20


async def index(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """Read the manual, build a version beside the live one, check it, publish it."""
    source = Path(arguments.get("path") or app.settings.manual)
    if arguments.get("preview"):
        spend = bool(arguments.get("spend"))
        return as_json(await app.manual.preview(source, progress=lambda step: emit(asdict(step)), spend=spend))
    report = await app.manual.index(
        source,
        by=_by(arguments),
        force=bool(arguments.get("force")),
        reason=str(arguments.get("reason") or ""),
        progress=lambda step: emit(asdict(step)),
    )
    return as_json(report)


async def rollback(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """Make an earlier version of the index the live one."""
    del emit
    version, reason = arguments.get("version"), str(arguments.get("reason") or "")
    return {"version": await app.manual.rollback(int(version) if version else None, by=_by(arguments), reason=reason)}


async def show(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """The kept versions, the withdrawn pages, and the latest lines of the log."""
    del arguments, emit
    lines, withdrawn = await app.db.read(lambda conn: (record.entries(conn, limit=_LINES), record.withdrawals(conn)))
    return {
        "versions": [
            {
                "version": each.id,
                "live": each.live,
                "state": each.state,
                "by": each.by,
                "at": iso(each.published_at or each.created_at),
                "reason": each.reason,
                "pages": each.pages,
                "chunks": each.chunks,
                "embedder": each.embedder,
                "score": round(each.golden.score, 4) if each.golden else None,
            }
            for each in await app.manual.versions()
        ],
        "withdrawn": [{"page": each.page, "by": each.by, "at": iso(each.at)} for each in withdrawn],
        "log": [asdict(each) | {"at": iso(each.at)} for each in lines],
    }


async def withdraw(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """Take a page out of every answer at once."""
    del emit
    page, reason = str(arguments["page"]), str(arguments.get("reason") or "")
    await app.manual.withdraw(page, by=_by(arguments), reason=reason)
    return {"withdrawn": page}


async def restore(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """Let a withdrawn page be found again."""
    del emit
    page, reason = str(arguments["page"]), str(arguments.get("reason") or "")
    await app.manual.restore(page, by=_by(arguments), reason=reason)
    return {"restored": page}


COMMANDS: Mapping[str, Callable[[Aftercare, Arguments, Emit], Awaitable[Any]]] = {
    "index": index,
    "rollback": rollback,
    "manual": show,
    "manual.withdraw": withdraw,
    "manual.restore": restore,
}


def _by(arguments: Arguments) -> str:
    return str(arguments.get("by") or "command line")
