"""What `aftercare privacy` does, in the process that owns the data folder. JSON in and out."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bot.aftercare import Aftercare
from bot.errors import BotError
from console import privacy_document
from console.texts import Texts
from handoff import directory
from handoff.errors import NotFound
from success.privacy import erasing, exporting

Arguments = Mapping[str, Any]
Emit = Callable[[Any], None]


async def export(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """Write one person's data to a file."""
    del emit
    who = await app.db.read(lambda conn: _person(conn, str(arguments["person"])))
    facts = await app.db.read(lambda conn: exporting.gather(conn, who))
    path = Path(arguments.get("to") or Path(str(arguments["at"])) / f"person-{who}.zip")
    files, now, texts = app.settings.data / "files", app.clock(), Texts.shipped()
    try:
        size = await asyncio.to_thread(privacy_document.write, path, facts, files=files, texts=texts, now=now)
    except OSError as error:
        raise BotError(f"cannot write {path}: {error.strerror}") from None
    return {"person": who, "file": str(path), "bytes": size, "messages": len(facts["messages"])}


async def erase(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """What would go; with the name typed, have it go."""
    del emit
    confirmed = " ".join(str(arguments.get("confirm") or "").split())

    def body(conn: Connection) -> Any:
        who = _person(conn, str(arguments["person"]))
        if not confirmed:
            return {"person": who, "erased": False, **erasing.preview(conn, who)}
        if confirmed != " ".join(directory.person(conn, who).name.split()):
            raise BotError("that is not this person's name; nothing was erased")
        asked = erasing.ask(conn, who, by=None, now=app.clock())
        return {"person": who, "erased": True, **asked.counts}

    return await app.db.write(body)


COMMANDS = {"privacy.export": export, "privacy.erase": erase}


def _person(conn: Connection, named: str) -> int:
    platform, _, account = named.partition(":")
    found = directory.find_person(conn, platform=platform, external_id=account) if account else None
    number = int(named) if named.isascii() and named.isdecimal() and len(named) < 19 else 0  # noqa: PLR2004 - a BIGINT's
    who = found.id if found is not None else number
    try:
        erasing.contact(conn, who)
    except NotFound:
        raise BotError(f"no client's contact {named!r}") from None
    return who
