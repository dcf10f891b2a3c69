"""Pages of lists: opaque cursors that stay right while rows are added, and the link to the next page. Pure."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from fastapi import Request

from console.api.problems import invalid

MOST: Final = 100
USUAL: Final = 25
_MARK: Final = "c1:"
_DIGITS: Final = 18

Item = TypeVar("Item")


def written(key: int) -> str:
    """The cursor behind the row with this key."""
    return base64.urlsafe_b64encode(f"{_MARK}{key}".encode()).decode().rstrip("=")


def read(cursor: str | None) -> int | None:
    """The key in a cursor that came back; None for the first page. Raises Problem."""
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        raise invalid("query.cursor", "not a cursor of ours") from None
    key = text.removeprefix(_MARK)
    if key == text or not key.isdecimal() or len(key) > _DIGITS:
        raise invalid("query.cursor", "not a cursor of ours")
    return int(key)


def page(
    request: Request, rows: Sequence[Item], *, limit: int, key: Callable[[Item], int]
) -> tuple[Sequence[Item], str | None]:
    """Of `limit + 1` rows those to show, and the URL of the next page, None on the last one."""
    if len(rows) <= limit:
        return rows, None
    url = request.url.include_query_params(cursor=written(key(rows[limit - 1])))
    return rows[:limit], f"{url.path}?{url.query}"


def linked(next_: str | None) -> dict[str, Any]:
    """The header that names the next page."""
    return {} if next_ is None else {"Link": f'<{next_}>; rel="next"'}
