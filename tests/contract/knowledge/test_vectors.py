"""Every vector index finds the nearest entries of one audience, and nothing of another."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from knowledge.model import Audience
from knowledge.vectors import ChromaFolder, Entry, ExactIndex, VectorIndex

RNG = np.random.default_rng(7)
VECTORS = RNG.normal(size=(500, 32)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)
CLIENT = [Entry(kind="chunk", row=i) for i in range(300)]
INTERNAL = [Entry(kind="question", row=i) for i in range(200)]


@pytest.fixture(params=["exact", "chroma"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorIndex]:
    if request.param == "exact":
        exact = ExactIndex()
        exact.put(Audience.CLIENT, entries=CLIENT, vectors=VECTORS[:300])
        exact.put(Audience.INTERNAL, entries=INTERNAL, vectors=VECTORS[300:])
        yield exact
        return
    chroma = ChromaFolder(tmp_path)
    chroma.write(1, audience=Audience.CLIENT, entries=CLIENT, vectors=VECTORS[:300])
    chroma.write(1, audience=Audience.INTERNAL, entries=INTERNAL, vectors=VECTORS[300:])
    yield chroma.open(1)
    chroma.close()


def test_nearest_first(index: VectorIndex) -> None:
    """Recall of the ten nearest is (almost) whole, the nearest is first, audiences do not mix."""
    hits = 0
    for row in range(40):
        asked = VECTORS[row] + 0.05 * RNG.normal(size=32).astype(np.float32)
        found = index.nearest(asked, audience=Audience.CLIENT, k=10)
        truth = np.argsort(-(VECTORS[:300] @ asked))[:10].tolist()
        assert found[0] == Entry(kind="chunk", row=row)
        assert all(entry.kind == "chunk" for entry in found)
        hits += len({entry.row for entry in found} & set(truth))
    assert hits >= 0.98 * 400
    assert all(e.kind == "question" for e in index.nearest(VECTORS[0], audience=Audience.INTERNAL, k=5))


def test_asking_for_more_than_there_is(index: VectorIndex) -> None:
    """All there is comes back."""
    assert len(index.nearest(VECTORS[0], audience=Audience.INTERNAL, k=1000)) == 200


def test_collections_know_when_they_are_not_whole(tmp_path: Path) -> None:
    """A missing, a short and a wrong collection are told; versions that are not kept are gone."""
    chroma = ChromaFolder(tmp_path)
    vectors = VECTORS[:300]
    assert not chroma.matches(1, audience=Audience.CLIENT, entries=CLIENT, vectors=vectors)
    chroma.write(1, audience=Audience.CLIENT, entries=CLIENT[:200], vectors=vectors[:200])
    assert not chroma.matches(1, audience=Audience.CLIENT, entries=CLIENT, vectors=vectors)
    chroma.write(1, audience=Audience.CLIENT, entries=CLIENT, vectors=vectors[::-1].copy())
    assert not chroma.matches(1, audience=Audience.CLIENT, entries=CLIENT, vectors=vectors)
    chroma.write(1, audience=Audience.CLIENT, entries=CLIENT, vectors=vectors)
    assert chroma.matches(1, audience=Audience.CLIENT, entries=CLIENT, vectors=vectors)
    chroma.keep(frozenset({2}))
    assert chroma.open(1).nearest(vectors[0], audience=Audience.CLIENT, k=3) == []
    chroma.close()
