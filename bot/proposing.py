"""A proposal's free texts written by the model and checked: nothing promised that the rules' draft does not.

The client's words are material for what is meant, never ground for a claim: a number, a date, a link or a promise that
stands only there does not come into our text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from bot.answering import LANGUAGE_NAMES
from bot.checks import CONTACTS, Problem, betrayed, unfounded
from bot.errors import ModelError
from bot.llm import Json, Model
from bot.prompt_shelf import Shelf
from bot.prompts import Source, current
from knowledge.language import detect, fold
from success.projects.model import LONGEST, WORDS, Proposal
from success.projects.wish import LISTS, TEXTS, Wish, plain

log = structlog.get_logger()

SCHEMA: Final[Json] = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in WORDS},
    "required": list(WORDS),
    "additionalProperties": False,
}
_SHORTEST: Final = 20
_DIGITS: Final = re.compile(r"\d+")
_NUMERALS: Final = re.compile(
    r"[零〇一二三四五六七八九十百千万萬亿億两兩]{2,}|"
    r"[零〇一二三四五六七八九十两兩](?=[元块塊折天年周週%]|个工作日|個工作日|个月|個月)"
)
_PROMISES: Final = re.compile(
    r"免费|免費|折扣|打折|优惠|優惠|退款|赔偿|賠償|保证|保證|承诺|承諾|永久|终身|終身|无限|無限|赠送|贈送|不收费|不收費|不要钱|不要錢|免单|免單|白送|包退|包赔|包賠|退还|退還|退钱|退錢|排名第一|"
    r"\b(?:free(?: of charge)?|discount\w*|refund\w*|guarantee\w*|warrant\w+|lifetime|unlimited|"
    r"no cost|for nothing|promis\w+|"
    r"compensat\w+)\b"
)
_MARKUP: Final = re.compile(r"</?[a-z!]|\]\(|```|^#{1,6} ", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class ModelProposer:
    """Writes with the same model as answers, by `prompts/proposal.md`."""

    model: Model
    prompt: Source

    async def write(self, content: Proposal, wish: Wish) -> Proposal | None:
        """The proposal with better words; None where the model failed or said what the draft does not."""
        prompt = await current(self.prompt)
        parts = "\n".join(f"{each.name}: {each.what}" for each in content.lines)
        filled = prompt.fill(
            language=LANGUAGE_NAMES[content.language], understanding=content.understanding,
            architecture=content.architecture, parts=parts, wish=_told(wish),
        )  # fmt: skip
        try:
            answer = await self.model.complete(filled, prompt=prompt, schema=SCHEMA)
        except ModelError as error:
            log.warning("model failed", kind=error.kind)
            return None
        said = {name: answer.get(name) for name in WORDS}
        texts = {name: plain(text) for name, text in said.items() if isinstance(text, str)}
        if len(texts) < len(WORDS) or not all(_SHORTEST <= len(text) <= LONGEST for text in texts.values()):
            return None
        theirs = (content.title, content.client)
        sources = [_without(each, theirs) for each in (content.understanding, content.architecture, parts)]
        told = f"{filled[0]['content']}\n{prompt.material}"
        facts: dict[str, Any] = {"sources": sources, "told": told, "language": content.language}
        found = [each for text in said.values() for each in problems(_without(str(text), theirs), **facts)]
        if found:
            log.warning("proposal refused", problems=[f"{each.kind}: {each.words}"[:80] for each in found[:5]])
            return None
        return replace(content, understanding=texts["understanding"], architecture=texts["architecture"])


def problems(text: str, *, sources: Sequence[str], told: str, language: str) -> list[Problem]:
    """What a text states, promises or does that no source does."""
    ground = fold("\n".join(sources))
    digits, numerals = set(_DIGITS.findall(ground)), set(_NUMERALS.findall(ground))
    folded = fold(text)
    found = [Problem("number", each) for each in _DIGITS.findall(folded) if each not in digits]
    found += [Problem("number", each) for each in _NUMERALS.findall(folded) if each not in numerals]
    found += [Problem("promise", each[0]) for each in _PROMISES.finditer(folded) if each[0] not in ground]
    found += [Problem("markup", each[0]) for each in _MARKUP.finditer(text)]
    found += [each for each in unfounded(text, sources=[]) if each.kind in CONTACTS]
    found += [*unfounded(text, sources=sources), *betrayed(text, told=told, sources=sources)]
    wrong = (detect(text, default=language) == "en") is not (language == "en")
    return [*found, *([Problem("language", detect(text))] if wrong else [])]


def proposer_of(model: Model | None, shelf: Shelf) -> ModelProposer | None:
    """What writes proposals; None without a model, or where the folder of prompts has none for it."""
    prompt = shelf.source("proposal") if model is not None else None
    return ModelProposer(model=model, prompt=prompt) if model is not None and prompt is not None else None


def _without(text: str, names: Sequence[str]) -> str:
    """A text less its client's own names: whole they may stand in ours, and are no ground for a word of theirs."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " … ")
    return text


def _told(wish: Wish) -> str:
    """The client's words, a line each."""
    rows = [f"{name}: {getattr(wish, name)}" for name in TEXTS if getattr(wish, name)]
    rows += [f"{name}: {each}" for name in LISTS for each in getattr(wish, name)]
    return "\n".join([f"title: {wish.title}", *rows])
