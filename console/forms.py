"""What a form or a cookie brings, read without trust."""

from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from fastapi.routing import APIRoute

from store.zones import find_zone

ZONE_COOKIE: Final = "zone"
_ID_DIGITS: Final = 19  # a BIGINT's
_LONGEST_ZONE: Final = 64


class LongTexts(APIRoute):
    """A route whose form may hold texts of some megabytes; the body's limit is the application's."""

    longest: Final = 16 * 1024 * 1024

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Read the form before FastAPI does, which would take a megabyte at most."""
        handler = super().get_route_handler()

        async def reading(request: Request) -> Response:
            if request.method == "POST":
                await request.form(max_part_size=self.longest)
            return await handler(request)

        return reading


async def typed_fields(request: Request) -> dict[str, str]:
    """A form's texts by name; uploads are left out."""
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


def typed_id(text: str) -> int | None:
    """The id in a field; None where there is none that a row can have."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _ID_DIGITS else None


def reader_zone(request: Request) -> ZoneInfo | None:
    """The reader's zone, as the page's script told it; None before it did, or if it told nonsense."""
    return find_zone(unquote(request.cookies.get(ZONE_COOKIE, ""))[:_LONGEST_ZONE])
