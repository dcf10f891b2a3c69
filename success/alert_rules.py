"""An Alertmanager's notification (webhook version 4) as it is posted, read without trust. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from handoff.rows import clean
from success.incident_errors import AlertUnreadable
from success.incident_rules import place_name

MOST_ALERTS: Final = 5_000
MOST_LABELS: Final = 64
LONGEST_NAME: Final = 128
LONGEST_VALUE: Final = 1_000
VERSION: Final = "4"
_YEARS: Final = range(2000, 2200)
_NEVER: Final = 1  # Alertmanager writes "no end yet" as the year 1


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One alert of a notification."""

    fingerprint: str
    firing: bool
    starts_at: datetime
    ends_at: datetime | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    link: str = ""

    @property
    def name(self) -> str:
        """What the alert is called."""
        return self.labels.get("alertname", "")


@dataclass(frozen=True, kw_only=True)
class Notification:
    """What was posted: alerts of one group."""

    group_key: str
    alerts: tuple[Heard, ...]


def parse(body: bytes) -> Notification:
    """Read a posted body; raises AlertUnreadable naming the first field that cannot be, and why."""
    try:
        posted = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AlertUnreadable("body", "is no JSON") from error
    if not isinstance(posted, Mapping):
        raise AlertUnreadable("body", "is no object")
    if posted.get("version") != VERSION:
        raise AlertUnreadable("version", f'must be "{VERSION}", as Alertmanager\'s webhook sends')
    group, found = posted.get("groupKey"), posted.get("alerts")
    if not isinstance(group, str) or not group or len(group) > LONGEST_VALUE * 4:
        raise AlertUnreadable("groupKey", "must be a text")
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise AlertUnreadable("alerts", "must be a list")
    if len(found) > MOST_ALERTS:
        raise AlertUnreadable("alerts", f"more than {MOST_ALERTS}; set max_alerts of the receiver")
    return Notification(group_key=clean(group), alerts=tuple(_alert(each, n) for n, each in enumerate(found)))


def server_of(labels: Mapping[str, str]) -> str:
    """The server that an alert is about: its label `server`, else the host of `instance` or `host`."""
    for name in ("server", "instance", "host", "node", "nodename"):
        if value := labels.get(name, "").strip():
            return host_of(value)
    return ""


def host_of(instance: str) -> str:
    """The host of "web-01:9100", "https://shop.example/x", "[::1]:9100"."""
    name = place_name(instance)
    text = (name.partition("://")[2] or name).partition("/")[0]
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, port = text.rpartition(":")
    return host if colon and port.isdecimal() and ":" not in host else text


def number_in(heard: Mapping[str, str]) -> float | None:
    """The value that an annotation or label `value` says, "93.5%" as 93.5; None where there is none."""
    text = heard.get("value", "").strip().removesuffix("%").strip()
    try:
        value = float(text[:40])
    except ValueError:
        return None
    return value if value == value and abs(value) < 1e15 else None  # noqa: PLR0124, PLR2004 - neither NaN nor endless


def _alert(posted: object, n: int) -> Heard:
    where = f"alerts[{n}]"
    if not isinstance(posted, Mapping):
        raise AlertUnreadable(where, "is no object")
    fingerprint, status = posted.get("fingerprint"), posted.get("status")
    if not isinstance(fingerprint, str) or not fingerprint or len(fingerprint) > LONGEST_NAME:
        raise AlertUnreadable(f"{where}.fingerprint", "must be a text")
    if status not in ("firing", "resolved"):  # it need not be hashable
        raise AlertUnreadable(f"{where}.status", "must be firing or resolved")
    starts = _instant(posted.get("startsAt"), f"{where}.startsAt")
    if starts is None:
        raise AlertUnreadable(f"{where}.startsAt", "must be an instant")
    link = posted.get("generatorURL", "")
    return Heard(
        fingerprint=clean(fingerprint),
        firing=status == "firing",
        starts_at=starts,
        ends_at=_instant(posted.get("endsAt"), f"{where}.endsAt") if status == "resolved" else None,
        labels=_texts(posted.get("labels", {}), f"{where}.labels"),
        annotations=_texts(posted.get("annotations", {}), f"{where}.annotations"),
        link=clean(link[:LONGEST_VALUE]) if isinstance(link, str) and link.startswith(("http://", "https://")) else "",
    )


def _texts(posted: Any, where: str) -> dict[str, str]:
    if not isinstance(posted, Mapping) or len(posted) > MOST_LABELS:
        raise AlertUnreadable(where, f"must be an object of at most {MOST_LABELS} texts")
    for name, value in posted.items():
        if len(name) > LONGEST_NAME or not isinstance(value, str):
            raise AlertUnreadable(f"{where}.{clean(name)[:40]}", "must be a text")
    return {clean(name): clean(value[:LONGEST_VALUE]) for name, value in posted.items()}


def _instant(posted: object, where: str) -> datetime | None:
    if posted is None or posted == "":
        return None
    if not isinstance(posted, str):
        raise AlertUnreadable(where, "must be an instant, such as 2026-11-11T00:00:00Z")
    try:
        read = datetime.fromisoformat(posted[:40])
    except ValueError as error:
        raise AlertUnreadable(where, "must be an instant, such as 2026-11-11T00:00:00Z") from error
    if read.year == _NEVER:
        return None
    if read.tzinfo is None or read.year not in _YEARS:
        raise AlertUnreadable(where, "must be an instant with a zone, in our days")
    return read.astimezone(UTC)
