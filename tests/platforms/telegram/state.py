"""What Telegram knows: people, files, chats and messages, each with its wire format in `json()`."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.platforms.telegram.rules import Heard, reads

if TYPE_CHECKING:
    from tests.platforms.telegram.world import World

__all__ = ["RIGHTS", "ChatState", "Json", "Member", "Message", "StoredFile", "Topic", "User"]

Json = dict[str, Any]
RIGHTS = (
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members", "can_promote_members",
    "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories",
    "can_pin_messages", "can_manage_topics",
)  # fmt: skip
CHANNEL_RIGHTS = ("can_post_messages", "can_edit_messages")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account; `username` is without the @, empty for none."""

    id: int
    first_name: str
    username: str = ""
    language_code: str = ""
    is_bot: bool = False

    @property
    def mention(self) -> str:
        """The @name to write in a text."""
        assert self.username, f"{self.first_name} has no username"
        return f"@{self.username}"

    def json(self) -> Json:
        """The API's User."""
        optional = {"username": self.username, "language_code": self.language_code}
        named = {key: value for key, value in optional.items() if value}
        return {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name, **named}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file on Telegram's side; `path` is what getFile tells."""

    id: str
    unique_id: str
    path: str
    content: bytes
    name: str
    mime: str

    def json(self) -> Json:
        """What every kind of file has in a message."""
        return {"file_id": self.id, "file_unique_id": self.unique_id, "file_size": len(self.content)}


@dataclass(slots=True)
class Member:
    """Somebody's standing in a chat; `sees_all` is what privacy mode was when a bot came in."""

    user: User
    status: str = "member"
    rights: frozenset[str] = frozenset()
    sees_all: bool = False

    @property
    def present(self) -> bool:
        """Whether the chat's messages reach them."""
        return self.status not in {"left", "kicked"}

    @property
    def is_admin(self) -> bool:
        """Whether they are the owner or an administrator."""
        return self.status in {"creator", "administrator"}

    def may(self, right: str) -> bool:
        """Whether an administrator's right is theirs."""
        return self.status == "creator" or (self.status == "administrator" and right in self.rights)

    def json(self, *, channel: bool = False) -> Json:
        """The API's ChatMember."""
        body: Json = {"user": self.user.json(), "status": self.status}
        if self.status == "creator":
            return {**body, "is_anonymous": False}
        if self.status == "administrator":
            names = RIGHTS + (CHANNEL_RIGHTS if channel else ())
            return {**body, "can_be_edited": False, "is_anonymous": False} | {name: self.may(name) for name in names}
        return {**body, "until_date": 0} if self.status == "kicked" else body


@dataclass(slots=True)
class Topic:
    """A forum's topic; `id` is the message_thread_id, the number of the service message that made it."""

    id: int
    name: str
    icon_color: int = 7322096
    closed: bool = False


@dataclass(slots=True, eq=False)
class Message:
    """One message as Telegram keeps it; `body` holds the parts of the wire format that its kind adds."""

    chat: "ChatState"
    id: int
    date: int
    sender: User | None
    body: Json
    thread_id: int | None = None
    reply_to: "Message | None" = None
    markup: Json | None = None
    edit_date: int | None = None
    service: bool = False
    deleted: bool = False
    reactions: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text or caption, empty if there is none."""
        return str(self.body.get("text", self.body.get("caption", "")))

    @property
    def entities(self) -> list[Json]:
        """The entities of `text`."""
        return list(self.body.get("entities") or self.body.get("caption_entities") or [])

    @property
    def buttons(self) -> list[Json]:
        """The inline keyboard's buttons, row after row."""
        return [button for row in (self.markup or {}).get("inline_keyboard", []) for button in row]

    @property
    def labels(self) -> list[str]:
        """What the buttons say."""
        return [button["text"] for button in self.buttons]

    @property
    def file_id(self) -> str:
        """The file of a message that has one: the largest size of a photo."""
        for kind in ("document", "voice", "sticker", "video", "audio"):
            if kind in self.body:
                return str(self.body[kind]["file_id"])
        return str(self.body["photo"][-1]["file_id"])

    def json(self, *, nested: bool = False) -> Json:
        """The API's Message; a message that this one replies to is shown without its own reply."""
        body: Json = {"message_id": self.id, "date": self.date, "chat": self.chat.json()}
        if self.sender is not None:
            body["from"] = self.sender.json()
        else:
            body["sender_chat"] = self.chat.json()
        if self.thread_id is not None:
            body["message_thread_id"] = self.thread_id
            if self.chat.is_forum:
                body["is_topic_message"] = True
        if not nested and (answered := self._answered()) is not None:
            body["reply_to_message"] = answered.json(nested=True)
        if self.edit_date is not None:
            body["edit_date"] = self.edit_date
        if self.markup:
            body["reply_markup"] = self.markup
        return deepcopy(body | self.body)

    def _answered(self) -> "Message | None":
        """A forum's message that answers nothing is shown as an answer to the topic's first one."""
        if self.reply_to is not None:
            return None if self.reply_to.deleted else self.reply_to
        return self.chat.messages.get(self.thread_id) if self.chat.is_forum and self.thread_id != self.id else None

    def __repr__(self) -> str:
        who = self.sender.first_name if self.sender else self.chat.title
        return f"<{self.id} {who}: {self.text or sorted(self.body)}{' ' + str(self.labels) if self.buttons else ''}>"


