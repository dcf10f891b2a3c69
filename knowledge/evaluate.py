"""Runs an evaluation pack through the same code as production, on an index of its own that is thrown away."""

import asyncio
import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from statistics import fmean
from typing import Any

import numpy as np

from knowledge import categories, chunking, index, measures
from knowledge.asking import question
from knowledge.catalogue import Windows, catalogue
from knowledge.chroma import ChromaFolder
from knowledge.concepts import lines
from knowledge.embedders import Embedder, Vectors
from knowledge.errors import PackInvalid
from knowledge.evidence import Evidence, Signals
from knowledge.language import detect
from knowledge.live import Shelf
from knowledge.model import Audience, Page, Progress, Scope
from knowledge.pieces import question_text
from knowledge.search import Searcher

_DEPTH = 100
_ROWS = 10
Tell = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a pack measured; a measure that does not apply is None. Times are of one query, embedding included."""

    pack: str
    rows: int
    queries: int
    ndcg: float | None = None
    recall_1: float | None = None
    recall_5: float | None = None
    mrr: float | None = None
    auroc: float | None = None
    f1: float | None = None
    accuracy: float | None = None
    macro_f1: float | None = None
    ms_p50: float | None = None
    ms_p95: float | None = None
    passages_per_s: float | None = None

    def as_json(self) -> dict[str, object]:
        """Return the object that ``aftercare eval --json`` prints."""
        measured = {
            "ndcg@10": self.ndcg,
            "recall@1": self.recall_1,
            "recall@5": self.recall_5,
            "mrr@10": self.mrr,
            "auroc": self.auroc,
            "f1": self.f1,
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "ms_p50": self.ms_p50,
            "ms_p95": self.ms_p95,
            "passages_per_s": self.passages_per_s,
        }
        rounded = {name: None if value is None else round(value, 4) for name, value in measured.items()}
        return {"pack": self.pack, "rows": self.rows, "queries": self.queries, **rounded}


@dataclass(frozen=True, kw_only=True)
class Query:
    """One question of a pack; no ``relevant`` rows means that it must not be answered."""

    id: str
    text: str
    relevant: frozenset[str]
    label: str | None


@dataclass(frozen=True, kw_only=True)
class Pack:
    """A pack as read: its rows as pages, and its questions."""

    name: str
    pages: tuple[Page, ...]
    queries: tuple[Query, ...]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a query found: rows by relevance, signals (None if nothing was found), time in ms."""

    query: Query
    ranked: tuple[str, ...]
    signals: Signals | None
    ms: float


def read(folder: Path) -> Pack:
    """Read a pack.

    Raises:
        PackInvalid: a file is missing or a row malformed; names the line.
    """
    pages = tuple(_page(row) for row in _rows(folder / "corpus.jsonl", needs=("id", "text")))
    queries = tuple(_query(row) for row in _rows(folder / "queries.jsonl", needs=("id", "text", "relevant")))
    return Pack(name=folder.name, pages=pages, queries=queries)


