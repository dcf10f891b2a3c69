"""Remarks of a page's author (``<!-- … -->``), which no reader sees: not in an answer, not on the page. Pure."""

import re
from typing import Final

_CODE: Final = r"^(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^(?P=fence)[^\n]*$|\Z)|`[^`\n]+`"
_PART: Final = re.compile(rf"{_CODE}|(?P<remark><!--.*?(?:-->|\Z))", re.DOTALL | re.MULTILINE)


def without(body: str) -> str:
    """Markdown without its remarks; what stands in code stays, and every line keeps its number."""
    if "<!--" not in body:
        return body
    return _PART.sub(lambda part: "\n" * part[0].count("\n") if part["remark"] else part[0], body)
