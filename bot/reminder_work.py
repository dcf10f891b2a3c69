"""What `aftercare reminders` does, in the process that owns the data folder. JSON in and out."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from bot.aftercare import Aftercare
from bot.control import Emit
from bot.errors import BotError
from console.moments import iso
from store import jobs
from success import reminder_ground, reminders
from success.reminder_rules import OVER, Step, at_ten

AHEAD: Final = timedelta(days=60)


async def show(app: Aftercare, arguments: Mapping[str, Any], emit: Emit) -> Any:
    """What would be said on a day, and what is to come; unless it is a dry run, the desk looks now."""
    del emit
    dry, on = bool(arguments.get("dry_run")), _day(str(arguments.get("on") or ""))
    if on is not None and not dry:
        raise BotError("--on is for --dry-run: a reminder is sent on its own day")
    now = app.clock()
    found = await app.db.read(lambda conn: _found(conn, now=now, on=on))
    if not dry:
        await app.db.write(lambda conn: jobs.enqueue(conn, reminders.SWEEP, {}, now=now))
    return {"dry_run": dry, "on": str(on) if on else None, **found}


def _found(conn: Connection, *, now: datetime, on: date | None) -> dict[str, Any]:
    due: list[dict[str, Any]] = []
    coming: list[dict[str, Any]] = []
    later = max(timedelta(0), on - now.date()) if on else timedelta(0)
    for ground in reminder_ground.every(conn, now=now, ahead=AHEAD * 2 + later):
        at = at_ten(on, ground.zone) if on else now
        due += [_row(ground, each) for each in ground.due(at)]
        steps = ground.coming(until=ground.today(at) + AHEAD * 2)
        coming += [_row(ground, each) for each in steps if at < each.at <= at + AHEAD]
    return {"due": due, "coming": sorted(coming, key=lambda row: (row["at"], row["client"]))}


def _row(ground: reminder_ground.Ground, step: Step) -> dict[str, Any]:
    lapse = step.lapse
    return {
        "client": ground.client.slug, "what": lapse.what, "site": lapse.title or None, "last_day": str(lapse.last_on),
        "days_ahead": step.step, "to": "staff" if step.step == OVER else "client", "at": iso(step.at),
    }  # fmt: skip


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BotError(f"{text!r} is no date: write it as 2026-03-31") from None


COMMANDS = {"reminders": show}
