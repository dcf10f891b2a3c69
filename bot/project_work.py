"""New work on its way: proposals, change requests and briefs sent once; every hour slips and what is to be drafted."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from bot.project_presses import ACCEPT, AGREE, DECLINE
from console.attachments import drop, keep, named_by
from console.progress_address import progress_url
from console.proposal_document import ProposalPress
from console.proposal_docx import DOCX
from console.proposal_sheet import Sheet, money
from handoff import accounts, board, directory, progress_links
from handoff.model import Attachment, Button, Client
from store.clock import Clock
from store.db import Database
from store.schedule import plan
from store.worker import Retry, Running, Worker
from success import mail_contacts, mails, proactive, tasks
from success.projects import authority, boards, briefs, change_store, changes, proposal_store, proposals, watch
from success.projects.board_rules import written
from success.projects.change_rules import Scope
from success.projects.change_store import Change
from success.projects.proposal_store import Version
from success.projects.wish import calm
from success.reports import office
from success.tasks import TaskKind

log = structlog.get_logger()
LOOK: Final = "projects"
EACH_HOUR: Final = "17 * * * *"  # mornings begin at another hour in each client's zone
QUEUES: Final = (proposals.SEND, changes.SEND, briefs.SEND)


@dataclass(frozen=True, kw_only=True)
class ProjectWork:
    """The handlers of `projects`, `proposal_send`, `change_send` and `project_brief_send` jobs."""

    db: Database
    press: ProposalPress
    files: Path
    secret: bytes
    clock: Clock
    carrying: Collection[str] = frozenset()
    public_url: str | None = None

    async def begin(self) -> None:
        """Look every hour."""
        now = self.clock()
        await self.db.write(lambda conn: plan(conn, LOOK, cron=EACH_HOUR, zone="UTC", queue=LOOK, body={}, now=now))

    def register(self, worker: Worker) -> None:
        """Let a worker look and send."""
        worker.register(LOOK, self.look, slots=1)
        worker.register(proposals.SEND, self.send_proposal, slots=1, retry=Retry(attempts=4))
        worker.register(changes.SEND, self.send_change, retry=Retry(attempts=4))
        worker.register(briefs.SEND, self.send_brief, retry=Retry(attempts=4))

    async def look(self, running: Running) -> None:
        """Warn of slips and draft what is due, each project in a transaction of its own."""
        now = self.clock()
        every = await self.db.read(lambda conn: [each.id for each in boards.listed(conn, limit=1_000)])
        for project_id in every:
            await self.db.write(partial(self._see_to, project_id=project_id, now=now))
        await running.finish(lambda _: None)

    def _see_to(self, conn: Connection, *, project_id: int, now: datetime) -> None:
        watch.warn(conn, project_id, now=now)
        week = watch.week(conn, project_id, say=self.press.texts.say, now=now)
        if week is not None:
            briefs.draft(conn, week, now=now)

    async def send_proposal(self, running: Running) -> None:
        """Put an approved version to its client: in the chat with a button, as a Word file and a page, by day."""
        body = running.job.body
        proposal_id, n = int(str(body["proposal"])), int(str(body["n"]))
        found = await self.db.write(partial(proposals.due, proposal_id=proposal_id, n=n))
        if found is None:
            return
        now = self.clock()
        client, sheet = await self.db.read(partial(self._sheet, version=found))
        if (morning := proactive.by_day(client, now)) > now:
            await running.later(morning)
            return
        made = await self._made(found, sheet)
        with named_by(self.files, made):
            tell = partial(self._tell, proposal_id=proposal_id, n=n, files=made, now=self.clock())
            told = await running.finish(tell)
        if not told:
            await asyncio.to_thread(drop, self.files, made)

    async def _made(self, found: Version, sheet: Sheet) -> tuple[Attachment, ...]:
        content = await asyncio.to_thread(self.press.docx, sheet)
        name = f"{self.press.title(found.content)}.docx"
        made = await asyncio.to_thread(keep, self.files, [(name, content)], any_type=True)
        return tuple(replace(each, media_type=DOCX) for each in made)

    def _sheet(self, conn: Connection, *, version: Version) -> tuple[Client, Sheet]:
        found = proposal_store.proposal(conn, version.proposal_id)
        assert found.client_id is not None
        client = directory.client(conn, found.client_id)
        on = (version.approved_at or version.at).astimezone(accounts.zone_of(client)).date()
        agency = self._name(conn, version.content.language)
        return client, self.press.sheet(version.content, agency=agency, number=found.id, n=version.n, on=on)

    def _tell(
        self, conn: Connection, *, proposal_id: int, n: int, files: tuple[Attachment, ...], now: datetime
    ) -> bool:
        found = proposals.due(conn, proposal_id, n=n)
        if found is None:
            return False
        kept = proposal_store.proposal(conn, proposal_id)
        assert kept.client_id is not None
        client, content = directory.client(conn, kept.client_id), found.content
        language, texts = content.language, self.press.texts
        chat = authority.place(conn, client.id, authority.PROPOSAL)
        if chat is None or client.archived_at is not None:
            proposals.failed(conn, proposal_id, n=n, why="nobody")
            return False
        facts = {"title": content.title, "total": money(content.total, content.currency, language)}
        facts |= {"ends": content.milestones[-1].ends_on.isoformat(), "until": content.valid_until.isoformat()}
        lines = [texts.say("proposal.chat", language, **facts, version=n)]
        lines += self._who(conn, client.id, authority.PROPOSAL, "proposal.chat.who", language)
        if self.public_url:
            link = progress_links.for_group(conn, client.id, now=now)
            lines.append(texts.say("proposal.chat.page", language, url=self._url(link, proposal_id)))
        said = proactive.tell_group(
            conn, chat, "\n".join(lines), name=self._name(conn, language),
            buttons=(Button(id=ACCEPT, label=texts.say("proposal.chat.accept", language)),),
            attachments=files if chat.platform in self.carrying else (), now=now,
        )  # fmt: skip
        letters = self._letters(conn, client, found, lines[0], files, now=now)
        told: dict[str, Any] = {"file": files[0].id if files else None, "letters": letters}
        proposals.sent(conn, proposal_id, n=n, message_id=said.id, told=told, now=now)
        return True

    def _letters(
        self,
        conn: Connection,
        client: Client,
        found: Version,
        text: str,
        files: tuple[Attachment, ...],
        *,
        now: datetime,
    ) -> list[str]:
        """To each authorised contact whose address we know: their own link, by which they can accept on the page."""
        gone: list[str] = []
        for person in authority.authorised(conn, client.id, authority.PROPOSAL) if self.public_url else ():
            address = mail_contacts.address_for_ratings(conn, person.id)
            if address is None:
                continue
            link = progress_links.for_person(conn, client.id, person.id, now=now)
            language = found.content.language
            page = self.press.texts.say("proposal.chat.page", language, url=self._url(link, found.proposal_id))
            mails.post(
                conn, address, origin=f"proposal:{found.proposal_id}:{found.n}:{address}",
                subject=self.press.title(found.content), text=f"{text}\n{page}",
                files=[(each.id, each.name, DOCX) for each in files], language=language, client_id=client.id, now=now,
            )  # fmt: skip
            gone.append(address)
        return gone

    def _url(self, link: progress_links.Link, proposal_id: int) -> str:
        assert self.public_url is not None
        return f"{progress_url(link, public_url=self.public_url, secret=self.secret)}/proposals/{proposal_id}"

    async def send_change(self, running: Running) -> None:
        """Put a change request to its client, with buttons, by day."""
        change_id, now = int(str(running.job.body["change"])), self.clock()
        found = await self.db.write(partial(changes.due, change_id=change_id))
        if found is None:
            return
        client = await self.db.read(partial(directory.client, client_id=found.client_id))
        if (morning := proactive.by_day(client, now)) > now:
            await running.later(morning)
            return
        await running.finish(partial(self._ask, change_id=change_id, now=now))

    def _ask(self, conn: Connection, *, change_id: int, now: datetime) -> None:
        found = changes.due(conn, change_id)
        chat = authority.place(conn, found.client_id, found.powers) if found is not None else None
        if found is None or chat is None:
            return
        client = directory.client(conn, found.client_id)
        language, texts = proactive.language_of(client), self.press.texts
        buttons = tuple(
            Button(id=each, label=texts.say(f"changes.chat.{each.partition(':')[2]}", language))
            for each in (AGREE, DECLINE)
        )
        text = self._change_words(conn, found, language)
        said = proactive.tell_group(conn, chat, text, name=self._name(conn, language), buttons=buttons, now=now)
        changes.sent(conn, change_id, message_id=said.id, now=now)

    def _change_words(self, conn: Connection, found: Change, language: str) -> str:
        texts, number = self.press.texts, board.ticket(conn, found.ticket_id).number
        lines = [texts.say("changes.chat.head", language, number=number, title=found.title)]
        lines += [calm(row) for row in found.says.split("\n") if calm(row)]
        who = self._who(conn, found.client_id, found.powers, "changes.chat.who", language)
        if found.scope is Scope.IN:
            key = "changes.chat.allowance" if found.allowance else "changes.chat.in"
            named = {"name": found.allowance, "amount": found.amount} if found.allowance else {}
            return "\n".join([*lines, texts.say(key, language, **named), *who])
        for each in found.lines:
            rate = money(each.rate, found.currency, language)
            lines.append(texts.say("changes.chat.line", language, role=each.name, days=written(each.halves), rate=rate))
        total = money(found.total, found.currency, language)
        return "\n".join([*lines, texts.say("changes.chat.total", language, total=total), *who])

    def _who(self, conn: Connection, client_id: int, powers: tuple[str, ...], key: str, language: str) -> list[str]:
        """Who of theirs decides on it, by name: whoever else presses has it above the button."""
        names = [calm(each.name) for each in authority.authorised(conn, client_id, powers)]
        comma = self.press.texts.say("proposal.list", language)
        return [self.press.texts.say(key, language, names=comma.join(names))] if names else []

    async def send_brief(self, running: Running) -> None:
        """Tell a client a project's week, by day."""
        brief_id, now = int(str(running.job.body["brief"])), self.clock()
        found = await self.db.write(partial(briefs.due, brief_id=brief_id))
        if found is None:
            return
        client = await self.db.read(partial(directory.client, client_id=found.client_id))
        if (morning := proactive.by_day(client, now)) > now:
            await running.later(morning)
            return

        def tell(conn: Connection) -> None:
            chat, due = authority.place(conn, found.client_id, authority.IN_SCOPE), briefs.due(conn, brief_id)
            if chat is None or due is None:
                return
            said = proactive.tell_group(conn, chat, due.text, name=self._name(conn, due.language), now=now)
            briefs.sent(conn, brief_id, message_id=said.id, now=now)

        await running.finish(tell)

    async def dead(self, running: Running, error: Exception) -> None:
        """What could not be sent: somebody has to look."""
        if running.job.queue not in QUEUES:
            return
        log.error("new work not sent", queue=running.job.queue, error=type(error).__name__)
        body, now = running.job.body, self.clock()
        await running.bury(error, lambda conn: _tell_failure(conn, body, now=now))

    def _name(self, conn: Connection, language: str) -> str:
        return office.of(conn).agency or self.press.texts.say("report.sender", language)


def _tell_failure(conn: Connection, body: Any, *, now: datetime) -> None:
    """Give a task of what did not leave."""
    if "proposal" in body:
        n, found = int(str(body["n"])), proposal_store.proposal(conn, int(str(body["proposal"])))
        proposals.failed(conn, found.id, n=n, why="broken")
        title, client_id, link = found.title, found.client_id, f"/desk/proposals/{found.id}"
    elif "change" in body:
        change = change_store.change(conn, int(str(body["change"])))
        title, client_id, link = change.title, change.client_id, f"/desk/changes/{change.id}"
    else:
        project = boards.project(conn, briefs.brief(conn, int(str(body["brief"]))).project_id)
        title, client_id, link = project.title, project.client_id, f"/desk/projects/{project.id}"
    facts = {"text": "not_sent", "title": title}
    tasks.give(
        conn, TaskKind.PROJECT, origin=f"{link}:failed:{now.isoformat()}", client_id=client_id, facts=facts, link=link,
        due_at=now, now=now,
    )  # fmt: skip
