"""Fits the likeness from which a colleague said what the bot had drafted (``bot/sameness.py``); prints JSON.

Run: ``python -m benchmarks.sameness [--model FOLDER]``. Drafts are what the sample manual gives to each question of
``sameness.yaml``. Pairs: the draft with a colleague's answer of the `same` meaning (positive); with an `other` answer
to the same question, and with colleagues' answers to other questions (negative). The threshold is the least likeness
that at most 5 % of each kind of negative pairs reach; even and odd rows are judged on the threshold of the other half.
For comparison, the beginnings of pages with those of their translations, and of other pages of their category: across
languages the likeness says nothing, so `bot/sameness.py` does not ask it there.
"""

import argparse
import asyncio
import itertools
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import structlog
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot import sameness
from bot.answering import extract
from bot.app import open_app
from bot.commands import index
from bot.settings import Settings
from knowledge import e5, measures
from knowledge.language import detect
from knowledge.model import Scope

MOST_FALSE = 0.05


def cut(negatives, share=MOST_FALSE):
    return float(np.quantile(negatives, 1 - share)) if negatives else 0.0


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path)
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    rows = yaml.safe_load(Path(__file__).with_name("sameness.yaml").read_text("utf-8"))
    embedder = await asyncio.to_thread(e5.prepare, chosen.model) if chosen.model else None
    with tempfile.TemporaryDirectory() as folder:
        async with open_app(Settings(data=Path(folder)), embedder=embedder) as app:
            await index(app, {}, lambda _: None)
            print(json.dumps(await measured(app, rows), ensure_ascii=False, indent=1))


async def measured(app, rows):
    drafts = []
    for row in rows:
        found = await app.manual.search(row["ask"], scope=Scope(client="demo"), limit=6)
        text = extract(found.passages, language=detect(row["ask"], default="zh-Hans"), texts=app.texts).text
        drafts.append(sameness.drafted({"outcome": "answered", "text": text}))

    async def like(pairs):
        return [await app.manual.likeness(one, other) for one, other in pairs]

    same = await like((d, r["same"]) for d, r in zip(drafts, rows, strict=True))
    other = await like((d, r["other"]) for d, r in zip(drafts, rows, strict=True))
    strange = await like(
        (d, r["same"]) for n, d in enumerate(drafts) for m, r in enumerate(rows) if 0 < (m - n) % len(rows) < 5
    )
    pages = {page.id: page for page in await app.manual.pages()}
    twins = [(pages[a], pages["en" + a[2:]]) for a in sorted(pages) if a.startswith("zh/") and "en" + a[2:] in pages]
    translated = await like((a.body[:600], b.body[:600]) for a, b in twins)
    near = [(a, b) for (a, _), (b, _) in itertools.combinations(twins, 2) if a.category == b.category][:200]
    neighbours = await like((a.body[:600], b.body[:600]) for a, b in near)
    threshold = max(cut(other), cut(strange))
    halves = []
    for half in (0, 1):
        at = max(cut(other[1 - half :: 2]), cut(strange[1 - half :: 2]))
        halves.append({"at": round(at, 3), "same": reach(same[half::2], at), "other": reach(other[half::2], at)})
    sets = {"same": same, "other": other, "strange": strange, "translated": translated, "neighbours": neighbours}
    return {
        "threshold": round(threshold, 3),
        "in_use": sameness.SAME_MEANING,
        "auroc": {
            "same_other": round(measures.auroc(same, other), 3),
            "same_strange": round(measures.auroc(same, strange), 3),
            "translated_neighbours": round(measures.auroc(translated, neighbours), 3),
        },
        "reach_in_use": {name: reach(values, sameness.SAME_MEANING) for name, values in sets.items()},
        "reach_threshold": {name: reach(values, threshold) for name, values in sets.items()},
        "quantiles": {
            name: [round(float(q), 2) for q in np.quantile(v, (0.05, 0.25, 0.5, 0.75, 0.95))]
            for name, v in sets.items()
        },
        "n": {name: len(values) for name, values in sets.items()},
        "halves": halves,
        "missed": [r["ask"] for r, s in zip(rows, same, strict=True) if s < threshold],
    }


def reach(values, at):
    return round(sum(v >= at for v in values) / len(values), 3)


if __name__ == "__main__":
    asyncio.run(main())
