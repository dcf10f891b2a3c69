"""Letters over a real mail server, on both databases: taken once, refused, put off, in doubt."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.mail_server import MailServer, Postman
from bot.mailing import PAUSES, RETRY, Mailing
from handoff import directory
from handoff.kinds import Role, Tier
from handoff.tables import client as clients
from store.clock import ManualClock
from store.db import Database
from store.worker import Running, Worker
from success import mails, tasks
from success.mails import Mail
from success.tasks import Task, TaskKind
from tests.mail_house import PostOffice, certificate, post_office

MORNING = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)


@dataclass
class Room:
    """A worker that sends, and what a scene needs of it."""

    db: Database
    clock: ManualClock
    worker: Worker
    client_id: int
    office: PostOffice

    async def post(self, origin: str = "o1", **facts: Any) -> Mail:
        told = {
            "subject": "域名「晨光」将于 30 天后到期",
            "text": "您好：\n\n域名将到期。",
            "language": "zh-Hans",
        } | facts
        address = told.pop("address", "li@shop.example")
        posted = await self.db.write(lambda c: mails.post(c, address, origin=origin, now=self.clock(), **told))
        assert posted is not None
        return posted

    async def mail(self, mail_id: int) -> Mail:
        found = await self.db.read(lambda conn: mails.mail(conn, mail_id))
        assert found is not None
        return found

    async def sent(self, **facts: Any) -> Mail:
        """Post a letter, let the worker work, and see how it stands."""
        posted = await self.post(**facts)
        await self.worker.drain()
        return await self.mail(posted.id)

    async def later(self, mail: Mail, delta: timedelta) -> Mail:
        self.clock.advance(delta)
        await self.worker.drain()
        return await self.mail(mail.id)

    async def failures(self) -> list[Task]:
        found = await self.db.read(tasks.open_of)
        return [task for task in found if task.kind is TaskKind.MAIL_FAILED]


@asynccontextmanager
async def opened(
    db: Database, folder: Path, office: PostOffice, *, url: str = "", context: ssl.SSLContext | None = None,
    deadline_s: float = 20.0, server: bool = True,
) -> AsyncIterator[Room]:  # fmt: skip
    clock = ManualClock(MORNING)
    target = MailServer.read(url.format(port=office.port) if url else f"smtp://127.0.0.1:{office.port}")
    postman = Postman(target, context=context, deadline_s=deadline_s) if server else None
    mailing = Mailing(db, postman=postman, sender=("晨光服务", "care@agency.example"), files=folder, clock=clock)

    async def dead(running: Running, error: Exception) -> None:
        await mailing.dead(running, error)

    worker = Worker(db, clock=clock, owner="test", on_dead=dead)
    mailing.register(worker)

    def seed(conn: Any) -> int:
        directory.add_staff(conn, login="lead", name="Lead", role=Role.LEAD, now=clock())
        return directory.add_client(conn, slug="acme", name="Acme", tier=Tier.GOLD, now=clock()).id

    yield Room(db, clock, worker, await db.write(seed), office)


@pytest.fixture
async def room(database: Database, tmp_path: Path) -> AsyncIterator[Room]:
    async with post_office() as office, opened(database, tmp_path, office) as made:
        yield made


async def test_a_letter_arrives_whole(room: Room, tmp_path: Path) -> None:
    """Its subject in Chinese, both bodies, its file, and the headers that a good machine's letter has."""
    (tmp_path / "f1").write_bytes(b"%PDF-1.7 report")
    mail = await room.sent(
        html="<p>您好</p>", files=[("f1", "三月报告.pdf", "application/pdf")], leave="https://desk.example/leave/x"
    )
    assert (mail.state, mail.tries, mail.begun_at) == ("sent", 1, None)
    (letter,) = room.office.letters
    assert letter["Subject"] == "域名「晨光」将于 30 天后到期"
    assert letter["From"] == "晨光服务 <care@agency.example>"
    assert (letter["To"], room.office.to) == ("li@shop.example", ["li@shop.example"])
    assert letter["Date"].datetime == MORNING
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Unsubscribe"] == "<https://desk.example/leave/x>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["Message-ID"].endswith("@agency.example>")
    plain, rich = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert plain.get_content().split() == ["您好：", "域名将到期。"]
    assert rich is not None
    assert "<p>您好</p>" in rich.get_content()
    (file,) = letter.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("三月报告.pdf", b"%PDF-1.7 report")


async def test_a_plain_letter_names_no_list(room: Room) -> None:
    """What is no broadcast cannot be left; without html it is one text."""
    await room.sent()
    (letter,) = room.office.letters
    assert letter["List-Unsubscribe"] is None
    assert letter.get_content_type() == "text/plain"


