"""What is said in a client's chats about its trainings: invitation, quiz, that one is called off; by day, once."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from console.texts import Texts
from handoff import accounts, directory
from handoff.model import Button, Citation, Client, Message
from knowledge.errors import KnowledgeError
from knowledge.model import Page
from knowledge.service import Manual
from store.clock import Clock
from store.db import Database
from store.worker import Running, Worker
from success import proactive
from success.drills.errors import TrainingRefused
from success.training import sessions, telling
from success.training.reminding import TELL
from success.training.rules import TrainingState
from success.training.sessions import Seat, Training
from success.training.telling import About, Place

log = structlog.get_logger()
Href = Callable[[Citation], str | None]
CalendarLink = Callable[[int], str | None]
"""The address of a training's calendar file; None where the world cannot reach us."""


class TrainingWork:
    """The handler of `training` jobs (see `success.training.reminding.TELL`)."""

    def __init__(
        self, db: Database, *, manual: Manual, texts: Texts, href: Href, calendar: CalendarLink, clock: Clock
    ) -> None:
        self._db, self._manual, self._texts, self._href, self._clock = db, manual, texts, href, clock
        self._calendar = calendar

    def register(self, worker: Worker) -> None:
        """Let a worker tell."""
        worker.register(TELL, self.tell, slots=2)

    async def tell(self, running: Running) -> None:
        """Say it, or wait for the morning; nothing where the training has gone on or was called off meanwhile."""
        training_id, what = int(str(running.job.body["training"])), str(running.job.body["what"])
        if what == "close":
            await running.finish(partial(self._close, training_id=training_id))
            return
        later = await self._db.read(partial(self._later, training_id=training_id))
        if later is not None:
            await running.later(later)
            return
        pages = await self._pages(training_id) if what == "invite" else ()
        starts = str(running.job.body.get("starts_at", ""))
        await running.finish(partial(self._told, training_id=training_id, what=what, pages=pages, starts=starts))

    def _later(self, conn: Connection, *, training_id: int) -> datetime | None:
        client, now = directory.client(conn, sessions.training(conn, training_id).client_id), self._clock()
        wanted = proactive.by_day(client, now)
        return wanted if wanted > now else None

    async def _pages(self, training_id: int) -> tuple[Page, ...]:
        held = await self._db.read(partial(sessions.training, training_id=training_id))
        try:
            found = [await self._manual.page(each) for each in held.pages]
        except KnowledgeError:
            log.warning("no manual to invite with", training=training_id)
            return ()
        return tuple(page for page in found if page is not None)

    def _told(self, conn: Connection, *, training_id: int, what: str, pages: tuple[Page, ...], starts: str) -> None:
        match what:
            case "invite":
                self._invite(conn, training_id=training_id, pages=pages)
            case "moved":
                self._again(conn, "training.moved", training_id=training_id)
            case "remind":
                self._again(conn, "training.remind", training_id=training_id, starts=starts)
            case "quiz":
                self._quiz(conn, training_id=training_id)
            case _:
                self._cancel(conn, training_id=training_id)

    def _invite(self, conn: Connection, *, training_id: int, pages: Iterable[Page]) -> None:
        held = sessions.training(conn, training_id)
        if held.state is not TrainingState.INVITED or telling.has_told(conn, held.id, question=None):
            return
        client = directory.client(conn, held.client_id)
        tongue = proactive.language_of(client)
        head = self._head("training.invite", tongue, held, client)
        text = "\n".join([*head, *material(self._texts, tongue, pages, self._href)])
        button = Button(id=telling.HERE, label=self._texts.say("training.button.here", tongue))
        for place in telling.places(conn, held, sessions.of_training(conn, held)):
            said = self._say(conn, place, text, tongue, buttons=(button,))
            telling.note(conn, said.id, training_id=held.id, person_id=place.person_id, question=None)

    def _again(self, conn: Connection, key: str, *, training_id: int, starts: str = "") -> None:
        """When and where it is, to those who have not come yet; nothing once it began, or of a time that is no more."""
        held = sessions.training(conn, training_id)
        late = held.starts_at <= self._clock() or (starts and datetime.fromisoformat(starts) != held.starts_at)
        if held.state is not TrainingState.INVITED or late:
            return
        client = directory.client(conn, held.client_id)
        tongue = proactive.language_of(client)
        text = "\n".join(self._head(key, tongue, held, client))
        button = Button(id=telling.HERE, label=self._texts.say("training.button.here", tongue))
        still = [each for each in sessions.of_training(conn, held) if each.attended_at is None]
        for place in telling.places(conn, held, still):
            said = self._say(conn, place, text, tongue, buttons=(button,))
            telling.note(conn, said.id, training_id=held.id, person_id=place.person_id, question=None)

    def _head(self, key: str, tongue: str, held: Training, client: Client) -> list[str]:
        url = self._calendar(held.id)
        into = [self._texts.say("training.invite.calendar", tongue, url=url)] if url else []
        return [when_and_where(self._texts, key, tongue, held, client=client), *into]

    def _quiz(self, conn: Connection, *, training_id: int) -> None:
        held = sessions.training(conn, training_id)
        if held.state is not TrainingState.QUIZ or telling.has_told(conn, held.id, question=0):
            return
        tongue = proactive.language_of(directory.client(conn, held.client_id))
        came = [each for each in sessions.of_training(conn, held) if each.attended_at is not None]
        for place in telling.places(conn, held, came):
            for number, asked in enumerate(held.questions):
                head = {"number": number + 1, "of": len(held.questions), "question": asked.text}
                text = self._texts.say("training.question", tongue, **head)
                if place.person_id is None and number == 0:
                    text = f"{self._texts.say('training.question.group', tongue, topic=held.topic)}\n\n{text}"
                buttons = tuple(
                    Button(id=f"{telling.CHOICE}:{choice}", label=asked.choices[choice])
                    for choice in asked.order(str(held.id))
                )
                said = self._say(conn, place, text, tongue, buttons=buttons)
                telling.note(conn, said.id, training_id=held.id, person_id=place.person_id, question=number)

    def _cancel(self, conn: Connection, *, training_id: int) -> None:
        held = sessions.training(conn, training_id)
        tongue = proactive.language_of(directory.client(conn, held.client_id))
        text = self._texts.say("training.cancelled", tongue, topic=held.topic)
        if telling.has_told(conn, held.id, question=None):
            for place in telling.places(conn, held, sessions.of_training(conn, held)):
                self._say(conn, place, text, tongue)

    def _close(self, conn: Connection, *, training_id: int) -> None:
        try:
            sessions.close(conn, training_id, by=None, now=self._clock())
        except TrainingRefused:
            log.info("training is not closed", training=training_id)

    def _say(
        self, conn: Connection, place: Place, text: str, tongue: str, *, buttons: tuple[Button, ...] = ()
    ) -> Message:
        name = self._texts.say("bot.name", tongue)
        return proactive.tell_group(conn, place.chat, text, name=name, buttons=buttons, now=self._clock())


