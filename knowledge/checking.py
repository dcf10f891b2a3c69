"""A page's text looked at before it is saved: what it would be, and what is wrong with it, by line. Pure."""

import re
from dataclasses import dataclass

from knowledge import front_matter
from knowledge.front_matter import Fault
from knowledge.language import clean, detect
from knowledge.model import Audience

_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
#: Letters of a page that are shown while it is edited.
SHOWN = 60_000


@dataclass(frozen=True, kw_only=True)
class Sketch:
    """What a text would be as a page. ``sound`` is False where it would not be read at all."""

    title: str
    audience: Audience
    language: str
    body: str
    faults: tuple[Fault, ...]
    sound: bool


def sketch(text: str) -> Sketch:
    """Return what a text would be as a page."""
    front = front_matter.read(text)
    faults = list(front.faults)
    if front.readable and not front.body.strip():
        faults.append(Fault(line=front.first_line, message="the page has no text"))
    heading = _HEADING.search(front.body)
    return Sketch(
        title=clean(str(front.values.get("title") or (heading.group(1) if heading else ""))),
        audience=front.values.get("audience", Audience.INTERNAL),
        language=front.values.get("language") or detect(front.body[:SHOWN]),
        body=front.body,
        faults=tuple(faults),
        sound=front.readable and bool(front.body.strip()),
    )
