"""The log: one JSON object a line on stderr. No secret is in it, and no word of a client's unless it is asked for."""

import logging
import re
import sys
from collections.abc import Callable, Iterable, MutableMapping
from contextlib import suppress
from typing import Any, Final, TextIO, cast
from urllib.parse import unquote

import structlog
from pydantic import SecretStr

from bot.settings import Settings

_MASK: Final = "•••"
_SHORTEST: Final = 6  # what is shorter may be a word of any sentence
_LOOKS_SECRET: Final = re.compile(
    r"\b\d{6,}:[A-Za-z0-9_-]{20,}|\bx(?:ox[a-z]|app)-[A-Za-z0-9-]{8,}|\bsk-[A-Za-z0-9_-]{16,}"
    r"|(?<=://)[^\s/:@]+:[^\s/@]+(?=@)"
)
_PASSWORD: Final = re.compile(r"://([^/@:]*):([^/@]*)@")
Event = MutableMapping[str, Any]
Processor = Callable[[Any, str, Event], Event]


class Words:
    """What a person said, in an event of the log: nobody sees it there who did not ask for it."""

    def __init__(self, said: str) -> None:
        self.said = said

    def __repr__(self) -> str:
        """Its length alone."""
        return f"({len(self.said)} characters)"


def configure(settings: Settings, *, to: TextIO | None = None) -> None:
    """Let this process log: our own lines from the set level up, those of libraries from warnings up."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    out = Lenient(to or sys.stderr)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[Any] = [
        structlog.processors.format_exc_info,
        words_said if settings.log_text else without_words,
        without_secrets(secrets_of(settings)),
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", out)),
    )
    handler = logging.StreamHandler(cast("TextIO", out))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)


def without_words(_logger: Any, _name: str, event: Event) -> Event:
    """Leave out what people said."""
    return {name: value for name, value in event.items() if not isinstance(value, Words)}


def words_said(_logger: Any, _name: str, event: Event) -> Event:
    """Show what people said."""
    return {name: value.said if isinstance(value, Words) else value for name, value in event.items()}


def without_secrets(secrets: Iterable[str]) -> Processor:
    """Mask these, and what looks like a token or a password in an address, wherever it stands in a line."""
    known = sorted({each for each in secrets if len(each) >= _SHORTEST}, key=len, reverse=True)
    pattern = re.compile("|".join([*map(re.escape, known), _LOOKS_SECRET.pattern]))

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(_MASK, value)
        if isinstance(value, dict):
            return {clean(name): clean(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [clean(each) for each in value]
        return value if isinstance(value, int | float | bool | None) else clean(str(value))

    def processor(_logger: Any, _name: str, event: Event) -> Event:
        return {clean(name): clean(value) for name, value in event.items()}

    return processor


def secrets_of(settings: Settings) -> set[str]:
    """The values of all settings that are secrets, and the passwords inside those that are addresses."""
    held = (getattr(settings, name) for name in type(settings).model_fields)
    found = {each.get_secret_value() for each in held if isinstance(each, SecretStr)}
    written = {each[2] for each in map(_PASSWORD.search, found) if each is not None}
    return found | written | {unquote(each) for each in written}


class Lenient:
    """A stream for log lines: one that cannot be written (a full disk, a closed pipe) is dropped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        """Write, or let it be."""
        with suppress(OSError, ValueError):
            self._stream.write(line)

    def flush(self) -> None:
        """Flush, or let it be."""
        with suppress(OSError, ValueError):
            self._stream.flush()
