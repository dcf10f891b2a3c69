"""A broadcast goes out: one job for each group and reader, by day there, once."""

from functools import partial

from sqlalchemy import Connection

from console.broadcast_words import Spoken
from handoff import directory, messages
from store.clock import Clock
from store.db import Database
from store.worker import Running, Worker
from success import broadcasts, mails, proactive
from success.broadcasts import LEFT_LIST, SLOTS, SPREAD, Turn


class Broadcasting:
    """The handler of `broadcast` jobs: `{"place": id}`. `spoken` puts a broadcast into a reader's language."""

    def __init__(self, db: Database, *, spoken: Spoken, clock: Clock) -> None:
        self._db, self._spoken, self._clock = db, spoken, clock

    async def send(self, running: Running) -> None:
        """Say it there, or wait for the morning; nothing where it was stopped or is not wanted any more."""
        place_id, now = int(str(running.job.body["place"])), self._clock()
        turned = await self._db.write(partial(broadcasts.turn, place_id=place_id, now=now))
        if turned is None:
            return
        if turned.later is not None:
            await running.later(turned.later)
            return
        await running.finish(partial(self._say, place_id=place_id))

    def register(self, worker: Worker) -> None:
        """Let a worker send, a few at a time: what clients ask is answered meanwhile."""
        worker.register(SPREAD, self.send, slots=SLOTS)
        worker.register(LEFT_LIST, self.show_left)

    async def show_left(self, running: Running) -> None:
        """Let a broadcast say that its group wants no more, and who said so; its button goes."""
        message_id, person_id = (int(str(running.job.body[name])) for name in ("message", "person"))

        def body(conn: Connection) -> None:
            said, who = messages.message(conn, message_id), directory.person(conn, person_id)
            owner = directory.chat(conn, said.chat_id).client_id
            language = proactive.language_of(directory.client(conn, owner)) if owner else proactive.LANGUAGE
            line = self._spoken.left(language, name=who.name)
            if said.buttons:
                messages.amend(conn, message_id, text=f"{said.text}\n\n{line}", now=self._clock())

        await running.finish(body)

    def _say(self, conn: Connection, *, place_id: int) -> None:
        now = self._clock()
        turned = broadcasts.turn(conn, place_id, now=now)
        if turned is None:
            return
        if turned.chat is None:
            broadcasts.posted(conn, place_id, turned, mail_id=self._post(conn, place_id, turned), now=now)
            return
        text, name = self._spoken.text(turned.broadcast, turned.language), self._spoken.name(turned.language)
        buttons = self._spoken.buttons(turned.language)
        broadcasts.said(conn, place_id, turned, text=text, name=name, buttons=buttons, now=now)

    def _post(self, conn: Connection, place_id: int, turned: Turn) -> int | None:
        assert turned.contact is not None
        letter = self._spoken.letter(turned.broadcast, turned.language, contact_id=turned.contact.id)
        made = mails.post(
            conn, turned.contact.address, origin=f"broadcast:{place_id}", subject=letter.subject, text=letter.text,
            html=letter.html, language=turned.language, client_id=turned.client.id, leave=letter.leave,
            now=self._clock(),
        )  # fmt: skip
        return made.id if made else None
