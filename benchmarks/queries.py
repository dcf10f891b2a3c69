"""Speed and memory of the manual: whole queries on one core, embedding, indexing again; prints one JSON object.

Run: ``python -m benchmarks.queries PACKS MODEL [--sizes 10000,100000]``. ``queries``: embedding, both engines, fusion
and the audience filter on one core, each size in a process of its own, with its memory; the corpus mixes the texts of
the packs, half of one and half of another, and its vectors are real ones with noise (only the questions are embedded).
Beside it what a user would pick instead: one Chroma query (with the same embedding), and BM25 alone. ``reindex``:
one changed page of the sample manual, and of eleven copies of it (10,000 chunks, instant vectors). ``beside``: answers
with and without a full re-index going on.
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import structlog

from bot.settings import shipped
from knowledge import chunking, e5, evaluate, golden, index, measures
from knowledge.asking import question
from knowledge.catalogue import arranged
from knowledge.chroma import ChromaFolder
from knowledge.embedders import HashingEmbedder
from knowledge.language import salient, tokens
from knowledge.live import Shelf
from knowledge.model import Audience, Chunk, Page, Scope
from knowledge.pieces import Piece, Pieces, chunk_terms, question_terms
from knowledge.service import Manual
from store.clock import utc_now
from store.db import Database

PACKS = ("help-zh", "help-en", "drcd", "cmrc2018", "xquad-en")
REAL, QUESTIONS, A_PAGE, INTERNAL = 400, 300, 5, 10
WINDOWS = 4  # of a chunk, as in real manuals
FLOORS = {10_000: 25, 100_000: 50}


def memory() -> int:
    """MB in use now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


def texts(packs: Path) -> list[str]:
    return [
        chunk.text for name in PACKS for page in evaluate.read(packs / name).pages for chunk in chunking.chunks(page)
    ]


