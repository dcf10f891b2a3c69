"""A training as a calendar file (RFC 5545), which calendars take over and keep up to date. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from success.training.rules import TrainingState
from success.training.sessions import Training

WIDEST: Final = 75
"""Octets of a line (RFC 5545, 3.1)."""


def ics(held: Training, *, host: str, agency: str, now: datetime) -> bytes:
    """The file; the same `host` and training make the same event, a later change the higher sequence."""
    ends = held.starts_at + timedelta(minutes=held.minutes)
    off = held.state is TrainingState.CANCELLED
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Aftercare//Client training//EN",
        f"METHOD:{'CANCEL' if off else 'PUBLISH'}",
        "BEGIN:VEVENT",
        f"UID:training-{held.id}@{escaped(host)}",
        f"DTSTAMP:{_utc(now)}",
        f"SEQUENCE:{max(0, int((held.changed_at - held.at).total_seconds()))}",
        f"STATUS:{'CANCELLED' if off else 'CONFIRMED'}",
        f"DTSTART:{_utc(held.starts_at)}",
        f"DTEND:{_utc(ends)}",
        f"SUMMARY:{escaped(f'{agency}: {held.topic}' if agency else held.topic)}",
        *([f"LOCATION:{escaped(held.place)}"] if held.place else []),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(part + b"\r\n" for line in lines for part in folded(line))


def escaped(text: str) -> str:
    r"""A text as a value: \ ; , and line breaks escaped, other control characters left out (RFC 5545, 3.3.11)."""
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(each for each in plain.replace("\n", "\\n") if each == "\t" or each.isprintable())


def folded(line: str) -> Iterator[bytes]:
    """A line in parts of at most 75 octets that split no character; each but the first begins with a space."""
    part = b""
    for each in line:
        octets = each.encode("utf-8", "replace")
        if len(part) + len(octets) > WIDEST:
            yield part
            part = b" "
        part += octets
    yield part


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
