"""What every framework's retrieval script shares: the pack, the questions one after the other, what is printed.

A script is called with a pack's folder, the model's folder and the folder of kept vectors.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.rivals.embedding import Kept
from benchmarks.rivals.told import answer, memory, pages, rows

Way = Callable[[str], Sequence[str]]  # a question → the pages of the passages found, best first
Build = Callable[[list[tuple[str, str]], Any, bool], Mapping[str, Way]]  # (id, text) of pages, and whether Chinese
DEPTH = 30  # passages asked for, so that ten pages come out of them
WARM = 5


def is_chinese(texts: Sequence[str]) -> bool:
    """Whether most of what the pages say is written in Han characters."""
    sample = "".join(texts[:50])
    return sum("一" <= sign <= "鿿" for sign in sample) > len(sample) / 4


def play(build: Build, *packages: str, embeds: bool = True) -> None:
    """Index the pack, ask everything in every way, print rankings and times."""
    pack, model, kept = map(Path, sys.argv[1:4])
    embedder = Kept(model, kept=kept) if embeds else None
    if embedder:
        embedder.queries(["warm"])
    before = memory()
    documents = [(str(row["id"]), "\n\n".join(filter(None, (row.get("title"), row["text"])))) for row in
                 rows(pack / "corpus.jsonl")]  # fmt: skip
    asked = [(str(row["id"]), row["text"]) for row in rows(pack / "queries.jsonl") if row["relevant"]]
    started = time.perf_counter()
    ways = build(documents, embedder, is_chinese([text for _, text in documents]))
    indexed = time.perf_counter() - started - (embedder.waited if embedder else 0.0)
    answer(
        {
            "versions": {name: version(name) for name in packages},
            "index_s": indexed,
            "embedded": embedder.texts if embedder else 0, "embed_s": embedder.seconds if embedder else 0.0,
            "ways": {name: one_way(way, asked) for name, way in ways.items()},
            "memory_mb": {"before": before, "after": memory()},
        }
    )  # fmt: skip


def one_way(way: Way, asked: Sequence[tuple[str, str]]) -> dict[str, object]:
    """Rankings and milliseconds, question by question."""
    for _, text in asked[:WARM]:
        way(text)
    ranked, spent = {}, []
    for name, text in asked:
        started = time.perf_counter()
        found = way(text)
        spent.append((time.perf_counter() - started) * 1000)
        ranked[name] = pages(found)
    return {"ranked": ranked, "ms": spent}
