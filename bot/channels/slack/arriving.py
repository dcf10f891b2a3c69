"""One request of Slack's: fetch its files, store it in one transaction, then show that we are at it."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
from slack_sdk.errors import SlackApiError
from sqlalchemy import Connection

from bot import following, pressing, reception, staff_reception, staff_whispers
from bot.arrived import (
    File,
    Ignored,
    Looked,
    Ordered,
    Place,
    Pressed,
    Said,
    StaffPressed,
    Standing,
    Submitted,
    TicketPressed,
    Withdrawn,
)
from bot.channels.slack import threads
from bot.channels.slack.account import TROUBLE, Account, code, pause
from bot.channels.slack.colleagues import Colleagues, named
from bot.channels.slack.errands import Errands, Turns
from bot.channels.slack.quoting import meant
from bot.channels.slack.reading import Json, channel_of, needs, read, stamp
from bot.channels.slack.writing import whisper
from bot.fetching import with_files
from bot.reception import Room
from bot.recording import TURNED
from console import attachments
from handoff.kinds import Author as Writer
from handoff.kinds import ChatKind
from handoff.model import Attachment, Message
from store.clock import Clock
from store.db import Database
from store.errors import StoreError

log = structlog.get_logger()

NOT_STORED: Final = (StoreError, MemoryError, *TROUBLE)
"""What passes by itself, or once somebody has mended it: the request must come again. Nothing else will."""
EYES: Final = "eyes"
_TOLD: Final = frozenset({"other", "not_resolved", "unauthorised"})  # to whom a button did nothing
_LONGEST_LOOK_S: Final = 60.0
_MOST_LOOKS: Final = 16  # eyes cost two calls: in a rush, who waits long is told so instead
_TRIES: Final = 3
_REST_S: Final = 1.0


class Arrivals:
    """Takes requests in. Returning means: stored, the request may be acknowledged."""

    def __init__(
        self,
        account: Account,
        db: Database,
        *,
        room: Room,
        files: Path,
        public_url: str | None = None,
        clock: Clock,
    ) -> None:
        self._account, self._db, self._room, self._files, self._clock = account, db, room, files, clock
        self._under_way: set[asyncio.Task[Any]] = set()
        self._errands, self._turns = Errands(), Turns()
        self._looks = Errands(most=_MOST_LOOKS)
        self._colleagues = Colleagues(
            account, db, staff=room.staff, errands=self._errands, public_url=public_url, clock=clock
        )

    async def take(self, body: Json) -> Json:
        """Store what a request says; what to acknowledge it with. Raises what is in NOT_STORED."""
        task = asyncio.current_task()
        assert task is not None, "requests are taken in tasks"
        self._under_way.add(task)
        try:
            return await self._take(body)
        finally:
            self._under_way.discard(task)

    async def close(self) -> None:
        """Finish what is under way, end the signs."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=5)
        await self._errands.close()
        await self._looks.close()

    async def _take(self, body: Json) -> Json:
        me = await self._account.me()
        people = await self._account.people(user for user in needs(body) if user != me.user)
        came = read(body, me, people, now=self._clock())
        match came:
            case Said():
                async with self._turns.alone(came.version):  # an edit, a mention and a retry come together
                    await self._said(replace(came, place=await self._titled(came.place)))
            case Ordered() if "command" in body:
                return await self._whispered(came)
            case Ordered():
                await self._ordered(replace(came, said=replace(came.said, place=await self._titled(came.said.place))))
            case Pressed():
                await self._pressed(came, body)
            case StaffPressed() | TicketPressed() | Submitted() | Looked():
                return await self._colleagues.take(came, body)
            case Standing():
                standing = replace(came, place=await self._titled(came.place))
                await self._db.write(partial(reception.stand, standing=standing, room=self._room, now=self._clock()))
            case Withdrawn():
                await self._db.write(partial(reception.withdraw, withdrawn=came, room=self._room, now=self._clock()))
            case Ignored(why=why):
                log.debug("slack_ignored", why=why)
        return {}

    async def _said(self, said: Said) -> None:
        if said.files:
            is_known = await self._db.read(partial(reception.known, said=said))
            if is_known:
                return
        text, files = await with_files(said, self._fetch, db=self._db, texts=self._room.texts, folder=self._files)
        with attachments.named_by(self._files, files):
            message, invitation = await self._db.write(partial(self._store, said=said, text=text, files=files))
        if invitation:
            self._errands.start(self._invite(said, invitation))
        if message is None:
            attachments.drop(self._files, files)
            return
        following.stored(message, platform=said.place.platform)
        if message.author is Writer.CLIENT and message.mentioned:
            self._looks.start(self._look(said.place, message))

    def _store(
        self, conn: Connection, *, said: Said, text: str, files: tuple[Attachment, ...]
    ) -> tuple[Message | None, str]:
        """What was kept of it, and what its author is to be shown."""
        placed, now = threads.placed(conn, replace(said, author=named(conn, said.author))), self._clock()
        ours, staff = staff_reception.staffs(conn, said.place), self._room.staff
        text = meant(text) if ours is not None else text
        message = reception.store(conn, placed, room=self._room, text=text, files=files, now=now)
        if message is None or ours is None:
            return message, ""
        return message, staff_whispers.invitation(conn, message, chat=ours, staff=staff, now=now)

    async def _whispered(self, ordered: Ordered) -> Json:
        obey = partial(reception.whisper, ordered=ordered, room=self._room, now=self._clock())
        told = "\n\n".join(filter(None, (await self._db.write(obey), await self._stranger(ordered.said))))
        return {"response_type": "ephemeral", **whisper(told)} if told else {}

    async def _ordered(self, ordered: Ordered) -> None:
        def body(conn: Connection) -> None:
            said = replace(ordered.said, author=named(conn, ordered.said.author))
            placed = replace(ordered, said=threads.placed(conn, said))
            reception.order(conn, placed, room=self._room, now=self._clock())

        await self._db.write(body)

    async def _pressed(self, pressed: Pressed, body: Json) -> None:
        def press(conn: Connection) -> str:
            by = replace(pressed, author=named(conn, pressed.author))
            return pressing.press(conn, by, room=self._room, now=self._clock())

        became = await self._db.write(press)
        if became in _TOLD:
            tongue = await self._db.read(partial(reception.language, place=pressed.place, author=pressed.author))
            self._errands.start(self._account.answer(body, self._room.texts.say(f"chat.press.{became}", tongue)))
        elif became != "answered" and body.get("message"):  # an answered question is changed by itself
            self._errands.start(self._without_buttons(body))

    async def _stranger(self, said: Said) -> str:
        """How to let us into a channel where a command can be typed, but where we hear and say nothing."""
        if said.place.kind is ChatKind.DIRECT or await self._account.inside(channel_of(said.place.chat)):
            return ""
        tongue = await self._db.read(partial(reception.language, place=said.place, author=said.author))
        name = (await self._account.me()).name
        return self._room.texts.say("chat.outside", tongue, invite=f"/invite @{name}")

    async def _fetch(self, file: File) -> bytes:
        return await self._account.fetch(file.id)

    async def _titled(self, place: Place) -> Place:
        """The place with the name of its channel, which most of Slack's events do not tell."""
        channel = channel_of(place.chat)
        if place.kind is ChatKind.DIRECT:
            return place
        if place.title:
            self._account.renamed(channel, place.title)
            return place
        return replace(place, title=await self._account.title(channel))

    # --- what follows an acknowledgement

    async def _look(self, place: Place, message: Message) -> None:
        """Eyes on the message, as Slack shows no typing of bots, until its turn is done."""
        where = {"channel": channel_of(place.chat), "timestamp": stamp(message.external_id), "name": EYES}
        client, awaits = self._account.client, partial(reception.awaits_us, message_id=message.id)
        try:
            async with self._db.listen(TURNED) as turned:
                if not await self._db.read(awaits):
                    return
                await client.reactions_add(**where)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LONGEST_LOOK_S):
                        while await self._db.read(awaits):
                            while (await anext(turned)).payload not in ("", str(message.id)):
                                pass
        except TROUBLE as error:
            log.debug("slack_no_eyes", error=code(error))
            return
        for _ in range(_TRIES):  # it may be taken away less often than it is given
            try:
                await client.reactions_remove(**where)
            except SlackApiError as error:
                if (wait := pause(error)) is None:
                    return  # the message is gone, or somebody took them away
                await asyncio.sleep(wait)
            except TROUBLE:
                await asyncio.sleep(_REST_S)
            else:
                return

    async def _invite(self, said: Said, text: str) -> None:
        user = said.author.id.rpartition("/")[2]
        await self._account.whisper(channel_of(said.place.chat), user, text, thread=said.place.thread or None)

    async def _without_buttons(self, body: Json) -> None:
        """The buttons stay where this fails, and do nothing more."""
        message, channel = body["message"], body["container"]["channel_id"]
        blocks = [block for block in message.get("blocks") or [] if block.get("type") != "actions"]
        with suppress(*TROUBLE):
            await self._account.client.chat_update(
                channel=channel, ts=message["ts"], text=message.get("text") or " ", blocks=blocks
            )
