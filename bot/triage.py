"""What a message says before any model is asked: level, wishes, mood, kind. Rules are data (`triage.yaml`). Pure.

The text is folded first (lower case, half width, simplified script), so every pattern is written once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handoff.kinds import Level, MessageKind
from knowledge.language import fold

_SHORTEST_WHOLE = 5  # characters of a question that can stand by itself: "怎么续费域名" does, "怎么改" does not
_SPACES = re.compile(r"\s+")
_WORDLESS = re.compile(r"^[\W_]*$")
_HEAD, _TAIL = 3000, 1000  # of a longer text its beginning and its end are read: a pasted log, then the matter
_HITS = 20  # places of trouble that are looked at closely; a text with more of them says it again and again
_WITH_IT = 4  # characters after the words of trouble that still belong to them: "…打不开的时候", "…崩溃吗"
_WORD = re.compile(r"<(\w+)>")
_CLAUSE_END, _SENTENCE_END = re.compile(r"[,。!?;]"), re.compile(r"[。!?;]")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How one text reads. `emergency` is what wakes people; `unconfirmed` names why it may be none after all."""

    text: str
    level: Level
    emergency: bool = False
    unconfirmed: str | None = None  # past | others | supposed | forwarded | partial | unnamed
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
    denial: bool = False
    settled: bool = False
    about_bot: bool = False
    vague: bool = False
    empty: bool = False

    @property
    def small_talk(self) -> bool:
        """Nothing here asks for anything."""
        return self.empty or self.thanks or (self.greeting and not self.question)

    @property
    def asks(self) -> bool:
        """Whether it reads as a question, a request or a report, and not as talk or as chasing."""
        matter = self.question or self.how_to or self.whole or self.level is not Level.QUESTION
        return matter and not (self.small_talk or self.chaser)

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
    unconfirmed: Mapping[str, Mapping[str, re.Pattern[str]]]
    sensitive: Mapping[str, re.Pattern[str]]

    @classmethod
    def parse(cls, rows: Mapping[str, Any]) -> "Rules":
        """Compile the data of the file; a broken pattern raises `re.error`, an unknown `<word>` `KeyError`."""
        words: dict[str, str] = {}
        for name, row in rows["words"].items():
            words[name] = _spelled(row, words)

        def compiled(patterns: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
            return {name: re.compile(_spelled(row, words)) for name, row in patterns.items()}

        return cls(
            one=compiled({name: row for name, row in rows.items() if isinstance(row, str)}),
            emergency=tuple(re.compile(_spelled(row, words)) for row in rows["emergency"]),
            not_emergency=tuple(re.compile(_spelled(row, words)) for row in rows["not_emergency"]),
            unconfirmed={place: compiled(patterns) for place, patterns in rows["unconfirmed"].items()},
            sensitive=compiled(rows["sensitive"]),
        )

    def read(self, text: str) -> Reading:
        """Read one text (or a merged burst); any string is fine, also empty, emoji or 100 kB."""
        folded = _SPACES.sub(" ", _shortened(fold(_shortened(text)))).strip()
        says = {name: bool(pattern.search(folded)) for name, pattern in self.one.items()}
        emergency, unconfirmed = self._emergency(folded)
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
            denial=says["denial"],
            settled=says["settled"],
            about_bot=says["about_bot"],
            vague=says["vague"],
            empty=not folded or (bool(_WORDLESS.match(folded)) and not says["chaser"]),
        )

    def _emergency(self, folded: str) -> tuple[bool, str | None]:
        """Whether the words of an emergency stand there unguarded, and what makes it doubtful (nothing: it is one)."""
        guards = [m.span() for p in self.not_emergency for m in p.finditer(folded)]
        hits = [
            m.span()
            for p in self.emergency
            for m in p.finditer(folded)
            if not any(start < m.end() and m.start() < end for start, end in guards)
        ]
        if not hits or self.one["over"].search(folded, max(start for start, _ in hits)):
            return False, None
        doubts = [self._doubt(folded, start, end) for start, end in hits[:_HITS]]
        return True, None if None in doubts else doubts[0]

    def _doubt(self, folded: str, start: int, end: int) -> str | None:
        sentence, clause = _begin(_SENTENCE_END, folded, start), _begin(_CLAUSE_END, folded, start)
        close = _CLAUSE_END.search(folded, end)
        until = close.start() if close else len(folded)
        places = {"clause": folded[clause:until], "lead": folded[sentence : min(until, end + _WITH_IT)], "text": folded}
        for place, doubts in self.unconfirmed.items():
            for name, pattern in doubts.items():
                if pattern.search(places[place]) and not (name == "past" and self.one["still"].search(folded)):
                    return name
        return None

    def _sensitive(self, folded: str, *, asked: bool) -> bool:
        return bool(self.sensitive["always"].search(folded) or (asked and self.sensitive["asked"].search(folded)))

    def _level(self, says: Mapping[str, bool], *, emergency: bool) -> Level:
        if emergency:
            return Level.EMERGENCY
        if says["bug"]:
            return Level.BUG
        return Level.CHANGE if says["change"] and not says["how_to"] else Level.QUESTION


def _spelled(pattern: str, words: Mapping[str, str]) -> str:
    return _WORD.sub(lambda m: words[m[1]], pattern)


def _shortened(text: str) -> str:
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}"


def _begin(edge: re.Pattern[str], text: str, at: int) -> int:
    """Where the part of `text` that holds place `at` begins."""
    return max((m.end() for m in edge.finditer(text, 0, at)), default=0)
