"""Golden questions through the whole turn, as ``aftercare ask`` runs it, without a model; prints one JSON object.

Run: ``python benchmarks/golden.py [--manual FOLDER] [--questions FILE] [--model FOLDER] [--misses]``. The manual is
indexed into a temporary folder, its evidence fitted on its own ``golden.yaml``; then every row of that file, or of
FILE, is asked in a conversation of its own, follow-ups as a second turn in it. Silence, a question back, a hand-off
count as refused, and the reasons are listed. ``halves`` are the rows at even and odd places: what was developed
looking at one half is judged on the other. ``--misses`` lists what went wrong on stderr.

The comparison is what a user would pick instead: the page of the nearest vector, always answered (``nearest``).
"""

import argparse
import asyncio
import json
import sys
import tempfile
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import structlog

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot import commands
from bot.aftercare import Aftercare
from bot.app import open_app
from bot.settings import Settings, shipped
from knowledge import chunking, e5, golden, index, loaders
from knowledge.golden import Golden
from knowledge.language import detect
from knowledge.model import Audience


@dataclass(frozen=True)
class Row:
    """A golden question, what its turn came to, and the page whose vector is nearest."""

    place: int
    golden: Golden
    outcome: str
    reason: str
    pages: tuple[str, ...]
    nearest: str
    ms: float

    @property
    def answered(self) -> bool:
        return self.outcome == "answered"

    @property
    def right(self) -> bool:
        return self.answered and self.pages[0] in self.golden.pages

    @property
    def passed(self) -> bool:
        return self.right if self.golden.pages else not self.answered

    @property
    def why(self) -> str:
        return f"{self.outcome}: {self.reason}"


async def ask(app: Aftercare, question: Golden) -> dict:
    """One row; what was said before a follow-up is said first, in the same conversation."""
    if not question.after:
        return await commands.execute(app, "ask", {"text": question.ask}, lambda _: None)
    session = uuid.uuid4().hex
    for text in (question.after, question.ask):
        said = await commands.execute(app, "chat.say", {"session": session, "text": text}, lambda _: None)
    return said


class Nearest:
    """The page of the nearest chunk or page question, by vectors alone."""

    def __init__(self, manual: Path, embedder) -> None:
        found = loaders.current(loaders.load(manual).pages)
        pages = [page for page in found if page.audience is Audience.CLIENT]
        chunks = [chunk for page in pages for chunk in chunking.chunks(page)]
        self._embedder = embedder
        self._owner = [chunk.page for chunk in chunks] + [page.id for page in pages for _ in page.questions]
        texts = index.texts(pages, chunks=chunks)
        passages = embedder.passages(texts.passages)
        asked = embedder.queries([question for page in pages for question in page.questions])
        self._likeness = lambda vector: [*(passages @ vector), *(asked @ vector)]

    def page(self, text: str) -> str:
        likeness = self._likeness(self._embedder.queries([text])[0])
        return self._owner[max(range(len(likeness)), key=likeness.__getitem__)]


def shares(rows: list[Row]) -> dict:
    yes, no = [r for r in rows if r.golden.pages], [r for r in rows if not r.golden.pages]
    return {
        "answerable": len(yes),
        "cited_first": share(r.pages[:1] != () and r.pages[0] in r.golden.pages for r in yes),
        "right_first": share(r.right for r in yes),
        "answered_wrong": share(r.answered and not r.right for r in yes),
        "none": len(no),
        "refused": share(not r.answered for r in no),
    }


def share(passed) -> float | None:
    held = list(passed)
    return round(sum(held) / len(held), 4) if held else None


def summary(rows: list[Row]) -> dict:
    yes = [r for r in rows if r.golden.pages]
    languages = sorted({detect(r.golden.ask) for r in rows})
    return {
        **shares(rows),
        "not_answered": dict(Counter(r.why for r in yes if not r.answered).most_common()),
        "refused_by": dict(Counter(r.why for r in rows if not r.golden.pages and not r.answered).most_common()),
        "halves": {name: shares([r for r in rows if r.place % 2 == n]) for n, name in enumerate(("even", "odd"))},
        "languages": {name: shares([r for r in rows if detect(r.golden.ask) == name]) for name in languages},
        "follow_ups": shares([r for r in rows if r.golden.after]),
        "nearest": {"right_first": share(r.nearest in r.golden.pages for r in yes), "refused": 0.0},
        "p95_ms": sorted(r.ms for r in rows)[int(0.95 * len(rows))],
    }


def told(row: Row) -> str:
    half = ("even", "odd")[row.place % 2]
    before = f"{row.golden.after} → " if row.golden.after else ""
    wanted = ", ".join(row.golden.pages) or "none"
    return f"{half}\t{before}{row.golden.ask}\t{wanted}\t{row.why}\t{', '.join(row.pages)}"


async def run(manual: Path, questions: Path, model: Path | None) -> list[Row]:
    with tempfile.TemporaryDirectory() as room:
        embedder = e5.prepare(model or Path(room) / "model")
        settings = Settings(data=Path(room) / "data", manual=manual, openai_api_key=None, openai_base_url=None)
        plain = Nearest(manual, embedder)
        rows = []
        async with open_app(settings, embedder=embedder) as app:
            await commands.index(app, {}, lambda _: None)
            for place, asked in enumerate(golden.read(questions)):
                said = await ask(app, asked)
                pages = tuple(cited["page"] for cited in said["citations"])
                nearest = plain.page(asked.text)
                rows.append(Row(place, asked, said["outcome"], said["reason"], pages, nearest, said["ms"]))
        return rows


def main() -> None:
    set_up = Settings().data / "index" / "model"
    known = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known.add_argument("--manual", type=Path, default=shipped("manual"))
    known.add_argument("--questions", type=Path)
    known.add_argument("--model", type=Path, default=set_up if set_up.is_dir() else None)
    known.add_argument("--misses", action="store_true")
    given = known.parse_args()
    rows = asyncio.run(run(given.manual, given.questions or given.manual / golden.FILE, given.model))
    if given.misses:
        print(*(told(row) for row in rows if not row.passed), sep="\n", file=sys.stderr)
    print(json.dumps(summary(rows), ensure_ascii=False, indent=1))


structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))  # only the figures
if __name__ == "__main__":
    main()
