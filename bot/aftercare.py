"""What a process holds once it is open."""

from dataclasses import dataclass

from bot import first_start, links
from bot.channels.slack.service import Slack
from bot.channels.telegram.service import Telegram
from bot.channels.web.visitor import WebChat
from bot.conversation import Conversations
from bot.drill_client import ModelSpeaker
from bot.engines import Engines
from bot.mailing import mail_facts
from bot.meters import Meters
from bot.prompt_shelf import Shelf
from bot.proposing import ModelProposer
from bot.roles import Role
from bot.settings import Settings
from bot.suggesting import Suggesting
from bot.summing_up import ModelSummariser
from bot.translating import ModelTranslator
from bot.triage import Rules
from console.pages import ConsoleDeps
from console.texts import Texts
from handoff.desk import Desk
from handoff.model import Citation
from knowledge.service import Manual
from store.clock import Clock
from store.db import Database
from store.worker import Worker
from success.gap_drafts import GapDrafts
from success.gaps import GapWatch
from success.recalling import Recalls


@dataclass(frozen=True, kw_only=True)
class Aftercare:
    """One running process: what commands, routes and tests use."""

    settings: Settings
    role: Role
    db: Database
    desk: Desk
    manual: Manual
    conversations: Conversations
    worker: Worker
    rules: Rules
    texts: Texts
    clock: Clock
    meters: Meters
    secret: bytes
    one_time_password: str | None
    engines: Engines
    gaps: GapWatch
    drafts: GapDrafts
    recalls: Recalls
    shelf: Shelf
    suggesting: Suggesting
    summariser: ModelSummariser | None = None
    translator: ModelTranslator | None = None
    drill_speaker: ModelSpeaker | None = None
    proposer: ModelProposer | None = None
    telegram: Telegram | None = None
    slack: Slack | None = None

    @property
    def embedder(self) -> str:
        """The name of what makes the vectors."""
        return self.engines.embedder.name

    def address(self, cited: Citation) -> str | None:
        """Where a citation leads in the world."""
        return links.address(cited, public_url=self.settings.public_url, secret=self.secret)

    @property
    def console(self) -> ConsoleDeps:
        """What the web desk is given."""
        return ConsoleDeps(
            db=self.db,
            desk=self.desk,
            manual=self.manual,
            clock=self.clock,
            secret=self.secret,
            files=self.settings.data / "files",
            public_url=self.settings.public_url,
            secure_cookies=(self.settings.public_url or "").startswith("https://"),
            gap_drafts=self.drafts,
            recalls=self.recalls,
            manual_folder=self.settings.manual,
            prompts=self.shelf,
            model=self.conversations.writer.model.name if self.conversations.writer else None,
            suggester=self.suggesting,
            summariser=self.summariser,
            mail_server=mail_facts(self.settings),
            translator=self.translator,
            drill_speaker=self.drill_speaker,
            proposer=self.proposer,
        )

    @property
    def web(self) -> WebChat:
        """What the web chat is given."""
        return WebChat(
            db=self.db,
            desk=self.desk,
            rules=self.rules,
            texts=self.texts,
            clock=self.clock,
            secret=self.secret,
            files=self.settings.data / "files",
            default_client=first_start.DEMO,
            secure_cookies=self.console.secure_cookies,
            public_url=self.settings.public_url,
        )
