"""Players on Telegram: our strict server, with its limits, and groups whose bot reads all that is said."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from benchmarks.theatre.stages import Place, Said, Shown
from benchmarks.theatre.talk import PEOPLE, Line
from benchmarks.theatre.troubles import Trouble
from bot.channels.telegram.reading import PLATFORM
from bot.shipped import load_texts
from console.texts import LANGUAGES
from tests.platforms.telegram import Chat, Cut, Gateway, Message, Slow, TooMany, User, World, telegram_server
from tests.platforms.telegram.faults import Fault, Faults, Meter
from tests.platforms.telegram.refusals import ApiError
from tests.platforms.telegram.state import Json


class _Orders(Faults):
    """Remembers what the call that is under way met."""

    met: Fault | None = None

    def take(self, method: str) -> Fault | None:
        self.met = super().take(method)
        return self.met


@dataclass(slots=True)
class _Counting(Meter):
    """Counts what it refuses."""

    refused: int = 0

    def charge(self, chat_id: int, *, group: bool, count: int = 1) -> None:
        try:
            Meter.charge(self, chat_id, group=group, count=count)
        except ApiError:
            self.refused += 1
            raise


class _Watched(World):
    """Notes what the bot shows, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.privacy = False
        self.faults = self.orders = _Orders()
        self.meter = self.limits = _Counting(time.monotonic)
        self.shown: list[Shown] = []

    def post(self, chat: Chat, body: Json, **facts: Any) -> Message:
        message = super().post(chat, body, **facts)
        answered = message.reply_to
        self.shown.append(
            Shown(
                chat=str(chat.id),
                answers=f"{chat.id}/{answered.id}" if answered else None,
                text=message.text,
                at=time.monotonic(),
                own=f"{chat.id}/{message.id}",
                cut=self.orders.met == Cut(after_effect=True) or isinstance(self.orders.met, Slow),
            )
        )
        return message


def again_in_each_language() -> tuple[str, ...]:
    """The line over what is sent again."""
    texts = load_texts()
    return tuple(texts.say("chat.resent", each) for each in LANGUAGES)


@dataclass
class OnTelegram:
    """Groups on our Telegram."""

    chats: int
    name: str = PLATFORM
    given_up: int = 0
    notes: tuple[str, ...] = field(default_factory=again_in_each_language)
    world: _Watched = field(default_factory=_Watched)
    agency: User = field(init=False)
    _groups: list[tuple[Chat, list[User]]] = field(default_factory=list)
    _written: dict[int, Message] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.agency = self.world.user("同事小林")
        for n in range(self.chats):
            people = [self.world.user(f"客户{n}-{who}") for who in range(PEOPLE)]
            self._groups.append((self.world.supergroup(f"群 {n}", *people, self.agency), [*people, self.agency]))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[dict[str, str]]:
        async with telegram_server(self.world) as server:
            yield {"TELEGRAM_TOKEN": self.world.token, "TELEGRAM_API": server.base_url.removesuffix("/bot")}

    @property
    def shown(self) -> list[Shown]:
        return self.world.shown

    @property
    def colleague(self) -> str:
        """The platform's id of the colleague who is in every group."""
        return str(self.agency.id)

    @property
    def places(self) -> list[Place]:
        return [Place(platform=PLATFORM, chat=str(chat.id), title=chat.title) for chat, _ in self._groups]

    def say(self, line: Line) -> Said | None:
        chat, people = self._groups[line.chat]
        person = people[line.person]
        text = f"{self.world.bot.mention} {line.text}" if line.asked == "bot" else line.text
        if line.edits is None:
            message = self._written[line.number] = chat.say(person, text)
        else:
            message = chat.edit(person, self._written.pop(line.edits), text)
        known = f"{chat.id}/{message.id}"
        version = f"{known}:{message.edit_date}" if line.edits is not None else known
        facts = {"asked": line.asked == "bot", "staff": line.staff, "kind": line.kind}
        return Said(version=version, message=known, at=time.monotonic(), **facts)

    def trouble(self, trouble: Trouble) -> bool:
        send, fetch = partial(self.world.faults.order, "sendMessage"), partial(self.world.faults.order, "getUpdates")
        updates = self.world.updates
        match trouble:
            case "busy":
                send(TooMany(2))
            case "error":
                send(Gateway(502))
            case "cut_before" | "cut_after":
                send(Cut(after_effect=trouble == "cut_after"))
            case "fetch_busy":
                fetch(TooMany(1))
            case "fetch_error":
                fetch(Gateway(500))
            case "fetch_cut":
                fetch(Cut(after_effect=True))
            case "doubled":
                updates.doubled += 3
            case "reordered":
                updates.reordered += 1
            case "unconfirmed":
                updates.unconfirmed += 1
        return True

    @property
    def refused(self) -> dict[str, int]:
        return {"send": self.world.limits.refused} if self.world.limits.refused else {}

    @property
    def waiting(self) -> int:
        return len(self.world.updates.pending)

    def tidy(self) -> None:
        self.world.calls.clear()
        for number in sorted(self._written)[:-1000]:
            del self._written[number]
