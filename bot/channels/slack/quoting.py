"""What a colleague quotes: a quotation alone is meant for the client, one with words about it is not. Pure.

Slack's editor makes a quotation of a typed ">", line by line. Who quotes a client's words and adds "what do they mean?"
must not be understood as speaking to the client: only a message that is a quotation from its first line to its last is.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

_SIGN: Final = re.compile(r"\s*[>＞]\s?")
_BAR: Final = "│ "


def meant(text: str) -> str:
    """The text: as `> …` where all of it is quoted, with a bar before the quoted lines where only a part is."""
    lines = text.split("\n")
    quoted = [_SIGN.match(line) is not None for line in lines]
    if not any(quoted):
        return text
    if all(is_quoted or not line.strip() for is_quoted, line in zip(quoted, lines, strict=True)):
        return "> " + "\n".join(_SIGN.sub("", line, count=1) for line in lines).strip()
    pairs = zip(quoted, lines, strict=True)
    return "\n".join(_SIGN.sub(_BAR, line, count=1) if is_quoted else line for is_quoted, line in pairs)


def signed(text: str, message: Mapping[str, Any]) -> str:
    """The text with its sign of quotation, where the editor's blocks alone say that all of it is quoted."""
    parts = [part for block in message.get("blocks") or [] for part in block.get("elements") or []]
    quoted = bool(parts) and all(part.get("type") == "rich_text_quote" for part in parts)
    if not quoted or not text or _SIGN.match(text):
        return text
    return "\n".join(f"> {line}" for line in text.split("\n"))
