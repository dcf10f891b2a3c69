"""What `aftercare recall` does, in the process that owns the data folder. JSON in and out."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from bot.aftercare import Aftercare
from bot.control import Emit
from bot.errors import BotError
from console.moments import iso
from handoff import directory
from handoff.errors import EmptyText
from handoff.model import Person
from success import corrections
from success.corrections import Correction
from success.recall_errors import RecallError


async def show(app: Aftercare, arguments: Mapping[str, Any], emit: Emit) -> Any:
    """Who was told what the manual no longer says; also what is only worded otherwise, if asked for."""
    del emit
    reviewed, now = await app.recalls.review(), app.clock()
    app.meters.corrections(reviewed.waiting)
    days = int(arguments.get("since") or 0) or app.settings.recall_days
    if not 0 < days <= app.settings.recall_days:
        raise BotError(f"answers are looked through for {app.settings.recall_days} days (AFTERCARE_RECALL_DAYS)")
    since, wording = now - timedelta(days=days), bool(arguments.get("all"))
    found = await app.db.read(lambda conn: corrections.waiting(conn, since=since, wording=wording))
    return {"days": days, "corrections": [_told(each) for each in found]}


async def send(app: Aftercare, arguments: Mapping[str, Any], emit: Emit) -> Any:
    """Send one as it stands, or with other words."""
    del emit
    await app.recalls.review()
    number, text, now = int(arguments["number"]), str(arguments.get("text") or "") or None, app.clock()

    def body(conn: Connection) -> Any:
        by = _colleague(conn, str(arguments["by"]))
        known = corrections.one(conn, number)
        name = app.texts.say("bot.name", known.language if known.language in _LANGUAGES else "zh-Hans")
        sent = corrections.send(conn, number, by=by.id, text=text, says=known.says, name=name, desk=app.desk, now=now)
        return {"correction": number, "message": sent.id, "by": by.name, "text": sent.text}

    return await _decide(app, body)


async def dismiss(app: Aftercare, arguments: Mapping[str, Any], emit: Emit) -> Any:
    """Decide that nothing is to be said."""
    del emit
    number, reason, now = int(arguments["number"]), str(arguments["reason"]), app.clock()

    def body(conn: Connection) -> Any:
        by = _colleague(conn, str(arguments["by"]))
        corrections.dismiss(conn, number, by=by.id, reason=reason, now=now)
        return {"correction": number, "dismissed": reason, "by": by.name}

    return await _decide(app, body)


COMMANDS = {"recall": show, "recall.send": send, "recall.dismiss": dismiss}
_LANGUAGES = ("en", "zh-Hans", "zh-Hant")


async def _decide(app: Aftercare, body: Any) -> Any:
    try:
        return await app.db.write(body)
    except (RecallError, EmptyText) as error:
        raise BotError(str(error)) from error


def _colleague(conn: Connection, name: str) -> Person:
    found = directory.staff_by_login(conn, name)
    if found is None or not found.active:
        raise BotError(f"no colleague signs in as {name!r}")
    return found


def _told(known: Correction) -> dict[str, Any]:
    holder = known.holder
    return {
        "number": known.number,
        "client": known.client,
        "chat": known.chat,
        "platform": known.platform,
        "at": iso(known.answered_at),
        "kind": str(known.kind),
        "grade": str(known.grade),
        "page": known.page,
        "title": known.title,
        "heading": known.heading,
        "question": known.question,
        "said": known.said,
        "answers": known.answers,
        "changes": [asdict(each) for each in known.changes],
        "draft": known.draft,
        "drafted_by": known.drafted_by,
        "barrier": known.barrier,
        "ticket": {"number": holder.ticket, "assignee": holder.name} if holder else None,
    }
