"""pdf → Markdown, a section for each page, so that a citation names the page.

By pdfium and pdfplumber, which markitdown's converter brings, and not by that converter: it runs the pages together,
so that nobody can say where something stands.
"""

import io
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from knowledge.parsing import archives, limits, tidy
from knowledge.parsing.model import Parsed, RefusedError

MOST_PAGES: Final = 300
MOST_SCANNED: Final = 20
_SCANNED_WITHIN_S: Final = 200.0
_PASSWORD: Final = 4  # FPDF_ERR_PASSWORD
_FEW: Final = 8  # characters; a page number is no text
_RULES: Final = 4  # lines on a page that may be a table's
_DEEPEST: Final = 5
_LONGEST_SIDE: Final = 2_000
_SURE: Final = 0.6
_RUBBISH: Final = re.compile(
    r"\A(?:microsoft \w+ - .*|untitled.*|无标题.*|未命名.*|.*\.(?:docx?|pptx?|xlsx?|pdf|indd|wps|ai|psd))\Z",
    re.IGNORECASE,
)


@dataclass(kw_only=True)
class _Reading:
    """A document that is being read, page by page."""

    document: Any
    raw: bytes
    plumber: Any = None
    recogniser: Any = None
    scanned: list[int] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    started: float = 0.0


def prepare(kind: str) -> None:
    """Import what reading needs, once for all documents."""
    import pdfplumber
    import pypdfium2

    del kind, pdfplumber, pypdfium2


def read(raw: bytes, *, kind: str) -> Parsed:
    """Return a document as Markdown, tables that have lines as tables, and up to MOST_SCANNED scanned pages.

    Raises:
        RefusedError: it is sealed, damaged, something else, or has no text.
    """
    found = archives.kind_of(raw)
    if found != "pdf":
        raise RefusedError(f"is .{found} by its content, not .{kind}: give it its right name" if found else _DAMAGED)
    reading = _Reading(document=_opened(raw), raw=raw, started=time.monotonic())
    pages = len(reading.document)
    read_pages = [_page(reading, number) for number in range(min(pages, MOST_PAGES))]
    if not any(read_pages):
        raise RefusedError("is scanned and no text could be read in it: run text recognition (OCR) over it")
    cut = [f"has {pages:,} pages: only the first {MOST_PAGES} are read; split it"] if pages > MOST_PAGES else []
    cut += [f"scanned pages without text: {_listed(reading.unread)}"] if reading.unread else []
    notes = [f"read by text recognition (OCR), check it: p. {_listed(reading.scanned)}"] if reading.scanned else []
    body = tidy.markdown("\n\n".join(_sections(read_pages, outline=_outline(reading.document))))
    return Parsed(body=body, title=_title(reading.document), cut=tuple(cut), notes=tuple(notes))


_DAMAGED: Final = "is damaged or cut off: open it and save it anew"


def _opened(raw: bytes) -> Any:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(raw)
        len(document)
    except pypdfium2.PdfiumError as error:
        sealed = getattr(error, "err_code", None) == _PASSWORD or "password" in str(error).lower()
        raise RefusedError("is protected by a password: save a copy without one" if sealed else _DAMAGED) from error
    return document


def _page(reading: _Reading, number: int) -> str:
    """Return the text of a page, "" if there is none."""
    import pypdfium2.raw as pdfium

    page = reading.document[number]
    kinds = [each.type for each in page.get_objects(max_depth=2)]
    text = page.get_textpage().get_text_bounded().replace("\r\n", "\n").replace("\ufffe", "").strip()
    if len("".join(text.split())) < _FEW and pdfium.FPDF_PAGEOBJ_IMAGE in kinds:
        return _recognised(reading, number, page) or text
    if kinds.count(pdfium.FPDF_PAGEOBJ_PATH) >= _RULES:
        return _with_tables(reading, number) or _safe(text)
    return _safe(text)


def _safe(text: str) -> str:
    """Return text in which no line passes for a heading."""
    return "\n".join(f"\\{line}" if line.lstrip().startswith("#") else line for line in text.split("\n"))


def _with_tables(reading: _Reading, number: int) -> str:
    """Return a page from above to below, its tables among its text; "" if it has none."""
    import pdfplumber

    reading.plumber = reading.plumber or pdfplumber.open(io.BytesIO(reading.raw))
    page = reading.plumber.pages[number]
    try:
        found = [table for table in page.find_tables() if len(table.rows) > 1 and len(table.columns) > 1]
        return "\n\n".join(_pieces(page, found)) if found else ""
    finally:
        page.close()


def _pieces(page: Any, found: list[Any]) -> Iterator[str]:
    left, above, right, below = page.bbox
    for table in sorted(found, key=lambda each: each.bbox[1]):
        yield _text_between(page, (left, above, right, max(table.bbox[1], above)))
        yield tidy.table([[cell or "" for cell in row] for row in table.extract()])
        above = min(max(table.bbox[3], above), below)
    yield _text_between(page, (left, above, right, below))


def _text_between(page: Any, box: tuple[float, float, float, float]) -> str:
    return _safe(str(page.crop(box).extract_text() or "").strip()) if box[3] - box[1] > 1 else ""


def _recognised(reading: _Reading, number: int, page: Any) -> str:
    """Read a page that is a picture, while there is time."""
    late = time.monotonic() - reading.started > _SCANNED_WITHIN_S
    lines = [] if late or len(reading.scanned) + len(reading.unread) >= MOST_SCANNED else _lines(reading, page)
    (reading.scanned if lines else reading.unread).append(number + 1)
    return _safe("\n".join(lines))


def _lines(reading: _Reading, page: Any) -> list[str]:
    import numpy as np

    if reading.recogniser is None:
        reading.recogniser = _recogniser()
    scale = min(_LONGEST_SIDE / max(*page.get_size(), 1.0), 3.0)
    picture = page.render(scale=scale).to_pil().convert("RGB")
    found = reading.recogniser(np.asarray(picture))
    return [line for line, sure in zip(found.txts or (), found.scores or (), strict=True) if sure >= _SURE]


def _recogniser() -> Any:
    limits.widen_for_pictures()
    from rapidocr import RapidOCR

    threads: dict[str, Any] = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    return RapidOCR(params=threads | {"Global.log_level": "critical"})


def _sections(pages: list[str], *, outline: dict[int, list[tuple[int, str]]]) -> Iterator[str]:
    for number, text in enumerate(pages):
        for level, title in outline.get(number, []):
            yield f"{'#' * min(level + 1, _DEEPEST)} {title}"
        if text:
            yield f"###### p. {number + 1}\n\n{text}"


def _outline(document: Any) -> dict[int, list[tuple[int, str]]]:
    """Return level and title of the bookmarks, by the page on which they begin."""
    import pypdfium2

    found: dict[int, list[tuple[int, str]]] = {}
    try:
        for mark in document.get_toc(max_depth=3):
            target = mark.get_dest()
            place, title = target.get_index() if target else None, tidy.plain(mark.get_title() or "")
            if place is not None and title:
                found.setdefault(place, []).append((mark.level, title))
    except pypdfium2.PdfiumError:
        return {}
    return found


def _title(document: Any) -> str | None:
    title = " ".join(str(document.get_metadata_dict().get("Title") or "").split())
    return None if not title or _RUBBISH.match(title) else title


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:MOST_SCANNED]))
    return f"{shown} and {len(numbers) - MOST_SCANNED} more" if len(numbers) > MOST_SCANNED else shown
