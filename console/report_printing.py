"""Prints one page of HTML as PDF, in a process of its own that may be ended at any time.

`python report_printing.py` reads a line of JSON (`{"cjk": …, "title": …}`) and the page, and writes the PDF. It
fetches nothing. It ends with 3 where the page has Chinese letters and no font of this machine does. Nothing of ours is
imported.
"""

import io
import json
import re
import resource
import sys
from typing import Any, Final

_CPU_S: Final = 40
_MEMORY: Final = 1024**3
NO_FONT: Final = 3
_PROBE: Final = '<html><body style="margin:0;font:40px sans-serif">{}</body></html>'
_SIDE: Final = 48
_LETTERS: Final = "网站網"
_CHINESE: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_INK: Final = 24
"""Of 255: how much darker than its ground a letter is somewhere, at the least."""
_FACE: Final = "font-family:'Noto Serif CJK SC','Source Han Serif SC','Songti SC',SimSun,serif"
_TEXT: Final = re.compile(r"(<(style|title|svg)\b.*?</\2>|<[^>]*>)|[^<]+", re.DOTALL)
"""What is no text of the page (its first group), or a run of text."""


def main() -> None:
    """Print what comes in."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    head = json.loads(sys.stdin.buffer.readline())
    if head["cjk"] and not has_cjk():
        sys.exit(NO_FONT)
    html = sys.stdin.buffer.read().decode("utf-8")
    if html:
        sys.stdout.buffer.write(whole(html, title=head["title"]))


def whole(html: str, *, title: str) -> bytes:
    """The PDF of a page, with every Chinese letter of it.

    The engine leaves out the drawing of a letter now and then, such as 如 in Noto Sans (the outline in the subset that
    it embeds is broken): what is lost is set in another face.
    """
    content = printed(html, title=title)
    lost = lost_letters(content)
    return printed(in_another_face(html, lost), title=title) if lost else content


def lost_letters(content: bytes) -> frozenset[str]:
    """The Chinese letters of a PDF that stand somewhere without any ink."""
    import pypdfium2

    found: set[str] = set()
    with pypdfium2.PdfDocument(content) as document:
        for page in document:
            text, picture, height = page.get_textpage(), page.render(grayscale=True).to_numpy(), page.get_height()
            for n in range(text.count_chars()):
                letter = text.get_text_range(n, 1)
                if _CHINESE.fullmatch(letter):
                    left, low, right, high = text.get_charbox(n, loose=True)
                    box = picture[int(height - high) : int(height - low) + 1, int(left) : int(right) + 1]
                    if box.size and box.max() - box.min() < _INK:
                        found.add(letter)
    return frozenset(found)


def in_another_face(html: str, letters: frozenset[str]) -> str:
    """The page with these letters of its text set in a serif face; what is drawn in plots stays."""
    lost = re.compile(f"[{''.join(sorted(letters))}]+")

    def face(text: re.Match[str]) -> str:
        return text[0] if text[1] else lost.sub(lambda each: f'<span style="{_FACE}">{each[0]}</span>', text[0])

    return _TEXT.sub(face, html)


def printed(html: str, *, title: str) -> bytes:
    """The PDF of a page. Raises whatever the engine does."""
    import plutoprint

    book = _book(plutoprint)
    book.set_metadata(plutoprint.PDF_METADATA_TITLE, title)
    book.load_html(html)
    out = io.BytesIO()
    book.write_to_pdf_stream(out)
    return out.getvalue()


def has_cjk() -> bool:
    """Whether some font has Chinese letters: without one, each is drawn as the same box, or as nothing."""
    return len({_drawn(letter) for letter in _LETTERS}) == len(_LETTERS)


def _drawn(letters: str) -> bytes:
    import plutoprint

    book = _book(plutoprint)
    book.load_html(_PROBE.format(letters))
    with plutoprint.ImageCanvas(_SIDE, _SIDE) as canvas:
        book.render_document(canvas)
        return bytes(canvas.get_data())


def _book(engine: Any) -> Any:
    book = engine.Book(size=engine.PAGE_SIZE_A4, margins=engine.PAGE_MARGINS_NONE)
    book.custom_resource_fetcher = _nothing(engine)
    return book


def _nothing(engine: Any) -> Any:
    class Nothing(engine.ResourceFetcher):  # type: ignore[misc]
        """A report is whole: nothing is fetched for it, whatever it names."""

        def fetch_url(self, url: str) -> Any:
            raise ValueError(url)

    return Nothing()


if __name__ == "__main__":
    main()