def when_and_where(texts: Texts, key: str, tongue: str, held: Training, *, client: Client) -> str:
    """Topic, time in the client's zone, and place."""
    zone: ZoneInfo = accounts.zone_of(client)
    place = ("training.invite.place", {"place": held.place}) if held.place else ("training.invite.no_place", {})
    when = f"{held.starts_at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"
    where = texts.say(place[0], tongue, **place[1])
    return texts.say(key, tongue, topic=held.topic, when=when, minutes=held.minutes, place=where)


def material(texts: Texts, tongue: str, pages: Iterable[Page], href: Href) -> list[str]:
    """What there is to read, with its videos; no line where there is nothing."""
    lines = [_material(texts, tongue, page, href) for page in pages]
    return ["", texts.say("training.invite.material", tongue), *lines] if lines else []


def _material(texts: Texts, tongue: str, page: Page, href: Href) -> str:
    cited = Citation(n=1, page=page.id, title=page.title, heading="", anchor="", url=page.url, chunk="")
    url = href(cited)
    video = texts.say("training.invite.video", tongue, url=page.video) if page.video else ""
    return " · ".join(filter(None, (f"- {page.title}", url or "", video)))


def thank(conn: Connection, texts: Texts, subject: About, said: Message, seat: Seat, *, now: datetime) -> None:
    """Tell somebody in their own chat how they did, once the last question is answered."""
    if subject.person_id is None or not seat.marked.complete:
        return
    held = sessions.training(conn, subject.training_id)
    tongue = proactive.language_of(directory.client(conn, held.client_id))
    text = texts.say("training.done", tongue, right=seat.marked.right, of=seat.marked.asked)
    chat = directory.chat(conn, said.chat_id)
    proactive.tell_group(conn, chat, text, name=texts.say("bot.name", tongue), now=now)
