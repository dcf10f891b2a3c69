"""What is derived from each page alone, kept while a version uses it: what did not change is not worked out again."""

import hashlib
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from knowledge import chunking
from knowledge.asking import terms
from knowledge.chunking import embedding_text
from knowledge.language import fold, salient
from knowledge.lexical import Counted, Vocabulary
from knowledge.model import Chunk, Page
from knowledge.pictures import described
from knowledge.windows import windows

_LEAD = 60
_CODE = 2  # letters of a language's code
#: Generations of pages that are remembered: those of the live version and of the one that is built or looked at.
_GENERATIONS = 2


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A page, its chunks, the names of the vectors of these, of their windows and of its questions, and the terms."""

    page: Page
    chunks: tuple[Chunk, ...]
    passages: tuple[str, ...]
    windows: tuple[tuple[str, ...], ...]
    """Of each chunk."""
    questions: tuple[str, ...]
    terms: tuple[Counted, ...]
    asked: Counted
    cut_here: bool
    """Whether this program cut the page; another version of it may have cut a stored one in another way."""


def passage_text(chunk: Chunk, *, title: str) -> str:
    """Return what is embedded for a chunk."""
    return fold(embedding_text(chunk, title=title))


def window_texts(chunk: Chunk) -> tuple[str, ...]:
    """Return what is embedded for the windows of a chunk."""
    return tuple(fold(window) for window in windows(described(chunk.text)))


def question_text(question: str) -> str:
    """Return what is embedded for a page's question: the same form as a question that is searched for."""
    return f"{salient(question) or fold(question)}?"


def digest(kind: str, text: str) -> str:
    """Return the name of the vector of a ``passage`` or a ``question``."""
    return hashlib.sha256(f"{kind}\0{text}".encode("utf-8", "replace")).hexdigest()[:32]


def chunk_terms(chunk: Chunk, *, page: Page) -> list[str]:
    """Return the index terms of a chunk of a page: title and headings count twice, its folders once."""
    lead = chunk.text.split("\n", 1)[0]
    head = "\n".join((page.title, chunk.heading, lead if len(lead) <= _LEAD else "", _folders(page)))
    return terms(fold(embedding_text(chunk, title=page.title))) + terms(fold(head))


def _folders(page: Page) -> str:
    """Return the names of the folders a page lies in, without those that name a language ("zh")."""
    names = PurePosixPath(page.path).parent.parts
    return " ".join(re.split(r"[\W_]+", " ".join(name for name in names if len(name) > _CODE or not name.isascii())))


def question_terms(page: Page) -> list[str]:
    """Return the index terms of a page's questions; none if it has none."""
    return terms(fold("\n".join((page.title, *page.questions)))) if page.questions else []


class Pieces:
    """Cuts pages and remembers what came of the latest. Thread-safe."""

    def __init__(self) -> None:
        self.vocabulary = Vocabulary()
        self._lock = threading.Lock()
        self._generations: list[dict[Page, Piece]] = []

    def cut(self, pages: Sequence[Page], *, stored: Mapping[str, tuple[Chunk, ...]] | None = None) -> tuple[Piece, ...]:
        """Return the piece of every page; ``stored`` has the chunks by page id of a version that was cut before."""
        with self._lock:
            known = {page: piece for kept in self._generations for page, piece in kept.items()}
        made = tuple(self._piece(page, known=known.get(page), stored=stored) for page in pages)
        fresh = {piece.page: piece for piece in made}
        with self._lock:
            others = [kept for kept in self._generations if kept.keys() != fresh.keys()]
            self._generations = [*others, fresh][-_GENERATIONS:]
        return made

    def _piece(self, page: Page, *, known: Piece | None, stored: Mapping[str, tuple[Chunk, ...]] | None) -> Piece:
        if known and known.cut_here and stored is None:
            return known
        chunks = chunking.chunks(page) if stored is None else stored.get(page.id, ())
        if known and known.chunks == chunks:
            return known if known.cut_here or stored is not None else replace(known, cut_here=True)
        return Piece(
            page=page,
            chunks=chunks,
            passages=tuple(digest("passage", passage_text(chunk, title=page.title)) for chunk in chunks),
            windows=tuple(tuple(digest("passage", text) for text in window_texts(chunk)) for chunk in chunks),
            questions=tuple(digest("question", question_text(question)) for question in page.questions),
            terms=tuple(self.vocabulary.counted(chunk_terms(chunk, page=page)) for chunk in chunks),
            asked=self.vocabulary.counted(question_terms(page)),
            cut_here=stored is None,
        )
