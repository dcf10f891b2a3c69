"""One update: fetch its files, store it in one transaction, then show that we are at it."""

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from structlog.contextvars import bound_contextvars
from telegram import Update
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot import following, pressing, reception, staff_presses
from bot.arrived import File, Ignored, Moved, Ordered, Place, Pressed, Said, StaffPressed, Standing
from bot.channels.telegram.account import Account
from bot.channels.telegram.reading import read
from bot.errors import FileLostError
from bot.fetching import with_files
from bot.reception import Room
from bot.recording import TURNED
from console import attachments
from handoff import chats
from handoff.kinds import Author
from handoff.model import Message
from store.clock import Clock
from store.db import Database
from store.errors import DatabaseGone, StoreError

log = structlog.get_logger()

NOT_STORED: Final = (StoreError, TelegramError, OSError, MemoryError)
"""What passes by itself, or once somebody has mended it: the update must come again. Nothing else will."""
_TOLD: Final = frozenset({"other", "not_resolved", "unauthorised"})  # to whom a button did nothing
_TYPING_S: Final = 4.0  # the sign fades after five
_LONGEST_TYPING_S: Final = 30.0
MOST_TYPING: Final = 16  # a sign costs as much as a message: in a rush, who waits long is told so instead


class Arrivals:
    """Takes updates in. Returning means: stored, the update may be acknowledged."""

    def __init__(self, account: Account, db: Database, *, room: Room, files: Path, clock: Clock) -> None:
        self._account, self._db, self._room, self._files, self._clock = account, db, room, files, clock
        self._typing: set[asyncio.Task[None]] = set()

    async def take(self, update: Update) -> None:
        """Store what an update says. Raises what is in NOT_STORED: nothing of it is kept then."""
        with bound_contextvars(update=update.update_id):
            await self._take(update)

    async def _take(self, update: Update) -> None:
        log.info("update_arrived", platform="telegram")
        came = read(update, await self._account.me())
        match came:
            case Said():
                await self._said(came)
            case Ordered():
                body = partial(reception.order, ordered=came, room=self._room, now=self._clock())
                if (message := await self._db.write(body)) is not None:
                    following.stored(message, platform=came.said.place.platform)
                self._show_typing(came.said.place, message)
            case Pressed():
                await self._pressed(came, update)
            case StaffPressed(query=query):
                press = partial(staff_presses.press, pressed=came, staff=self._room.staff, now=self._clock())
                await self._answer(query, await self._db.write(press))
            case Standing():
                await self._db.write(partial(reception.stand, standing=came, room=self._room, now=self._clock()))
            case Moved(platform=platform, old=old, new=new):
                await self._db.write(partial(chats.move, platform=platform, old=old, new=new))
            case Ignored(query=query) if query is not None:
                await self._answer(query)
            case Ignored(why=why):
                log.debug("telegram_ignored", why=why)

    async def close(self) -> None:
        """End the signs of typing."""
        for task in self._typing:
            task.cancel()
        if self._typing:
            await asyncio.wait(self._typing)

    async def _said(self, said: Said) -> None:
        if said.files:
            is_known = await self._db.read(partial(reception.known, said=said))
            if is_known:
                return
        text, files = await with_files(said, self._fetch, db=self._db, texts=self._room.texts, folder=self._files)
        with attachments.named_by(self._files, files):
            body = partial(reception.store, said=said, room=self._room, text=text, files=files, now=self._clock())
            message = await self._db.write(body)
        if message is None:
            attachments.drop(self._files, files)
        else:
            following.stored(message, platform=said.place.platform)
        self._show_typing(said.place, message)

    async def _pressed(self, pressed: Pressed, update: Update) -> None:
        became = await self._db.write(partial(pressing.press, pressed=pressed, room=self._room, now=self._clock()))
        text = ""
        if became in _TOLD:
            tongue = await self._db.read(partial(reception.language, place=pressed.place, author=pressed.author))
            text = self._room.texts.say(f"chat.press.{became}", tongue)
        await self._answer(pressed.query, text)
        if became == "taken" and update.callback_query is not None:
            with suppress(TelegramError, TypeError):  # the buttons stay, and do nothing more
                await update.callback_query.edit_message_reply_markup()

    async def _answer(self, query: str, text: str = "") -> None:
        """Stop the button's spinning; too late is no harm."""
        with suppress(TelegramError):
            await self._account.bot.answer_callback_query(query, text=text or None)

    async def _fetch(self, file: File) -> bytes:
        try:
            found = await self._account.bot.get_file(file.id)
            return bytes(await found.download_as_bytearray())
        except TelegramError as error:
            raise FileLostError(type(error).__name__) from error

    def _show_typing(self, place: Place, message: Message | None) -> None:
        """Show that we are at it, while the turn of an addressed message is under way."""
        by_client = message is not None and message.author is Author.CLIENT and message.mentioned
        if message is None or not by_client or len(self._typing) >= MOST_TYPING:
            return
        task = asyncio.create_task(self._type(place, message.id), name="telegram-typing")
        self._typing.add(task)
        task.add_done_callback(self._typing.discard)

    async def _type(self, place: Place, message_id: int) -> None:
        thread = int(place.thread) if place.thread else None
        with suppress(TelegramError, TimeoutError, DatabaseGone):
            async with asyncio.timeout(_LONGEST_TYPING_S), self._db.listen(TURNED) as turned:
                while await self._db.read(partial(reception.awaits_us, message_id=message_id)):
                    typing = ChatAction.TYPING
                    await self._account.bot.send_chat_action(int(place.chat), typing, message_thread_id=thread)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_TYPING_S):
                            async for signal in turned:
                                if signal.payload in ("", str(message_id)):
                                    break
