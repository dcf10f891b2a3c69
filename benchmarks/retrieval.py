"""Retrieval against what one would pick instead, in one run; prints one JSON object.

Run: ``python -m benchmarks.retrieval PACKS CACHE [MANUAL]``. For each pack: our hybrid, BM25 alone (jieba-free
characters and pairs), and dense alone (the same vectors, as a plain Chroma collection ranks them). Then the time
of a query at 10,000 chunks (ours, BM25, Chroma), and with MANUAL the golden questions of a manual, the evidence
fitted on all of them and on halves. Vectors are kept in CACHE.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from knowledge import chunking, e5, evaluate, gate, golden, index, loaders, measures
from knowledge.asking import question
from knowledge.catalogue import Windows, catalogue
from knowledge.chroma import ChromaFolder
from knowledge.concepts import lines
from knowledge.language import fold, salient, tokens
from knowledge.lexical import LexicalIndex
from knowledge.live import Shelf
from knowledge.model import Audience, Page, Scope

RETRIEVAL = ("help-zh", "help-en", "xquad-zh", "xquad-en", "xquad-cross", "cmrc2018", "drcd")
ABSTAIN = ("abstain-help-zh", "abstain-help-en", "abstain-xquad-zh", "abstain-xquad-en", "abstain-clinc-en")
TRIAGE = ("triage-help-zh", "triage-help-en", "triage-banking77")
CHUNKS = 10_000
WINDOWS = 4  # of a chunk, as in real manuals
QUERIES = 400


def quiet(_):
    """Tell nobody."""


class Bench:
    def __init__(self, packs, cache):
        self.packs, self.cache = packs, cache
        self.embedder = e5.prepare(cache / "model")
        self.vectors = evaluate.PackVectors(self.embedder, cache=cache, tell=quiet)

    def pack(self, name):
        ours = evaluate.run(self.packs / name, embedder=self.embedder, cache=self.cache, tell=quiet).as_json()
        return {"ours": ours, **self.plain(evaluate.read(self.packs / name))}

    def chunks(self, pack):
        found = [chunk for page in pack.pages for chunk in chunking.chunks(page)]
        texts = index.texts(pack.pages, chunks=found)
        return found, texts.passages, self.vectors.passages(texts.passages)[0]

    def plain(self, pack):
        chunks, passages, vectors = self.chunks(pack)
        lexical = LexicalIndex([tokens(text) for text in passages])
        asked = self.vectors.queries([query.text for query in pack.queries])
        words = [lexical.coverage(tokens(salient(query.text))).scores for query in pack.queries]
        rows = [chunk.page for chunk in chunks]
        return {
            "bm25": summary(pack, rows, words),
            "dense": summary(pack, rows, list(asked @ vectors.T)),
        }

    def speed(self):
        """Time questions at 10,000 chunks: the packs' own, repeated with a little noise."""
        pages, chunks, vectors = self.many()
        asked = [query.text for name in ("help-zh", "help-en") for query in evaluate.read(self.packs / name).queries]
        with tempfile.TemporaryDirectory() as folder:
            chroma = ChromaFolder(Path(folder))
            background = self.vectors.queries(lines("background.txt"))
            none = np.zeros((0, vectors.shape[1]), dtype=np.float32)
            started = time.perf_counter()
            windows = Windows.of(np.repeat(vectors, WINDOWS, axis=0), counts=[WINDOWS] * len(chunks))
            held = catalogue(pages, chunks=chunks, vectors=vectors, windows=windows, question_vectors=none)
            arranged = time.perf_counter() - started
            started = time.perf_counter()
            searcher = Shelf(chroma, embedder=self.embedder, background=background).put(held)
            stored = time.perf_counter() - started
            plain = chroma.bases(Audience.CLIENT)[0]
            times = {"ours": [], "chroma_plain": [], "bm25": []}
            for text in asked[:QUERIES]:
                timed(times["ours"], lambda text=text: self.search(searcher, text))
                timed(times["chroma_plain"], lambda text=text: self.nearest(plain, text))
                timed(times["bm25"], lambda text=text: held.lexical.coverage(tokens(fold(text))).scores.argsort()[:10])
            chroma.close()
        ms = {
            name: {"p50": measures.percentile(spent, 0.5), "p95": measures.percentile(spent, 0.95)}
            for name, spent in times.items()
        }
        return {"chunks": len(chunks), "arranged_s": arranged, "stored_s": stored, "ms": ms}

    def search(self, searcher, text):
        ready = question(text, embedder=self.embedder)
        return searcher.find(ready, scope=Scope()) if ready else None

    def nearest(self, plain, text):
        return plain.nearest(self.embedder.queries([text])[0], k=10)

    def many(self):
        rng = np.random.default_rng(1)
        read = [(pack, *self.chunks(pack)) for pack in (evaluate.read(self.packs / name) for name in RETRIEVAL[:2])]
        pages, chunks, rows = [], [], []
        turn = 0
        while len(chunks) < CHUNKS:
            for pack, found, _, vectors in read:
                named = {page.id: f"{page.id}-{turn}" for page in pack.pages}
                pages += [Page(**{**vars(page), "id": named[page.id]}) for page in pack.pages]
                chunks += [type(chunk)(**{**vars(chunk), "page": named[chunk.page]}) for chunk in found]
                noisy = vectors + rng.normal(scale=0.004, size=vectors.shape)
                rows.append((noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32))
            turn += 1
        return pages, chunks, np.concatenate(rows)

    def golden(self, folder):
        pages = loaders.current(loaders.load(folder).pages)
        chunks = [chunk for page in pages for chunk in chunking.chunks(page)]
        texts = index.texts(pages, chunks=chunks)
        held = catalogue(
            pages,
            chunks=chunks,
            vectors=self.vectors.passages(texts.passages)[0],
            windows=Windows.of(
                self.vectors.passages([text for each in texts.windows for text in each])[0],
                counts=[len(each) for each in texts.windows],
            ),
            question_vectors=self.vectors.queries([asked for page in pages for asked in page.questions]),
        )
        shelf = Shelf(None, embedder=self.embedder, background=self.vectors.queries(lines("background.txt")))
        asked = gate.ask(golden.read(folder / golden.FILE), searcher=shelf.aside(held), embedder=self.embedder)
        score = gate.score(asked, evidence=gate.fit(asked), held_out=True)
        top = [item.judged.right for item in asked if item.judged and item.golden.pages]
        return {
            "pages": len(pages),
            "chunks": len(chunks),
            "questions": [score.answerable, score.unanswerable],
            "right_page_first": sum(top) / score.answerable,
            "right_page_first_and_answered": score.first,
            "not_answered": score.refused,
            "held_out": dict(score.held_out),
        }


