"""What the desk does unasked, composed: every room of `success` that has jobs, with what it is given."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeAlias

from bot import links
from bot.asking import Asking
from bot.broadcasting import Broadcasting
from bot.campaign_work import CampaignWork
from bot.feedback_work import Feedback
from bot.hook_sending import HookSending
from bot.incident_work import IncidentWork
from bot.interview_work import InterviewWork
from bot.mailing import mailing_of
from bot.outward import Outward
from bot.privacy_work import Privacy
from bot.project_work import ProjectWork
from bot.reminding import Reminding
from bot.report_work import Reporting
from bot.rule_work import RuleWork
from bot.settings import Settings
from bot.site_checking import SiteChecks, known_versions
from bot.training_work import TrainingWork
from console.broadcast_words import Spoken
from console.pages import environment
from console.proposal_document import ProposalPress
from console.report_document import Press
from console.texts import Texts
from handoff.desk import Desk
from handoff.model import Citation
from knowledge.service import Manual
from store.clock import Clock
from store.db import Database
from store.worker import Running, Worker
from success import rule_causes

Href: TypeAlias = Callable[[Citation], str | None]


class Working(Protocol):
    """A room with jobs."""

    def register(self, worker: Worker) -> None:
        """Let a worker do them."""


class Planning(Protocol):
    """A room with jobs that recur."""

    async def begin(self) -> None:
        """Plan them."""


class Burying(Protocol):
    """Somebody who must know of a job that was given up."""

    async def dead(self, running: Running, error: Exception) -> None:
        """A job that was given up, perhaps of another's queue."""


@dataclass(frozen=True, kw_only=True)
class Care:
    """The rooms, which of them plan what recurs, and who is told of jobs that were given up."""

    rooms: Sequence[Working]
    planning: Sequence[Planning]
    buriers: Sequence[Burying]

    async def begin(self) -> None:
        """Plan what recurs."""
        for each in self.planning:
            await each.begin()

    def register(self, worker: Worker) -> None:
        """Let a worker do the jobs of all."""
        for each in self.rooms:
            each.register(worker)


async def care_of(
    db: Database, settings: Settings, *, manual: Manual, chat_texts: Texts, texts: Texts, href: Href, files: Path,
    desk: Desk, outward: Outward, asking: Asking, secret: bytes, carrying: Collection[str], clock: Clock,
) -> Care:  # fmt: skip
    """Make every room. `chat_texts` are the bot's sentences, `texts` the desk's; `carrying` platforms take files."""
    mailing = mailing_of(db, settings, clock=clock)
    privacy = Privacy(db, files=files, stones=settings.erasures_file, texts=texts, clock=clock)
    called = partial(chat_texts.say, "bot.name")
    reminding = Reminding(
        db, manual=manual, texts=texts, name=called, href=href, clock=clock, happened=rule_causes.expiry_near
    )
    calling = HookSending(db, clock=clock, poster=outward.poster)
    folding = IncidentWork(db, desk=desk, texts=texts, clock=clock)
    spoken = Spoken(texts=texts, named=called, secret=secret, public_url=settings.public_url)
    broadcasting = Broadcasting(db, spoken=spoken, clock=clock)
    known = await asyncio.to_thread(known_versions, settings.data)
    looking = SiteChecks(db, probe=outward.probe, known=known, texts=texts, clock=clock)
    ruling = RuleWork(db, desk=desk, texts=texts, clock=clock)
    reporting = Reporting(
        db=db, press=Press(environment(), texts), files=files, secret=secret, clock=clock, carrying=carrying,
        public_url=settings.public_url,
    )  # fmt: skip
    working = ProjectWork(
        db=db, press=ProposalPress(environment(), texts), files=files, secret=secret, clock=clock, carrying=carrying,
        public_url=settings.public_url,
    )  # fmt: skip
    planning = (
        Feedback(db, asking=asking, clock=clock),
        privacy,
        reminding,
        looking,
        ruling,
        reporting,
        CampaignWork(db, clock=clock),
        working,
    )
    calendar = partial(links.calendar, public_url=settings.public_url, secret=secret)
    teaching = TrainingWork(db, manual=manual, texts=chat_texts, href=href, calendar=calendar, clock=clock)
    interviewing = InterviewWork(db, texts=texts, clock=clock)
    rooms = (*planning, mailing, calling, folding, broadcasting, interviewing, teaching)
    return Care(rooms=rooms, planning=planning, buriers=(mailing, privacy, calling, looking, reporting, working))
