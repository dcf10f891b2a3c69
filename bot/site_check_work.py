"""What `aftercare check` does, in the process that owns the data folder. JSON in and out."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection

from bot.control import Emit
from bot.errors import BotError
from console.check_words import Words
from console.moments import iso
from console.texts import LANGUAGES, Texts
from handoff import directory, sites
from handoff.sites import Site
from success import checks
from success.checks import asking
from success.checks.model import Kind

if TYPE_CHECKING:
    from bot.aftercare import Aftercare

PATIENCE_S: Final = 90.0


async def check(app: "Aftercare", arguments: Mapping[str, Any], emit: Emit) -> Any:
    """Check the sites that are named, and tell what was found; those that do not end in time are told without it."""
    del emit
    language, named = str(arguments.get("language") or "en"), str(arguments["what"])
    if language not in LANGUAGES:
        raise BotError(f"no such language: {language} (there are {', '.join(LANGUAGES)})")
    found = await app.db.read(partial(_named, named=named))
    if not found:
        raise BotError(f"no site or client {named!r}: give a site's number or address, or a client's short name")
    kind = Kind.LIGHT if arguments.get("quick") else Kind.FULL
    words = Words(texts=Texts.shipped(), language=language)
    began = app.clock()
    async with app.db.listen(asking.TOPIC) as subscription:
        for site in found:
            await app.db.write(partial(asking.demand, site_id=site.id, kind=kind, now=app.clock()))
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                if not await _ended(app, found):
                    async for _ in subscription:
                        if await _ended(app, found):
                            break
    told = await app.db.read(lambda conn: [_told(conn, site, words, now=app.clock()) for site in found])
    return {"asked_at": iso(began), "sites": told}


async def _ended(app: "Aftercare", found: tuple[Site, ...]) -> bool:
    states = await app.db.read(partial(checks.standing, site_ids=[site.id for site in found]))
    return not any(state.is_waiting(app.clock()) for state in states.values())


def _named(conn: Connection, *, named: str) -> tuple[Site, ...]:
    """The site of this number or address, or every site of this client that has an address."""
    client = directory.client_by_slug(conn, named)
    if client is not None:
        return tuple(site for site in sites.of_client(conn, client.id) if site.address)
    if named.isascii() and named.isdecimal():
        found = sites.find(conn, int(named[:18]))
        return (found,) if found is not None and found.address else ()
    wanted = named.partition("://")[2].rstrip("/") or named.rstrip("/")
    return tuple(site for site, _ in sites.every(conn) if wanted in {site.shown, urlsplit(site.address).netloc})


def _told(conn: Connection, site: Site, words: Words, *, now: datetime) -> dict[str, Any]:
    known = checks.latest(conn, site.id)
    run = known.run if known else None
    told: dict[str, Any] = {"site": site.id, "address": site.address, "name": site.title}
    ended = known is not None and run is not None and not known.is_waiting(now)
    told |= {"state": str(known.state) if known else "unknown", "ended": ended}
    if run is None:
        return told
    told |= {"at": iso(run.at), "kind": str(run.kind), "verdict": str(run.verdict), "status": run.status}
    told |= {"trouble": run.trouble, "timing": dict(vars(run.phases))}
    told["findings"] = [
        {
            "key": each.name, "severity": str(each.severity), "area": str(each.area), "security": each.security,
            "matter": words.matter(each), "advice": words.advice(each),
        }
        for each in run.found
    ]  # fmt: skip
    return told


COMMANDS = {"check": check}
