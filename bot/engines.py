"""The models that searching stands on: opened, closed, and asked by `aftercare doctor` whether they answer now."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from bot import embedding, reranking
from bot.findings import Finding
from bot.settings import Settings
from knowledge.costs import Metered
from knowledge.embedders import Embedder
from knowledge.endpoint import Closing
from knowledge.errors import EmbedderError, RerankerFailed
from knowledge.reranking import FIRST, PATIENCE_S, Reranking, Result

_ASKED: Final = "后台密码忘了怎么办"
_PATIENCE_S: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Engines:
    """What makes vectors, and what reads passages a second time, if anything does."""

    embedder: Embedder
    reranking: Reranking | None = None


@asynccontextmanager
async def opened(
    settings: Settings, *, embedder: Embedder | None, tell: Callable[[Result, float], None]
) -> AsyncIterator[Engines]:
    """Load what the settings name (or take a given embedder), and let go of it in the end; `tell` hears of re-ranking.

    Raises:
        SettingsError, EmbedderError: see `embedding.choose` and `reranking.choose`.
    """
    found = await asyncio.to_thread(embedding.choose, settings) if embedder is None else embedder
    second = None
    try:
        second = await asyncio.to_thread(reranking.choose, settings, tell=tell)
        yield Engines(embedder=found, reranking=second)
    finally:
        if second is not None:
            await asyncio.to_thread(second.close)
        if isinstance(found, Closing):
            found.close()


async def examine(engines: Engines) -> list[Finding]:
    """Ask both; what cannot be asked is said, and what it means."""
    return [
        await asyncio.to_thread(_embedder, engines.embedder),
        await asyncio.to_thread(_reranker, engines.reranking),
    ]


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


def _reranker(second: Reranking | None) -> Finding:
    if second is None:
        return Finding(what="re-ranker", state="ok", found="none")
    started = time.perf_counter()
    try:
        second.reranker.scores(_ASKED, [_ASKED * 20] * FIRST, patience_s=_PATIENCE_S)
    except RerankerFailed as error:
        return Finding(
            what="re-ranker", state="warning", found=str(error), mend="answers come without it; see AFTERCARE_RERANKER"
        )
    spent = time.perf_counter() - started
    found = f"{second.reranker.name}, {FIRST} passages in {spent * 1000:.0f} ms"
    if spent > PATIENCE_S:
        mend = f"what takes longer than {PATIENCE_S * 1000:.0f} ms is left out: take a smaller model, or none"
        return Finding(what="re-ranker", state="warning", found=found, mend=mend)
    return Finding(what="re-ranker", state="ok", found=found)
