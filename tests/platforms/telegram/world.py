"""The whole of Telegram that a test needs: `World` makes people and chats, and carries what happens to the bot."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar

from tests.platforms.telegram.faults import Faults, Limits, Meter
from tests.platforms.telegram.players import Chat
from tests.platforms.telegram.state import Json, Member, Message, StoredFile, User
from tests.platforms.telegram.updates import Updates

__all__ = ["Answer", "Press", "World"]

Found = TypeVar("Found")
DOWNLOAD_BYTES = 20 * 1024 * 1024
UPLOAD_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered to a press; `text` empty only stops the button's spinning."""

    text: str
    show_alert: bool
    url: str


@dataclass(slots=True)
class Press:
    """A pressed button. Await it for the bot's `Answer`; at most `within` seconds."""

    world: "World"
    id: str
    data: str
    answer: Answer | None = None
    expired: bool = False
    within: float = field(default=20.0)

    def __await__(self) -> Any:
        what = f"the bot answers the press of {self.data!r}"
        return self.world.until(lambda: self.answer, within=self.within, what=what).__await__()

    def expire(self) -> None:
        """Let it be too old to be answered."""
        self.expired = True


class World:
    """People, chats, files and the one bot under test.

    A test reads `bot`, `token`, `calls` (method and parameters, in order) and `commands`, sets `privacy`,
    `meter.limits`, `download_bytes` and `upload_bytes`, and orders troubles at `faults` and `updates`.

    Args:
        username: the bot's, without the @.
        clock: the present for the dates of messages; UTC-aware.
        limits: the rate limits.
    """

    def __init__(
        self, *, username: str = "aftercare_bot", clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        limits: Limits | None = None,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._ids = count(700_000_001)
        self._groups, self._supergroups = count(4_000_001), count(1_900_000_001)
        self._private_numbers = count(11)
        self._queries, self._files = count(3_141_592_653_589), count(1)
        self.albums = count(13_800_000_000_000_001)
        self._changed = asyncio.Event()
        self.bot = User(id=600_000_001, first_name="Aftercare", username=username, is_bot=True)
        self.token = f"{self.bot.id}:AAtest-token-of_the-telegram-server-1"
        self.privacy = True
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self.presses: dict[str, Press] = {}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.calls: list[tuple[str, Json]] = []
        self.updates = Updates(clock=self.unix_time)
        self.faults = Faults()
        self.meter = Meter(time.monotonic, limits if limits is not None else Limits())
        self.download_bytes, self.upload_bytes = DOWNLOAD_BYTES, UPLOAD_BYTES

    def unix_time(self) -> int:
        """The present in whole seconds, as the API's dates are."""
        return int(self._clock().timestamp())

    def numbers_for(self, kind: str) -> Iterator[int]:
        """Message ids: private chats and groups share one row of them, each supergroup and channel has its own."""
        return self._private_numbers if kind in {"private", "group"} else count(1)

    # people and chats

    def user(self, name: str, username: str = "", *, language: str = "zh-hans", is_bot: bool = False) -> User:
        """A new account; another bot with `is_bot`."""
        user = User(id=next(self._ids), first_name=name, username=username, language_code=language, is_bot=is_bot)
        self.users[user.id] = user
        return user

    def private(self, user: User) -> Chat:
        """The bot's chat with somebody; the bot may write once the person did."""
        if user.id not in self.chats:
            chat = self._chat(user.id, "private", "")
            chat.members = {user.id: Member(user), self.bot.id: Member(self.bot)}
        return self.chats[user.id]

    def group(self, title: str, owner: User, *members: User, with_bot: bool = True) -> Chat:
        """A basic group; the bot is in it from the start, without an update, unless it is left out."""
        return self._people(self._chat(-next(self._groups), "group", title), owner, *members, with_bot=with_bot)

    def supergroup(
        self, title: str, owner: User, *members: User, forum: bool = False, username: str = "", with_bot: bool = True
    ) -> Chat:
        """A supergroup, with topics if a forum, public if it has a username."""
        number = int(f"-100{next(self._supergroups)}")
        chat = self._chat(number, "supergroup", title, username, forum=forum)
        return self._people(chat, owner, *members, with_bot=with_bot)

    def channel(self, title: str, owner: User, *, username: str = "", with_bot: bool = True) -> Chat:
        """A channel; the bot is its administrator."""
        chat = self._chat(int(f"-100{next(self._supergroups)}"), "channel", title, username)
        self._people(chat, owner, with_bot=with_bot)
        if with_bot:
            rights = frozenset({"can_post_messages", "can_edit_messages", "can_delete_messages", "can_manage_chat"})
            chat.members[self.bot.id] = Member(self.bot, "administrator", rights)
        return chat

    def migrate(self, group: Chat) -> Chat:
        """Turn a basic group into a supergroup with a new id; two service messages tell, the old id refuses writing."""
        assert group.kind == "group"
        assert group.migrated_to is None
        new = self._chat(int(f"-100{next(self._supergroups)}"), "supergroup", group.title)
        new.members = dict(group.members)
        group.service(group.owner, {"migrate_to_chat_id": new.id})
        group.migrated_to = new
        new.service(group.owner, {"migrate_from_chat_id": group.id})
        return new

    def deactivate(self, user: User) -> None:
        """Delete somebody's account."""
        self.private(user).deactivated = True

    # what people do besides writing

    def press(self, user: User, message: Message, button: str, *, within: float = 20.0) -> Press:
        """Press a button, named by its label or its data; await the result for the bot's answer."""
        for each in message.buttons:
            if button in {each["text"], each.get("callback_data")} and "callback_data" in each:
                return self._pressed(user, message, each["callback_data"], within)
        raise AssertionError(f"no button {button!r} to press under {message}")

    def _pressed(self, user: User, message: Message, data: str, within: float) -> Press:
        press = Press(self, str(next(self._queries)), data, within=within)
        self.presses[press.id] = press
        shown = {"chat": message.chat.json(), "message_id": message.id, "date": 0}
        query = {"id": press.id, "from": user.json(), "chat_instance": str(-message.chat.id * 7919), "data": data}
        self.updates.add("callback_query", query | {"message": shown if message.deleted else message.json()})
        return press

    # files

    def store(self, content: bytes, folder: str, ending: str, *, name: str = "", mime: str = "") -> StoredFile:
        """Keep a file as Telegram does."""
        number = next(self._files)
        path = f"{folder}/file_{number}.{ending}"
        stored = StoredFile(f"AgACAgUAAx{number:06d}-{folder}", f"AQAD{number:06d}", path, content, name, mime)
        self.files[stored.id] = stored
        return stored

    def photo(self, content: bytes) -> Json:
        """A photo's part of a message: a small size, which is another file, then the real one."""
        small = self.store(b"a thumbnail", "thumbnails", "jpg", mime="image/jpeg")
        large = self.store(content, "photos", "jpg", mime="image/jpeg")
        sizes = [small.json() | {"width": 90, "height": 68}, large.json() | {"width": 1280, "height": 960}]
        return {"photo": sizes}

    def document(self, content: bytes, name: str, mime: str) -> Json:
        """A document's part of a message."""
        ending = name.rpartition(".")[2] if re.fullmatch(r".*\.\w{1,8}", name) else "bin"
        stored = self.store(content, "documents", ending, name=name, mime=mime)
        return {"document": stored.json() | {"file_name": name, "mime_type": mime}}

    def file_of(self, name: str, content: bytes, mime: str = "application/octet-stream") -> Json:
        """A document of an album."""
        return self.document(content, name, mime)

    # what the bot gets and does

    def deliver(self, message: Message, *, edited: bool = False) -> None:
        """Tell the bot of a message if it may have it."""
        if message.chat.shows_bot(message):
            kind = "channel_post" if message.chat.kind == "channel" else "message"
            self.updates.add(f"edited_{kind}" if edited else kind, message.json())
        self.stir()

    def post(self, chat: Chat, body: Json, **facts: Any) -> Message:
        """The bot's message enters a chat."""
        sender = None if chat.kind == "channel" else self.bot
        message = chat.add(sender, body, **facts)
        chat.seen.append(message)
        self.stir()
        return message

    def stir(self) -> None:
        """Something happened: those who wait look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, ready: Callable[[], Found | None], *, within: float = 20.0, what: str = "it") -> Found:
        """Wait until `ready` gives something, looking again whenever anything happens.

        Raises:
            AssertionError: it does not in so many seconds.
        """
        try:
            async with asyncio.timeout(within):
                while (found := ready()) is None:
                    await self._changed.wait()
                return found
        except TimeoutError:
            raise AssertionError(f"within {within} s not true: {what}") from None

    def _chat(self, chat_id: int, kind: str, title: str, username: str = "", *, forum: bool = False) -> Chat:
        chat = self.chats[chat_id] = Chat(self, chat_id, kind, title, username, forum=forum)
        return chat

    def _people(self, chat: Chat, owner: User, *members: User, with_bot: bool) -> Chat:
        chat.members = {user.id: Member(user) for user in members}
        chat.members[owner.id] = Member(owner, "creator")
        chat.begin()
        if with_bot:
            chat.members[self.bot.id] = Member(self.bot, sees_all=not self.privacy)
        return chat
