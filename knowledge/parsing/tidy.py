"""Markdown as converters leave it → as the manual wants it. Pure."""

import re
from collections.abc import Iterable, Sequence

_DATA_PICTURE = re.compile(r"!\[([^\]]*)\]\(data:[^)]*\)")
_FILE_PICTURE = re.compile(r"^!\[[^\]]*\]\(\w+\.jpg\)$", re.MULTILINE)
_MARKS = re.compile(r"[*_`]{1,3}|<[^>]{1,80}>")
_GAPS = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)
_PADDING = re.compile(r"[ \t]{2,}(?=\|)|(?<=\|)[ \t]{2,}|(?<=-)-{3,}(?=[-: |])")


def markdown(text: str) -> str:
    """Return a body without pictures that were inside the document, padding and gaps."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").replace("\xa0", " ")
    text = _FILE_PICTURE.sub("", _DATA_PICTURE.sub(r"\1", text))
    text = "\n".join(_PADDING.sub(_narrow, line) if line.startswith("|") else line for line in text.split("\n"))
    return _GAPS.sub("\n\n", _TRAILING.sub("", text)).strip("\n") + "\n"


def _narrow(match: re.Match[str]) -> str:
    return "" if match.group().startswith("-") else " "


def plain(text: str) -> str:
    """Return a heading without its emphasis."""
    return " ".join(_MARKS.sub("", text).split())


def table(rows: Iterable[Sequence[str]]) -> str:
    """Return rows of texts as a Markdown table whose first row is the header; "" for none."""
    cells = [[_cell(text) for text in row] for row in rows]
    width = max((len(row) for row in cells), default=0)
    if not width:
        return ""
    lines = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in cells]
    return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")
