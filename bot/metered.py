"""The model with its calls counted and told in the log, whatever they are for."""

from time import perf_counter

import structlog

from bot.errors import ModelError
from bot.llm import Json, Messages, Model, OpenAIModel
from bot.meters import Meters
from bot.prompts import Prompt

log = structlog.get_logger()


def metered(model: Model | None, meters: Meters) -> "Metered | None":
    """A model that is counted; None for none."""
    return None if model is None else Metered(model, meters)


class Metered:
    """Another model, call by call."""

    def __init__(self, model: Model, meters: Meters) -> None:
        self._model, self._meters = model, meters

    @property
    def name(self) -> str:
        """As the model's."""
        return self._model.name

    async def complete(self, messages: Messages, *, prompt: Prompt, schema: Json) -> Json:
        """See `Model.complete`."""
        began, error = perf_counter(), None
        try:
            return await self._model.complete(messages, prompt=prompt, schema=schema)
        except ModelError as failed:
            error = failed.kind
            raise
        finally:
            took = perf_counter() - began
            self._meters.model_call(prompt.name, took, error=error)
            log.info("model_called", prompt=prompt.label, ms=round(took * 1000), error=error)

    async def close(self) -> None:
        """Close its connections, where it has any."""
        if isinstance(self._model, OpenAIModel):
            await self._model.close()
