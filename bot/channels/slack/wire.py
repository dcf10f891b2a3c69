"""Slack's text on the wire as people read it, and plain text made inert for the wire. Pure.

Slack passes mentions as `<@U…>`, links as `<url|label>`, and escapes `&`, `<` and `>` only.
"""

import re
from collections.abc import Mapping
from typing import Final

_REFERENCE: Final = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
_USER: Final = re.compile(r"<@([A-Z0-9]+)(?:\|[^<>]*)?>")
_ROOM: Final = re.compile(r"[ \t]{2,}")
_FAINT: Final = ("https://", "http://", "mailto:", "tel:")


def readable(text: str, *, names: Mapping[str, str], without: str = "") -> str:
    """The text with names for mentions, addresses for links and no escapes; mentions of the user `without` go."""

    def shown(found: re.Match[str]) -> str:
        sign, target, label = found[1], found[2], found[3] or ""
        if sign == "@":
            return "" if target == without else f"@{names.get(target) or label or target}"
        if sign == "#":
            return f"#{label or target}"
        if sign == "!":
            return _special(target, label)
        return _link(target, label)

    return _unescaped(_ROOM.sub(" ", _REFERENCE.sub(shown, text))).strip()


def mentioned(text: str) -> tuple[str, ...]:
    """The ids of the users that the text mentions, each once, in order."""
    return tuple(dict.fromkeys(_USER.findall(text)))


def escaped(text: str) -> str:
    """A plain text for the wire: nothing in it mentions anybody or calls a channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _special(target: str, label: str) -> str:
    """`<!here>`, `<!subteam^S1|@team>`, `<!date^…|fallback>`."""
    if label:
        return label if label.startswith("@") or target.startswith("date") else f"@{label}"
    return f"@{target.partition('^')[0]}"


def _link(target: str, label: str) -> str:
    bare = target
    for scheme in _FAINT:
        bare = bare.removeprefix(scheme)
    if label and label.rstrip("/") in {bare.rstrip("/"), target.rstrip("/")}:
        return label
    return f"{label} ({target})" if label else target


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
