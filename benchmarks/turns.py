"""Turns: how quick an answer is at 10,000 chunks, how many messages a second are taken in, how much memory it takes.

Prints one JSON object. The comparison is what a user would pick instead: Chroma alone with the same embedder, through
`collection.query` (retrieval without words, ranking, evidence, record or ticket).
"""

import asyncio
import json
import resource
import shutil
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import structlog

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot import commands, intake
from bot.aftercare import Aftercare
from bot.app import open_app
from bot.channels import terminal
from bot.settings import Settings, shipped
from handoff import directory, turn_records
from knowledge import e5
from knowledge.golden import read

CHUNKS, QUESTIONS, MESSAGES = 10_000, 200, 2_000


def grow(manual: Path, *, pages: int) -> None:
    """Add pages of made-up but varied text, so that the index has about `CHUNKS` chunks."""
    rng = np.random.default_rng(1)
    texts = [p.read_text("utf-8").split("---\n", 2)[2] for p in sorted(manual.rglob("*.md"))]
    sentences = [s for text in texts for s in text.replace("\n", "。").split("。") if len(s) > 8]
    for n in range(pages):
        body = "\n\n".join(
            f"## {rng.choice(sentences)[:30]} {n}-{part}\n\n" + "。".join(rng.choice(sentences, 5))
            for part in range(10)
        )
        page = f"---\ntitle: 资料 {n}\naudience: client\nlanguage: zh-Hans\n---\n{body}\n"
        (manual / "zh" / "extra").mkdir(exist_ok=True)
        (manual / "zh" / "extra" / f"page-{n}.md").write_text(page, "utf-8")


async def answer_times(app: Aftercare) -> dict[str, float]:
    """Milliseconds from a stored question to its committed answer, over golden questions, one at a time."""
    golden = [g.ask for g in read(shipped("manual") / "golden.yaml") if g.pages and not g.after][:QUESTIONS]
    took = []
    for text in golden:
        started = time.perf_counter()
        await commands.execute(app, "ask", {"text": text}, lambda _: None)
        took.append((time.perf_counter() - started) * 1000)
    return {"p50_ms": round(float(np.percentile(took, 50)), 1), "p95_ms": round(float(np.percentile(took, 95)), 1)}


async def emergency_times(app: Aftercare) -> dict[str, float]:
    """Milliseconds until a client who cries for help has its ticket's number and the promised time."""
    took = []
    for _ in range(20):
        said = await commands.execute(app, "ask", {"text": "网站打不开了!!!"}, lambda _: None)
        assert said["ticket"]
        took.append(said["ms"])
    return {"p50_ms": round(float(np.percentile(took, 50)), 1), "p95_ms": round(float(np.percentile(took, 95)), 1)}


async def chroma_times(folder: Path) -> dict[str, float]:
    """The same questions on Chroma alone."""
    import chromadb

    client = chromadb.PersistentClient(str(folder / "index" / "chroma"))
    largest = max(
        (client.get_collection(c.name, embedding_function=None) for c in client.list_collections()),
        key=lambda c: c.count(),
    )
    embedder = e5.prepare(folder / "index" / "model")
    golden = [g.ask for g in read(shipped("manual") / "golden.yaml") if g.pages and not g.after][:QUESTIONS]
    took = []
    for text in golden:
        started = time.perf_counter()
        largest.query(query_embeddings=embedder.queries([text]).tolist(), n_results=6)
        took.append((time.perf_counter() - started) * 1000)
    return {
        "vectors": largest.count(), "p50_ms": round(float(np.percentile(took, 50)), 1),
        "p95_ms": round(float(np.percentile(took, 95)), 1),
    }  # fmt: skip


async def accepted_a_second(app: Aftercare) -> dict[str, float]:
    """Messages stored with their jobs, then the turns taken, from 200 conversations at once; none may be missing."""
    client = await app.db.read(lambda conn: directory.client_by_slug(conn, "demo"))
    assert client is not None

    async def send(n: int) -> int:
        arrived = terminal.inbound(
            client=client, session=f"load-{n % 200}", key=uuid.uuid4().hex, text="谢谢", at=datetime.now(UTC)
        )
        stored = await app.db.write(partial(intake.accept, inbound=arrived, at_once=True, now=app.clock()))
        assert stored is not None
        return stored.id

    started = time.perf_counter()
    ids = await asyncio.gather(*(send(n) for n in range(MESSAGES)))
    stored_s = time.perf_counter() - started
    while await app.db.read(lambda conn: turn_records.turn_of_message(conn, ids[-1])) is None:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    turned_s = time.perf_counter() - started
    turns = await app.db.read(lambda conn: [turn_records.turn_of_message(conn, n) is not None for n in ids])
    stored, turned = round(MESSAGES / stored_s), round(MESSAGES / turned_s)
    return {"stored_per_s": stored, "turns_per_s": turned, "lost": turns.count(False)}


async def main() -> None:
    with tempfile.TemporaryDirectory() as room:
        manual, data = Path(room) / "manual", Path(room) / "data"
        shutil.copytree(shipped("manual"), manual)
        figures: dict[str, object] = {}
        async with open_app(Settings(data=data, manual=manual)) as app:
            started = time.perf_counter()
            await commands.index(app, {}, lambda _: None)
            figures["sample_manual_from_nothing_s"] = round(time.perf_counter() - started, 1)
            started = time.perf_counter()
            report = await commands.index(app, {}, lambda _: None)
            assert report["unchanged"]
            figures["unchanged_again_s"] = round(time.perf_counter() - started, 2)
            figures["answer_at_sample"] = await answer_times(app)
            grow(manual, pages=(CHUNKS - report["chunks"]) // 8)
            (manual / "golden.yaml").unlink()
            report = await commands.index(app, {"force": True, "reason": "benchmark"}, lambda _: None)
            figures["chunks"] = report["chunks"]
            figures["answer_at_10k"] = await answer_times(app)
            figures["emergency_told"] = await emergency_times(app)
            figures["intake"] = await accepted_a_second(app)
            figures["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        figures["chroma_alone_at_10k"] = await chroma_times(data)
        print(json.dumps(figures, ensure_ascii=False))


structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))  # only errors beside the figures
asyncio.run(main())