@pytest.mark.parametrize(
    ("place", "words"),
    [("mail", "550 not you"), ("rcpt", "550 5.1.1 no such user"), ("data", "554 5.7.1 looks like spam")],
)
async def test_a_refusal_is_final_and_somebodys_task(room: Room, place: str, words: str) -> None:
    """Of the sender, the recipient or the text: tried once, with the server's words, for the one who looks after it."""
    getattr(room.office, place).append(words)
    mail = await room.sent(client_id=room.client_id)
    assert (mail.state, mail.why) == ("failed", words)
    (task,) = await room.failures()
    assert task.facts == {"address": "li@shop.example", "subject": mail.subject, "why": words}
    assert (await room.later(mail, timedelta(days=2))).tries <= 1
    assert room.office.tried == 1
    assert room.office.letters == []


async def test_a_greylisting_server_is_asked_again(room: Room) -> None:
    """451 twice, then taken: one letter, and no other letter waited for it."""
    room.office.rcpt += ["451 4.7.1 greylisted", "250 OK", "451 4.7.1 greylisted"]
    mail = await room.sent()
    assert (mail.state, mail.why) == ("queued", "451 4.7.1 greylisted")
    assert (await room.sent(origin="o2", address="wang@shop.example")).state == "sent"
    mail = await room.later(mail, PAUSES[0])
    assert mail.state == "queued"
    mail = await room.later(mail, PAUSES[1])
    assert mail.state == "sent"
    assert room.office.to == ["wang@shop.example", "li@shop.example"]
    assert await room.failures() == []


async def test_a_day_of_later_is_enough(room: Room) -> None:
    """A mailbox that stays full fails after a day, in the server's words, with a task."""
    room.office.data += ["452 4.2.2 mailbox full"] * (RETRY.attempts + 5)
    mail = await room.sent(client_id=room.client_id)
    for pause in PAUSES:
        assert mail.state == "queued"
        mail = await room.later(mail, pause)
    assert (mail.state, mail.why, mail.tries) == ("failed", "452 4.2.2 mailbox full", RETRY.attempts)
    assert len(await room.failures()) == 1
    assert timedelta(hours=20) < room.clock() - MORNING < timedelta(days=1)


async def test_a_connection_dropped_after_the_text_is_tried_once_more(room: Room) -> None:
    """The same letter by the same name, so that its receiver can tell; after a second silence it is given up."""
    room.office.data += ["drop", "drop", "250 OK"]
    mail = await room.sent()
    assert mail.state == "queued"
    assert mail.begun_at is not None
    mail = await room.later(mail, timedelta(days=1))
    assert (mail.state, mail.why) == ("failed", "unsure")
    await room.later(mail, timedelta(days=2))
    assert len(room.office.letters) == 2
    assert len({each["Message-ID"] for each in room.office.letters}) == 1
    (task,) = await room.failures()
    assert task.facts["why"] == "unsure"


async def test_after_one_doubt_it_may_be_taken(room: Room) -> None:
    """Dropped once, taken at the second try: sent."""
    room.office.data += ["drop"]
    mail = await room.sent()
    mail = await room.later(mail, PAUSES[0])
    assert (mail.state, mail.again) == ("sent", True)
    assert len(room.office.letters) == 2


async def test_a_crash_between_text_and_commit(room: Room) -> None:
    """Marked as begun and no more: sent once more; marked a second time: given up, nothing sent."""
    for origin, times, state in (("o1", 1, "sent"), ("o2", 2, "failed")):
        posted = await room.post(origin)
        for _ in range(times):
            await room.db.write(lambda conn, number=posted.id: mails.begin(conn, number, now=room.clock()))
        await room.worker.drain()
        assert (await room.mail(posted.id)).state == state
    assert len(room.office.letters) == 1


async def test_a_letter_that_may_be_out_there_stays_one_that_may(room: Room) -> None:
    """No answer to its text, then the server is busy, then no answer again: that is twice, and it never leaves again."""
    office = room.office
    office.data.append("drop")
    mail = await room.sent()
    assert mail.begun_at is not None
    office.rcpt.append("450 4.2.0 busy")
    mail = await room.later(mail, PAUSES[0])
    assert (mail.state, mail.begun_at is not None) == ("queued", True)
    office.data.append("drop")
    mail = await room.later(mail, PAUSES[1])
    assert (mail.state, mail.why) == ("failed", "unsure")


