"""Every vector index finds the nearest entries of one audience, and nothing of another or of another version."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from knowledge.chroma import Chroma, ChromaFolder, ChromaServer
from knowledge.embedders import Vectors
from knowledge.errors import ChromaFailed, ChromaUnreachable
from knowledge.model import Audience
from knowledge.vectors import Entry, ExactIndex, named
from tests.chroma_server import Served
from tests.postgres import free_port

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
RNG = np.random.default_rng(7)
VECTORS = RNG.normal(size=(900, 32)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)
CLIENT = [Entry(kind="chunk", row=i) for i in range(300)]
INTERNAL = [Entry(kind="question", row=i) for i in range(200)]

Put = Callable[[ExactIndex], ExactIndex]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(tmp_path_factory.mktemp("chroma"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Chroma]:
    opened = ChromaFolder(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def server(served: Served) -> Iterator[Chroma]:
    opened = ChromaServer(served.url, grace=timedelta())
    yield opened
    opened.drop_unused(frozenset(), now=NOW)
    opened.close()


@pytest.fixture(params=["folder", "server"])
def chroma(request: pytest.FixtureRequest) -> Chroma:
    found: Chroma = request.getfixturevalue(request.param)
    return found


def written(chroma: Chroma, index: ExactIndex) -> ExactIndex:
    for audience in index.bare:
        names, vectors = index.contents(audience)
        assert index.choose(audience, [chroma.write(audience, names=names, vectors=vectors, now=NOW)])
    return index


def both(vectors: Vectors = VECTORS) -> ExactIndex:
    index = ExactIndex()
    index.put(Audience.CLIENT, entries=CLIENT, vectors=vectors[:300])
    index.put(Audience.INTERNAL, entries=INTERNAL, vectors=VECTORS[300:500])
    return index


@pytest.fixture(params=["exact", "folder", "server"])
def index(request: pytest.FixtureRequest) -> ExactIndex:
    return both() if request.param == "exact" else written(request.getfixturevalue(request.param), both())


def near(row: int) -> Vectors:
    return VECTORS[row] + 0.05 * RNG.normal(size=32).astype(np.float32)


def test_nearest_first(index: ExactIndex) -> None:
    """Recall of the ten nearest is (almost) whole, the nearest is first, audiences do not mix."""
    hits = 0
    for row in range(40):
        asked = near(row)
        found = index.nearest(asked, audience=Audience.CLIENT, k=10)
        truth = np.argsort(-(VECTORS[:300] @ asked))[:10].tolist()
        assert found[0] == Entry(kind="chunk", row=row)
        assert all(entry.kind == "chunk" for entry in found)
        hits += len({entry.row for entry in found} & set(truth))
    assert hits >= 0.98 * 400
    assert all(e.kind == "question" for e in index.nearest(VECTORS[0], audience=Audience.INTERNAL, k=5))


def test_asking_for_more_than_there_is(index: ExactIndex) -> None:
    """All there is comes back; an audience without entries has none."""
    assert len(index.nearest(VECTORS[0], audience=Audience.INTERNAL, k=1000)) == 200
    assert ExactIndex().nearest(VECTORS[0], audience=Audience.CLIENT, k=3) == []


def test_versions_share_a_base_and_never_mix(chroma: Chroma) -> None:
    """A version that differs a little writes nothing, finds what it added and nothing that it lost."""
    first = written(chroma, both())
    changed = VECTORS[:300].copy()
    changed[:20] = VECTORS[500:520]
    second = both(changed)
    assert second.choose(Audience.CLIENT, chroma.bases(Audience.CLIENT))
    assert second.bases <= first.bases
    for row in range(20):
        new, old = VECTORS[500 + row], VECTORS[row]
        assert second.nearest(new, audience=Audience.CLIENT, k=5)[0] == Entry(kind="chunk", row=row)
        assert first.nearest(old, audience=Audience.CLIENT, k=5)[0] == Entry(kind="chunk", row=row)
        truth = np.argsort(-(changed @ old))[:5].tolist()
        assert [entry.row for entry in second.nearest(old, audience=Audience.CLIENT, k=5)] == truth
    assert len(second.nearest(VECTORS[0], audience=Audience.CLIENT, k=1000)) == 300


def test_a_base_that_differs_much_is_not_used(chroma: Chroma) -> None:
    """Past a few per cent a new collection is due."""
    written(chroma, both())
    other = ExactIndex()
    other.put(Audience.CLIENT, entries=CLIENT, vectors=VECTORS[600:])
    assert not other.choose(Audience.CLIENT, chroma.bases(Audience.CLIENT))
    assert other.bare == (Audience.CLIENT,)


def test_equal_vectors_are_kept_once_and_found_twice(chroma: Chroma) -> None:
    """Two chunks that say the same are both found."""
    index = ExactIndex()
    index.put(Audience.CLIENT, entries=CLIENT[:2], vectors=np.stack([VECTORS[0], VECTORS[0]]))
    assert len(index.contents(Audience.CLIENT)[0]) == 1
    written(chroma, index)
    assert set(index.nearest(VECTORS[0], audience=Audience.CLIENT, k=5)) == set(CLIENT[:2])


def test_a_lost_collection_is_done_without(chroma: Chroma) -> None:
    """When its collection goes away a version answers from memory, says so once, and can be mended."""
    lost: list[ChromaFailed] = []
    index = ExactIndex(lost=lost.append)
    index.put(Audience.CLIENT, entries=CLIENT, vectors=VECTORS[:300])
    written(chroma, index)
    chroma.drop_unused(frozenset(), now=NOW)
    for _ in range(3):
        assert index.nearest(VECTORS[3], audience=Audience.CLIENT, k=2)[0] == CLIENT[3]
    assert len(lost) == 1
    assert index.bare == (Audience.CLIENT,)
    assert written(chroma, index).bare == ()
    assert index.nearest(VECTORS[3], audience=Audience.CLIENT, k=2)[0] == CLIENT[3]


def test_unfinished_and_damaged_collections_are_told(tmp_path: Path) -> None:
    """One that lacks entries, and one whose names stand at other vectors, are no bases."""
    chroma = ChromaFolder(tmp_path)
    names = named(VECTORS[:300])
    chroma.write(Audience.CLIENT, names=names, vectors=VECTORS[:300][::-1].copy(), now=NOW)
    short = chroma.write(Audience.INTERNAL, names=names, vectors=VECTORS[:300], now=NOW)
    chroma._client.get_collection(short.name, embedding_function=None).delete(ids=names[:1])
    chroma.close()
    again = ChromaFolder(tmp_path)
    assert again.bases(Audience.INTERNAL) == []
    assert again.bases(Audience.CLIENT) == []
    again.close()


def test_others_have_time_to_move(served: Served) -> None:
    """On a server a collection is deleted only when this process uses a successor, and has for a while."""
    grace = timedelta(minutes=15)
    chroma = ChromaServer(served.url, grace=grace)
    names, vectors = named(VECTORS[:10]), VECTORS[:10]
    old = chroma.write(Audience.CLIENT, names=names, vectors=vectors, now=NOW)
    later = NOW + timedelta(hours=1)
    new = chroma.write(Audience.CLIENT, names=names, vectors=vectors, now=later)
    for used, now, left in (
        (frozenset(), later + 2 * grace, {old.name, new.name}),
        ({new.name}, later + grace / 2, {old.name, new.name}),
        ({old.name}, later + 2 * grace, {old.name, new.name}),
        ({new.name}, later + 2 * grace, {new.name}),
    ):
        chroma.drop_unused(frozenset(used), now=now)
        assert {each.name for each in chroma.bases(Audience.CLIENT)} == left
    chroma._grace = timedelta()
    chroma.drop_unused(frozenset(), now=NOW)
    chroma.close()


def test_a_server_that_is_not_there_is_named() -> None:
    """The address is in the error."""
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ChromaUnreachable, match=url):
        ChromaServer(url)
