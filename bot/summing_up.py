"""A ticket summed up by the model and checked: no link, number or code that nobody said."""

from dataclasses import dataclass

import structlog

from bot.answering import LANGUAGE_NAMES
from bot.checks import betrayed, unfounded
from bot.errors import ModelError
from bot.llm import TEXT_ALONE, Model
from bot.prompt_shelf import Shelf
from bot.prompts import Source, current

log = structlog.get_logger()

LONGEST = 1500


@dataclass(frozen=True, kw_only=True)
class ModelSummariser:
    """Sums up with the same model as answers, by `prompts/case_summary.md`."""

    model: Model
    prompt: Source

    async def summarise(self, talk: str, *, title: str, state: str, language: str) -> str | None:
        """The summary; None where the model failed, or says what the talk does not."""
        prompt = await current(self.prompt)
        filled = prompt.fill(language=LANGUAGE_NAMES[language], title=title, state=state, talk=talk)
        try:
            answer = await self.model.complete(filled, prompt=prompt, schema=TEXT_ALONE)
        except ModelError as error:
            log.warning("model failed", kind=error.kind)
            return None
        text = answer.get("text")
        if not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST:
            return None
        sources, told = [talk, title], f"{filled[0]['content']}\n{prompt.material}"
        problems = [*unfounded(text, sources=sources), *betrayed(text, told=told, sources=sources)]
        if problems:
            log.warning("summary refused", problems=[f"{each.kind}: {each.words}"[:80] for each in problems[:5]])
            return None
        return text.strip()


def summariser_of(model: Model | None, shelf: Shelf) -> ModelSummariser | None:
    """What sums up; None without a model, or where the folder of prompts has none for it."""
    prompt = shelf.source("case_summary") if model is not None else None
    return ModelSummariser(model=model, prompt=prompt) if model is not None and prompt is not None else None
