"""Letters leave: the handler of `mail` jobs.

What the server says "later" to is tried again over a day; what it refuses, and what it put off for a day, fails with
its words, and somebody has a task. Before a letter leaves, that is written down: where no answer came (a crash, a
dropped connection) it is sent once more, with the same Message-ID, and never a third time.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.errors import BotError
from bot.letters import letter, read_sender
from bot.mail_server import Later, Postman, Refused, Taken, Unsure
from bot.settings import Settings
from console.ports import MailServerFacts
from handoff import directory
from handoff.errors import NotFound
from store.clock import Clock
from store.db import Database
from store.worker import Retry, Running, Worker
from success import mails, tasks
from success.mails import FAILED, QUEUED, SEND, SENT, Mail
from success.tasks import TaskKind

PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240, 480, 480))
"""A little under a day."""
RETRY: Final = Retry(attempts=len(PAUSES) + 1)
SLOTS: Final = 2
NO_SERVER: Final = "no_server"
ARCHIVED: Final = "archived"
FILE_GONE: Final = "file_gone"
UNSURE: Final = "unsure"
_log: Final = structlog.get_logger()


class MailPutOffError(BotError):
    """The server did not take it now; `retry_after` is when to try again."""

    def __init__(self, why: str, *, retry_after: timedelta) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Mailing:
    """The handler of `mail` jobs. `postman` is None where no mail server is set up: then letters fail, and say so."""

    def __init__(
        self, db: Database, *, postman: Postman | None, sender: tuple[str, str] | None, files: Path, clock: Clock
    ) -> None:
        self._db, self._postman, self._sender, self._files, self._clock = db, postman, sender, files, clock

    async def send(self, running: Running) -> None:
        """Send one letter. Raises MailPutOffError."""
        mail_id = int(str(running.job.body["mail"]))
        mail, hindered = await self._db.read(partial(_load, mail_id=mail_id))
        if mail is None or mail.state != QUEUED:
            return
        if self._postman is None or self._sender is None:
            hindered = NO_SERVER
        elif mail.begun_at is not None and mail.again:
            hindered = UNSURE
        contents = {} if hindered else await asyncio.to_thread(self._read, mail)
        if contents is None:
            hindered = FILE_GONE
        if hindered:
            await self._fail(running, mail, hindered)
            return
        assert self._postman is not None
        assert self._sender is not None
        text = letter(mail, sender=self._sender, files=contents or {}, now=self._clock())
        begins = partial(self._db.write, lambda conn: mails.begin(conn, mail.id, now=self._clock()))
        outcome = await self._postman.deliver(text, sender=self._sender[1], to=mail.address, begins=begins)
        match outcome:
            case Taken(words):
                settle = partial(mails.settle, mail_id=mail.id, state=SENT, why=words, now=self._clock())
                await running.finish(settle)
            case Refused(words):
                await self._fail(running, mail, words)
            case Unsure() if mail.again or mail.begun_at is not None:
                await self._fail(running, mail, UNSURE)
            case Later(words) | Unsure(words):
                await self._put_off(running, mail, words, unsure=isinstance(outcome, Unsure))

    async def dead(self, running: Running, error: Exception) -> None:
        """A letter that was put off for a day fails with what was said last."""
        if running.job.queue != SEND:
            return
        mail_id, now = int(str(running.job.body["mail"])), self._clock()
        mail, _ = await self._db.read(partial(_load, mail_id=mail_id))
        if mail is None or mail.state != QUEUED:
            return
        why = mail.why or str(error)
        await running.bury(error, partial(_failed, mail=mail, why=why, now=now))

    def register(self, worker: Worker) -> None:
        """Let a worker send; a few at a time, so that a slow server leaves room for the desk's own work."""
        worker.register(SEND, self.send, retry=RETRY, slots=SLOTS)

    async def _fail(self, running: Running, mail: Mail, why: str) -> None:
        _log.warning("mail_failed", mail=mail.id, why=why if why.isidentifier() else why[:3])
        await running.finish(partial(_failed, mail=mail, why=why, now=self._clock()))

    async def _put_off(self, running: Running, mail: Mail, why: str, *, unsure: bool) -> None:
        now = self._clock()
        await self._db.write(partial(mails.put_off, before=mail, why=why, unsure=unsure, now=now))
        raise MailPutOffError(why, retry_after=PAUSES[min(running.job.attempts, len(PAUSES)) - 1])

    def _read(self, mail: Mail) -> Mapping[str, bytes] | None:
        """The contents of its files; None where one is not there."""
        try:
            return {stored: (self._files / Path(stored).name).read_bytes() for stored, _, _ in mail.files}
        except OSError:
            return None


def _load(conn: Connection, *, mail_id: int) -> tuple[Mail | None, str]:
    """The letter, and why it must not leave, if so: a client that is archived hears nothing of us."""
    mail = mails.mail(conn, mail_id)
    if mail is None or mail.client_id is None:
        return mail, ""
    try:
        client = directory.client(conn, mail.client_id)
    except NotFound:
        return mail, ""
    return mail, ARCHIVED if client.archived_at is not None else ""


def _failed(conn: Connection, *, mail: Mail, why: str, now: datetime) -> None:
    """Say that a letter failed, and have somebody look after it, but where nobody can or need.

    It is read once more: whom it was for may have been erased while a server was asked.
    """
    found = mails.mail(conn, mail.id)
    if found is None or found.state != QUEUED:
        return
    mail = found
    mails.settle(conn, mail.id, state=FAILED, why=why, now=now)
    if why in {NO_SERVER, ARCHIVED}:
        return
    facts = {"address": mail.address, "subject": mail.subject, "why": why}
    tasks.give(
        conn, TaskKind.MAIL_FAILED, origin=f"mail:{mail.id}:{mail.tries}", client_id=mail.client_id, facts=facts,
        link=f"/desk/settings/mail#mail-{mail.id}", due_at=now + timedelta(days=1), now=now,
    )  # fmt: skip


def mailing_of(db: Database, settings: Settings, *, clock: Clock) -> Mailing:
    """Letters leave as the settings say."""
    server = settings.mail_server
    postman = Postman(server) if server is not None else None
    sender = read_sender(settings.mail_from) if settings.mail_from else None
    return Mailing(db, postman=postman, sender=sender, files=settings.data / "files", clock=clock)


def mail_facts(settings: Settings) -> MailServerFacts | None:
    """What the desk shows of how letters leave."""
    server = settings.mail_server
    return MailServerFacts(where=server.shown, sender=settings.mail_from or "") if server is not None else None
