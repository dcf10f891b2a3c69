"""Sites are checked: by schedule, on demand, for tickets; one check of a host at a time, with a pause.

The network is never in a transaction: a check looks first, and what it found is written down in the transaction that
closes its job. A check that was killed on its way is made again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Connection

from bot.staff_words import LANGUAGE
from console.check_words import Words, note
from console.texts import Texts
from handoff import accounts, board, cards, directory, messages, sites, staff_chats
from handoff.model import Ticket
from handoff.site_alarm import TICKET_SITE
from handoff.sites import Site
from store import rates
from store.clock import Clock
from store.db import Database
from store.jobs import JsonValue
from store.schedule import plan
from store.signals import signal
from store.worker import Retry, Running, Worker
from success import gone_sites
from success.checks import asking, keeping, retention, versions
from success.checks.asking import AGAIN, CHECK, SWEEP
from success.checks.hysteresis import verdict
from success.checks.model import Cause, Facts, Kind
from success.checks.probe import Probe
from success.checks.retention import TIDY
from success.checks.rules import looked
from success.checks.versions import BadVersions, KnownVersions

GAP: Final = timedelta(seconds=5)
"""Between two checks of one host, whoever asks."""
EACH_MINUTE: Final = "* * * * *"
SLOTS: Final = 3
RETRY: Final = Retry(attempts=3, first=timedelta(seconds=2))
_log: Final = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class _Task:
    """What a check's job asks for."""

    site: Site
    kind: Kind
    cause: Cause
    ticket_id: int | None
    keyword: str

    @property
    def host(self) -> str:
        """Whom the pause between two checks is for."""
        return urlsplit(self.site.address).hostname or ""


