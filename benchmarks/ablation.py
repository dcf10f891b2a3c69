"""What each part of retrieval is worth: the packs with one part taken out at a time; prints a table.

Run: ``python -m benchmarks.ablation PACKS CACHE [--json]``. nDCG@10 of the retrieval packs, AUROC of the others (the
evidence model is not fitted again without the part: read small differences there with care). ``whole`` is what the
program does. Vectors are kept in CACHE. A difference of less than about .01 on a help pack (310 and 178 questions) is
chance.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np

from knowledge import e5, evaluate, measures, search
from knowledge.asking import questions
from knowledge.chroma import ChromaFolder
from knowledge.concepts import lines
from knowledge.evidence import Evidence
from knowledge.live import Shelf
from knowledge.model import Scope

PACKS = ("help-zh", "help-en", "drcd", "cmrc2018", "xquad-cross", "abstain-help-zh", "abstain-help-en")
TOGETHER = 32


def words_alone(**parts):
    return np.maximum(parts["coverage"], parts["asked_coverage"])


def vectors_alone(**parts):
    return np.maximum(parts["dense"], parts["question"])


#: What is patched to take a part out. Folders and asking words change the index or the question: made anew.
VARIANTS = {
    "whole": {},
    "no windows (one vector a section)": {"knowledge.ranking.WINDOW_WEIGHT": 0.0},
    "windows alone for nearness": {"knowledge.ranking.WINDOW_WEIGHT": 1.0},
    "no folders": {"knowledge.pieces._folders": lambda *_: ""},
    "asking words count": {"knowledge.asking._ASKING": frozenset()},
    "no ideas of the trade": {"knowledge.asking.concepts": lambda *_: [], "knowledge.asking.glossed": None},
    "no page that bears it out": {"knowledge.ranking.FEW_WEIGHT": 0.0, "knowledge.ranking.ONE_WEIGHT": 0.0},
    "vectors alone": {"knowledge.ranking.relevance": vectors_alone},
    "words alone": {"knowledge.ranking.relevance": words_alone},
}


@contextmanager
def without(parts) -> Iterator[None]:
    if not parts:
        yield
        return
    (name, value), *rest = parts.items()
    made = (lambda *_, **__: "") if value is None else value
    with patch(name, made), without(dict(rest)):
        yield


def figure(pack, *, embedder, vectors) -> float:
    with tempfile.TemporaryDirectory() as scratch:
        chroma = ChromaFolder(Path(scratch))
        shelf = Shelf(chroma, embedder=embedder, background=vectors.queries(lines("background.txt")))
        try:
            searcher, _ = evaluate.indexed(pack, shelf=shelf, vectors=vectors)
            answers = list(asked(pack, searcher=searcher, embedder=embedder))
        finally:
            chroma.close()
    if pack.name.startswith("abstain"):
        positive, negative = evaluate.scores(answers, evidence=Evidence())
        return measures.auroc(positive, negative)
    found = [measures.ndcg(each.ranked, each.query.relevant) for each in answers if each.query.relevant]
    return sum(found) / len(found)


def asked(pack, *, searcher: search.Searcher, embedder):
    for start in range(0, len(pack.queries), TOGETHER):
        some = pack.queries[start : start + TOGETHER]
        for query, ready in zip(some, questions([each.text for each in some], embedder=embedder), strict=True):
            found = searcher.find(ready, scope=Scope(), limit=100, thin=False) if ready else None
            rows = dict.fromkeys(searcher.held.chunks[row].page for row in found.rows) if found else {}
            signals = found.signals if found else None
            yield evaluate.Answer(query=query, ranked=tuple(rows)[:10], signals=signals, ms=0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packs", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    embedder = e5.prepare(chosen.cache / "model")
    vectors = evaluate.PackVectors(embedder, cache=chosen.cache, tell=lambda _: None)
    table = {}
    for variant, parts in VARIANTS.items():
        with without(parts):
            read = [evaluate.read(chosen.packs / name) for name in PACKS]
            table[variant] = {each.name: round(figure(each, embedder=embedder, vectors=vectors), 4) for each in read}
        if not chosen.json:
            print(variant, table[variant], flush=True)
    if chosen.json:
        print(json.dumps(table, indent=1))
        return
    print("| | " + " | ".join(PACKS) + " |\n|---|" + "---|" * len(PACKS))
    for variant, row in table.items():
        print(f"| {variant} | " + " | ".join(f"{row[name]:.3f}" for name in PACKS) + " |")


if __name__ == "__main__":
    main()