class ChatState:
    """A chat with its members, messages and topics; `seen` holds what the bot sent, in order, deleted or not."""

    def __init__(self, world: "World", chat_id: int, kind: str, title: str, username: str = "", *, forum: bool = False):
        self.world, self.id, self.kind, self.title, self.username = world, chat_id, kind, title, username
        self.is_forum = forum
        self.members: dict[int, Member] = {}
        self.messages: dict[int | None, Message] = {}
        self.topics: dict[int, Topic] = {}
        self.seen: list[Message] = []
        self.actions: list[tuple[str, int | None]] = []
        self.pinned: Message | None = None
        self.migrated_to: ChatState | None = None
        self.started = kind != "private"
        self.deactivated = False
        self.last_bot: User | None = None
        self._numbers = world.numbers_for(kind)

    @property
    def is_group(self) -> bool:
        """Whether people talk to each other here."""
        return self.kind in {"group", "supergroup"}

    @property
    def bot(self) -> Member:
        """The tested bot's standing here."""
        return self.members.get(self.world.bot.id) or Member(self.world.bot, "left")

    def json(self) -> Json:
        """The API's Chat."""
        body: Json = {"id": self.id, "type": self.kind}
        if self.kind == "private":
            user = self.person
            body |= {"first_name": user.first_name} | ({"username": user.username} if user.username else {})
        else:
            body |= {"title": self.title} | ({"username": self.username} if self.username else {})
        return body | ({"is_forum": True} if self.is_forum else {})

    @property
    def person(self) -> User:
        """Whom the bot talks to in a private chat."""
        return next(member.user for member in self.members.values() if member.user.id == self.id)

    def begin(self) -> None:
        """Message 1 of a supergroup or channel says that it was made; a forum's General topic bears its number."""
        if self.kind in {"supergroup", "channel"}:
            next(self._numbers)

    def add(self, sender: User | None, body: Json, **facts: Any) -> Message:
        """Keep a new message; `facts` are further fields of `Message`."""
        message = Message(self, next(self._numbers), self.world.unix_time(), sender, body, **facts)
        self.messages[message.id] = message
        if sender is not None and sender.is_bot and not message.service:
            self.last_bot = sender
        return message

    def service(self, sender: User | None, body: Json, **facts: Any) -> Message:
        """Keep a service message and let the bot know."""
        message = self.add(sender, body, service=True, **facts)
        self.world.deliver(message)
        return message

    def shows_bot(self, message: Message) -> bool:
        """Whether the tested bot gets a message: it never gets those of bots, of groups what privacy mode allows."""
        if not self.bot.present or (message.sender is not None and message.sender.is_bot and not message.service):
            return False
        if not self.is_group or self.bot.is_admin or self.bot.sees_all:
            return True
        replied = message.reply_to.sender if message.reply_to is not None else None
        heard = Heard(
            text=message.text,
            entities=message.entities,
            service=message.service,
            replies_to_bot=replied is not None and replied.id == self.world.bot.id,
            another_bot_spoke_last=self.last_bot not in {None, self.world.bot},
        )
        return reads(heard, username=self.world.bot.username)

    def thread_of(self, message: Message | None) -> int | None:
        """The thread an answer belongs to: the topic, or in a plain supergroup the first message of the chain."""
        if message is None or self.kind != "supergroup":
            return None
        return message.thread_id if self.is_forum else (message.thread_id or message.id)

    def admins(self) -> Iterator[Member]:
        """Owner and administrators; other bots are not named, as Telegram does."""
        me = self.world.bot
        return (m for m in self.members.values() if m.is_admin and (not m.user.is_bot or m.user.id == me.id))
