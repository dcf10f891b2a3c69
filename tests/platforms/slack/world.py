"""What the workspace holds: teams, people, files, messages, views; ids and times; waiting until something is there."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.platforms.slack import rules
from tests.platforms.slack.settings import Settings
from tests.platforms.slack.triggers import ResponseUrls, Tickets, Triggers

if TYPE_CHECKING:
    from tests.platforms.slack.channels import Channel


@dataclass(frozen=True)
class Team:
    """A workspace; the app is installed in the world's own one only."""

    id: str
    name: str
    domain: str


@dataclass(eq=False)
class User:
    """A person, or the app's bot. A user of another team is seen through shared channels only."""

    id: str
    name: str
    team: Team
    email: str
    tz: str = "Asia/Shanghai"
    locale: str = "zh-CN"
    is_bot: bool = False
    deleted: bool = False
    rights: dict[str, bool] = field(default_factory=dict)

    @property
    def bot_id(self) -> str | None:
        """The id under which a bot posts; None for a person."""
        return f"B{self.id[1:]}" if self.is_bot else None

    @property
    def mention(self) -> str:
        """The text that mentions this user, as it goes over the wire."""
        return f"<@{self.id}>"


@dataclass(frozen=True)
class Upload:
    """A file that a person attaches to a message."""

    name: str
    content: bytes
    mimetype: str = "application/octet-stream"


@dataclass(eq=False)
class File:
    """A hosted file. `received` is False between the upload URL and the upload, `complete` until it was completed."""

    id: str
    name: str
    owner: User
    created: int
    content: bytes = b""
    mimetype: str = "application/octet-stream"
    title: str = ""
    length: int = 0
    received: bool = True
    complete: bool = True
    channels: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Message:
    """A message; its identity is (channel, ts). `only_for` is the reader's id of an ephemeral one.

    `texts` are all the texts that it ever had, the present one last.
    """

    channel: "Channel"
    ts: str
    author: User
    texts: list[str]
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    thread: str | None = None
    broadcast: bool = False
    subtype: str | None = None
    metadata: dict[str, Any] | None = None
    edited: dict[str, str] | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    pinned: bool = False
    deleted: bool = False
    only_for: str | None = None
    client_msg_id: str | None = None

    @property
    def text(self) -> str:
        """The present text."""
        return self.texts[-1]

    @property
    def buttons(self) -> dict[str, dict[str, Any]]:
        """The interactive elements by their action id."""
        return {element["action_id"]: element for _, element in elements(self.blocks)}


@dataclass(eq=False)
class View:
    """A modal, or somebody's App Home. `hash` changes with every update."""

    id: str
    user: User
    body: dict[str, Any]
    hash: str
    open: bool = True

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """Its blocks."""
        blocks: list[dict[str, Any]] = self.body["blocks"]
        return blocks


@dataclass(frozen=True)
class Event:
    """An inner event, and the conversation that decides whether the app may hear it."""

    body: dict[str, Any]
    channel: "Channel | None" = None


