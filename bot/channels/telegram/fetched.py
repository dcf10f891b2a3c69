"""What Telegram's server gives, as the library's objects: one update that cannot be read holds no other up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from telegram import Bot, Update

log = structlog.get_logger()

_NUMBER: Final = "update_id"


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """Updates in their order, and the number of the last that was given, readable or not."""

    updates: tuple[Update, ...]
    last: int | None


def fetched(given: object, bot: Bot) -> Fetched:
    """Read what getUpdates gave; what is no update is told by its number, never by what it says."""
    rows = [row for row in given if isinstance(row, Mapping)] if isinstance(given, list | tuple) else []
    numbers = [n for row in rows if isinstance(n := row.get(_NUMBER), int) and not isinstance(n, bool)]
    found = sorted(_readable(rows, bot), key=lambda update: update.update_id)
    return Fetched(updates=tuple(found), last=max(numbers, default=None))


def _readable(rows: Iterable[Mapping[str, Any]], bot: Bot) -> Iterable[Update]:
    for row in rows:
        update = readable(row, bot)
        if update is None:
            log.error("telegram_update_unreadable", update=row.get(_NUMBER))
        else:
            yield update


def readable(row: object, bot: Bot) -> Update | None:
    """An update of the documented shape, else None: the library raises whatever comes to it at anything else."""
    if not isinstance(row, dict):
        return None
    try:
        update = Update.de_json(row, bot)
    except Exception as error:  # noqa: BLE001 - any of Python's; a stranger's update must not end the poller
        log.debug("telegram_update_refused", error=type(error).__name__)
        return None
    return update if isinstance(update.update_id, int) and not isinstance(update.update_id, bool) else None
