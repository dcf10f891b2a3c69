"""How the bot speaks to our own people: one language, one zone, the bot's catalogue and the desk's. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.when import say_when
from console.texts import Texts
from handoff.kinds import Level
from handoff.model import Chat

LANGUAGE: Final = "zh-Hans"
ZONE: Final = "Asia/Shanghai"
SIGNS: Final = {Level.EMERGENCY: "🔴", Level.BUG: "🟠", Level.QUESTION: "🔵", Level.CHANGE: "🟢"}
_DAYS_BEFORE: Final = timedelta(days=3)  # neither today nor tomorrow
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!>~|<&])")


@dataclass(frozen=True, kw_only=True)
class Manner:
    """What a platform has for our people.

    `command` is how a command is typed, with `{}` for its name. `answers`: an answer names the message that it answers;
    else it only stands in a thread. `whispers`: something can be shown to one person alone.
    """

    command: str = "/{}"
    answers: bool = True
    whispers: bool = False


@dataclass(frozen=True, kw_only=True)
class StaffWords:
    """The catalogues in the language, the zone and the manner of one chat; `manners` are those of the platforms."""

    texts: Texts
    desk: Texts
    language: str = LANGUAGE
    zone: str = ZONE
    manner: Manner = field(default_factory=Manner)
    manners: Mapping[str, Manner] = field(default_factory=dict)

    def of(self, chat: Chat) -> "StaffWords":
        """The same for this chat."""
        language, zone = chat.language or self.language, chat.timezone or self.zone
        return replace(self, language=language, zone=zone, manner=self.manners.get(chat.platform, self.manner))

    def speaking(self, language: str) -> "StaffWords":
        """The same in another language."""
        return replace(self, language=language)

    def guide(self, key: str, *commands: str, **values: object) -> str:
        """A sentence about how things are done in the chat: it names these commands as they are typed there.

        Where an answer only stands in a thread, the sentence of `key` and `.thread`.
        """
        typed = {name: self.manner.command.format(name) for name in commands}
        return self.say(key if self.manner.answers else f"{key}.thread", **typed, **values)

    def say(self, key: str, /, **values: object) -> str:
        """A sentence of the bot's catalogue."""
        return self.texts.say(key, self.language, **values)

    def named(self, key: str, /, **values: object) -> str:
        """A sentence of the desk's catalogue, such as a state's name."""
        return self.desk.say(key, self.language, **values)

    def date(self, at: datetime) -> str:
        """The same with its date, which stays true when it is read later."""
        return say_when(at, now=at - _DAYS_BEFORE, zone=self.zone, language=self.language)

    def when(self, at: datetime, *, now: datetime) -> str:
        """An instant on the chat's wall clock."""
        return say_when(at, now=now, zone=self.zone, language=self.language)


def plain(text: str) -> str:
    """Somebody's words as they are, where Markdown is read."""
    return _MARKUP.sub(r"\\\1", text)