class SiteChecks:
    """The handlers of everything about checks of sites."""

    def __init__(self, db: Database, *, probe: Probe, known: KnownVersions, texts: Texts, clock: Clock) -> None:
        self._db, self._probe, self._known = db, probe, known
        self._texts, self._clock = texts, clock

    async def begin(self) -> None:
        """Look each minute what is due, and tidy up each night."""

        def plans(conn: Connection) -> None:
            now = self._clock()
            plan(conn, SWEEP, cron=EACH_MINUTE, zone="UTC", queue=SWEEP, body={}, now=now)
            plan(conn, TIDY, cron=retention.NIGHTLY, zone="UTC", queue=TIDY, body={}, now=now)

        await self._db.write(plans)

    def register(self, worker: Worker) -> None:
        """Let a worker check; a few at a time, so that slow sites leave room for the desk's own work."""
        worker.register(CHECK, self.check, retry=RETRY, slots=SLOTS)
        worker.register(SWEEP, self.sweep, slots=1)
        worker.register(AGAIN, self.again)
        worker.register(TICKET_SITE, self.ticket)
        worker.register(TIDY, self.tidy, slots=1)

    async def sweep(self, running: Running) -> None:
        """Ask for what is due; what is looked after no more is down no more."""

        def body(conn: Connection) -> None:
            now = self._clock()
            gone_sites.leave(conn, now=now)
            asking.sweep(conn, now=now)

        await running.finish(body)

    async def again(self, running: Running) -> None:
        """The second look at a site that failed once."""
        site_id = int(str(running.job.body["site"]))
        await running.finish(partial(self._again, site_id=site_id, dedup=f"again:{running.job.id}"))

    async def ticket(self, running: Running) -> None:
        """A ticket says that a site is down."""
        ticket_id = int(str(running.job.body["ticket"]))

        def body(conn: Connection) -> None:
            asking.for_ticket(conn, board.ticket(conn, ticket_id), now=self._clock())

        await running.finish(body)

    async def tidy(self, running: Running) -> None:
        """Sum up what is old, some days at a time."""
        await running.finish(lambda conn: retention.tidy(conn, running.job.body, now=self._clock()))

    async def check(self, running: Running) -> None:
        """Look at a site, then write down what was found."""
        task = await self._db.read(partial(_task, body=running.job.body))
        if task is None:
            return
        wait = await self._db.write(partial(self._wait, host=task.host))
        if wait is not None:
            await running.later(self._clock() + wait)
            return
        facts = await self._probe.look(task.site.address, kind=task.kind, keyword=task.keyword, now=self._clock())
        kept = await running.finish(partial(self._keep, task=task, facts=facts))
        trouble = str(facts.trouble) if facts.trouble else None
        _log.info("site_checked", site=task.site.id, state=kept.decision.standing.state, trouble=trouble)

    async def dead(self, running: Running, error: Exception) -> None:
        """A check that could not be made: nobody waits for it, and its ticket says so."""
        if running.job.queue == CHECK:
            await running.bury(error, partial(self._given_up, body=running.job.body))

    def _wait(self, conn: Connection, *, host: str) -> timedelta | None:
        return rates.take(conn, f"site_check:{host}", per=GAP, limit=1, now=self._clock())

    def _again(self, conn: Connection, *, site_id: int, dedup: str) -> None:
        site = sites.find(conn, site_id)
        if site is not None:
            asking.ask(conn, site, kind=Kind.LIGHT, cause=Cause.RECHECK, dedup=dedup, now=self._clock())

    def _keep(self, conn: Connection, *, task: _Task, facts: Facts) -> keeping.Kept:
        now = self._clock()
        kept = keeping.keep(
            conn, task.site, facts, known=self._known, cause=task.cause, ticket_id=task.ticket_id, now=now
        )
        if task.ticket_id is not None:
            ticket = board.ticket(conn, task.ticket_id)
            words = self._words(conn, ticket)
            seen = verdict(kept.found, looked_at_all=bool(looked(facts)))
            zone = accounts.zone_of(directory.client(conn, task.site.client_id))
            self._note(conn, ticket, words, note(words, task.site, facts, kept.found, verdict=seen, zone=zone), now=now)
        return kept

    def _given_up(self, conn: Connection, *, body: Mapping[str, JsonValue]) -> None:
        task = _task(conn, body=body)
        if task is None:
            return
        keeping.gave_up(conn, task.site.id)
        if task.ticket_id is not None:
            ticket = board.ticket(conn, task.ticket_id)
            words = self._words(conn, ticket)
            text = words.say("check.note.failed", site=task.site.shown)
            self._note(conn, ticket, words, text, now=self._clock())

    def _note(self, conn: Connection, ticket: Ticket, words: Words, text: str, *, now: datetime) -> None:
        """Into the ticket, where its page and its threads in staff chats show it."""
        name = words.say("check.note.who")
        messages.internal(
            conn, conversation_id=ticket.conversation_id, text=text, author="system", name=name, ticket_id=ticket.id,
            now=now,
        )  # fmt: skip
        signal(conn, "desk", ticket.number)
        cards.wake(conn, ticket.id, now=now)

    def _words(self, conn: Connection, ticket: Ticket) -> Words:
        """In our own people's language: that of the first staff chat, else of the client."""
        spoken = next((chat.language for chat in staff_chats.every(conn) if chat.language), None)
        if spoken is None and ticket.client_id is not None:
            spoken = directory.client(conn, ticket.client_id).language
        return Words(texts=self._texts, language=spoken or LANGUAGE)


def known_versions(data: Path) -> KnownVersions:
    """The admin's table of known versions, else ours; one that cannot be read is no reason not to start."""
    try:
        return versions.load(data)
    except BadVersions as error:
        _log.error("known_versions_not_read", why=str(error))
        return versions.load()


def _task(conn: Connection, *, body: Mapping[str, JsonValue]) -> _Task | None:
    """What is to be done; None where the site or its address is gone meanwhile."""
    site = sites.find(conn, int(str(body["site"])))
    if site is None or not site.address:
        return None
    ticket = body.get("ticket")
    return _Task(
        site=site, kind=Kind(str(body["kind"])), cause=Cause(str(body["cause"])),
        ticket_id=None if ticket is None else int(str(ticket)), keyword=asking.plan_of(conn, site.id).keyword,
    )  # fmt: skip
