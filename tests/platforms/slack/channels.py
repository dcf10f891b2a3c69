"""A conversation: what people do in it, what the bot posted, and the events that follow from both."""

import uuid
from collections.abc import Sequence
from typing import Any

from tests.platforms.slack import payloads
from tests.platforms.slack.world import Event, File, Message, Team, Upload, User, World


class Channel:
    """A public or private channel, or direct messages; `kind` is "public", "private", "im" or "mpim"."""

    def __init__(
        self, world: World, channel_id: str, name: str, kind: str, *, members: list[User], shared: Team | None
    ) -> None:
        self.world, self.id, self.name, self.kind = world, channel_id, name, kind
        self.members, self.shared = members, shared
        self.archived = False
        self.created = int(world.settings.clock())
        self.messages: dict[str, Message] = {}
        self.seen: list[Message] = []
        self.whispers: list[Message] = []
        self._read = 0

    # --- what people do

    def say(
        self,
        user: User,
        text: str,
        *,
        thread: Message | None = None,
        broadcast: bool = False,
        files: Sequence[Upload] = (),
    ) -> Message:
        """A person posts; `text` is in wire form (`rules.escaped` makes it of what was typed, `user.mention` mentions).

        `thread` is any message of the thread; `broadcast` shows the reply in the channel too.
        """
        assert user in self.members, f"{user.name} is not in {self.name}"
        assert not self.archived, f"{self.name} is archived"
        kept = [self._keep(user, upload) for upload in files]
        root = (thread.thread or thread.ts) if thread else None
        message = Message(self, self.world.mint_ts(), user, [text], files=kept, thread=root, broadcast=broadcast)
        message.client_msg_id = None if user.is_bot else str(uuid.uuid4())
        message.blocks = payloads.rich_text(text)
        return self.post(message)

    def edit(self, message: Message, text: str) -> None:
        """The author changes the text: `message_changed`."""
        blocks = payloads.rich_text(text)
        self.change(message, text=text, blocks=blocks, edited={"user": message.author.id, "ts": self.world.mint_ts()})

    def delete(self, message: Message) -> None:
        """The message goes: `message_deleted`, or a tombstone where a thread hangs on it."""
        before = payloads.message(message)
        message.deleted = True
        if self.replies(message.ts):
            message.subtype, message.files, message.blocks = "tombstone", [], []
            message.texts.append("This message was deleted.")
            self._tell_of_change(message, before)
            return
        del self.messages[message.ts]
        ts = self.world.mint_ts()
        body = {"subtype": "message_deleted", "hidden": True, "deleted_ts": message.ts, "previous_message": before}
        self.world.emit(self._event({"type": "message", **body, "ts": ts, "event_ts": ts}))

    def react(self, user: User, message: Message, name: str, *, add: bool = True) -> None:
        """A reaction comes, or goes with `add=False`; one that is there already, or is not there, is a mistake."""
        users = message.reactions.setdefault(name, [])
        assert (user.id in users) is not add, f"{user.name} and :{name}:"
        (users.append if add else users.remove)(user.id)
        if not users:
            del message.reactions[name]
        item = {"type": "message", "channel": self.id, "ts": message.ts}
        body = {"user": user.id, "reaction": name, "item": item, "item_user": message.author.id}
        kind = "reaction_added" if add else "reaction_removed"
        self.world.emit(Event({"type": kind, **body, "event_ts": self.world.mint_ts()}, self))

    def join(self, user: User, *, inviter: User | None = None) -> None:
        """Somebody comes in, the bot too: `member_joined_channel`, and the line in the channel."""
        assert user not in self.members, user.name
        self.members.append(user)
        self._passage(user, "joined", {"inviter": inviter.id} if inviter else {})

    def leave(self, user: User) -> None:
        """Somebody goes, or is sent: `member_left_channel`. The bot hears of its own leave and of nothing after."""
        self.members.remove(user)
        self._passage(user, "left", {})

    def archive(self, user: User, *, archived: bool = True) -> None:
        """The channel is archived, or opened again with `archived=False`; its members hear of it."""
        self.archived = archived
        kind = "channel_archive" if archived else "channel_unarchive"
        body = {"type": kind, "channel": self.id, "user": user.id, "event_ts": self.world.mint_ts()}
        self.world.emit(Event(body, self))

    # --- what the bot did

    @property
    def last(self) -> Message:
        """What the bot posted last."""
        return self.seen[-1]

    async def bot_says(self, containing: str = "", *, within: float = 20.0) -> Message:
        """The bot's next message here with this in its text; what came before it is passed over, within bounds."""

        def look() -> Message | None:
            for place, message in enumerate(self.seen[self._read :], self._read + 1):
                if containing in message.text:
                    self._read = place
                    return message
            return None

        message: Message = await self.world.until(look, within=within, what=f"{containing!r} in {self.name}")
        return message

    async def bot_whispers(self, containing: str = "", *, within: float = 20.0) -> Message:
        """The first ephemeral message of the bot here with this in its text."""

        def look() -> Message | None:
            return next((message for message in self.whispers if containing in message.text), None)

        message: Message = await self.world.until(look, within=within, what=f"a whisper {containing!r} in {self.name}")
        return message

    # --- both sides

    def replies(self, ts: str) -> list[Message]:
        """The replies of a thread, the oldest first."""
        return [message for message in self.messages.values() if message.thread == ts]

    def timeline(self) -> list[Message]:
        """What stands in the channel itself, the oldest first: no replies but broadcast ones."""
        return [message for message in self.messages.values() if message.thread is None or message.broadcast]

    def post(self, message: Message) -> Message:
        """Put a message in, and tell the app: `message`, and `app_mention` where it is mentioned by somebody else."""
        self.messages[message.ts] = message
        if message.author is self.world.bot:
            self.seen.append(message)
        body = payloads.message_event(message)
        events = [self._event(body)]
        mentioned = self.world.bot.mention in message.text and message.author is not self.world.bot
        if mentioned and self.kind != "im":
            events.append(Event(payloads.app_mention(body, self.id), self))
        events += [self._file_shared(message, file) for file in message.files]
        self.world.emit(*events)
        return message

    def change(
        self,
        message: Message,
        *,
        text: str | None = None,
        blocks: list[dict[str, Any]] | None = None,
        attachments: list[dict[str, Any]] | None = None,
        edited: dict[str, str] | None = None,
    ) -> None:
        """Change what is given, and tell the app: `message_changed`."""
        before = payloads.message(message)
        if text is not None:
            message.texts.append(text)
        if blocks is not None:
            message.blocks = blocks
        if attachments is not None:
            message.attachments = attachments
        message.edited = edited or message.edited
        self._tell_of_change(message, before)

    def _tell_of_change(self, message: Message, before: dict[str, Any]) -> None:
        ts = self.world.mint_ts()
        now = payloads.message(message)
        body = {"subtype": "message_changed", "message": now, "previous_message": before, "hidden": True}
        self.world.emit(self._event({"type": "message", **body, "ts": ts, "event_ts": ts}))

    def _event(self, body: dict[str, Any]) -> Event:
        kinds = {"public": "channel", "private": "group"}
        return Event({**body, "channel": self.id, "channel_type": kinds.get(self.kind, self.kind)}, self)

    def _file_shared(self, message: Message, file: File) -> Event:
        body = {"file_id": file.id, "file": {"id": file.id}, "user_id": message.author.id, "channel_id": self.id}
        return Event({"type": "file_shared", **body, "event_ts": self.world.mint_ts()}, self)

    def _passage(self, user: User, verb: str, more: dict[str, str]) -> None:
        subtype = {"joined": "channel_join", "left": "channel_leave"}[verb]
        line = Message(self, self.world.mint_ts(), user, [f"{user.mention} has {verb} the channel"], subtype=subtype)
        self.messages[line.ts] = line
        letter = "C" if self.kind == "public" else "G"
        body = {"user": user.id, "channel": self.id, "channel_type": letter, "team": user.team.id, **more}
        passage = Event({"type": f"member_{verb}_channel", **body, "event_ts": self.world.mint_ts()}, self)
        self.world.emit(passage, self._event(payloads.message_event(line)))

    def _keep(self, user: User, upload: Upload) -> File:
        world = self.world
        file = File(world.mint("F"), upload.name, user, int(world.settings.clock()), upload.content, upload.mimetype)
        file.title, file.length, file.channels = upload.name, len(upload.content), [self.id]
        world.files[file.id] = file
        return file
