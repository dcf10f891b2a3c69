"""docx and pptx → Markdown, by markitdown's converters."""

import io
import re
from typing import Any

from knowledge.parsing import archives, tidy
from knowledge.parsing.model import Parsed

_SLIDE = re.compile(r"^<!-- Slide number: (\d+) -->\n(?:# (.*)\n?)?", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


def prepare(kind: str) -> None:
    """Import what reading needs, once for all documents."""
    from markitdown.converters import DocxConverter, PptxConverter

    del kind, DocxConverter, PptxConverter


def read(raw: bytes, *, kind: str) -> Parsed:
    """Return a document as Markdown.

    Raises:
        RefusedError: it must not or cannot be read.
    """
    archives.check(raw, kind=kind)
    return _docx(raw) if kind == "docx" else _pptx(raw)


def _converted(converter: Any, raw: bytes, *, kind: str) -> str:
    from markitdown import StreamInfo

    return str(converter().convert(io.BytesIO(raw), StreamInfo(extension=f".{kind}"), table_infer_header=True).markdown)


def _docx(raw: bytes) -> Parsed:
    from markitdown.converters import DocxConverter

    body = tidy.markdown(_converted(DocxConverter, raw, kind="docx"))
    heading = _HEADING.search(body)
    return Parsed(body=body, title=tidy.plain(heading.group(1)) if heading else None)


def _pptx(raw: bytes) -> Parsed:
    """Slides become sections. What an audience does not see, hidden slides and the speaker's notes, is left out."""
    from markitdown.converters import PptxConverter
    from pptx import Presentation

    deck = Presentation(io.BytesIO(raw))
    hidden = [number for number, slide in enumerate(deck.slides, start=1) if slide._element.get("show") == "0"]  # noqa: SLF001 - python-pptx has no word for it
    noted = _without_notes(deck)
    kept = io.BytesIO()
    deck.save(kept)
    slides = _sections(_converted(PptxConverter, kept.getvalue(), kind="pptx"), hidden=frozenset(hidden))
    titles = [title for _, title, _ in slides if title]
    body = "\n\n".join(
        f"## {_place(number, title)}\n\n{text}".rstrip() for number, title, text in slides if text or title
    )
    notes = [f"hidden slides are left out: {', '.join(map(str, hidden))}"] if hidden else []
    notes += ["the speaker's notes are left out"] if noted else []
    return Parsed(body=tidy.markdown(body), title=titles[0] if titles else None, notes=tuple(notes))


def _without_notes(deck: Any) -> bool:
    noted = False
    for slide in deck.slides:
        frame = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        if frame is not None and frame.text.strip():
            noted, frame.text = True, ""
    return noted


def _sections(markdown: str, *, hidden: frozenset[int]) -> list[tuple[int, str, str]]:
    """Return number, title and text of every slide that is shown."""
    marks = list(_SLIDE.finditer(markdown))
    ends = [mark.start() for mark in marks[1:]] + [len(markdown)]
    found = [
        (int(mark.group(1)), tidy.plain(mark.group(2) or ""), markdown[mark.end() : end].strip())
        for mark, end in zip(marks, ends, strict=True)
    ]
    return [slide for slide in found if slide[0] not in hidden]


def _place(number: int, title: str) -> str:
    return f"{title} (slide {number})" if title else f"slide {number}"
