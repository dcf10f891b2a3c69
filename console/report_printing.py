"""Prints one page of HTML as PDF, in a process of its own that may be ended at any time.

`python report_printing.py` reads a line of JSON (`{"cjk": …, "title": …}`) and the page, and writes the PDF. It
fetches nothing. It ends with 3 where the page has Chinese letters and no font of this machine does. Nothing of ours is
imported.
"""

import io
import json
import resource
import sys
from typing import Any, Final

_CPU_S: Final = 40
_MEMORY: Final = 1024**3
NO_FONT: Final = 3
_PROBE: Final = '<html><body style="margin:0;font:40px sans-serif">{}</body></html>'
_SIDE: Final = 48
_LETTERS: Final = "网站網"


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
        sys.stdout.buffer.write(printed(html, title=head["title"]))


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
