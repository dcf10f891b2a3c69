"""A client's request that nobody answers: what is one, and what counts as an answer (*May it speak*). Pure.

An answer is a word of a colleague, an answer or a hand-off of the bot's to the same person, a reply to the message
itself by anybody else, or the asker saying that it is settled. Emoji answer nothing; a greeting of the bot's neither.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.gate import Called
from bot.triage import Reading
from handoff.kinds import Author, Level, Outcome
from handoff.model import Message, Turn
from handoff.waits import wordless

CALL: Final = "@"
WATCHED: Final = frozenset({"not_addressed", "shadow", "unsure", "person_handles"})
"""Why the bot said nothing where somebody may be waiting all the same."""
_CALLED: Final = re.compile(r"(?<!\S)[@＠](\S{1,64})")
_EMPTY_WORDS: Final = frozenset({"greeting", "about_bot"})


@dataclass(frozen=True, kw_only=True)
class Request:
    """How a silent turn reads. `plain`: nothing but a question, which may be meant for another of the client's."""

    plain: bool


def called(text: str, *, colleagues: Sequence[str]) -> Called | None:
    """Whom a text @s: one of ours by name or sign-in name ("@lin_agent" is lin), else somebody; None: nobody."""
    names = [found.casefold() for found in _CALLED.findall(text)]
    if not names:
        return None
    ours = [name.casefold() for name in colleagues if name.strip()]
    return "colleague" if any(_is_named(name, one) for name in names for one in ours) else "other"


def request(reading: Reading, *, spoken_to: bool, whom: Called | None, files: bool) -> Request | None:
    """What a message asks of us; None for small talk, thanks, chasing, and what is for another of the client's."""
    if reading.empty:
        return Request(plain=False) if files and spoken_to else None
    if reading.small_talk or reading.chaser or (whom == "other" and not spoken_to):
        return None
    wish = reading.wants_human or reading.upset or reading.sensitive
    if spoken_to or whom == "colleague" or wish or reading.how_to or reading.level is not Level.QUESTION:
        return Request(plain=False)
    return Request(plain=True) if reading.asks else None


def answered(
    asked: Turn,
    later: Iterable[Message],
    *,
    plain: bool,
    turns: Mapping[int, Turn],
    read: Callable[[str], Reading],
) -> str | None:
    """Why a request needs nobody any more; None: it still waits.

    `later` is what the client sees after the message, oldest first; `turns` are those of the bot's words in it.
    """
    others = False
    for said in later:
        if said.author is Author.SYSTEM or (wordless(said.text) and not said.attachments):
            continue
        mine = said.person_id == asked.person_id and said.author is Author.CLIENT
        if why := _answer(asked, said, turns, mine=mine):
            return why
        if mine and _settles(read(said.text), others=others):
            return "settled"
        others = others or (said.author is Author.CLIENT and not mine)
        if plain and others:
            return "among_clients"
    return None


def _answer(asked: Turn, said: Message, turns: Mapping[int, Turn], *, mine: bool) -> str | None:
    if said.author is Author.STAFF:
        return "colleague"
    if not mine and said.reply_to in asked.message_ids:
        return "reply"
    by = turns.get(said.turn_id or 0) if said.author is Author.BOT else None
    if by is None or by.person_id != asked.person_id or by.outcome is Outcome.SILENT or by.reason in _EMPTY_WORDS:
        return None
    return "bot"


def _settles(reading: Reading, *, others: bool) -> bool:
    """The asker says that it is done; a bare thanks or "ok" does so only after somebody else spoke."""
    done = reading.settled or reading.stand_down
    return not reading.chaser and (done or (others and (reading.thanks or reading.assent)))


def _is_named(called_: str, name: str) -> bool:
    """Whether a call begins with this name, as a word of its own."""
    rest = called_.removeprefix(name)
    return rest != called_ and not (rest[:1].isascii() and rest[:1].isalnum())
