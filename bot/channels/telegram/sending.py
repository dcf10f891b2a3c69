"""Delivery: a stored message's parts and files, each sent once as far as anybody can know.

Telegram lets a bot look up nothing that it sent. An attempt that ended without a word (a crash, a lost answer) is
therefore made again, with a line that says so; parts whose numbers we have are never repeated.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import structlog
from sqlalchemy import Connection
from telegram import InputMediaPhoto, LinkPreviewOptions, ReplyParameters
from telegram import Message as Sent
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.channels.telegram.account import Account
from bot.channels.telegram.reading import PLATFORM, identity, number
from bot.channels.telegram.writing import Part, write
from bot.delivery import Attempt
from bot.errors import NotSentError
from console.texts import Texts
from handoff import chats, directory, messages, turn_records
from handoff.kinds import ChatKind
from handoff.model import Attachment, Chat, Citation, Message
from store.clock import Clock
from store.db import Database
from store.errors import GiveUp
from store.jobs import JsonValue
from store.rates import Bucket, Full, book, book_in_turn

log = structlog.get_logger()

_NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)
_NEVER_ARRIVED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_GONE: Final = ("chat not found", "not enough rights", "have no rights", "user is deactivated", "peer_id_invalid")
_UNCHANGED: Final = ("not modified", "message to edit not found", "message can't be edited")
_ALBUM: Final = 10
Send = Callable[[int], Awaitable[Sent]]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many calls, in which stretch of time: in a group, in any chat, in all chats together.

    Telegram's FAQ says 20 a minute, about one a second, 30 a second; each bucket stays below in any stretch of time. A
    group gets 7 in a burst, as a ticket's card with its thread is one, and under 12 a minute; all chats 22 in any
    second, 20 a second sustained, as calls that a busy machine holds up come in bunches. A call waits in its place for
    the bucket of all chats, which soon has room, and lets others go first while its own chat's has none.
    """

    group: tuple[int, timedelta] = (7, timedelta(seconds=36))
    chat: tuple[int, timedelta] = (2, timedelta(seconds=3.2))
    total: tuple[int, timedelta] = (2, timedelta(milliseconds=100))

    def of(self, chat: Chat) -> tuple[Bucket, ...]:
        """The buckets that a call in a chat takes from; the last is everybody's."""
        name, second = f"{PLATFORM}:{chat.id}", timedelta(seconds=1)
        own = [Bucket(name=name, limit=self.chat[0], per=self.chat[1])]
        if chat.kind is ChatKind.GROUP:
            own.append(Bucket(name=f"{name}:group", limit=self.group[0], per=self.group[1]))
        return (*own, Bucket(name=PLATFORM, limit=self.total[0], per=self.total[1], ahead=second))


class ChatLost(GiveUp):
    """The bot was blocked or put out, or the chat is gone: nothing will get through."""


