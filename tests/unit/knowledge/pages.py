"""Pages, folders and searchers for the tests of this room."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from knowledge.asking import question
from knowledge.catalogue import Catalogue, Windows, catalogue
from knowledge.chunking import chunks
from knowledge.embedders import HashingEmbedder
from knowledge.index import texts
from knowledge.model import Audience, Page
from knowledge.search import Found, Scale, Searcher
from knowledge.vectors import ExactIndex

EMBEDDER = HashingEmbedder()


def page(name: str, body: str = "Body text.", **values: object) -> Page:
    given: dict[str, object] = {
        "id": name, "title": name, "audience": Audience.CLIENT, "language": "en", "category": "", "body": body,
        "hash": name, "path": f"{name}.md",
    }  # fmt: skip
    return Page(**(given | values))  # type: ignore[arg-type]


def held(pages: Sequence[Page]) -> Catalogue:
    cut = [chunk for each in pages for chunk in chunks(each)]
    found = texts(pages, chunks=cut)
    return catalogue(
        pages,
        chunks=cut,
        vectors=EMBEDDER.passages(found.passages),
        windows=Windows.of(
            EMBEDDER.passages([text for each in found.windows for text in each]),
            counts=[len(each) for each in found.windows],
        ),
        question_vectors=EMBEDDER.queries(found.questions),
    )


def searcher(pages: Sequence[Page]) -> Searcher:
    found = held(pages)
    index = ExactIndex()
    for audience in Audience:
        entries, vectors = found.entries(audience)
        index.put(audience, entries=entries, vectors=vectors)
    background = np.zeros((0, EMBEDDER.dimensions), dtype=np.float32)
    return Searcher(found, index=index, scale=Scale(floor=0.0, span=0.8, background=background))


def find(made: Searcher, text: str, **how: object) -> Found | None:
    ready = question(text, embedder=EMBEDDER)
    assert ready is not None
    return made.find(ready, **how)  # type: ignore[arg-type]


def pages_of(made: Searcher, found: Found | None) -> list[str]:
    return [made.held.chunks[row].page for row in found.rows] if found else []


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
