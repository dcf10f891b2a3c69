"""What the console needs from outside: the manual (``knowledge.service.Manual``), prompts, a look at everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from sqlalchemy import Connection

from handoff.model import Citation, Json, Ticket
from knowledge.model import Page, Scope, Search, Version
from success.projects.model import Proposal
from success.projects.wish import Wish


class ManualReader(Protocol):
    """The manual, read only."""

    @property
    def version(self) -> int | None:
        """The live index version, None where nothing is indexed."""

    async def search(self, text: str, *, scope: Scope, limit: int = 6) -> Search:
        """Passages for a question; raises knowledge's errors."""

    async def follow(self) -> None:
        """Notice what another process made live; raises StoreError."""

    async def pages(self) -> tuple[Page, ...]:
        """Every page of the live version."""

    async def page(self, page_id: str) -> Page | None:
        """One page of the live version."""

    async def picture(self, name: str) -> bytes | None:
        """A picture of a page by its hash; None if there is none."""


class ManualKeeper(ManualReader, Protocol):
    """The manual, with what an admin does to it at once; building a version is a run (``knowledge.runs``)."""

    async def every_page(self) -> tuple[Page, ...]:
        """Every page of the live version, withdrawn ones too; raises NothingIndexed."""

    async def withdrawn(self) -> frozenset[str]:
        """The ids of withdrawn pages."""

    async def versions(self) -> tuple[Version, ...]:
        """All kept versions, latest first."""

    async def withdraw(self, page: str, *, by: str, reason: str = "") -> None:
        """Hide a page at once; raises UnknownPage."""

    async def restore(self, page: str, *, by: str, reason: str = "") -> None:
        """Undo a withdrawal; raises UnknownPage."""

    async def rollback(self, version: int | None = None, *, by: str, reason: str = "") -> int:
        """Make an earlier version live; raises UnknownVersion or NothingIndexed."""


@dataclass(frozen=True, kw_only=True)
class PromptFacts:
    """What stands in the front matter of a prompt."""

    purpose: str
    placeholders: tuple[str, ...]
    temperature: float
    max_tokens: int


@dataclass(frozen=True, kw_only=True)
class MailServerFacts:
    """Where letters leave, without its password, and from whom."""

    where: str
    sender: str


class PromptFiles(Protocol):
    """The prompts that come with the program, and what may take their places."""

    def shipped(self) -> Mapping[str, str]:
        """The files' texts by name."""

    def read(self, name: str, text: str) -> PromptFacts:
        """What a text says, if it can stand in the place of the file of this name; raises PromptRefused."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing of the house that was looked at; `mend` says what to do where the state is not ok."""

    what: str
    state: Literal["ok", "warning", "bad"]
    found: str
    mend: str = ""


class Health(Protocol):
    """What looks at everything: the same as `aftercare doctor`."""

    async def __call__(self) -> Sequence[Finding]:
        """The findings, from the ground up; it may take as long as the slowest of what is asked."""


NoReply = Literal["no_question", "nothing_found", "declined", "unavailable"]
"""Why there is no reply to suggest: nothing asked, nothing in the manual, the model will not, no index answers."""


@dataclass(frozen=True, kw_only=True)
class SuggestedReply:
    """A reply to a ticket with the sources its [n] marks stand for; `made_by` is model or extract.

    `model_failed`: there is a model, but it did not answer. `grounds` are the suggester's own, to be given back.
    """

    text: str
    citations: tuple[Citation, ...]
    made_by: Literal["model", "extract"]
    model_failed: bool = False
    grounds: Json = field(default_factory=dict)


class ReplySuggester(Protocol):
    """Writes a reply for a colleague to look at; sends nothing."""

    async def suggest(self, ticket: Ticket) -> SuggestedReply | NoReply:
        """A reply to what the client asked last, or why there is none."""

    def holds(self, conn: Connection, grounds: Json, *, ticket_id: int) -> bool:
        """Whether the ticket's client may still read every page it rests on. A transaction body."""

    def sent(self, conn: Connection, grounds: Json, *, message_id: int, now: datetime) -> None:
        """Keep what a reply that was sent rests on. A transaction body."""


class Summariser(Protocol):
    """Sums a ticket up by a model."""

    async def summarise(self, talk: str, *, title: str, state: str, language: str) -> str | None:
        """A few lines in a language, saying nothing that the talk does not; None where the model failed."""


@dataclass(frozen=True, kw_only=True)
class Translated:
    """A text in another language, and by which model and prompt; `why` there is none: model, lost, long."""

    text: str | None
    made_by: str
    why: str | None = None


class Translator(Protocol):
    """Puts a text into another language by a model, and checks that nothing got lost."""

    @property
    def name(self) -> str:
        """How records call the model."""

    async def translate(self, text: str, *, source: str | None, into: str) -> Translated:
        """The translation, or why there is none: model, lost, long."""


class Proposer(Protocol):
    """Writes a proposal's free texts better than the rules do."""

    async def write(self, content: Proposal, wish: Wish) -> Proposal | None:
        """The proposal with better words and nothing else changed; None where the model failed or said too much."""
