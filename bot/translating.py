"""Messages put into another language by the model, checked, with one repair; and the jobs that have it done."""

from dataclasses import dataclass

import structlog

from bot import own_words
from bot.checks import CONTACTS, unfounded
from bot.errors import ModelError
from bot.llm import TEXT_ALONE, Model
from bot.meters import Meters
from bot.prompt_shelf import Shelf
from bot.prompts import Prompt, Source, current
from console.ports import Translated
from store.clock import Clock
from store.db import Database
from store.worker import Running, Worker
from success import across
from success.across import TRANSLATE
from success.across_rules import LONGEST, Lost, lost

log = structlog.get_logger()

NAMES = {
    "zh-Hans": "Simplified Chinese (简体中文)", "zh-Hant": "Traditional Chinese (繁體中文, Taiwan usage)",
    "en": "English", "ja": "Japanese (日本語)", "ko": "Korean (한국어)", "es": "Spanish (español)",
    "fr": "French (français)", "de": "German (Deutsch)", "pt": "Portuguese (português)", "it": "Italian (italiano)",
    "nl": "Dutch (Nederlands)",
    "ru": "Russian (русский)", "uk": "Ukrainian (українська)", "ar": "Arabic (العربية)", "he": "Hebrew (עברית)",
    "th": "Thai (ไทย)", "vi": "Vietnamese (tiếng Việt)", "id": "Indonesian (bahasa Indonesia)", "hi": "Hindi (हिन्दी)",
    "el": "Greek (ελληνικά)",
}  # fmt: skip
_TRIES = 2
_ANY = "the language it is in"


@dataclass(frozen=True, kw_only=True)
class ModelTranslator:
    """Translates with the same model as answers, by `prompts/translate.md`."""

    model: Model
    prompt: Source
    meters: Meters

    @property
    def name(self) -> str:
        """How records call the model."""
        return self.model.name

    async def translate(self, text: str, *, source: str | None, into: str) -> Translated:
        """The translation once nothing of it is lost; after one repair in vain, why there is none."""
        prompt = await current(self.prompt)
        made_by = f"{self.model.name} · {prompt.label}"
        if len(text) > LONGEST:
            return Translated(text=None, made_by=made_by, why="long")
        found: tuple[Lost, ...] = ()
        for _ in range(_TRIES):
            try:
                said, told = await self._ask(prompt, text, source, into, found)
            except ModelError as error:
                self._count("model", text)
                log.warning("model failed", kind=error.kind)
                return Translated(text=None, made_by=made_by, why="model")
            found = (*lost(text, said, into=into), *_added(text, said, told=told))
            if not found:
                self._count("done", text)
                return Translated(text=said, made_by=made_by)
            self._count("repair", text)
        log.warning("translation refused", problems=[each.kind for each in found[:5]])
        return Translated(text=None, made_by=made_by, why="lost")

    async def _ask(
        self, prompt: Prompt, text: str, source: str | None, into: str, found: tuple[Lost, ...]
    ) -> tuple[str, str]:
        """What the model said, and what it was told."""
        problems = "\n".join(f"{each.kind}: {each.words}"[:200] for each in found[:20]) or "nothing"
        named = NAMES.get(source or "", _ANY)
        filled = prompt.fill(source=named, target=NAMES[into], problems=problems, text=text)
        answer = await self.model.complete(filled, prompt=prompt, schema=TEXT_ALONE)
        said = answer.get("text")
        fits = isinstance(said, str) and len(said) <= 4 * LONGEST
        return str(said).strip() if fits else "", f"{filled[0]['content']}\n{prompt.material}"

    def _count(self, outcome: str, text: str) -> None:
        self.meters.translated(outcome, len(text))


def _added(text: str, said: str, *, told: str) -> tuple[Lost, ...]:
    """Where a translation leads its reader to, or repeats its writer's instructions, and the message does not."""
    led = (each.words for each in unfounded(said, sources=[text]) if each.kind in CONTACTS)
    return tuple(Lost("added", words) for words in (*led, *own_words.repeated(said, told=told, sources=[text])))


def translator_of(model: Model | None, shelf: Shelf, meters: Meters) -> ModelTranslator | None:
    """What translates; None without a model, or where the folder of prompts has none for it."""
    prompt = shelf.source("translate") if model is not None else None
    return ModelTranslator(model=model, prompt=prompt, meters=meters) if model is not None and prompt else None


class Translating:
    """The handler of `translate` jobs: `{"message": id, "into": language, "source": language}`."""

    def __init__(self, db: Database, *, translator: ModelTranslator | None, clock: Clock) -> None:
        self._db, self._translator, self._clock = db, translator, clock

    async def translate(self, running: Running) -> None:
        """Translate one message; without a model nothing is done, and pages say so."""
        body, translator = running.job.body, self._translator
        which, into, source = int(str(body["message"])), str(body["into"]), str(body["source"])
        if translator is None:
            return
        now = self._clock()
        text = await self._db.write(lambda conn: across.begin(conn, which, into=into, source=source, now=now))
        if text is None:
            return
        made = await translator.translate(text, source=source, into=into)
        facts = {"into": into, "source": source, "made_by": made.made_by, "now": self._clock()}
        if made.text is not None:
            said = made.text
            await running.finish(lambda conn: across.done(conn, which, text=said, **facts))  # type: ignore[arg-type]
        else:
            why = made.why or "model"
            await running.finish(lambda conn: across.failed(conn, which, why=why, **facts))  # type: ignore[arg-type]

    async def dead(self, running: Running, error: Exception) -> None:
        """A translation that could not be made: nobody waits for it, and a person may try again."""
        if running.job.queue != TRANSLATE:
            return
        body, now = running.job.body, self._clock()
        which, into, source = int(str(body["message"])), str(body["into"]), str(body["source"])
        await running.bury(error, lambda conn: across.gave_up(conn, which, into=into, source=source, now=now))

    def register(self, worker: Worker) -> None:
        """Let a worker translate, two at a time."""
        worker.register(TRANSLATE, self.translate, slots=2)
