"""The embedder that the settings name: the embedded one, a local sentence-transformers model, or one behind an API."""

import os
from pathlib import Path
from typing import Final

from bot.errors import SettingsError
from bot.settings import Settings
from knowledge.embedders import Embedder

SETTING: Final = "AFTERCARE_EMBEDDER"
_E5: Final = {"query": "query: ", "passage": "passage: ", "floor": 0.70, "span": 0.25}


def choose(settings: Settings) -> Embedder:
    """Load the embedder; blocks for seconds.

    Raises:
        SettingsError: what it needs is not installed, not there, or not set.
        EmbedderError: it is there and does not work.
    """
    kind, _, name = settings.embedder.partition(":")
    if kind == "sentence-transformers":
        return _local(name)
    if kind == "openai":
        return _remote(name, settings)
    from knowledge import e5

    return e5.prepare(settings.data / "index" / "model")


def _local(name: str) -> Embedder:
    from knowledge.embedders import SentenceTransformersEmbedder

    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a name that is not here must not wait for a network
    trained = _E5 if "e5" in Path(name).name.lower() else {}
    try:
        return SentenceTransformersEmbedder(Path(name).expanduser(), **trained)  # type: ignore[arg-type]
    except ImportError as error:
        needs = "sentence-transformers is not installed: pip install 'aftercare[sentence-transformers]'"
        raise SettingsError(SETTING, needs) from error
    except (OSError, ValueError) as error:
        where = f"no sentence-transformers model {name!r} on this machine; give the folder of one"
        raise SettingsError(SETTING, where) from error


def _remote(model: str, settings: Settings) -> Embedder:
    from knowledge.openai_embedder import OpenAIEmbedder

    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
    if not key and not settings.openai_base_url:
        raise SettingsError(SETTING, "openai:… needs OPENAI_API_KEY, or OPENAI_BASE_URL of a server without one")
    return OpenAIEmbedder(api_key=key or "none", model=model, base_url=settings.openai_base_url)
