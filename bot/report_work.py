"""Reports on their way: looked for when due, drafted, and sent once they are approved, each once."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from console.attachments import drop, keep, named_by
from console.progress_address import progress_url
from console.report_document import Paper, Press
from console.report_pdf import NoFont, NotPrinted, Printer
from console.report_words import message_of
from handoff import directory, progress_links
from handoff.model import Attachment, Client
from handoff.spans import Span
from store.clock import Clock
from store.db import Database
from store.worker import Retry, Running, Worker
from success import mails, proactive, tasks
from success.reports import gathering, office, schedule, store
from success.reports.joined import JOINED
from success.reports.model import Kind, Report, State
from success.reports.periods import of_kind
from success.reports.sources import Sources
from success.tasks import TaskKind

log = structlog.get_logger()
HOME_LANGUAGE: Final = "zh-Hans"
"""What our own reports are kept in; whoever opens one reads it in their own."""
PDF: Final = "application/pdf"


@dataclass(frozen=True, kw_only=True)
class Reporting:
    """The handlers of `reports`, `report_draft` and `report_send` jobs.

    `carrying` are the platforms that bring files to people; `public_url` None: the world cannot reach our pages.
    """

    db: Database
    press: Press
    files: Path
    secret: bytes
    clock: Clock
    carrying: Collection[str] = frozenset()
    public_url: str | None = None
    printer: Printer = field(default_factory=Printer)
    sources: Sources = JOINED

    async def begin(self) -> None:
        """Look every hour from now on."""
        now = self.clock()
        await self.db.write(lambda conn: schedule.begin(conn, now=now))

    def register(self, worker: Worker) -> None:
        """Let a worker look, draft and send; papers are made one at a time."""
        worker.register(schedule.SWEEP, self.look, slots=1)
        worker.register(schedule.DRAFT, self.draft, slots=1, retry=Retry(attempts=3))
        worker.register(store.SEND, self.send, slots=1, retry=Retry(attempts=4))

    async def look(self, running: Running) -> None:
        """Have drafted what is due."""
        await running.finish(lambda conn: schedule.sweep(conn, now=self.clock()))

    async def draft(self, running: Running) -> None:
        """Gather one report's facts and keep them as a draft."""
        body, now = running.job.body, self.clock()
        kind, first = Kind(str(body["kind"])), date.fromisoformat(str(body["first"]))
        client_id = None if body["client"] is None else int(str(body["client"]))
        gathered = await self.db.read(partial(self._gathered, kind=kind, client_id=client_id, first=first, now=now))
        if gathered is None:
            return
        span, language, facts = gathered
        by = None if body.get("by") is None else int(str(body["by"]))
        await running.finish(
            lambda conn: store.draft(
                conn, kind, client_id=client_id, span=span, language=language, facts=facts, by=by, now=now
            )
        )

    def _gathered(
        self, conn: Connection, *, kind: Kind, client_id: int | None, first: date, now: datetime
    ) -> tuple[Span, str, dict[str, Any]] | None:
        client = None if client_id is None else directory.client(conn, client_id)
        if client is not None and client.archived_at is not None:
            return None
        zone = schedule.zone_of(conn, client)
        span = of_kind(kind, first, zone)
        language = schedule.language_of(conn, client) if client else HOME_LANGUAGE
        return span, language, gathering.gather(conn, kind, client, span, sources=self.sources, now=now)

    async def send(self, running: Running) -> None:
        """Send an approved report to its client's group, by e-mail, and to its private page: once, by day."""
        report_id = int(str(running.job.body["report"]))
        report = await self.db.read(partial(store.report, report_id=report_id))
        if report.state is not State.APPROVED or report.client_id is None:
            return
        client = await self.db.read(partial(directory.client, client_id=report.client_id))
        if client.archived_at is not None:
            archived = partial(store.withdraw, by=None, why="archived", now=self.clock())
            await running.finish(lambda conn: archived(conn, report_id))
            return
        now = self.clock()
        if (morning := proactive.by_day(client, now)) > now:  # a try that comes late may come at night
            await running.later(morning)
            return
        made, why = await self._printed(report)
        with named_by(self.files, made):
            told = await running.finish(
                partial(self._tell, report_id=report_id, client=client, files=made, why=why, now=self.clock())
            )
        if not told:
            await asyncio.to_thread(drop, self.files, made)

    async def _printed(self, report: Report) -> tuple[tuple[Attachment, ...], str]:
        """The report as a file, or why there is none."""
        paper = Paper.of(report)
        title = self.press.title(paper)
        try:
            content = await self.printer.pdf(self.press.page(paper), title=title)
        except NoFont:
            log.warning("report without a file", why="font")
            return (), "font"
        made = await asyncio.to_thread(keep, self.files, [(f"{title}.pdf", content)], any_type=True)
        return tuple(replace(each, media_type=PDF) for each in made), ""

    def _tell(
        self,
        conn: Connection,
        *,
        report_id: int,
        client: Client,
        files: tuple[Attachment, ...],
        why: str,
        now: datetime,
    ) -> bool:
        report = store.hold(conn, report_id)
        if report.state is not State.APPROVED:
            return False
        told: dict[str, Any] = {"file": files[0].id if files else None, "no_file": why}
        text, title = self._text(conn, report, client, now=now), self.press.title(Paper.of(report))
        group = proactive.group_of(conn, client.id)
        if group is not None:
            carried = files if group.platform in self.carrying else ()
            name = office.of(conn).agency or self.press.texts.say("report.sender", report.language)
            said = proactive.tell_group(conn, group, text, name=name, attachments=carried, now=now)
            told["message"] = said.id
        letters = [
            mails.post(
                conn, address, origin=f"report:{report_id}:{address}", subject=title, text=text,
                files=[(each.id, each.name, PDF) for each in files], language=report.language, client_id=client.id,
                now=now,
            )
            for address in self.sources.addresses(conn, client.id) or ()
        ]  # fmt: skip
        told["letters"] = [each.address for each in letters if each is not None]
        store.sent(conn, report_id, told=told, now=now)
        return True

    def _text(self, conn: Connection, report: Report, client: Client, *, now: datetime) -> str:
        """A few lines for the group, with the way to the whole."""
        paper = Paper.of(report)
        url = ""
        if self.public_url:
            link = progress_links.for_group(conn, client.id, now=now)
            url = f"{progress_url(link, public_url=self.public_url, secret=self.secret)}/reports/{report.id}"
        return message_of(paper.facts, self.press.words(paper), written=paper.words.get("summary", ""), url=url)

    async def dead(self, running: Running, error: Exception) -> None:
        """A report that could not be made or sent: somebody has to look."""
        if running.job.queue not in {schedule.DRAFT, store.SEND}:
            return
        log.error("report failed", queue=running.job.queue, error=type(error).__name__)
        why = "print" if isinstance(error, NotPrinted) else "broken"
        told = partial(_tell_failure, job=running.job.body, why=why, now=self.clock())
        await running.bury(error, told)


def _tell_failure(conn: Connection, *, job: Mapping[str, Any], why: str, now: datetime) -> None:
    """Give a task; on the report's page too, where there is one. Of a report that is not to be sent now, nothing."""
    if "report" in job:
        report = store.hold(conn, int(str(job["report"])))
        if report.state is not State.APPROVED:
            return
        store.note(conn, report.id, {"failed": why})
        facts = {"kind": str(report.kind), "first": str(report.first_on), "last": str(report.last_on)}
        link, client_id, origin = f"/desk/reports/{report.id}", report.client_id, f"report:{report.id}:failed"
    else:
        facts = {"kind": str(job["kind"]), "first": str(job["first"]), "last": ""}
        client_id = None if job["client"] is None else int(str(job["client"]))
        link, origin = "/desk/reports", f"report_draft:{job['kind']}:{client_id}:{job['first']}"
    client = directory.client(conn, client_id).name if client_id is not None else ""
    tasks.give(
        conn, TaskKind.REPORT, origin=origin, client_id=client_id,
        facts=facts | {"client": client, "text": "not_sent" if "report" in job else "not_drafted"}, link=link,
        due_at=now + store.PATIENCE, now=now,
    )  # fmt: skip
