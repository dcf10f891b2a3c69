"""Our retrieval on a pack, by the path of production: called with the pack, the model's folder, the kept vectors."""

import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from benchmarks.rivals.embedding import Kept
from benchmarks.rivals.told import answer, memory
from knowledge import evaluate
from knowledge.chroma import ChromaFolder
from knowledge.concepts import lines
from knowledge.live import Shelf

WARM = 5


def quiet(_: object) -> None:
    """Tell nobody."""


def main() -> None:
    folder, model, kept = map(Path, sys.argv[1:4])
    embedder = Kept(model, kept=kept)
    embedder.queries(["warm"])
    before, pack = memory(), evaluate.read(folder)
    vectors = evaluate.PackVectors(embedder, cache=None, tell=quiet)
    background = vectors.queries(lines("background.txt"))
    with tempfile.TemporaryDirectory() as scratch:
        chroma = ChromaFolder(Path(scratch))
        started = time.perf_counter()
        searcher, _ = evaluate.indexed(
            pack, shelf=Shelf(chroma, embedder=embedder, background=background), vectors=vectors
        )
        indexed = time.perf_counter() - started - embedder.waited
        asked = [query for query in pack.queries if query.relevant]
        for query in asked[:WARM]:
            evaluate.ask(query, searcher=searcher, embedder=embedder)
        answers = [evaluate.ask(query, searcher=searcher, embedder=embedder) for query in asked]
        weighs = memory()
        chroma.close()
    answer(
        {
            "versions": {"aftercare": version("aftercare"), "chromadb": version("chromadb")},
            "index_s": indexed, "embedded": embedder.texts, "embed_s": embedder.seconds,
            "ways": {
                "hybrid": {
                    "ranked": {item.query.id: item.ranked for item in answers}, "ms": [item.ms for item in answers]
                }
            },
            "memory_mb": {"before": before, "after": weighs},
        }
    )  # fmt: skip


if __name__ == "__main__":
    main()
