"""The embedder that the settings name: the embedded one, a local sentence-transformers model, or one behind an API."""

from typing import Final

from bot.errors import SettingsError
from bot.settings import Settings
from knowledge.embedders import Embedder
from knowledge.errors import ModelNotHere

SETTING: Final = "AFTERCARE_EMBEDDER"
NOT_INSTALLED: Final = "sentence-transformers is not installed: pip install 'aftercare[sentence-transformers]'"


def choose(settings: Settings) -> Embedder:
    """Load the embedder; blocks for seconds.

    Raises:
        SettingsError: what it needs is not installed, not there, or not set.
        EmbedderError: it is there and does not work.
    """
    kind, _, name = settings.embedder.partition(":")
    if kind == "sentence-transformers":
        return _local(name.strip(), settings)
    if kind == "openai":
        return _remote(name.strip(), settings)
    from knowledge import e5

    return e5.prepare(settings.data / "index" / "model", threads=settings.embedder_threads)


def _local(name: str, settings: Settings) -> Embedder:
    from knowledge.local_embedder import SentenceTransformersEmbedder, resolve

    try:
        return SentenceTransformersEmbedder(
            resolve(name),
            query=settings.embedder_query,
            passage=settings.embedder_passage,
            threads=settings.embedder_threads,
        )
    except ImportError as error:
        raise SettingsError(SETTING, NOT_INSTALLED) from error
    except ModelNotHere as error:
        where = f"no sentence-transformers model {name!r} on this machine: {error.reason}"
        raise SettingsError(SETTING, where) from error


def _remote(model: str, settings: Settings) -> Embedder:
    from knowledge.embedder_memory import MemoryFile
    from knowledge.endpoint import Endpoint
    from knowledge.openai_embedder import OPENAI, OpenAIEmbedder

    own = settings.embedder_url is not None  # another server than the chat model's is not shown its key
    secret = settings.embedder_key or (None if own else settings.openai_api_key)
    key = secret.get_secret_value() if secret else ""
    url = settings.embedder_url or settings.openai_base_url
    if not key and not url:
        needs = "openai:… needs OPENAI_API_KEY, or AFTERCARE_EMBEDDER_URL (OPENAI_BASE_URL) of a server without one"
        raise SettingsError(SETTING, needs)
    return OpenAIEmbedder(
        Endpoint(url or OPENAI, api_key=key),
        model=model,
        query=settings.embedder_query or "",
        passage=settings.embedder_passage or "",
        price=settings.embedder_price,
        memory=MemoryFile(settings.data / "index" / "embedders.json"),
    )
