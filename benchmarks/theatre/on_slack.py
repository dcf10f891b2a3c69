"""Players on Slack, in Socket Mode: our strict server, with its limits, and channels whose bot hears everybody."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from benchmarks.theatre.stages import Place, Said, Shown
from benchmarks.theatre.talk import PEOPLE, Line
from benchmarks.theatre.troubles import Trouble
from bot.channels.slack.reading import PLATFORM, identity
from tests.platforms.slack import Channel, Cut, Html, Message, Settings, SlackServer, TooMany, User

_EACH = 5  # channels of one client, whose people are in all of them
_POST = "chat.postMessage"
_TIERS = {1: 20, 2: 20, 3: 50, 4: 100}  # but that a killed program may come back sooner than once a minute
#: Slack's schedule, at a twentieth of its length.
_RETRIES = (0.0, 3.0, 15.0, 30.0, 60.0)
_HOLD_S = 120.0  # what happens while the program is away waits for it


@dataclass
class OnSlack:
    """Channels in our Slack."""

    chats: int
    name: str = PLATFORM
    notes: tuple[str, ...] = ()
    given_up: int = 0
    _server: SlackServer | None = None
    agency: User = field(init=False)
    _channels: list[tuple[Channel, list[User]]] = field(default_factory=list)
    _written: dict[int, Message] = field(default_factory=dict)
    _refused: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._server = SlackServer(
            Settings(socket_mode=True, paced=True, tiers=_TIERS, retry_delays=_RETRIES, hold=_HOLD_S)
        )
        world, people = self._server.world, []
        self.agency = world.user("colleague-lin")
        for n in range(self.chats):
            if n % _EACH == 0:
                people = [world.user(f"client{n // _EACH}-{who}") for who in range(PEOPLE)]
            members = [*people, self.agency]
            self._channels.append((world.channel(f"channel-{n}", members=members), members))

    @property
    def server(self) -> SlackServer:
        assert self._server is not None
        return self._server

    @asynccontextmanager
    async def running(self) -> AsyncIterator[dict[str, str]]:
        async with self.server as server:
            own = server.settings
            yield {
                "SLACK_BOT_TOKEN": own.bot_token,
                "SLACK_APP_TOKEN": own.app_token,
                "SLACK_API": server.api_url,
            }

    @property
    def shown(self) -> list[Shown]:
        return [
            Shown(
                chat=channel.id,
                answers=self._identity(channel, message.thread) if message.thread else None,
                text=message.texts[0],
                at=_instant(message.ts),
                own=self._identity(channel, message.ts),
                cut=False,
            )
            for channel, _ in self._channels
            for message in channel.seen
        ]

    @property
    def colleague(self) -> str:
        """The platform's id of the colleague who is in every channel."""
        return f"{self.server.world.team.id}/{self.agency.id}"

    @property
    def places(self) -> list[Place]:
        team = self.server.world.team.id
        return [Place(platform=PLATFORM, chat=f"{team}/{one.id}", title=one.name) for one, _ in self._channels]

    def say(self, line: Line) -> Said | None:
        channel, people = self._channels[line.chat]
        text = f"{self.server.world.bot.mention} {line.text}" if line.asked == "bot" else line.text
        if line.edits is None:
            message = self._written[line.number] = channel.say(people[line.person], text)
            known = version = self._identity(channel, message.ts)
        else:
            message = self._written.pop(line.edits)
            channel.edit(message, text)
            assert message.edited is not None
            known = self._identity(channel, message.ts)
            version = f"{known}:{message.edited['ts'].rstrip('0').rstrip('.')}"
        facts = {"asked": line.asked == "bot", "staff": line.staff, "kind": line.kind}
        return Said(version=version, message=known, at=time.monotonic(), **facts)

    def trouble(self, trouble: Trouble) -> bool:
        faults = self.server.faults
        match trouble:
            case "busy":
                faults.call(_POST, TooMany(2))
            case "error":
                faults.call(_POST, Html(502))
            case "cut_before" | "cut_after":
                faults.call(_POST, Cut(after=trouble == "cut_after"))
            case "doubled":
                faults.delivery("double", times=3)
            case "reordered":
                faults.delivery("reorder", times=2)
            case "unconfirmed" | "fetch_cut":
                faults.delivery("drop_socket")
            case _:
                return False
        return True

    @property
    def refused(self) -> dict[str, int]:
        self._count()
        return dict(self._refused)

    @property
    def waiting(self) -> int:
        return sum(not each.done for each in self.server.deliveries)

    def tidy(self) -> None:
        self._count()
        log = self.server.deliveries
        self.given_up += sum(each.done and not each.acknowledged for each in log)
        log[:] = [each for each in log if not each.done]
        for number in sorted(self._written)[:-1000]:
            del self._written[number]

    def _count(self) -> None:
        for call in self.server.calls:
            if call.error == "ratelimited":
                kind = "send" if call.method == _POST else call.method
                self._refused[kind] = self._refused.get(kind, 0) + 1
        self.server.calls.clear()

    def _identity(self, channel: Channel, ts: str) -> str:
        return identity(self.server.world.team.id, channel.id, ts)


def _instant(ts: str) -> float:
    """A message's own time, by the monotonic clock."""
    return float(ts) - time.time() + time.monotonic()
