"""A page for a gap, written by the model and checked: nothing in it that no colleague said."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bot.answering import LANGUAGE_NAMES
from bot.checks import CONTACTS, Problem, betrayed, unfounded
from bot.errors import ModelError
from bot.llm import Json, Model
from bot.prompts import Source, current
from success.gap_outline import MARKS, OPEN

log = structlog.get_logger()

SCHEMA: Json = {
    "type": "object",
    "properties": {"body": {"type": "string"}},
    "required": ["body"],
    "additionalProperties": False,
}
_EXAMPLE = {"zh-Hans": "缺什么", "zh-Hant": "缺什麼", "en": "what is missing"}
_SHORTEST = 20


@dataclass(frozen=True, kw_only=True)
class ModelPageWriter:
    """Writes with the same model as answers, by `prompts/gap_page.md`."""

    model: Model
    prompt: Source

    async def write(self, *, title: str, questions: Sequence[str], replies: Sequence[str], language: str) -> str | None:
        """The page's body; None where the model failed, or says what the replies do not."""
        prompt = await current(self.prompt)
        filled = prompt.fill(
            language=LANGUAGE_NAMES[language],
            title=title,
            questions="\n".join(f"- {text}" for text in questions),
            replies="\n\n".join(f"({n}) {text}" for n, text in enumerate(replies, 1)),
            todo=MARKS[language].format(_EXAMPLE[language]),
        )
        try:
            answer = await self.model.complete(filled, prompt=prompt, schema=SCHEMA)
        except ModelError as error:
            log.warning("model failed", kind=error.kind)
            return None
        body = answer.get("body")
        if not isinstance(body, str) or len(body.strip()) < _SHORTEST or body.lstrip().startswith("---"):
            return None
        problems = _problems(
            OPEN.sub(" ", body),
            replies=replies,
            questions=questions,
            told=f"{filled[0]['content']}\n{prompt.material}",
        )
        if problems:
            log.warning("page refused", problems=[f"{each.kind}: {each.words}"[:80] for each in problems[:5]])
            return None
        return body.strip()


def _problems(body: str, *, replies: Sequence[str], questions: Sequence[str], told: str) -> list[Problem]:
    """What neither colleagues said nor clients asked; where to go and whom to call, only colleagues can say."""
    sources = [*replies, *questions]
    asked = [each for each in unfounded(body, sources=replies) if each.kind in CONTACTS]
    return [*asked, *unfounded(body, sources=sources), *betrayed(body, told=told, sources=sources)]