class TelegramChannel:
    """Puts messages into Telegram's chats. `href` gives a citation's address in the world; `limits` None knows none."""

    doubtful = True
    shows_changes = True
    shows_pictures = True
    limits: Limits | None = Limits()

    def __init__(
        self,
        account: Account,
        db: Database,
        *,
        texts: Texts,
        files: Path,
        clock: Clock,
        href: Callable[[Citation], str | None],
    ) -> None:
        self._account, self._db, self._texts = account, db, texts
        self._files, self._clock, self._href = files, clock, href

    async def send(self, chat: Chat, message: Message, attempt: Attempt) -> tuple[str, ...]:
        """Send what is not sent yet of a message; the identities of its parts and files."""
        where = await self._db.read(partial(_where, chat=chat, message=message))
        sender = _Sender(self, chat, attempt)
        note = self._texts.say("chat.resent", where["language"])
        parts = write(message, href=self._href)
        for place, part in enumerate(parts):
            first_reply = where["reply"] if place == 0 else None
            await sender.step(f"part:{place}", partial(self._text, part, where["thread"], first_reply, note))
        if 1 < len(message.attachments) <= _ALBUM and all(map(_is_photo, message.attachments)):
            await sender.album("album", partial(self._album, message.attachments, where["thread"]))
            return tuple(sender.sent)
        for file in message.attachments:
            await sender.step(f"file:{file.id}", partial(self._file, file, where["thread"]))
        return tuple(sender.sent)

    async def edit(self, chat: Chat, message: Message, attempt: Attempt) -> tuple[str, ...]:
        """Let the parts that were sent say what the message says now; the identities as they are then."""
        count = len(message.sent) - len(message.attachments)
        texts, files = message.sent[:count], message.sent[count:]
        parts = write(message, href=self._href)
        for place, (part, known) in enumerate(zip(parts, texts, strict=False)):
            change = partial(self._change, part, known)
            await attempt.once(f"change:{place}", partial(self._call, chat, change))
        for known in texts[len(parts) :]:
            with suppress(BadRequest):
                await self._account.bot.delete_message(int(chat.external_id), number(known) or 0)
        where = await self._db.read(partial(_where, chat=chat, message=message))
        sender = _Sender(self, chat, attempt)
        for place, part in enumerate(parts[len(texts) :]):
            await sender.step(f"more:{place}", partial(self._text, part, where["thread"], None, ""))
        return (*texts[: len(parts)], *sender.sent, *files)

    async def _change(self, part: Part, known: str, chat: int) -> None:
        """Nothing new, or nothing there any more, is no harm."""
        try:
            await self._account.bot.edit_message_text(
                part.rich.text,
                chat_id=chat,
                message_id=number(known),
                entities=part.rich.entities,
                link_preview_options=_NO_PREVIEW,
                reply_markup=part.keyboard,
            )
        except BadRequest as error:
            if not any(sign in str(error).lower() for sign in _UNCHANGED):
                raise

    def _text(self, part: Part, thread: int | None, reply: int | None, note: str, again: bool) -> Send:  # noqa: FBT001
        rich = part.rich.under(note) if again else part.rich

        async def send(chat: int) -> Sent:
            answers = ReplyParameters(reply, allow_sending_without_reply=True) if reply else None
            return await self._account.bot.send_message(
                chat,
                rich.text,
                entities=rich.entities,
                message_thread_id=thread,
                link_preview_options=_NO_PREVIEW,
                reply_parameters=answers,
                reply_markup=part.keyboard,
            )

        return send

    def _file(self, file: Attachment, thread: int | None, again: bool) -> Send:  # noqa: FBT001
        del again
        path, bot = self._files / file.id, self._account.bot

        async def send(chat: int) -> Sent:
            if _is_photo(file):
                return await bot.send_photo(chat, path, filename=file.name, message_thread_id=thread)
            return await bot.send_document(chat, path, filename=file.name, message_thread_id=thread)

        return send

    async def _album(self, photos: Sequence[Attachment], thread: int | None, chat: int) -> Sequence[Sent]:
        shown = [InputMediaPhoto((self._files / photo.id).read_bytes(), filename=photo.name) for photo in photos]
        return await self._account.bot.send_media_group(chat, shown, message_thread_id=thread)

    async def attempt_album(self, chat: Chat, send: Callable[[int], Awaitable[Sequence[Sent]]]) -> list[str]:
        """Send several photos as one; their identities."""
        return [identity(sent.chat.id, sent.message_id) for sent in await self._call(chat, send)]

    async def attempt(self, chat: Chat, send: Send, *, ahead: bool = False) -> str:
        """Send one thing within the limits; its identity, or why it was not sent. `ahead` does not stand in line."""
        sent = await self._call(chat, send, ahead=ahead)
        return identity(sent.chat.id, sent.message_id)

    async def _call(
        self, chat: Chat, make: Callable[[int], Awaitable[T]], *, moved: bool = False, ahead: bool = False
    ) -> T:
        """Make one call within the limits, where the chat is now; what it came to, or why it did not."""
        await self._keep_limits(chat, ahead=ahead)
        try:
            return await make(int(chat.external_id))
        except ChatMigrated as gone:
            if moved:
                raise ChatLost("the chat moves on and on") from gone
            new = str(gone.new_chat_id)
            move = partial(chats.move, platform=PLATFORM, old=chat.external_id, new=new)
            followed = await self._db.write(move)
            if followed is None:
                raise ChatLost("the chat moved away") from gone
            return await self._call(followed, make, moved=True, ahead=ahead)
        except TelegramError as error:
            raise await self._judged(chat, error) from error

    async def _judged(self, chat: Chat, error: TelegramError) -> Exception:
        """What an error means to delivery."""
        if isinstance(error, RetryAfter):
            pause: Any = error.retry_after
            return NotSentError("the platform is busy", retry_after=pause)
        if isinstance(error, Forbidden) or any(sign in str(error).lower() for sign in _GONE):
            await self._db.write(lambda conn: chats.lose(conn, chat.id, now=self._clock()))
            return ChatLost(error.message)
        if isinstance(error, BadRequest):
            return GiveUp(error.message)
        if isinstance(error, InvalidToken):
            return NotSentError("the platform does not know our token")
        if isinstance(error, NetworkError) and _answered(error):
            return NotSentError("the platform answered with an error")
        return error

    async def _keep_limits(self, chat: Chat, *, ahead: bool = False) -> None:
        """Wait for our turn among all chats; raises NotSentError where the chat itself must wait."""
        if self.limits is None:
            return
        *own, shared = self.limits.of(chat)
        if ahead:  # a second later than those who found room before, whoever stands in line
            before_all = replace(shared, ahead=2 * shared.ahead)
            booked = await self._db.write(lambda conn: book(conn, (*own, before_all), now=self._clock()))
        else:
            booked = await self._db.write(lambda conn: book_in_turn(conn, own, shared, now=self._clock()))
        if isinstance(booked, Full):
            raise NotSentError("our own limits", retry_after=booked.wait, held=True)
        await asyncio.sleep(booked.wait.total_seconds())


