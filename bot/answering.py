"""From passages to an answer: quoted without a model; written by one and checked (conversation.md, *Answering*)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import structlog

from bot.checks import MARK, Problem, check
from bot.errors import ModelError
from bot.grounding import beside
from bot.llm import Json, Messages, Model
from bot.meters import Meters
from bot.prompts import Prompt, Source, current
from console.texts import Texts
from handoff.kinds import Level
from handoff.model import Citation
from knowledge.cited import Cited
from knowledge.language import detect, is_chinese, to_script
from knowledge.model import Passage

log = structlog.get_logger()

LONGEST = 700  # characters of a quoted section in a chat
_LONGEST_LEAD = 200  # a page's opening words are quoted with each section if they are short
_ALSO = 0.85  # a further page this close to the best one is named too
_HEADING = re.compile(r"\A#{1,6}\s+[^\n]*\n+")
LANGUAGE_NAMES = {
    "zh-Hans": "Simplified Chinese (简体中文)",
    "zh-Hant": "Traditional Chinese (繁體中文, Taiwan usage)",
    "en": "English",
}

ANSWER_SCHEMA: Json = {
    "type": "object",
    "properties": {
        "outcome": {"type": "string", "enum": ["answer", "not_in_manual", "clarify"]},
        "text": {"type": "string"},
        "level": {"type": "string", "enum": [level.value for level in Level]},
        "reason": {"type": "string"},
    },
    "required": ["outcome", "text", "level", "reason"],
    "additionalProperties": False,
}


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An answer that may go out: text with [n] marks, and the passages the marks stand for.

    `rests` are the passages whose words it gives, `version` is the index version they came from (see `grounds`).
    """

    text: str
    citations: tuple[Citation, ...]
    video: str | None = None
    by: str = "extract"  # extract | model
    rests: tuple[Cited, ...] = ()
    version: int | None = None

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """A draft from what `asdict` made of it."""
        citations = tuple(Citation(**row) for row in kept["citations"])
        rests = tuple(Cited(**row) for row in kept.get("rests", ()))
        return cls(**{**kept, "citations": citations, "rests": rests})


@dataclass(frozen=True, kw_only=True)
class Declined:
    """The model read the passages and will not answer: `not_in_manual`, or `clarify` with a question back."""

    reason: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Written:
    """What drafting came to, and how, for the record."""

    result: Draft | Declined
    level: Level | None = None
    trace: Mapping[str, Any] = field(default_factory=dict)


def extract(passages: Sequence[Passage], *, language: str, texts: Texts) -> Draft:
    """The best passage's own words, in the client's script, with its source: useful without any model.

    Further pages that were found nearly as well are named below it.
    """
    best = passages[0]
    heading = best.heading.split(" › ")[-1]
    named = texts.say("answer.heading", language, heading=_in_script(_unmarked(heading), language)) if heading else ""
    basis = texts.say("answer.basis", language, title=_in_script(_unmarked(best.title), language), heading=named)
    body = _quoted(best.text, texts=texts, language=language)
    lead = _unmarked(best.lead.strip()) if len(best.lead) <= _LONGEST_LEAD else ""
    lines = [*(_in_script(part, language) for part in (lead, body) if part), basis]
    if is_chinese(best.text) != (language != "en"):
        lines.insert(0, texts.say(f"answer.other_language.{'en' if language != 'en' else 'zh'}", language))
    also = _also(passages)
    if also:
        links = "，".join(f"《{_in_script(p.title, language)}》[{n}]" for n, p in enumerate(also, 2))
        links = links if language != "en" else ", ".join(f"“{p.title}” [{n}]" for n, p in enumerate(also, 2))
        lines.append(texts.say("answer.also", language, links=links))
    return Draft(text="\n\n".join(lines), citations=cite([best, *also]), video=best.video)


