"""The models that searching stands on, asked by `aftercare doctor`: do they answer now, and how fast."""

import asyncio
import time
from typing import Final

from bot.findings import Finding
from knowledge.costs import Metered
from knowledge.embedders import Embedder
from knowledge.errors import EmbedderError, RerankerFailed
from knowledge.reranking import FIRST, PATIENCE_S, Reranking

_ASKED: Final = "后台密码忘了怎么办"
_PATIENCE_S: Final = 10.0


async def examine(embedder: Embedder, reranking: Reranking | None) -> list[Finding]:
    """What makes vectors, and what reads passages a second time."""
    return [await asyncio.to_thread(_embedder, embedder), await asyncio.to_thread(_reranker, reranking)]


def _embedder(embedder: Embedder) -> Finding:
    started = time.perf_counter()
    try:
        width = embedder.queries([_ASKED]).shape[1]
    except EmbedderError as error:
        return Finding(
            what="embedder",
            state="bad",
            found=f"{embedder.name}: {error}",
            mend="until it answers, words alone are searched, and people answer what is not asked word for word",
        )
    spent = (time.perf_counter() - started) * 1000
    paid = embedder.price if isinstance(embedder, Metered) else None
    price = f", {paid:g} a million tokens" if paid is not None else ""
    return Finding(what="embedder", state="ok", found=f"{embedder.name}, {width} dimensions, {spent:.0f} ms{price}")


def _reranker(reranking: Reranking | None) -> Finding:
    if reranking is None:
        return Finding(what="re-ranker", state="ok", found="none")
    started = time.perf_counter()
    try:
        reranking.reranker.scores(_ASKED, [_ASKED * 20] * FIRST, patience_s=_PATIENCE_S)
    except RerankerFailed as error:
        return Finding(
            what="re-ranker", state="warning", found=str(error), mend="answers come without it; see AFTERCARE_RERANKER"
        )
    spent = time.perf_counter() - started
    found = f"{reranking.reranker.name}, {FIRST} passages in {spent * 1000:.0f} ms"
    if spent > PATIENCE_S:
        mend = f"what takes longer than {PATIENCE_S * 1000:.0f} ms is left out: take a smaller model, or none"
        return Finding(what="re-ranker", state="warning", found=found, mend=mend)
    return Finding(what="re-ranker", state="ok", found=found)