class _Sender:
    """The parts of one message, in order. Only the first that is not kept can have been sent without a word."""

    def __init__(self, channel: TelegramChannel, chat: Chat, attempt: Attempt) -> None:
        self._channel, self._chat, self._attempt = channel, chat, attempt
        self.sent: list[str] = []

    async def step(self, name: str, make: Callable[[bool], Send]) -> None:
        """Send a part unless it is kept."""
        sent_now = False

        async def send() -> JsonValue:
            nonlocal sent_now
            sent_now = True
            make_now = make(self._attempt.again)
            return await self._channel.attempt(self._chat, make_now, ahead=self._attempt.ahead)

        self.sent.append(str(await self._attempt.once(name, send)))
        self._attempt.again = self._attempt.again and not sent_now

    async def album(self, name: str, make: Callable[[int], Awaitable[Sequence[Sent]]]) -> None:
        """Send several photos as one unless they are kept."""

        async def send() -> JsonValue:
            return list(await self._channel.attempt_album(self._chat, make))

        kept = await self._attempt.once(name, send)
        assert isinstance(kept, list)
        self.sent += map(str, kept)


def _is_photo(file: Attachment) -> bool:
    """Whether Telegram shows a file as a photo; moving ones and others go as files."""
    return file.media_type.startswith("image/") and file.media_type != "image/gif"


def _answered(error: NetworkError) -> bool:
    """Whether the call certainly had no effect: there was no connection, or the server answered that it failed."""
    cause = error.__cause__
    return not isinstance(cause, httpx.HTTPError) or isinstance(cause, _NEVER_ARRIVED)


def _where(conn: Connection, *, chat: Chat, message: Message) -> dict[str, Any]:
    """The topic, the message that is answered in a group, and the language of what was said last."""
    thread = directory.conversation(conn, message.conversation_id).thread
    turns = turn_records.recent_turns(conn, message.conversation_id, limit=1)
    facts = {"thread": int(thread) if thread else None, "language": turns[0].language if turns else "zh-Hans"}
    return facts | {"reply": _asked(conn, chat, message)}


def _asked(conn: Connection, chat: Chat, message: Message) -> int | None:
    """Telegram's number of the message that this one answers, in a group."""
    if chat.kind is not ChatKind.GROUP:
        return None
    if message.reply_to is not None:
        asked = messages.message(conn, message.reply_to)
    elif message.turn_id is not None:
        asked = messages.message(conn, turn_records.turn(conn, message.turn_id).message_ids[-1])
    else:
        return None
    there, _, _ = (asked.external_id or "").partition("/")
    return number(asked.external_id or "") if there == chat.external_id else None