def timed(times, work):
    started = time.perf_counter()
    work()
    times.append((time.perf_counter() - started) * 1000)


def summary(pack, rows, scores):
    """Return nDCG@10 and abstention AUROC of a ranking by one score."""
    gains, positive, negative = [], [], []
    for query, row in zip(pack.queries, scores, strict=True):
        order = np.argsort(-row, kind="stable")[:100]
        ranked = list(dict.fromkeys(rows[i] for i in order))
        (positive if query.relevant else negative).append(float(row[order[0]]))
        if query.relevant:
            gains.append(measures.ndcg(ranked, query.relevant))
    area = measures.auroc(positive, negative)
    return {"ndcg@10": round(sum(gains) / len(gains), 4), "auroc": None if area is None else round(area, 4)}


def main():
    bench = Bench(Path(sys.argv[1]), Path(sys.argv[2]))
    result = {"packs": {name: bench.pack(name) for name in (*RETRIEVAL, *ABSTAIN)}}
    result["triage"] = {
        name: evaluate.run(bench.packs / name, embedder=bench.embedder, cache=bench.cache, tell=quiet).as_json()
        for name in TRIAGE
    }
    result["speed"] = bench.speed()
    if len(sys.argv) > 3:
        result["golden"] = bench.golden(Path(sys.argv[3]))
    result["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
