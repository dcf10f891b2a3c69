"""Golden questions: what must be found, and what must not be answered. Reading them is pure but for the file.

`golden.yaml` is a list of ``{ask: …, page: [ids] or none, after: …, must: true}``: any of the pages is right,
``none`` is for what the manual does not answer, ``after`` is the turn before a follow-up, and what ``must`` be right
may not break even where the score as a whole is no worse.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.concepts import products, unbranded
from knowledge.errors import GoldenInvalid
from knowledge.front_matter import QUICK
from knowledge.language import fold

FILE = "golden.yaml"
_KEYS = frozenset({"ask", "page", "after", "must"})


@dataclass(frozen=True, kw_only=True)
class Golden:
    """One golden question; no ``pages`` means that it must not be answered."""

    ask: str
    pages: tuple[str, ...] = ()
    after: str | None = None
    must: bool = False

    @property
    def text(self) -> str:
        """The question as it is searched for."""
        return standalone(self.ask, self.after)


def read(path: Path) -> tuple[Golden, ...]:
    """Return the golden questions of a file; none if there is no file.

    Raises:
        GoldenInvalid: it is not such a list; names the line.
    """
    if not path.is_file():
        return ()
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise GoldenInvalid(path, None, "cannot be read") from error
    return parse(text, path=path)


def parse(text: str, *, path: Path = Path(FILE)) -> tuple[Golden, ...]:
    """Return the golden questions of a file's text.

    Raises:
        GoldenInvalid: it is not such a list; names the line.
    """
    try:
        node = yaml.compose(text, Loader=QUICK)
        rows = yaml.load(text, Loader=QUICK) or []  # noqa: S506 - a safe loader, whichever it is
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise GoldenInvalid(path, mark.line + 1 if mark else None, "cannot be read") from error
    if not isinstance(rows, list):
        raise GoldenInvalid(path, 1, "not a list of questions")
    lines = [child.start_mark.line + 1 for child in node.value] if isinstance(node, yaml.SequenceNode) else []
    return tuple(_golden(row, path=path, line=line) for row, line in zip(rows, lines, strict=True))


def _golden(row: Any, *, path: Path, line: int) -> Golden:
    if not isinstance(row, dict) or not {"ask", "page"} <= set(row) <= _KEYS:
        raise GoldenInvalid(path, line, "needs ask and page, and may have after and must")
    pages, after, must = row["page"], row.get("after"), row.get("must", False)
    if not isinstance(row["ask"], str) or not row["ask"].strip() or not isinstance(after, str | None):
        raise GoldenInvalid(path, line, "ask and after are texts")
    if not isinstance(must, bool):
        raise GoldenInvalid(path, line, "must is true or false")
    if pages == "none":
        return Golden(ask=row["ask"], after=after, must=must)
    listed = [pages] if isinstance(pages, str) else pages
    if not isinstance(listed, list) or not listed or not all(isinstance(page, str) for page in listed):
        raise GoldenInvalid(path, line, "page is none, or a list of page ids")
    return Golden(ask=row["ask"], pages=tuple(listed), after=after, must=must)


_LEAD_IN = re.compile(
    r"^(?:那么|那|然后|还有|另外|以及|而且|and|but|so|then|what about|how about|ok|okay)"
    r"(?:[\s,，、]+|(?=[\u3400-\u9fff])|(?<=[\u3400-\u9fff])(?=[a-z0-9]))",
)
_INSTEAD = re.compile(
    r"^(?:那|那么|换成|如果是|what about|how about|and on|and in|and for)?.{1,20}(?:呢|的话|instead)[?!。.\s]*$"
)
_TRAIL = re.compile(r"(?:呢|吗|嘛|呀|啊|吧|么)?[?？!！。.\s]*$")


def standalone(ask: str, after: str | None) -> str:
    """Return a follow-up as a question that stands alone: the turn before, then what is new in this one.

    Without a turn before, the question itself. The last question's words are carried over as they are, but for its
    products where this one puts something in their place ("那foxmail呢"); the new words come last and lose their
    lead-in ("那", "and", "what about").
    """
    if not after or not after.strip():
        return ask
    new = fold(ask)
    before = _TRAIL.sub("", fold(after))
    if products(new) or _INSTEAD.search(new):
        before = unbranded(before)
    return f"{before} {_LEAD_IN.sub('', new)}"
