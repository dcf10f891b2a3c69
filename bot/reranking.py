"""The re-ranker that the settings name, if any."""

from collections.abc import Callable
from typing import Final

from bot.embedding import NOT_INSTALLED
from bot.errors import SettingsError
from bot.settings import Settings
from knowledge.errors import ModelNotHere
from knowledge.rerankers import CrossEncoderReranker, HttpReranker, Reranker
from knowledge.reranking import Reranking, Result

SETTING: Final = "AFTERCARE_RERANKER"


def choose(settings: Settings, *, tell: Callable[[Result, float], None]) -> Reranking | None:
    """Load the re-ranker; None where none is set. Blocks for seconds.

    Raises:
        SettingsError: what it needs is not installed, not there, or not set.
    """
    if settings.reranker is None:
        return None
    kind, _, name = settings.reranker.partition(":")
    found = _local(name.strip(), settings) if kind == "sentence-transformers" else _remote(name.strip(), settings)
    return Reranking(found, tell=tell)


def _local(name: str, settings: Settings) -> Reranker:
    from knowledge.local_embedder import resolve

    try:
        return CrossEncoderReranker(resolve(name), threads=settings.embedder_threads)
    except ImportError as error:
        raise SettingsError(SETTING, NOT_INSTALLED) from error
    except ModelNotHere as error:
        raise SettingsError(SETTING, f"no cross-encoder {name!r} on this machine: {error.reason}") from error


def _remote(model: str, settings: Settings) -> Reranker:
    from knowledge.endpoint import Endpoint

    if settings.reranker_url is None:
        raise SettingsError(SETTING, "api:… needs AFTERCARE_RERANKER_URL, the address below which /rerank is")
    key = settings.reranker_key.get_secret_value() if settings.reranker_key else ""
    return HttpReranker(Endpoint(settings.reranker_url, api_key=key), model=model)