def _rows(path: Path, *, needs: tuple[str, ...]) -> list[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise PackInvalid(path, None, "cannot be read") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise PackInvalid(path, number, "not JSON") from error
        if not isinstance(row, dict) or not all(name in row for name in needs):
            raise PackInvalid(path, number, f"needs {', '.join(needs)}")
        found.append(row)
    return found


def _page(row: dict[str, Any]) -> Page:
    """A row as a page in the folder of its document; not under that one's name, which can be the question itself."""
    place = PurePosixPath(str(row.get("doc") or ""))
    return Page(
        id=str(row["id"]),
        title=str(row.get("title") or ""),
        audience=Audience.CLIENT,
        language=detect(row["text"]),
        category=place.parent.name,
        body=row["text"],
        hash="",
        path=(place.parent / str(row["id"])).as_posix(),
    )


def _query(row: dict[str, Any]) -> Query:
    label = row.get("label")
    return Query(
        id=str(row["id"]),
        text=row["text"],
        relevant=frozenset(row["relevant"]),
        label=None if label is None else str(label),
    )


async def evaluate(
    pack: Path,
    *,
    embedder: Embedder,
    train: Path | None = None,
    cache: Path | None = None,
    progress: Tell | None = None,
) -> Evaluation:
    """Measure a pack; live data is not touched.

    ``train`` is the pack that a triage pack's classifier is trained on (else five folds of itself); ``cache`` is
    a folder that keeps vectors by content.

    Raises:
        PackInvalid: a pack cannot be read.
    """
    return await asyncio.to_thread(run, pack, embedder=embedder, train=train, cache=cache, tell=progress or _silent)


def run(
    folder: Path, *, embedder: Embedder, train: Path | None = None, cache: Path | None = None, tell: Tell
) -> Evaluation:
    """Do what :func:`evaluate` does, blocking."""
    pack = read(folder)
    vectors = PackVectors(embedder, cache=cache, tell=tell)
    if not pack.pages:
        return _triage(pack, train=read(train) if train else None, vectors=vectors)
    answers, speed = answer(pack, embedder=embedder, vectors=vectors, tell=tell)
    return _summary(pack, answers=answers, speed=speed, evidence=Evidence())


def answer(
    pack: Pack, *, embedder: Embedder, vectors: "PackVectors", tell: Tell
) -> tuple[tuple[Answer, ...], float | None]:
    """Return what every query finds in the pack's own rows, and the passages embedded a second."""
    with tempfile.TemporaryDirectory(prefix="aftercare-eval-") as scratch:
        chroma = ChromaFolder(Path(scratch))
        shelf = Shelf(chroma, embedder=embedder, background=vectors.queries(lines("background.txt")))
        try:
            searcher, speed = indexed(pack, shelf=shelf, vectors=vectors)
            answers = []
            for number, query in enumerate(pack.queries, start=1):
                answers.append(ask(query, searcher=searcher, embedder=embedder))
                tell(Progress(stage="check", done=number, total=len(pack.queries)))
        finally:
            chroma.close()
    return tuple(answers), speed


def indexed(pack: Pack, *, shelf: Shelf, vectors: "PackVectors") -> tuple[Searcher, float | None]:
    """Return a searcher of a pack's rows, and the texts embedded a second (None if all were kept)."""
    chunks = [chunk for page in pack.pages for chunk in chunking.chunks(page)]
    texts = index.texts(pack.pages, chunks=chunks)
    made, speed = vectors.passages([*texts.passages, *(text for each in texts.windows for text in each)])
    windows = Windows.of(made[len(chunks) :], counts=[len(each) for each in texts.windows])
    held = catalogue(pack.pages, chunks=chunks, vectors=made[: len(chunks)], windows=windows, question_vectors=made[:0])
    return shelf.put(held), speed


def ask(query: Query, *, searcher: Searcher, embedder: Embedder) -> Answer:
    """Return what one query finds, timed with its embedding."""
    started = time.perf_counter()
    ready = question(query.text, embedder=embedder)
    found = searcher.find(ready, scope=Scope(), limit=_DEPTH, thin=False) if ready else None
    spent = (time.perf_counter() - started) * 1000
    held = searcher.held.chunks
    ranked = dict.fromkeys(held[row].page for row in found.rows) if found else {}
    return Answer(query=query, ranked=tuple(ranked)[:_ROWS], signals=found.signals if found else None, ms=spent)


def _summary(pack: Pack, *, answers: Sequence[Answer], speed: float | None, evidence: Evidence) -> Evaluation:
    asked = [(item.ranked, item.query.relevant) for item in answers if item.query.relevant]
    positive, negative = scores(answers, evidence=evidence)
    times = [item.ms for item in answers]
    return Evaluation(
        pack=pack.name,
        rows=len(pack.pages),
        queries=len(pack.queries),
        ndcg=_mean([measures.ndcg(ranked, relevant) for ranked, relevant in asked]),
        recall_1=_mean([measures.recall(ranked, relevant, k=1) for ranked, relevant in asked]),
        recall_5=_mean([measures.recall(ranked, relevant, k=5) for ranked, relevant in asked]),
        mrr=_mean([measures.reciprocal_rank(ranked, relevant) for ranked, relevant in asked]),
        auroc=measures.auroc(positive, negative),
        f1=measures.best_f1(positive, negative),
        ms_p50=measures.percentile(times, 0.50),
        ms_p95=measures.percentile(times, 0.95),
        passages_per_s=speed,
    )


def scores(answers: Sequence[Answer], *, evidence: Evidence) -> tuple[list[float], list[float]]:
    """Return the evidence of answerable and of unanswerable queries."""
    positive: list[float] = []
    negative: list[float] = []
    for item in answers:
        chance = evidence.probability(item.signals) if item.signals else 0.0
        (positive if item.query.relevant else negative).append(chance)
    return positive, negative


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _triage(pack: Pack, *, train: Pack | None, vectors: "PackVectors") -> Evaluation:
    truth = _labels(pack)
    started = time.perf_counter()
    made = vectors.queries([query.text for query in pack.queries])
    spent = (time.perf_counter() - started) * 1000 / max(len(truth), 1)
    if train is None:
        found = categories.folded(made, truth)
    else:
        learned = vectors.queries([query.text for query in train.queries])
        classifier = categories.train(learned, _labels(train))
        found = classifier.labelled(made) if classifier else [""] * len(truth)
    return Evaluation(
        pack=pack.name,
        rows=0,
        queries=len(truth),
        accuracy=measures.accuracy(found, truth),
        macro_f1=measures.macro_f1(found, truth),
        ms_p50=spent,
        ms_p95=spent,
    )


def _labels(pack: Pack) -> list[str]:
    for number, query in enumerate(pack.queries, start=1):
        if query.label is None:
            raise PackInvalid(Path(pack.name) / "queries.jsonl", number, "needs label in a triage pack")
    return [query.label or "" for query in pack.queries]


class PackVectors:
    """Embeds texts in bulk, keeping them in a folder by content if there is one."""

    def __init__(self, embedder: Embedder, *, cache: Path | None, tell: Tell) -> None:
        self._embedder = embedder
        self._cache = cache
        self._tell = tell

    def passages(self, texts: Sequence[str]) -> tuple[Vectors, float | None]:
        """Return a row per text, and how many were embedded a second (None if they were kept)."""
        started = time.perf_counter()
        rows, kept = self._kept("passage", texts, embed=self._embedder.passages)
        return rows, None if kept else len(texts) / (time.perf_counter() - started)

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Return a row per text, in the form in which questions are embedded."""
        rows, _ = self._kept("question", [question_text(text) for text in texts], embed=self._embedder.queries)
        return rows

    def _kept(
        self, kind: str, texts: Sequence[str], *, embed: Callable[[Sequence[str]], Vectors]
    ) -> tuple[Vectors, bool]:
        if self._cache is None:
            return self._made(texts, embed=embed), False
        named = "\0".join((self._embedder.name, kind, *texts)).encode("utf-8", "replace")
        path = self._cache / f"{hashlib.sha256(named).hexdigest()[:32]}.npy"
        if path.is_file():
            return np.load(path, allow_pickle=False), True
        rows = self._made(texts, embed=embed)
        self._cache.mkdir(parents=True, exist_ok=True)
        np.save(path, rows)
        return rows, False

    def _made(self, texts: Sequence[str], *, embed: Callable[[Sequence[str]], Vectors]) -> Vectors:
        rows = np.zeros((len(texts), self._embedder.dimensions), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        step = 64
        for start in range(0, len(order), step):
            batch = order[start : start + step]
            rows[batch] = embed([texts[i] for i in batch])
            self._tell(Progress(stage="embed", done=min(start + step, len(order)), total=len(order)))
        return rows


def _silent(_: Progress) -> None:
    """Report progress to nobody."""
