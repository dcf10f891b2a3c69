"""Delivery: a stored message's parts and files, each sent once.

Slack lets us look: a part's first block, and a file's id, say which message of ours it is. An attempt that ended
without a word (a crash, a lost answer) is therefore looked for before it is made again; where the app may not read the
history, it is made again with a line that says so. Parts whose identities we have are never repeated.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from slack_sdk.errors import SlackApiError
from sqlalchemy import Connection

from bot.channels.slack.account import Account, code
from bot.channels.slack.calling import Calls
from bot.channels.slack.finding import Unreadable, shared, standing
from bot.channels.slack.reading import channel_of, stamp
from bot.channels.slack.threads import thread_for
from bot.channels.slack.writing import Part, marker, write
from bot.delivery import Attempt
from console.texts import Texts
from handoff import turn_records
from handoff.model import Attachment, Chat, Citation, Message
from store.clock import Clock
from store.db import Database
from store.jobs import JsonValue

_UNCHANGED: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_NO_FILE: Final = frozenset({"file_not_found", "invalid_arguments"})
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Post:
    """A part of a message on its way."""

    chat: Chat
    message: Message
    part: Part
    place: int
    thread: str

    @property
    def channel(self) -> str:
        return channel_of(self.chat.external_id)

    @property
    def name(self) -> str:
        return marker(self.message, self.place)


class SlackChannel:
    """Puts messages into Slack's channels. `href` gives a citation's address in the world."""

    doubtful = True
    shows_changes = True
    shows_pictures = True

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
        self._account, self._db, self._texts, self._files, self._href = account, db, texts, files, href
        self._calls = Calls(db, clock=clock)

    async def send(self, chat: Chat, message: Message, attempt: Attempt) -> tuple[str, ...]:
        """Send what is not sent yet of a message; the identities of its parts and files."""
        sender = await self._sender(chat, message, attempt)
        for place, part in enumerate(write(message, href=self._href)):
            post = _Post(chat=chat, message=message, part=part, place=place, thread=sender.thread)
            await sender.step(f"part:{place}", partial(self._text, post))
        for file in message.attachments:
            await sender.step(f"file:{file.id}", partial(self._file, chat, file, attempt, sender.thread))
        return tuple(sender.sent)

    async def edit(self, chat: Chat, message: Message, attempt: Attempt) -> tuple[str, ...]:
        """Let the parts that were sent say what the message says now; the identities as they are then."""
        count = len(message.sent) - len(message.attachments)
        texts, files = message.sent[:count], message.sent[count:]
        parts = write(message, href=self._href)
        for place, (part, known) in enumerate(zip(parts, texts, strict=False)):
            post = _Post(chat=chat, message=message, part=part, place=place, thread="")
            await attempt.once(f"change:{place}", partial(self._change, post, known))
        for known in texts[len(parts) :]:
            await self._remove(chat, known)
        sender = await self._sender(chat, message, attempt)
        for place, part in enumerate(parts[len(texts) :], len(texts)):
            post = _Post(chat=chat, message=message, part=part, place=place, thread=sender.thread)
            await sender.step(f"more:{place}", partial(self._text, post))
        return (*texts[: len(parts)], *sender.sent, *files)

    async def _sender(self, chat: Chat, message: Message, attempt: Attempt) -> "_Sender":
        return _Sender(attempt, await self._db.read(partial(thread_for, chat=chat, message=message)))

    async def _text(self, post: _Post, again: bool) -> str:  # noqa: FBT001
        part = post.part
        if again:
            try:
                known = await standing(
                    self._account, post.channel, post.name, thread=post.thread, since=post.message.stored_at
                )
            except Unreadable:
                part = part.below(await self._again(post.message))
            else:
                if known:
                    return _identity(post.chat, known)
        told = await self._calls.make(
            post.chat,
            lambda: self._account.client.chat_postMessage(
                channel=post.channel,
                text=part.plain,
                blocks=part.blocks(name=post.name),
                thread_ts=post.thread or None,
                unfurl_links=False,
                unfurl_media=False,
            ),
        )
        return _identity(post.chat, str(told["ts"]))

    async def _change(self, post: _Post, known: str) -> None:
        """What is not there any more is left alone."""
        blocks = post.part.blocks(name=post.name)
        await self._calls.make(
            post.chat,
            lambda: self._account.client.chat_update(
                channel=post.channel, ts=stamp(known), text=post.part.plain, blocks=blocks
            ),
            harmless=_UNCHANGED,
        )

    async def _remove(self, chat: Chat, known: str) -> None:
        channel = channel_of(chat.external_id)
        gone = frozenset({"message_not_found", "cant_delete_message"})
        await self._calls.make(
            chat, lambda: self._account.client.chat_delete(channel=channel, ts=stamp(known)), harmless=gone
        )

    async def _file(self, chat: Chat, file: Attachment, attempt: Attempt, thread: str, again: bool) -> str:  # noqa: FBT001
        """Send a file: upload it, then share it. Its id is kept between the two, so that we can ask for it."""
        channel = channel_of(chat.external_id)
        uploaded = str(await attempt.once(f"upload:{file.id}", partial(self._upload, chat, file)))
        if again and await shared(self._account, uploaded, channel):
            return _identity(chat, uploaded)
        try:
            await self._share(chat, file, uploaded, thread)
        except SlackApiError as error:
            if code(error) not in _NO_FILE:
                raise
            uploaded = await self._upload(chat, file)  # the upload lapsed before it was shared
            await self._share(chat, file, uploaded, thread)
        return _identity(chat, uploaded)

    async def _upload(self, chat: Chat, file: Attachment) -> str:
        client, content = self._account.client, (self._files / file.id).read_bytes()
        told = await self._calls.make(
            chat, lambda: client.files_getUploadURLExternal(filename=file.name, length=len(content))
        )
        await self._account.upload(str(told["upload_url"]), content)
        return str(told["file_id"])

    async def _share(self, chat: Chat, file: Attachment, uploaded: str, thread: str) -> None:
        await self._calls.make(
            chat,
            lambda: self._account.client.files_completeUploadExternal(
                files=[{"id": uploaded, "title": file.name}],
                channel_id=channel_of(chat.external_id),
                thread_ts=thread or None,
            ),
            raised=_NO_FILE,
        )

    async def _again(self, message: Message) -> str:
        return self._texts.say("chat.resent", await self._db.read(partial(_language, message=message)))


class _Sender:
    """The parts of one message, in order. Only the first that is not kept can have been sent without a word."""

    def __init__(self, attempt: Attempt, thread: str) -> None:
        self._attempt, self.thread = attempt, thread
        self._again = attempt.again
        self.sent: list[str] = []

    async def step(self, name: str, make: Callable[[bool], Awaitable[str]]) -> None:
        """Send a part unless it is kept."""
        sent_now = False

        async def send() -> JsonValue:
            nonlocal sent_now
            sent_now = True
            return await make(self._again)

        self.sent.append(str(await self._attempt.once(name, send)))
        self._again = self._again and not sent_now


def _language(conn: Connection, *, message: Message) -> str:
    turns = turn_records.recent_turns(conn, message.conversation_id, limit=1)
    return turns[0].language if turns else "zh-Hans"


def _identity(chat: Chat, ts: str) -> str:
    return f"{chat.external_id}/{ts}"
