"""Retrieval: ours, Haystack, LlamaIndex, LangChain with Chroma, bm25s alone; one judge over everybody's rankings."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean

from benchmarks.compare.scripts import Environment, Failed, Missing, ours
from knowledge import e5, measures

PACKS = ("help-zh", "help-en", "xquad-zh", "xquad-en", "xquad-cross", "cmrc2018", "drcd")
OTHERS = (
    ("Haystack", "retrieval_haystack"),
    ("LlamaIndex", "retrieval_llamaindex"),
    ("LangChain", "retrieval_langchain"),
    ("bm25s", "retrieval_bm25s"),
)
QUESTIONS = 600  # of a pack at most, evenly taken: Haystack's BM25 in memory reads every document for each of them
SMALL_ROWS, SMALL_QUERIES = 12, 12


def measure(environment: Environment, *, packs: Path, model: Path, kept: Path, small: bool) -> dict[str, object]:
    """Every pack that is there; raises Missing where none is."""
    names = [name for name in PACKS if (packs / name / "corpus.jsonl").is_file()]
    if not names:
        raise Missing(f"no evaluation packs in {packs}: give their folder with --packs")
    e5.prepare(model)  # before anybody is timed; the others only read it
    found = {}
    for name in names[:1] if small else names:
        with whole_or_cut(packs / name, small=small) as pack:
            found[name] = {"queries": len(relevant(pack)), "rows": list(rows(environment, pack, model, kept))}
    return {"packs": found}


def rows(environment: Environment, pack: Path, model: Path, kept: Path) -> Iterator[dict[str, object]]:
    """Figures of each way of each system, ours first; or why there are none."""
    yield from judged("Aftercare", ours("our_retrieval", pack, model, kept), pack, is_ours=True)
    for name, script in OTHERS:
        try:
            yield from judged(name, environment.run(script, pack, model, kept), pack, is_ours=False)
        except (Missing, Failed) as why:
            yield {"name": name, "ours": False, "missing": str(why)}


def judged(name: str, found: dict, pack: Path, *, is_ours: bool) -> Iterator[dict[str, object]]:
    wanted = relevant(pack)
    for way, told in found["ways"].items():
        ranked, ms = told["ranked"], told["ms"]
        yield {
            "name": name, "way": way, "ours": is_ours, "versions": found["versions"],
            "ndcg": fmean(measures.ndcg(ranked[one], good) for one, good in wanted.items()),
            "recall": fmean(measures.recall(ranked[one], good, k=5) for one, good in wanted.items()),
            "ms": spread(ms), "index_s": found["index_s"], "embedded": found["embedded"],
            "embed_s": found["embed_s"], "memory_mb": found["memory_mb"]["after"],
        }  # fmt: skip


def spread(ms: Sequence[float]) -> dict[str, float]:
    return {"p50": measures.percentile(ms, 0.5), "p95": measures.percentile(ms, 0.95)}


def relevant(pack: Path) -> dict[str, frozenset[str]]:
    """Of each question that has an answer: the pages that are right."""
    return {str(row["id"]): frozenset(row["relevant"]) for row in read(pack / "queries.jsonl") if row["relevant"]}


@contextmanager
def whole_or_cut(pack: Path, *, small: bool) -> Iterator[Path]:
    """The pack with the questions that are asked of it; if small, with few, their pages and some more."""
    with tempfile.TemporaryDirectory() as folder:
        asked, corpus = [row for row in read(pack / "queries.jsonl") if row["relevant"]], read(pack / "corpus.jsonl")
        asked = asked[:SMALL_QUERIES] if small else asked[:: -(-len(asked) // QUESTIONS) or 1]
        if small:
            wanted = {page for row in asked for page in row["relevant"]}
            corpus = sorted(corpus, key=lambda row: row["id"] not in wanted)[: len(wanted) + SMALL_ROWS]
        cut = Path(folder) / pack.name
        cut.mkdir()
        write(cut / "corpus.jsonl", corpus)
        write(cut / "queries.jsonl", asked)
        yield cut


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]


def write(path: Path, made: Sequence[dict]) -> None:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in made), "utf-8")
