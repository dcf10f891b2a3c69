"""The chat platforms that are set up: what the rest of the program is given of them, and their end."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bot.channels.slack.cardroom import MANNER
from bot.channels.slack.reading import PLATFORM as SLACK
from bot.channels.slack.service import Slack
from bot.channels.telegram.service import Telegram
from bot.delivery import Channel, StoredChannel
from bot.direct import Doors
from bot.reception import Room
from bot.settings import Settings
from bot.staffroom import Threads
from handoff.model import Citation
from store.clock import Clock
from store.db import Database

#: How each platform's cards behave, where it has habits of its own.
MANNERS = {SLACK: MANNER}


@dataclass(frozen=True, kw_only=True)
class Platforms:
    """Each is None where it is not set up."""

    telegram: Telegram | None
    slack: Slack | None

    @classmethod
    def make(
        cls,
        settings: Settings,
        db: Database,
        *,
        room: Room,
        files: Path,
        clock: Clock,
        href: Callable[[Citation], str | None],
    ) -> Self:
        """Make those that the settings name; nothing is asked of them yet."""
        return cls(
            telegram=Telegram.make(settings, db, room=room, files=files, clock=clock, href=href),
            slack=Slack.make(settings, db, room=room, files=files, clock=clock, href=href),
        )

    @property
    def channels(self) -> dict[str, Channel]:
        """Where messages go out, by platform; the web page and the terminal are always there."""
        stored: dict[str, Channel] = {
            "web": StoredChannel(shows_changes=True, shows_pictures=True),
            "terminal": StoredChannel(shows_changes=False, shows_pictures=False),
        }
        return stored | {each.name: each.channel for each in (self.telegram, self.slack) if each is not None}

    @property
    def threads(self) -> dict[str, Threads]:
        """What opens a thread for a ticket in a staff chat, by platform."""
        found: dict[str, Threads] = {self.telegram.name: self.telegram.topics} if self.telegram is not None else {}
        return found | ({self.slack.name: self.slack.threads} if self.slack is not None else {})

    @property
    def doors(self) -> dict[str, Doors]:
        """What opens a direct chat with a colleague, by platform."""
        return {self.slack.name: self.slack.account} if self.slack is not None else {}

    async def close(self) -> None:
        """Let go of their connections."""
        for each in (self.telegram, self.slack):
            if each is not None:
                await each.account.close()
