"""What the commands about service levels do, in the process that owns the data folder. JSON in and out."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bot.aftercare import Aftercare
from bot.control import Emit
from bot.errors import BotError
from console.moments import iso
from handoff import almanac, directory, holiday_notice
from handoff.errors import NoticeError
from handoff.hindsight import Move
from handoff.holidays import Year, read_notice


async def years(app: Aftercare, arguments: Mapping[str, Any], emit: Emit) -> Any:
    """The years that are known, by country."""
    del arguments, emit
    found: dict[str, list[int]] = {}
    for row in await app.db.read(almanac.covered):
        found.setdefault(row.country, []).append(row.year)
    return {country: sorted(known) for country, known in found.items()}


async def year(app: Aftercare, arguments: Mapping[str, Any], emit: Emit) -> Any:
    """One year's days."""
    del emit
    country, which = str(arguments["country"]), int(arguments["year"]) or app.clock().year
    found = await app.db.read(lambda conn: almanac.year(conn, country, which))
    if found is None:
        raise BotError(f"the public holidays of {country} {which} are not known; see `aftercare holidays`")
    return _days(found)


async def bring_in(app: Aftercare, arguments: Mapping[str, Any], emit: Emit) -> Any:
    """Read a notice's file, say what it changes, and unless it is only a preview, bring it in."""
    del emit
    path, now = Path(str(arguments["path"])), app.clock()
    try:
        content = await asyncio.to_thread(path.read_bytes)
        read = read_notice(content, country=str(arguments["country"]), year=int(arguments["year"]))
    except (OSError, NoticeError) as error:
        raise BotError(f"{path.name}: {error}") from error
    notice = await app.db.read(lambda conn: holiday_notice.preview(conn, read))
    moved = await asyncio.to_thread(notice.moves, now=now)
    report = {name: [str(day) for day in days] for name, days in vars(notice.change).items()}
    facts = {"country": read.country, "year": read.year, "observed": notice.observed, **report}
    shown = facts | {"moves": [_move(move) for move in moved], "applied": not arguments.get("preview")}
    if shown["applied"]:
        reason = f"{read.country} {read.year}: {path.name}"

        def apply(conn: Connection) -> str:
            return holiday_notice.bring_in(conn, read, by=_admin(conn), reason=reason, now=now)

        shown["version"] = await app.db.write(apply)
    return shown


COMMANDS = {"holidays": years, "holidays.year": year, "holidays.import": bring_in}


def _admin(conn: Connection) -> int | None:
    """Whoever works at the machine is written down as the first admin."""
    first = directory.staff_by_login(conn, "admin")
    return first.id if first else None


def _days(found: Year) -> dict[str, Any]:
    named = {"off": found.off, "makeup": found.makeup}
    days = {kind: {str(day): name for day, name in rows.items()} for kind, rows in named.items()}
    return {"country": found.country, "year": found.year, **days}


def _move(move: Move) -> dict[str, Any]:
    ends = {"before": move.before, "after": move.after}
    return {"ticket": move.number, "clock": str(move.clock)} | {k: iso(at) if at else None for k, at in ends.items()}
