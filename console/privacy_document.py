"""One person's data as a file to hand over: a zip with a page to read, the same as JSON, and the files they sent."""

import json
import os
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from console.formats import locale_of
from console.pages import environment
from console.texts import Texts
from store.zones import find_zone

__all__ = ["page", "write"]
_TEMPLATE: Final = "privacy_export.html"
_LANGUAGES: Final = ("en", "zh-Hans", "zh-Hant")


def write(path: Path, facts: Mapping[str, Any], *, files: Path, texts: Texts, now: datetime) -> int:
    """Write the whole copy, or nothing; its size in bytes. Blocks until it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".part")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
                packed.writestr("data.json", json.dumps(facts, ensure_ascii=False, indent=1, default=_instant))
                packed.writestr("index.html", page(facts, texts=texts, now=now))
                _pack(packed, facts, files)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return path.stat().st_size


def page(facts: Mapping[str, Any], *, texts: Texts, now: datetime) -> str:
    """The copy as a page of its own that loads nothing, in the language and the zone of the person's company."""
    language = facts["language"] if facts["language"] in _LANGUAGES else "zh-Hans" if facts["language"] else "en"
    zone = find_zone(str(facts["zone"])) or ZoneInfo("UTC")

    def say(key: str, /, **values: object) -> str:
        return texts.say(key, language, **values)

    def when(at: datetime | None) -> str:
        from babel.dates import format_datetime

        return "–" if at is None else str(format_datetime(at, "medium", tzinfo=zone, locale=locale_of(language)))

    shown = environment().get_template(_TEMPLATE)
    return shown.render(facts=facts, t=say, when=when, language=language, zone=zone.key, now=now, file_at=file_at)


def file_at(message: Mapping[str, Any], place: int) -> str:
    """Where a file lies in the copy; only letters, digits, dots and dashes of its own name."""
    name = "".join(letter if letter.isalnum() or letter in ".-_" else "_" for letter in message["files"][place]["name"])
    return f"files/{message['id']}-{place + 1}-{name.lstrip('.')[-80:] or 'file'}"


def _pack(packed: zipfile.ZipFile, facts: Mapping[str, Any], files: Path) -> None:
    for message in facts["messages"]:
        for place, each in enumerate(message["files"]):
            kept = files / Path(str(each["id"])).name
            if kept.is_file():
                packed.write(kept, file_at(message, place))


def _instant(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
