"""Clients are reminded of what ends: the handlers of `reminders` (who) and `reminder` (one client's) jobs.

What has to be prepared comes from the manual's pages for clients: looked up before the transaction that speaks.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.planning import scope
from console.reminder_words import Guidance, answered, listed, worded
from console.texts import LANGUAGES, Texts
from handoff import directory, messages
from handoff.errors import NotFound
from handoff.model import Citation, Client
from knowledge.errors import KnowledgeError
from knowledge.model import Passage
from knowledge.service import Manual
from store.clock import Clock
from store.db import Database
from store.jobs import JsonValue
from store.schedule import plan
from store.worker import Running, Worker
from success import mail_contacts, proactive, reminder_ground, reminders
from success.reminder_rules import Step
from success.reminders import ANSWERED, REMIND, SWEEP, Happened, Worded

EVERY: Final = "*/5 * * * *"
AHEAD: Final = timedelta(days=120)
_PASSAGES: Final = 8
_ABOUT: Final[Mapping[str, re.Pattern[str]]] = {
    kind: re.compile(words, re.IGNORECASE)
    for kind, words in {
        "domain": r"域名|網域|domain",
        "tls": r"ssl|tls|https|证书|證書|憑證|certificate",
        "hosting": r"主机|主機|服务器|伺服器|空间|空間|hosting|server",
        "icp": r"icp|备案|備案|filing",
        "contract": r"合同|合約|续约|續約|contract|agreement|renew",
        "agreement": r"合同|合約|协议|協議|续约|續約|contract|agreement|renew",
    }.items()
}
"""What the title of a page says that is about one of these: a page that is merely near is not quoted."""
_log: Final = structlog.get_logger()


class Reminding:
    """See the module. `href` gives a citation's address in the world; `happened` is told of every step taken."""

    def __init__(
        self,
        db: Database,
        *,
        manual: Manual,
        texts: Texts,
        name: Callable[[str], str],
        href: Callable[[Citation], str | None],
        clock: Clock,
        happened: Happened | None = None,
    ) -> None:
        self._db, self._manual, self._texts, self._name = db, manual, texts, name
        self._href, self._clock, self._happened = href, clock, happened

    async def begin(self) -> None:
        """Look every few minutes from now on."""
        now = self._clock()
        await self._db.write(lambda conn: plan(conn, SWEEP, cron=EVERY, zone="UTC", queue=SWEEP, body={}, now=now))

    def register(self, worker: Worker) -> None:
        """Let a worker look, and remind."""
        worker.register(SWEEP, self.sweep, slots=1)
        worker.register(REMIND, self.remind, slots=2)
        worker.register(ANSWERED, self.show_answer)

    async def sweep(self, running: Running) -> None:
        """A job for each client of whom something is due: what fails for one is no matter of the others.

        What was given up for good is tried again a day later.
        """
        now = self._clock()
        found = await self._db.read(partial(reminders.concerned, now=now))
        await running.finish(lambda conn: reminders.ask(conn, found, now=now))

    async def remind(self, running: Running) -> None:
        """Say to one client what is due; or one step early, as somebody asked."""
        client_id, step = int(str(running.job.body["client"])), running.job.body.get("step")
        compose = await self._compose(client_id)
        if compose is None:
            return
        if step is None:
            body = partial(reminders.remind, client_id=client_id, compose=compose, happened=self._happened)
            await running.finish(lambda conn: body(conn, now=self._clock()))
            return
        key, by = read_key(step), running.job.body.get("by")
        early = partial(
            reminders.send_early, client_id=client_id, key=key, compose=compose, by=int(str(by)) if by else None
        )
        await running.finish(lambda conn: early(conn, now=self._clock()))

    async def show_answer(self, running: Running) -> None:
        """Let a reminder say who is at it, or when it comes again; its buttons go."""
        notice_id = int(str(running.job.body["notice"]))
        await running.finish(partial(self._shown, notice_id=notice_id))

    def _shown(self, conn: Connection, *, notice_id: int) -> None:
        notice = reminders.one(conn, notice_id)
        if notice is None or notice.message_id is None or notice.answer is None or notice.person_id is None:
            return
        said, client = messages.message(conn, notice.message_id), directory.client(conn, notice.client_id)
        if not said.buttons:
            return
        there = reminder_ground.of_client(conn, client).zone
        on = notice.again_at.astimezone(there).date() if notice.again_at else None
        who, tongue = directory.person(conn, notice.person_id).name, proactive.language_of(client)
        line = answered(self._texts, notice.answer, name=who, on=on, language=tongue)
        text = f"{said.text}\n\n{line}"
        messages.amend(conn, said.id, text=text, citations=said.citations, now=self._clock())

    async def _compose(self, client_id: int) -> reminders.Compose | None:
        """What puts this client's reminders into words, the manual asked already; None where there is no client."""

        def load(conn: Connection) -> tuple[Client, set[str], set[str]] | None:
            try:
                client = directory.client(conn, client_id)
            except NotFound:
                return None
            until = self._clock().date() + AHEAD
            kinds = {each.what for each in reminder_ground.of_client(conn, client).lapses if each.last_on <= until}
            contacts = mail_contacts.of_client(conn, client_id, mail_contacts.REMINDERS)
            own = proactive.language_of(client)
            return client, kinds, {own, *(each.language or own for each in contacts)}

        found = await self._db.read(load)
        if found is None:
            return None
        client, kinds, languages = found
        guidance = {tongue: await self._guidance(client, kinds, tongue) for tongue in languages}

        def compose(client: Client, steps: Sequence[Step], *, today: date, language: str) -> Worded:
            found, name = guidance.get(language, {}), self._name(language)
            return worded(self._texts, client, steps, today=today, language=language, name=name, guidance=found)

        return compose

    async def _guidance(self, client: Client, kinds: set[str], language: str) -> dict[str, Guidance]:
        found = {kind: await self._of_kind(client, kind, language) for kind in sorted(kinds)}
        return {kind: each for kind, each in found.items() if each is not None}

    async def _of_kind(self, client: Client, kind: str, language: str) -> Guidance | None:
        """The list of the page that is about it; None without one, and where the manual fails: a reminder goes out."""
        tongue = language if language in LANGUAGES else "en"
        asked = self._texts.say(f"reminder.ask.{kind}", tongue)
        try:
            search = await self._manual.search(asked, scope=scope(client), limit=_PASSAGES)
        except KnowledgeError as error:
            _log.warning("reminder_without_manual", error=type(error).__name__)
            return None
        if not search.enough:
            return None
        fit = [each for each in search.passages if _ABOUT[kind].search(each.title) and _speaks(each, tongue)]
        return next((made for each in fit if (made := self._made(each)) is not None), None)

    def _made(self, passage: Passage) -> Guidance | None:
        lines = listed(passage.text)
        if not lines:
            return None
        cited = Citation(
            n=1, page=passage.page, title=passage.title, heading=passage.heading, anchor=passage.anchor,
            url=passage.url, chunk=passage.chunk, client=passage.client,
        )  # fmt: skip
        return Guidance(lines=lines, citation=cited, url=self._href(cited))


def read_key(step: JsonValue) -> tuple[str, date, int]:
    """A step as a job's body names it."""
    assert isinstance(step, Sequence)
    subject, last_on, ahead = step
    return str(subject), date.fromisoformat(str(last_on)), int(str(ahead))


def _speaks(passage: Passage, language: str) -> bool:
    """Whether a page is written in a client's language, whichever of the Chinese scripts it is in."""
    return passage.language[:2] == language[:2]
