"""What a message says before any model is asked: level, wishes, mood, kind. Rules are data (`triage.yaml`). Pure.

The text is folded first (lower case, half width, simplified script), so every pattern is written once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handoff.model import Level, MessageKind
from knowledge.language import fold

_SHORTEST_WHOLE = 5  # characters of a question that can stand by itself: "怎么续费域名" does, "怎么改" does not
_SPACES = re.compile(r"\s+")
_WORDLESS = re.compile(r"^[\W_]*$")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How one text reads. `emergency` is what wakes people; `unconfirmed` names why it may be none after all."""

    text: str
    level: Level
    emergency: bool = False
    unconfirmed: str | None = None  # past | supposed | others | forwarded
    question: bool = False
    how_to: bool = False
    whole: bool = False
    wants_human: bool = False
    not_solved: bool = False
    upset: bool = False
    sensitive: bool = False
    urgent: bool = False
    chaser: bool = False
    greeting: bool = False
    thanks: bool = False
    assent: bool = False
    stand_down: bool = False
    about_bot: bool = False
    empty: bool = False

    @property
    def small_talk(self) -> bool:
        """Nothing here asks for anything."""
        return self.empty or self.thanks or (self.greeting and not self.question)

    def kind(self, *, asked: bool) -> MessageKind:
        """What the message means to the clocks; `asked` = we wait for the client's answer (in doubt it is one)."""
        if asked and (self.assent or not (self.thanks or self.chaser or self.empty)):
            return MessageKind.ASSENT if self.assent else MessageKind.CONTENT
        if self.thanks or self.empty:
            return MessageKind.THANKS
        return MessageKind.CHASER if self.chaser else MessageKind.CONTENT


@dataclass(frozen=True)
class Rules:
    """The compiled patterns of `triage.yaml`."""

    one: Mapping[str, re.Pattern[str]]
    emergency: tuple[re.Pattern[str], ...]
    not_emergency: tuple[re.Pattern[str], ...]
    unconfirmed: Mapping[str, re.Pattern[str]]
    sensitive: Mapping[str, re.Pattern[str]]

    @classmethod
    def parse(cls, rows: Mapping[str, Any]) -> "Rules":
        """Compile the data of the file; a broken pattern raises `re.error` with its place."""
        return cls(
            one={name: re.compile(row) for name, row in rows.items() if isinstance(row, str)},
            emergency=tuple(map(re.compile, rows["emergency"])),
            not_emergency=tuple(map(re.compile, rows["not_emergency"])),
            unconfirmed={name: re.compile(row) for name, row in rows["unconfirmed"].items()},
            sensitive={name: re.compile(row) for name, row in rows["sensitive"].items()},
        )

    def read(self, text: str) -> Reading:
        """Read one text (or a merged burst); any string is fine, also empty, emoji or 100 kB."""
        folded = _SPACES.sub(" ", fold(text[:4000])).strip()
        says = {name: bool(pattern.search(folded)) for name, pattern in self.one.items()}
        emergency, unconfirmed = self._emergency(folded, still=says["still"])
        how_to = says["how_to"]
        question = says["question"] and not says["greeting"]
        return Reading(
            text=folded,
            level=self._level(says, emergency=emergency and not unconfirmed),
            emergency=emergency and not unconfirmed,
            unconfirmed=unconfirmed if emergency else None,
            question=question,
            how_to=how_to,
            whole=(question or how_to or says["bug"]) and len(folded) >= _SHORTEST_WHOLE and not says["chaser"],
            wants_human=says["human"],
            not_solved=says["not_solved"],
            upset=says["upset"],
            sensitive=self._sensitive(folded, asked=says["request"] and not how_to),
            urgent=says["urgent"],
            chaser=says["chaser"],
            greeting=says["greeting"],
            thanks=says["thanks"],
            assent=says["assent"],
            stand_down=says["stand_down"],
            about_bot=says["about_bot"],
            empty=not folded or (bool(_WORDLESS.match(folded)) and not says["chaser"]),
        )

    def _emergency(self, folded: str, *, still: bool) -> tuple[bool, str | None]:
        if not any(p.search(folded) for p in self.emergency) or any(p.search(folded) for p in self.not_emergency):
            return False, None
        doubts = (name for name, p in self.unconfirmed.items() if p.search(folded))
        return True, next((name for name in doubts if not (name == "past" and still)), None)

    def _sensitive(self, folded: str, *, asked: bool) -> bool:
        return bool(self.sensitive["always"].search(folded) or (asked and self.sensitive["asked"].search(folded)))

    def _level(self, says: Mapping[str, bool], *, emergency: bool) -> Level:
        if emergency:
            return Level.EMERGENCY
        if says["change"] and not says["how_to"]:
            return Level.CHANGE
        return Level.BUG if says["bug"] else Level.QUESTION