def cite(passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """Numbered sources in the order of the passages."""
    return tuple(
        Citation(
            n=n,
            page=p.page,
            title=p.title,
            heading=p.heading,
            anchor=p.anchor,
            url=p.url,
            chunk=p.chunk,
            client=p.client,
        )
        for n, p in enumerate(passages, 1)
    )


def _also(passages: Sequence[Passage], *, most: int = 2) -> list[Passage]:
    best, pages = passages[0], {passages[0].page: passages[0]}
    for p in passages[1:]:
        if p.score >= _ALSO * best.score and p.language == best.language:
            pages.setdefault(p.page, p)
    return list(pages.values())[1 : most + 1]


def _unmarked(text: str) -> str:
    """A page's own "[2]" is no citation of ours."""
    return MARK.sub(r"(\1)", text)


def _in_script(text: str, language: str) -> str:
    """Text in the client's script; what is in it already stays as it is ("小程序" must not become "小进程")."""
    return text if detect(text) == language else to_script(text, language)


def _quoted(text: str, *, texts: Texts, language: str) -> str:
    """The section without its heading, cut between lines where it is too long for a chat."""
    body = _HEADING.sub("", text.strip()).strip()
    body = _unmarked(body)
    if len(body) <= LONGEST:
        return body
    kept: list[str] = []
    for line in body.split("\n"):
        if kept and sum(map(len, kept)) + len(line) > LONGEST:
            break
        kept.append(line)
    return "\n".join([*kept, texts.say("answer.cut", language)])[: 2 * LONGEST]


def numbered(passages: Sequence[Passage]) -> str:
    """The passages as the model sees them: numbered, with their titles, plainly delimited."""
    return "\n\n".join(
        f"[{n}] {p.title}{' › ' + p.heading if p.heading else ''}\n-----\n{_whole(p)}\n-----"
        for n, p in enumerate(passages, 1)
    )


def _whole(passage: Passage) -> str:
    return "\n\n".join(part.strip() for part in (passage.lead, passage.text) if part)


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Drafts with a model: one call, a check, one repair; what still fails the check never goes out."""

    model: Model
    answer: Source
    repair: Source
    meters: Meters = field(default_factory=Meters)

    async def write(
        self, question: str, *, passages: Sequence[Passage], language: str, history: str, client: str
    ) -> Written:
        """A checked draft, or the model's refusal.

        Raises:
            ModelError: the model failed, or its text did not pass the check even after one repair (`malformed`).
        """
        prompt = await current(self.answer)
        messages = prompt.fill(
            language=LANGUAGE_NAMES[language],
            passages=numbered(passages),
            question=question,
            history=history,
            client=client,
        )
        trace: dict[str, Any] = {"model": self.model.name, "prompt": prompt.label, "repairs": 0}
        answer = await self._ask(messages, prompt)
        told = f"{messages[0]['content']}\n{prompt.material}"
        judge = partial(self._problems, question=question, passages=passages, language=language, told=told)
        problems = judge(answer)
        if problems:
            trace |= {"repairs": 1, "problems": [f"{p.kind}: {p.words}"[:120] for p in problems]}
            repair = await current(self.repair)
            trace["repair_prompt"] = repair.label
            answer = await self._ask([*messages, *_send_back(answer, problems, repair)], prompt)
            if left := judge(answer):
                self._checked("refused", left)
                raise ModelError("malformed", "; ".join(f"{p.kind} {p.words}" for p in left)[:200])
        self._checked("repaired" if problems else "passed", problems)
        return Written(result=_result(answer, passages=passages), level=_level(answer), trace=trace)

    async def _ask(self, messages: Messages, prompt: Prompt) -> Json:
        with self.meters.stage("model"):
            return await self.model.complete(messages, prompt=prompt, schema=ANSWER_SCHEMA)

    def _problems(
        self, answer: Json, *, question: str, passages: Sequence[Passage], language: str, told: str
    ) -> tuple[Problem, ...]:
        with self.meters.stage("check"):
            return _problems(answer, question=question, passages=passages, language=language, told=told)

    def _checked(self, result: str, problems: Sequence[Problem]) -> None:
        self.meters.checked(result)
        log.info("draft_checked", result=result, problems=[problem.kind for problem in problems])


def _send_back(answer: Json, problems: Sequence[Problem], repair: Prompt) -> Messages:
    found = "\n".join(f"- {p.kind}: {p.words}" for p in problems)
    return [{"role": "assistant", "content": str(answer.get("text", ""))}, *repair.fill(problems=found)]


def _problems(
    answer: Json, *, question: str, passages: Sequence[Passage], language: str, told: str
) -> tuple[Problem, ...]:
    text = answer.get("text")
    if not isinstance(text, str) or answer.get("outcome") not in ("answer", "not_in_manual", "clarify"):
        return (Problem("schema", "outcome and text"),)
    if answer["outcome"] == "answer":
        if not text.strip():
            return (Problem("empty"),)
        return (
            *check(text, passages=passages, language=language, told=told),
            *beside(question, text, passages=passages),
        )
    if answer["outcome"] == "clarify":
        marks = "".join(f"[{n}]" for n in range(1, len(passages) + 1))
        shown = f"{text} {marks}"
        return check(shown, passages=passages, language=language, told=told) if text.strip() else (Problem("empty"),)
    return ()


def _result(answer: Json, *, passages: Sequence[Passage]) -> Draft | Declined:
    if answer["outcome"] != "answer":
        return Declined(reason=answer["outcome"], text=answer["text"].strip())
    text, cited = renumber(answer["text"].strip(), passages)
    return Draft(text=text, citations=cite(cited), video=cited[0].video, by="model")


def renumber(text: str, passages: Sequence[Passage]) -> tuple[str, list[Passage]]:
    """Marks counted from 1 in the order of their first use, and the passages they stand for."""
    order = list(dict.fromkeys(int(n) for n in MARK.findall(text)))
    places = {n: i for i, n in enumerate(order, 1)}
    return MARK.sub(lambda m: f"[{places[int(m[1])]}]", text), [passages[n - 1] for n in order]


def _level(answer: Json) -> Level | None:
    try:
        return Level(answer.get("level", ""))
    except ValueError:
        return None
