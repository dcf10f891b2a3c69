"""The client of a drill in a model's words, by `prompts/drill_client.md`; checked before anybody reads it."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bot.answering import LANGUAGE_NAMES
from bot.checks import CONTACTS, betrayed, unfounded
from bot.errors import ModelError
from bot.llm import TEXT_ALONE, Model
from bot.prompt_shelf import Shelf
from bot.prompts import Source, current
from success.drills.model import Scenario, in_language
from success.drills.ports import Spoken

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class ModelSpeaker:
    """`success.drills.ports.Speaker` over the model that answers."""

    model: Model
    prompt: Source

    async def speak(
        self, scenario: Scenario, *, talk: Sequence[tuple[str, str]], line: str, mood: int, language: str
    ) -> Spoken | None:
        """The line in its own words; None where the model failed, repeats what it was told, or leads anywhere."""
        prompt, told = await current(self.prompt), [f"{who}: {text}" for who, text in talk]
        who = scenario.persona
        persona = "\n".join(in_language(each, language) for each in (who.name, who.firm, who.who, who.goal))
        case = "\n".join(in_language(each, language) for each in scenario.facts)
        filled = prompt.fill(
            language=LANGUAGE_NAMES[language], persona=persona, case=case, talk="\n".join(told), line=line,
            mood=str(mood),
        )  # fmt: skip
        try:
            answer = await self.model.complete(filled, prompt=prompt, schema=TEXT_ALONE)
        except ModelError as error:
            log.warning("model failed", kind=error.kind)
            return None
        text = answer.get("text")
        if not isinstance(text, str) or not text.strip():
            return None
        led = [each for each in unfounded(text, sources=[persona, case, line]) if each.kind in CONTACTS]
        if led or betrayed(
            text, told=f"{filled[0]['content']}\n{prompt.material}", sources=[persona, case, line, *told]
        ):
            log.warning("a drill's line was refused")
            return None
        return Spoken(text=text.strip(), made_by=f"{self.model.name} {prompt.label}")


def speaker_of(model: Model | None, shelf: Shelf) -> ModelSpeaker | None:
    """Who plays drills' clients; None without a model, or where the folder of prompts has none for it."""
    prompt = shelf.source("drill_client") if model is not None else None
    return ModelSpeaker(model=model, prompt=prompt) if model is not None and prompt is not None else None
