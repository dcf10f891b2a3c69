"""`aftercare eval`: needs the embedder but neither the database nor the data folder's lock."""

import asyncio
from pathlib import Path
from typing import Any

from bot import embedding
from bot.first_start import prepare_folder
from bot.settings import Settings
from knowledge.evaluate import evaluate


async def run_pack(settings: Settings, *, pack: Path, train: Path | None) -> dict[str, Any]:
    """The figures of one pack, by the command contract."""
    prepare_folder(settings.data)
    embedder = await asyncio.to_thread(embedding.choose, settings)
    result = await evaluate(
        pack, embedder=embedder, train=train, cache=settings.data / "index" / "cache", progress=None
    )
    return result.as_json()
