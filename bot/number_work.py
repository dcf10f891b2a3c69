"""What `aftercare numbers` does, in the process that owns the data folder. JSON in and out."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from bot.aftercare import Aftercare
from bot.errors import BotError
from console import number_reading, numbers
from console.errors import BadPeriod
from console.number_document import numbers_document
from console.number_query import Query
from console.numbers import Wording
from console.texts import LANGUAGES, Texts


async def show(app: Aftercare, arguments: Mapping[str, Any], emit: Callable[[Mapping[str, Any]], None]) -> Any:
    """The document of the API, and every indicator in words."""
    del emit
    language = str(arguments.get("language") or "en")
    if language not in LANGUAGES:
        raise BotError(f"no such language: {language} (there are {', '.join(LANGUAGES)})")
    texts, now = Texts.shipped(), app.clock()
    named = {"from": "first", "to": "last", "client": "client"}
    query = Query(**{field: str(arguments.get(name) or "") for name, field in named.items()})

    def body(conn: Connection) -> Any:
        try:
            found = number_reading.read(conn, query, now=now, zone=None)
        except BadPeriod as error:
            raise BotError(texts.say(f"number.error.{error.why}", language)) from None
        tiles = numbers.tiles(found, Wording(texts, language))
        told = [{"title": t.title, "value": t.value, "facts": t.facts, "definition": t.definition} for t in tiles]
        return {**numbers_document(found), "cards": told}

    return await app.db.read(body)