class World:
    """The state of one workspace in which the app is installed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.base = "http://127.0.0.1"
        self.team = Team("T0HOME", "Aftercare", "aftercare")
        self.teams = {self.team.id: self.team}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.views: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self.installed = True
        self.triggers, self.responses, self.tickets = Triggers(settings), ResponseUrls(settings), Tickets(settings)
        self.outbox: Callable[[list[Event]], None] = lambda _: None
        self._numbers = itertools.count(1)
        self._last = 0
        self._pulse = asyncio.Event()
        self.bot = self.user("aftercare", is_bot=True, id="U0BOT")

    # --- people and places

    def other_team(self, name: str) -> Team:
        """Another workspace, whose users come through shared channels."""
        team = Team(self.mint("T"), name, name.lower())
        self.teams[team.id] = team
        return team

    def user(self, name: str, *, team: Team | None = None, id: str | None = None, **values: Any) -> User:  # noqa: A002
        """A new person; `values` are other fields of `User`."""
        values.setdefault("email", f"{name}@example.test")
        user = User(id or self.mint("U"), name, team or self.team, **values)
        self.users[user.id] = user
        return user

    def channel(
        self,
        name: str,
        *,
        members: Iterable[User] = (),
        private: bool = False,
        bot: bool = True,
        shared: Team | None = None,
    ) -> "Channel":
        """A new channel, quietly: nobody hears that its first members joined. `shared` is the other side's team."""
        kind = "private" if private else "public"
        return self._place(kind, name, [*members, *([self.bot] if bot else [])], shared)

    def direct(self, user: User) -> "Channel":
        """The direct messages between this user and the bot; the same channel each time."""
        for channel in self.channels.values():
            if channel.kind == "im" and user in channel.members:
                return channel
        return self._place("im", user.name, [user, self.bot], None)

    def group(self, *users: User) -> "Channel":
        """The group direct messages between these users and the bot; the same channel each time."""
        for channel in self.channels.values():
            if channel.kind == "mpim" and set(channel.members) == {*users, self.bot}:
                return channel
        return self._place("mpim", "mpdm-" + "--".join(user.name for user in users), [*users, self.bot], None)

    def _place(self, kind: str, name: str, members: list[User], shared: Team | None) -> "Channel":
        from tests.platforms.slack.channels import Channel

        channel = Channel(
            self, self.mint({"im": "D", "public": "C"}.get(kind, "G")), name, kind, members=members, shared=shared
        )
        self.channels[channel.id] = channel
        return channel

    # --- the app's life

    def uninstall(self) -> None:
        """The workspace removes the app: `tokens_revoked` and `app_uninstalled` come, its tokens are dead."""
        self.emit(
            Event(
                {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot.id]}, "event_ts": self.mint_ts()}
            ),
            Event({"type": "app_uninstalled", "event_ts": self.mint_ts()}),
        )
        self.installed = False

    def revoke_tokens(self) -> None:
        """The bot's token is revoked, the app itself stays."""
        tokens = {"oauth": [], "bot": [self.bot.id]}
        self.emit(Event({"type": "tokens_revoked", "tokens": tokens, "event_ts": self.mint_ts()}))
        self.installed = False

    def home(self, user: User) -> View | None:
        """The App Home last published for this user."""
        return self.homes.get(user.id)

    # --- ids, times, events

    def mint(self, prefix: str) -> str:
        """A new id, unique in this world."""
        return f"{prefix}{next(self._numbers):09d}"

    def mint_ts(self) -> str:
        """A new timestamp, later than all before; unique, so (channel, ts) is."""
        self._last = max(self._last + 1, int(self.settings.clock() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def hear_of(self, event: Event) -> bool:
        """Whether the app is told: subscribed, with the scope, and in the conversation."""
        kind = str(event.body["type"])
        scope = rules.EVENT_SCOPES.get(kind, "")
        if event.channel is not None:
            own = kind.startswith("member_") and event.body["user"] == self.bot.id
            if self.bot not in event.channel.members and not own:
                return False
            scope = rules.scope_of(scope, event.channel.kind)
        return self.installed and kind in self.settings.subscriptions and scope in self.settings.scopes | {""}

    def emit(self, *events: Event) -> None:
        """Hand events that happened together to the deliveries; those the app is not told of fall away."""
        heard = [event for event in events if self.hear_of(event)]
        if heard:
            self.outbox(heard)
        self.touch()

    # --- waiting

    def touch(self) -> None:
        """Wake those who wait: something changed."""
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()

    async def until(self, look: Callable[[], Any], *, within: float = 20.0, what: str = "what was awaited") -> Any:
        """What `look` returns, once it is true; AssertionError after `within` seconds."""
        end = time.monotonic() + within
        while not (found := look()):
            left = end - time.monotonic()
            assert left > 0, f"{what} did not come within {within} s"
            await self._wait(left)
        return found

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._pulse.wait(), seconds)
        except TimeoutError:
            return


def elements(blocks: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The interactive elements with their blocks: (block, element)."""
    found = []
    for block in blocks:
        inside = [*(block.get("elements") or []), block.get("accessory"), block.get("element")]
        found += [(block, element) for element in inside if isinstance(element, dict) and element.get("action_id")]
    return found
