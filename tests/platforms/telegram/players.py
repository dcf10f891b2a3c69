"""What people do in a chat: the test's side. Each verb takes effect at once and the bot hears of it as it would."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from tests.platforms.telegram.rules import detect
from tests.platforms.telegram.state import RIGHTS, ChatState, Json, Member, Message, Topic, User

__all__ = ["Chat"]

Upload = tuple[str, bytes] | tuple[str, bytes, str]


class Chat(ChatState):
    """A chat that people act in. Made by `World.private`, `group`, `supergroup` and `channel`."""

    _heard = 0

    def say(
        self, user: User, text: str, *, reply_to: Message | None = None, topic: Topic | None = None,
        entities: Sequence[Json] = (),
    ) -> Message:  # fmt: skip
        """Write a message; @mentions, /commands and addresses in it are found, other entities are given.

        In a private chat the first message lets the bot answer ("Start").
        """
        found = sorted([*detect(text), *entities], key=lambda entity: entity["offset"])
        return self._post(user, {"text": text} | ({"entities": found} if found else {}), reply_to, topic)

    def edit(self, user: User, message: Message, text: str) -> Message:
        """Change a message of one's own; the same text again reaches the bot too, as on Telegram."""
        assert message.sender in {user, None}
        assert not message.deleted
        key = "text" if "text" in message.body else "caption"
        found = detect(text)
        message.body |= {key: text, ("entities" if key == "text" else "caption_entities"): found}
        message.edit_date = self.world.unix_time()
        self.world.deliver(message, edited=True)
        return message

    def photo(self, user: User, content: bytes, *, caption: str = "", **where: Any) -> Message:
        """Send a photo; `where` may hold reply_to and topic."""
        return self._post(user, self.world.photo(content) | _caption(caption), **where)

    def document(
        self, user: User, content: bytes, name: str, *, mime: str = "application/octet-stream", caption: str = "",
        **where: Any,
    ) -> Message:  # fmt: skip
        """Send a file."""
        body = self.world.document(content, name, mime) | _caption(caption)
        return self._post(user, body, **where)

    def voice(self, user: User, content: bytes, *, seconds: int = 3, **where: Any) -> Message:
        """Send a voice note."""
        stored = self.world.store(content, "voice", "oga", mime="audio/ogg")
        return self._post(user, {"voice": stored.json() | {"duration": seconds, "mime_type": stored.mime}}, **where)

    def sticker(self, user: User, *, emoji: str = "👍", **where: Any) -> Message:
        """Send a sticker."""
        stored = self.world.store(b"a sticker", "stickers", "webp", mime="image/webp")
        shape = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self._post(user, {"sticker": stored.json() | shape | {"emoji": emoji}}, **where)

    def album(self, user: User, items: Sequence[bytes | Upload], *, caption: str = "", **where: Any) -> list[Message]:
        """Send several at once: photos as bytes, files as (name, content[, type]). One message each, one media_group_id.

        The caption stands on the first.
        """
        assert 2 <= len(items) <= 10, "an album has 2 to 10 items"
        group = {"media_group_id": str(next(self.world.albums))}
        bodies = [self.world.photo(item) if isinstance(item, bytes) else self.world.file_of(*item) for item in items]
        bodies[0] |= _caption(caption)
        return [self._post(user, body | group, **where) for body in bodies]

    def forward(self, user: User, message: Message, *, topic: Topic | None = None) -> Message:
        """Forward somebody's message into this chat."""
        origin: Json = {"date": message.date}
        if message.sender is not None:
            origin |= {"type": "user", "sender_user": message.sender.json()}
        else:
            origin |= {"type": "channel", "chat": message.chat.json(), "message_id": message.id}
        kept = {key: value for key, value in message.body.items() if key != "media_group_id"}
        return self._post(user, deepcopy(kept) | {"forward_origin": origin}, None, topic)

    def delete(self, message: Message) -> None:
        """Take a message away; a bot is not told."""
        self.forget(message)

    def react(self, user: User, message: Message, emoji: str) -> None:
        """Put an emoji under a message; an administrator that asked for `message_reaction` hears of it."""
        if self.kind == "private" or self.bot.is_admin:
            new = [{"type": "emoji", "emoji": emoji}]
            who = {"chat": self.json(), "message_id": message.id, "user": user.json(), "date": self.world.unix_time()}
            self.world.updates.add("message_reaction", who | {"old_reaction": [], "new_reaction": new})

    def pin(self, user: User, message: Message) -> Message:
        """Pin a message: a service message shows it."""
        self.pinned = message
        return self.service(self._author(user), {"pinned_message": message.json(nested=True)})

    def join(self, user: User, *, by: User | None = None) -> Message:
        """Come in, or be brought in `by` somebody; a bot keeps the privacy mode it came with."""
        old = self.members.get(user.id) or Member(user, "left")
        new = Member(user, sees_all=user == self.world.bot and not self.world.privacy)
        self._change(by or user, old, new)
        return self.service(by or user, {"new_chat_members": [user.json()]})

    def leave(self, user: User) -> None:
        """Go away."""
        self._depart(user, by=user, status="left")

    def kick(self, user: User, *, by: User) -> None:
        """Put somebody out, the bot too."""
        self._depart(user, by=by, status="kicked")

    def block(self) -> None:
        """Stop the bot, in a private chat."""
        self._change(self.person, self.bot, Member(self.world.bot, "kicked"))

    def unblock(self) -> None:
        """Start it again."""
        self._change(self.person, self.bot, Member(self.world.bot))

    def promote(self, user: User, *rights: str, by: User | None = None) -> None:
        """Make somebody an administrator, with all rights if none are named."""
        chosen = frozenset(rights or (*RIGHTS, "can_post_messages", "can_edit_messages"))
        self._change(by or self.owner, self.members[user.id], Member(user, "administrator", chosen))

    def demote(self, user: User, *, by: User | None = None) -> None:
        """Make an administrator a plain member again; a bot falls back to privacy mode."""
        sees_all = self.members[user.id].sees_all
        self._change(by or self.owner, self.members[user.id], Member(user, sees_all=sees_all))

    def open_topic(self, user: User, name: str) -> Topic:
        """Start a topic of a forum."""
        assert self.is_forum, "only forums have topics"
        return self.make_topic(user, name)

    def delete_topic(self, topic: Topic) -> None:
        """Take a topic away with its messages; a bot is not told."""
        del self.topics[topic.id]
        for message in [each for each in self.messages.values() if each.thread_id == topic.id]:
            self.forget(message)

    @property
    def owner(self) -> User:
        """Who made the chat."""
        return next(member.user for member in self.members.values() if member.status == "creator")

    async def bot_says(self, containing: str = "", *, within: float = 20.0) -> Message:
        """The bot's next message here that was not returned before; those without `containing` are passed over.

        Raises:
            AssertionError: none in so many seconds.
        """

        def following() -> Message | None:
            while self._heard < len(self.seen):
                self._heard += 1
                if containing in self.seen[self._heard - 1].text:
                    return self.seen[self._heard - 1]
            return None

        return await self.world.until(following, within=within, what=f"the bot says {containing!r} in {self}")

    async def bot_edits(self, message: Message, containing: str = "", *, within: float = 20.0) -> Message:
        """Wait until a message of the bot was edited and holds a text.

        Raises:
            AssertionError: not in so many seconds.
        """

        def edited() -> Message | None:
            return message if message.edit_date is not None and containing in message.text else None

        return await self.world.until(edited, within=within, what=f"{message} becomes {containing!r}")

    def forget(self, message: Message) -> None:
        """A message is gone for everybody."""
        message.deleted = True
        self.messages.pop(message.id, None)
        self.world.stir()

    def make_topic(self, user: User, name: str, color: int = 7322096) -> Topic:
        """A topic and its first, service message, by anybody."""
        made = {"forum_topic_created": {"name": name, "icon_color": color}}
        first = self.add(user, made, service=True)
        first.thread_id = first.id
        topic = self.topics[first.id] = Topic(first.id, name, color)
        self.world.deliver(first)
        return topic

    def _post(self, user: User, body: Json, reply_to: Message | None = None, topic: Topic | None = None) -> Message:
        assert self.migrated_to is None, f"{self} became a supergroup: write there"
        assert user.id in self.members, f"{user.first_name} is not in {self}"
        assert self.members[user.id].present, f"{user.first_name} is not in {self}"
        assert self.kind != "private" or self.bot.present, "who stopped the bot starts it before writing: unblock()"
        self.started = True
        thread = topic.id if topic is not None else self.thread_of(reply_to)
        message = self.add(self._author(user), body, thread_id=thread, reply_to=reply_to)
        self.world.deliver(message)
        return message

    def _author(self, user: User) -> User | None:
        return None if self.kind == "channel" else user

    def _depart(self, user: User, *, by: User, status: str) -> None:
        self._change(by, self.members[user.id], Member(user, status))
        self.service(by, {"left_chat_member": user.json()})

    def _change(self, by: User, old: Member, new: Member) -> None:
        """A standing changes: the bot hears of its own, as an administrator also of others'."""
        self.members[new.user.id] = new
        mine = new.user == self.world.bot
        if mine or (self.bot.present and self.bot.is_admin):
            channel = self.kind == "channel"
            changed = {"old_chat_member": old.json(channel=channel), "new_chat_member": new.json(channel=channel)}
            facts = {"chat": self.json(), "from": by.json(), "date": self.world.unix_time()}
            self.world.updates.add("my_chat_member" if mine else "chat_member", facts | changed)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.title or self.id}, the bot sent {self.seen}>"


def _caption(text: str) -> Json:
    found = detect(text)
    return ({"caption": text} if text else {}) | ({"caption_entities": found} if found else {})