def pieces(packs: Path, *, size: int, known: Pieces) -> list[Piece]:
    """Pages of five chunks, each of halves of two texts; every tenth page is internal."""
    rng = np.random.default_rng(1)
    halves = [half for text in texts(packs) for half in (text[: len(text) // 2], text[len(text) // 2 :])]
    bare = Page(id="", title="", language="zh-Hans", category="", body="", audience=Audience.CLIENT, hash="", path="")
    cut = [chunk_terms(chunk("", 0, half), page=bare) for half in halves]
    made = []
    for number in range(size // A_PAGE):
        pairs = rng.integers(len(halves), size=(A_PAGE, 2)).tolist()
        page = Page(
            id=f"p{number}", title=f"Page {number}", language="zh-Hans", category=f"c{number % 7}", body="",
            audience=Audience.INTERNAL if number % INTERNAL == 0 else Audience.CLIENT, hash="", path="",
        )  # fmt: skip
        made.append(
            Piece(
                page=page,
                chunks=tuple(chunk(page.id, n, halves[a] + halves[b]) for n, (a, b) in enumerate(pairs)),
                passages=(),
                windows=(("",) * WINDOWS,) * A_PAGE,
                questions=(),
                terms=tuple(known.vocabulary.counted(cut[a] + cut[b]) for a, b in pairs),
                asked=known.vocabulary.counted(question_terms(page)),
                cut_here=True,
            )
        )
    return made


def chunk(page: str, number: int, text: str) -> Chunk:
    return Chunk(hash=f"{page}-{number}", page=page, heading="", anchor="", text=text, lines=(1, 1))


def queries(packs: Path, model: Path, *, size: int) -> dict:
    """One size, on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    embedder = e5.prepare(model, threads=1)
    base, known, rng = memory(), Pieces(), np.random.default_rng(2)
    sample = texts(packs)
    sample = [sample[i] for i in rng.permutation(len(sample))[:REAL].tolist()]
    started = time.process_time()
    real = embedder.passages(sample)
    speed = len(sample) / (time.process_time() - started)
    made = pieces(packs, size=size, known=known)
    vectors = real[rng.integers(len(real), size=size)] + rng.normal(scale=0.02, size=(size, real.shape[1])).astype(
        np.float32
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    windows = np.repeat(vectors, WINDOWS, axis=0).astype(np.float16)
    none = np.zeros((0, real.shape[1]), dtype=np.float32)
    started = time.perf_counter()
    held = arranged(made, vectors=vectors, window_vectors=windows, question_vectors=none, known=known.vocabulary)
    spent = {"arranged_s": time.perf_counter() - started}
    asked = [q.text for name in PACKS[:2] for q in evaluate.read(packs / name).queries]
    asked = [asked[i] for i in rng.permutation(len(asked))[:QUESTIONS].tolist()]
    with tempfile.TemporaryDirectory() as folder:
        chroma = ChromaFolder(Path(folder))
        shelf = Shelf(chroma, embedder=embedder, background=embedder.queries(index.background_texts()))
        started = time.perf_counter()
        searcher = shelf.put(held)
        spent["stored_s"] = time.perf_counter() - started
        base_of = next(each for each in chroma.bases(Audience.CLIENT))
        aside = shelf.aside(held)
        ways = {
            "whole": lambda text: searcher.find(question(text, embedder=embedder), scope=Scope()),
            "whole_without_chroma": lambda text: aside.find(question(text, embedder=embedder), scope=Scope()),
            "embedding": lambda text: embedder.queries([text]),
            "chroma_alone": lambda text: base_of.nearest(embedder.queries([text])[0], k=10),
            "bm25_alone": lambda text: held.lexical.coverage(tokens(salient(text))).scores.argpartition(-10)[-10:],
        }
        took = {name: [timed(way, text) for text in asked] for name, way in ways.items()}
        chroma.close()
    ms = {name: spread([clock for clock, _ in times[10:]]) for name, times in took.items()}
    cpu_ms = {name: spread([processor for _, processor in times[10:]]) for name, times in took.items()}
    return {
        "chunks": size, **{name: round(s, 1) for name, s in spent.items()}, "ms": ms, "cpu_ms": cpu_ms,
        "passages_per_cpu_s": round(speed, 1),
        "floor_p95_ms": FLOORS.get(size), "memory_mb": {"before": base, "after": memory(), "most": most_memory()},
    }  # fmt: skip


def most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def timed(way, text: str) -> tuple[float, float]:
    """Milliseconds on the clock, and of the processor: what it would be with nobody else on the core."""
    clock, processor = time.perf_counter(), time.process_time()
    way(text)
    return (time.perf_counter() - clock) * 1000, (time.process_time() - processor) * 1000


def spread(ms: list[float]) -> dict:
    return {f"p{int(100 * q)}": round(measures.percentile(ms, q), 2) for q in (0.5, 0.95)}


async def reindex(room: Path, embedder, *, copies: int) -> dict:
    """A full run, then one changed page three times; seconds on the clock and of the processor."""
    source = room / f"manual{copies}"
    for number in range(copies):
        shutil.copytree(shipped("manual"), source / (f"copy{number}" if number else "."), dirs_exist_ok=True)
    db = await Database.open(f"sqlite:///{room / f'{copies}.sqlite3'}")
    manual = await Manual.open(db, room / f"index{copies}", embedder=embedder, clock=utc_now)
    full = await cost(manual.index(source, by="bench"))
    page, again = sorted(source.rglob("*.md"))[40], []
    for edition in range(3):
        page.write_text(page.read_text("utf-8") + f"\n\nEdition {edition}.\n", "utf-8")
        again.append(await cost(manual.index(source, by="bench")))
    beside = await answers_beside(manual, source) if copies == 1 else None
    chunks = (await manual.versions())[0].chunks
    await manual.close()
    await db.close()
    return {"chunks": chunks, "full": full, "one_page": again} | ({"beside": beside} if beside else {})


async def cost(run) -> dict:
    clock, processor = time.perf_counter(), time.process_time()
    await run
    return {"s": round(time.perf_counter() - clock, 2), "cpu_s": round(time.process_time() - processor, 2)}


async def answers_beside(manual: Manual, source: Path) -> dict:
    """Searches one after the other: alone, while every page is indexed again, alone."""
    asked = [each.text for each in golden.read(source / golden.FILE) if each.pages][:QUESTIONS]
    found = {"alone": await searched(manual, asked)}
    change_every_page(source)
    building = asyncio.create_task(manual.index(source, by="bench", force=True))
    beside: list[float] = []
    while not building.done():
        beside += await searched(manual, asked[:20])
    await building
    found |= {"beside": beside, "alone_after": await searched(manual, asked)}
    return {name: {"searches": len(ms), **spread(ms)} for name, ms in found.items()}


def change_every_page(source: Path) -> None:
    for page in source.rglob("*.md"):
        page.write_text(page.read_text("utf-8").replace("。", "。 ").replace(". ", ".  ") + "\nNew.\n", "utf-8")


async def searched(manual: Manual, asked: list[str]) -> list[float]:
    took = []
    for text in asked:
        started = time.perf_counter()
        await manual.search(text, scope=Scope())
        took.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(0.02)
    return took


def apart(*arguments: str) -> dict:
    """One size in a process of its own, so that its memory is its own."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.queries", *arguments], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def main() -> None:
    known = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known.add_argument("packs", type=Path)
    known.add_argument("model", type=Path)
    known.add_argument("--sizes", default="10000,100000")
    known.add_argument("--one", type=int)
    given = known.parse_args()
    if given.one:
        print(json.dumps(queries(given.packs, given.model, size=given.one)))
        return
    embedder = e5.prepare(given.model)
    found: dict = {"load": os.getloadavg()[0], "queries": []}
    for size in filter(None, given.sizes.split(",")):
        found["queries"].append(apart(str(given.packs), str(given.model), "--one", size))
    with tempfile.TemporaryDirectory() as room:
        found["reindex"] = asyncio.run(reindex(Path(room), embedder, copies=1))
        found["reindex_10k"] = asyncio.run(reindex(Path(room), HashingEmbedder(), copies=11))
    print(json.dumps(found, indent=1))


structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))  # only the figures
if __name__ == "__main__":
    main()
