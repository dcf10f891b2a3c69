"""A Telegram bot with a knowledge base as the tutorials write one: python-telegram-bot, LangChain, Chroma.

The manual's Markdown is loaded (its client pages: the script knows no audiences), cut by the Markdown splitter and the
recursive one, put into Chroma; a message gets the best passage back. A model would write from that passage; without
one the passage is the answer, for us as well.

``serve API TOKEN MANUAL MODEL KEPT`` polls; ``inside QUESTIONS MANUAL MODEL KEPT`` asks a file of questions.
"""

import asyncio
import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles

import yaml
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_text_splitters import MarkdownHeaderTextSplitter, RecursiveCharacterTextSplitter
from telegram import Update
from telegram.ext import ApplicationBuilder, CallbackContext, MessageHandler, filters

from benchmarks.rivals.embedding import Kept
from benchmarks.rivals.retrieval_langchain import SEPARATORS, Ours
from benchmarks.rivals.told import answer, memory

HEADERS = [("#", "h1"), ("##", "h2"), ("###", "h3")]
AT_ONCE = 20
MOST = 4000


def load(manual: Path) -> list[Document]:
    """Sections of the pages that clients may read."""
    by_header = MarkdownHeaderTextSplitter(HEADERS, strip_headers=False)
    small = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, separators=SEPARATORS)
    found = []
    for path in sorted(manual.rglob("*.md")):
        head, body = path.read_text("utf-8").removeprefix("---\n").split("\n---\n", 1)
        facts = yaml.safe_load(head)
        if facts.get("audience", "client") == "client":
            sections = small.split_documents(by_header.split_text(body))
            page = path.relative_to(manual).with_suffix("").as_posix()
            found += [
                Document(page_content=f"{facts['title']}\n\n{part.page_content}", metadata={"page": page})
                for part in sections
            ]
    return found


def knowledge(manual: Path, model: Path, kept: Path) -> Chroma:
    store = Chroma(embedding_function=Ours(Kept(model, kept=kept)), collection_metadata={"hnsw:space": "cosine"})
    parts = load(manual)
    for start in range(0, len(parts), 1000):
        store.add_documents(parts[start : start + 1000])
    return store


def best(store: Chroma, text: str) -> Document:
    return store.similarity_search(text, k=4)[0]


def serve(api: str, token: str, store: Chroma) -> None:
    async def reply(update: Update, context: CallbackContext) -> None:
        assert update.message is not None
        text = (update.message.text or "").replace(f"@{context.bot.username}", "").strip()
        await update.message.reply_text(best(store, text).page_content[:MOST])

    bot = ApplicationBuilder().token(token).base_url(f"{api}/bot").base_file_url(f"{api}/file/bot").build()
    bot.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, reply))
    print(json.dumps("serves"), flush=True)
    bot.run_polling()


async def inside(questions: list[str], store: Chroma) -> dict[str, object]:
    async def one(text: str) -> str:
        return str(best(store, text).metadata["page"])

    await one(questions[0])
    ms, pages = [], []
    for text in questions:
        began = time.perf_counter()
        pages.append(await one(text))
        ms.append((time.perf_counter() - began) * 1000)
    numbers = iter(questions)

    async def caller() -> None:
        for text in numbers:
            await one(text)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
    cuts = quantiles(ms, n=100, method="inclusive")
    return {
        "answers": [{"outcome": "answered", "pages": [page]} for page in pages],
        "ms": {"p50": cuts[49], "p95": cuts[94]}, "turns_per_s": len(questions) / (time.perf_counter() - began),
        "memory_mb": memory(),
        "versions": {name: version(name) for name in ("python-telegram-bot", "langchain-core", "langchain-chroma")},
    }  # fmt: skip


def main() -> None:
    mode, *given = sys.argv[1:]
    manual, model, kept = map(Path, given[-3:])
    store = knowledge(manual, model, kept)
    if mode == "serve":
        serve(given[0], given[1], store)
    else:
        answer(asyncio.run(inside(json.loads(Path(given[0]).read_text("utf-8")), store)))
        os._exit(0)


if __name__ == "__main__":
    main()
