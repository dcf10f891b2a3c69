"""The prompts that are in force: those published in the desk, else the files; and what the desk may know of them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from bot import prompts
from bot.errors import PromptError
from bot.prompts import Prompt
from console import prompt_store
from console.errors import PromptRefused
from console.ports import PromptFacts
from store.db import Database

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The files, and the database in which the desk keeps its versions. `model` names what they are read by."""

    db: Database
    files: Mapping[str, Prompt]
    written: Mapping[str, str]

    @classmethod
    def open(cls, db: Database, folder: Path) -> "Shelf":
        """Read the files. Raises PromptError where one is wrong."""
        written = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.md"))}
        return cls(db=db, files=prompts.load(folder), written=written)

    async def live(self, name: str) -> Prompt:
        """The prompt that holds now, in whichever process it was published; a broken version is not used."""
        found = await self.db.read(partial(prompt_store.live, name=name))
        if found.text is None:
            if found.number:
                log.error("published prompt is missing, the file is used", prompt=name, version=found.number)
            return self.files[name]
        return self._sound(name, found.text, edition=found.number)

    def _sound(self, name: str, text: str, *, edition: int) -> Prompt:
        try:
            return prompts.checked(text, like=self.files[name], edition=edition)
        except PromptError as error:
            log.error("published prompt is broken, the file is used", prompt=name, version=edition, why=str(error))  # noqa: TRY400 - the text says it
            return self.files[name]

    async def version(self, name: str, number: int) -> Prompt:
        """One version, published or not. Raises PromptError where it is broken or gone."""
        if number == prompt_store.SHIPPED:
            return self.files[name]
        text = await self.db.read(partial(prompt_store.text_of, name=name, number=number))
        if text is None:
            raise PromptError(f"{name}: there is no version {number}")
        return prompts.checked(text, like=self.files[name], edition=number)

    def source(self, name: str) -> Callable[[], Awaitable[Prompt]] | None:
        """What tells the prompt that holds whenever it is asked; None where there is no such file."""
        return partial(self.live, name) if name in self.files else None

    def sure(self, name: str) -> Callable[[], Awaitable[Prompt]]:
        """The same of a prompt that must be there. Raises PromptError."""
        if name not in self.files:
            raise PromptError(f"{name}.md is missing")
        return partial(self.live, name)

    def shipped(self) -> Mapping[str, str]:
        """The files' texts by name."""
        return self.written

    def read(self, name: str, text: str) -> PromptFacts:
        """What a text says, if it can stand in the file's place. Raises PromptRefused."""
        try:
            made = prompts.checked(text, like=self.files[name], edition=0)
        except PromptError as error:
            raise PromptRefused(str(error)) from error
        return PromptFacts(
            purpose=made.purpose,
            placeholders=tuple(sorted(made.placeholders)),
            temperature=made.temperature,
            max_tokens=made.max_tokens,
        )
