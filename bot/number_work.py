"""What `aftercare numbers` does, in the process that owns the data folder. JSON in and out."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from bot.app import Aftercare
from bot.errors import BotError
from console import numbers
from console.errors import BadPeriod
from console.texts import LANGUAGES, Texts
from handoff import directory
from handoff.figures import figures, home_zone


async def show(app: Aftercare, arguments: Mapping[str, Any], emit: Callable[[Mapping[str, Any]], None]) -> Any:
    """Every indicator of a period, in seconds and in words."""
    del emit
    language = str(arguments.get("language") or "en")
    if language not in LANGUAGES:
        raise BotError(f"no such language: {language} (there are {', '.join(LANGUAGES)})")
    texts, now = Texts.shipped(), app.clock()

    def body(conn: Connection) -> Any:
        zone, client_id = home_zone(conn), _client(conn, str(arguments.get("client") or ""))
        try:
            period = numbers.period(
                str(arguments.get("from") or ""), str(arguments.get("to") or ""), now=now, zone=zone
            )
        except BadPeriod as error:
            raise BotError(texts.say(f"number.error.{error.why}", language)) from None
        found = figures(conn, since=period.since, until=period.until, now=now, zone=zone, client_id=client_id)
        told = [asdict(card) for card in numbers.cards(found, texts, language)]
        return {**numbers.document(found), "zone": str(zone), "cards": told}

    return await app.db.read(body)


def _client(conn: Connection, slug: str) -> int | None:
    if not slug:
        return None
    found = directory.client_by_slug(conn, slug)
    if found is None:
        raise BotError(f"no client {slug!r}; there are: {', '.join(one.slug for one in directory.clients(conn))}")
    return found.id
