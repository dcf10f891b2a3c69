"""The model that writes, made from the settings, and the writer of answers that stands on it."""

from bot.answering import Writer
from bot.llm import Model, OpenAIModel, Used
from bot.meters import Meters
from bot.prompt_shelf import Shelf
from bot.settings import Settings


def model_of(settings: Settings, *, tell: Used) -> Model | None:
    """The model that the settings name; None where they name none. `tell` hears what its server counts."""
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
    if not key and not settings.openai_base_url:
        return None
    return OpenAIModel(
        api_key=key or "none",
        model=settings.openai_model,
        base_url=settings.openai_base_url,
        deadline_s=settings.model_deadline_s,
        tell=tell,
    )


def writer_of(model: Model | None, shelf: Shelf, meters: Meters) -> Writer | None:
    """What drafts answers; None without a model: then they are quoted."""
    if model is None:
        return None
    return Writer(model=model, answer=shelf.sure("answer"), repair=shelf.sure("repair"), meters=meters)
