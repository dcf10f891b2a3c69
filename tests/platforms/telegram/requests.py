"""A request's parameters, from a query string, a form, JSON or multipart alike, and what many methods ask of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.platforms.telegram.markup import parse
from tests.platforms.telegram.players import Chat
from tests.platforms.telegram.refusals import bad, forbidden, too_large
from tests.platforms.telegram.rules import CAPTION_UNITS, check_entities, check_keyboard, detect, trim, utf16_length
from tests.platforms.telegram.state import Json, Message
from tests.platforms.telegram.world import World

__all__ = ["Asked", "Uploaded"]

OPTIONS = ("protect_content", "link_preview_options")


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file part of a multipart request."""

    name: str
    mime: str
    content: bytes


@dataclass(slots=True)
class Asked:
    """The parameters of one call; those absent read as empty, 0 or False."""

    world: World
    values: Json
    files: dict[str, Uploaded] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A string."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def number(self, name: str, default: int = 0) -> int:
        """A whole number; what is none reads as the default, as on Telegram."""
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        """A Boolean."""
        return self.text(name).lower() in {"true", "yes", "1"}

    def json(self, name: str) -> Any:
        """A JSON value, serialised or not; None if absent.

        Raises:
            ApiError: not JSON.
        """
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise bad(f"can't parse {name.replace('_', ' ')} JSON object") from None

    # chats and messages

    def chat(self, *, write: bool = False, act: bool = False) -> Chat:
        """The chat of `chat_id`. `act`: its members may do this (edit, delete); `write`: sending needs this.

        Raises:
            ApiError: no such chat, or the bot is not let in any more.
        """
        name = self.text("chat_id")
        if not name:
            raise bad("chat_id is empty")
        chat = self._named(name)
        if chat.kind == "private":
            _check_person(chat, write=write, act=act)
        else:
            _check_membership(chat, write=write, act=act)
        return chat

    def _named(self, name: str) -> Chat:
        for chat in self.world.chats.values():
            public = chat.username and chat.kind != "private"
            if name == str(chat.id) or (public and name.lower() == f"@{chat.username}".lower()):
                return chat
        user = self.world.users.get(self.number("chat_id"))
        if user is not None and user.is_bot:
            raise forbidden("bot can't send messages to bots")
        shared = user is not None and any(
            user.id in chat.members and chat.bot.present for chat in self.world.chats.values()
        )
        raise forbidden("bot can't initiate conversation with a user") if shared else bad("chat not found")

    def message(self, chat: Chat, purpose: str, name: str = "message_id") -> Message:
        """The message a call is about; `purpose` says for what ("edit") in the refusal.

        Raises:
            ApiError: no such message.
        """
        if not self.number(name):
            raise bad("message identifier is not specified")
        message = chat.messages.get(self.number(name))
        if message is None:
            raise bad(f"message to {purpose} not found")
        return message

    def reply(self, chat: Chat) -> Message | None:
        """The message of `reply_parameters` or the older `reply_to_message_id`.

        Raises:
            ApiError: it is gone, and sending without it was not allowed.
        """
        given = self.json("reply_parameters") or {}
        if not isinstance(given, dict):
            raise bad("object expected as reply parameters")
        number = given.get("message_id") or self.number("reply_to_message_id")
        optional = given.get("allow_sending_without_reply") or self.flag("allow_sending_without_reply")
        message = chat.messages.get(int(number)) if number else None
        if number and message is None and not optional:
            raise bad("message to be replied not found")
        return message

    def thread(self, chat: Chat, reply: Message | None) -> int | None:
        """The thread to send to: that of `message_thread_id`, or that of the message replied to.

        Raises:
            ApiError: no such topic, a chain of answers that is none, or a closed topic.
        """
        number = self.number("message_thread_id")
        if not number:
            return chat.thread_of(reply)
        topic = chat.topics.get(number)
        if topic is None:
            chained = not chat.is_forum and any(each.thread_id == number for each in chat.messages.values())
            raise bad("message thread is not a forum topic thread" if chained else "message thread not found")
        if topic.closed and not chat.bot.may("can_manage_topics"):
            raise bad("TOPIC_CLOSED")
        return number

    def send(self, build: Callable[[], list[Json]]) -> list[Message]:
        """Check where to, build the bodies, count them against the limits, let them enter the chat."""
        chat = self.chat(write=True)
        reply = self.reply(chat)
        facts = {"reply_to": reply, "thread_id": self.thread(chat, reply), "markup": self.keyboard()}
        bodies = build()
        self.charge(chat, len(bodies))
        return [self.world.post(chat, body | self._options(), **facts) for body in bodies]

    def charge(self, chat: Chat, count: int = 1) -> None:
        """Count messages against the limits."""
        self.world.meter.charge(chat.id, group=chat.is_group, count=count)

    def _options(self) -> Json:
        protected = {"has_protected_content": True} if self.flag("protect_content") else {}
        preview = self.json("link_preview_options")
        return protected | ({"link_preview_options": preview} if preview else {})

    # contents

    def keyboard(self) -> Json | None:
        """The inline keyboard of `reply_markup`, checked."""
        return check_keyboard(self.json("reply_markup"))

    def formatted(self, text: str, source: Json | None = None, entities: str = "entities") -> tuple[str, list[Json]]:
        """Plain text and entities of a text with a parse_mode, or with entities of its own, trimmed."""
        given = self.values if source is None else source
        mode = given.get("parse_mode") or ""
        own = given.get(entities) if source is not None else self.json(entities)
        plain, found = parse(text, mode) if mode else (text, check_entities(text, own or []))
        plain, found = trim(plain, found)
        taken = [(each["offset"], each["offset"] + each["length"]) for each in found]
        news = [each for each in detect(plain) if all(_apart(each, span) for span in taken)]
        return plain, sorted([*found, *news], key=lambda each: (each["offset"], -each["length"]))

    def caption(self, source: Json | None = None) -> Json:
        """The caption's part of a message.

        Raises:
            ApiError: too long.
        """
        text = self.text("caption") if source is None else str(source.get("caption") or "")
        if not text:
            return {}
        plain, entities = self.formatted(text, source, "caption_entities")
        if utf16_length(plain) > CAPTION_UNITS:
            raise bad("message caption is too long")
        return {"caption": plain} | ({"caption_entities": entities} if entities else {})

    def media(self, kind: str, value: Any = None) -> Json:
        """A photo's or document's part of a message, of a new upload or a file known by its id.

        Raises:
            ApiError: no such file, an empty one, one too big.
        """
        name = str(value if value is not None else self.text(kind)).removeprefix("attach://") or kind
        upload = self.files.get(name)
        if upload is None:
            return self._known(kind, name)
        if not upload.content:
            raise bad("file must be non-empty")
        if len(upload.content) > self.world.upload_bytes:
            raise too_large()
        if kind == "photo":
            return self.world.photo(upload.content)
        return self.world.document(upload.content, upload.name, upload.mime)

    def _known(self, kind: str, file_id: str) -> Json:
        stored = self.world.files.get(file_id)
        if stored is None:
            if file_id == kind:
                raise bad(f"there is no {kind} in the request")
            raise bad("wrong file identifier/HTTP URL specified")
        if kind == "photo":
            return {"photo": [stored.json() | {"width": 1280, "height": 960}]}
        return {"document": stored.json() | {"file_name": stored.name, "mime_type": stored.mime}}


def _apart(entity: Json, span: tuple[int, int]) -> bool:
    return bool(entity["offset"] + entity["length"] <= span[0] or entity["offset"] >= span[1])


def _check_person(chat: Chat, *, write: bool, act: bool) -> None:
    if chat.deactivated and (write or act):
        raise forbidden("user is deactivated")
    if not chat.started:
        raise forbidden("bot can't initiate conversation with a user") if write else bad("chat not found")
    if not chat.bot.present and write:
        raise forbidden("bot was blocked by the user")


def _check_membership(chat: Chat, *, write: bool, act: bool) -> None:
    if chat.migrated_to is not None:
        if write:
            raise bad("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to.id)
        return
    if chat.bot.status == "kicked" and (write or act or chat.kind != "group"):
        raise forbidden(f"bot was kicked from the {chat.kind} chat")
    open_to_read = chat.kind == "group" or chat.username
    if not chat.bot.present and (write or act or not open_to_read):
        raise forbidden(f"bot is not a member of the {chat.kind} chat")
    if chat.kind == "channel" and write and not chat.bot.may("can_post_messages"):
        raise bad("need administrator rights in the channel chat")