async def test_a_server_that_hangs(database: Database, tmp_path: Path) -> None:
    """It is left after the deadline; before the text nothing arrived, after it nobody knows."""
    async with post_office() as office, opened(database, tmp_path, office, deadline_s=0.3) as room:
        office.rcpt.append("hang")
        mail = await room.sent()
        assert (mail.state, mail.begun_at) == ("queued", None)
        office.data.append("hang")
        mail = await room.later(mail, PAUSES[0])
        assert mail.state == "queued"
        assert mail.begun_at is not None
        mail = await room.later(mail, PAUSES[1])
        assert mail.state == "sent"
        assert len(office.letters) == 2


async def test_nobody_listens(database: Database, tmp_path: Path) -> None:
    """A port that is closed: later."""
    async with post_office() as office:
        pass
    async with opened(database, tmp_path, office) as room:
        mail = await room.sent()
        assert mail.state == "queued"
        assert "Connect" in mail.why


async def test_without_a_server_letters_fail_at_once(database: Database, tmp_path: Path) -> None:
    """They say so, without a task each; once there is one, a press sends them."""
    async with post_office() as office:
        async with opened(database, tmp_path, office, server=False) as room:
            mail = await room.sent()
            assert (mail.state, mail.why) == ("failed", "no_server")
            assert await room.failures() == []
        async with opened_again(room, tmp_path, office) as again:
            assert await again.db.write(lambda conn: mails.send_again(conn, mail.id, now=again.clock()))
            assert not await again.db.write(lambda conn: mails.send_again(conn, mail.id, now=again.clock()))
            await again.worker.drain()
            assert (await again.mail(mail.id)).state == "sent"


@asynccontextmanager
async def opened_again(room: Room, folder: Path, office: PostOffice) -> AsyncIterator[Room]:
    """The same desk with a mail server."""
    postman = Postman(MailServer.read(f"smtp://127.0.0.1:{office.port}"))
    mailing = Mailing(room.db, postman=postman, sender=("", "care@agency.example"), files=folder, clock=room.clock)
    worker = Worker(room.db, clock=room.clock, owner="again")
    mailing.register(worker)
    yield Room(room.db, room.clock, worker, room.client_id, office)


async def test_an_archived_client_hears_nothing(room: Room) -> None:
    """Archived between posting and sending: the letter fails, nothing leaves, and there is nothing to do."""
    posted = await room.post(client_id=room.client_id)
    gone = update(clients).where(clients.c.id == room.client_id).values(archived_at=MORNING)
    await room.db.write(lambda conn: conn.execute(gone))
    await room.worker.drain()
    assert (await room.mail(posted.id)).why == "archived"
    assert room.office.tried == 0
    assert await room.failures() == []


async def test_a_file_that_is_gone(room: Room) -> None:
    """The letter does not leave without it; a name that leads out of the folder finds nothing."""
    mail = await room.sent(files=[("../../etc/passwd", "x.txt", "text/plain")])
    assert (mail.state, mail.why) == ("failed", "file_gone")
    assert room.office.tried == 0


async def test_an_address_beyond_ascii(room: Room) -> None:
    """Where the server takes such addresses it arrives as it is written."""
    assert (await room.sent(address="李@shop.example")).state == "sent"
    assert room.office.to == ["李@shop.example"]


async def test_tls_with_a_password(database: Database, tmp_path: Path) -> None:
    """By STARTTLS and by TLS from the start, signed in; what the certificate's holder is, is checked."""
    theirs, ours = certificate(tmp_path)
    login = ("care", "geheim/+:")
    for asked, kind in (("smtp://care:geheim%2F+%3A@127.0.0.1:{port}?starttls=on", "starttls"),):
        async with (
            post_office(**{kind: theirs}, login=login) as office,
            opened(database, tmp_path, office, url=asked, context=ours) as room,
        ):
            assert (await room.sent()).state == "sent"
            assert office.secure == [True]


async def test_tls_from_the_start(database: Database, tmp_path: Path) -> None:
    """smtps: and with a certificate that nobody trusts nothing is sent."""
    theirs, ours = certificate(tmp_path)
    url = "smtps://127.0.0.1:{port}"
    async with post_office(tls=theirs) as office, opened(database, tmp_path, office, url=url, context=ours) as room:
        assert (await room.sent()).state == "sent"
        stranger = Postman(MailServer.read(url.format(port=office.port)))
        assert "certificate" in (await stranger.greet() or "").lower()
        assert await Postman(MailServer.read(url.format(port=office.port)), context=ours).greet() is None


async def test_a_server_without_starttls_gets_no_letter(database: Database, tmp_path: Path) -> None:
    """Where TLS is required and not offered, the letter waits."""
    url = "smtp://127.0.0.1:{port}?starttls=on"
    async with post_office() as office, opened(database, tmp_path, office, url=url) as room:
        mail = await room.sent()
        assert (mail.state, office.tried) == ("queued", 0)
        assert "STARTTLS" in mail.why.upper()
