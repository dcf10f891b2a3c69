"""Whether a message carries on the question before it ("那手机版呢?"). Pure."""

import re
from datetime import datetime, timedelta
from typing import Final

from bot.triage import Reading
from handoff.model import Turn

SAME_TALK: Final = timedelta(minutes=15)
"""Within it, a short message may carry on the question before."""
_BRIEF: Final = 12  # characters of Chinese; a word of English says about as much as two
#: Evidence of a short message alone below which, and of it with the question before above which, it carries that on.
#: Of .4 to .9, these lose least where a short question opens another matter (benchmarks/golden.py, asked in pairs).
_WEAK_ALONE, _SURE_TOGETHER = 0.8, 0.9
_HAN, _WORD = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[a-z0-9]+")
_CARRIES_ON = re.compile(
    r"^(?:那|那么|还有|另外|这个|那个|它|它们|上面|刚才|如果是|换成|要是|"
    r"and\b|what about|how about|what if|then\b|also\b|it\b|that\b|this\b|those\b|so\b|but\b)|"
    r"^[^,。!?]{1,10}(?:呢|的话|也一样吗|也行吗|可以吗)[?!。]*$"
)


def carries_on(reading: Reading, *, last_turn: Turn | None, now: datetime) -> bool:
    """Whether a message looks like a follow-up ("那手机版呢?") to the turn before, a moment ago."""
    if last_turn is None or now - last_turn.at > SAME_TALK or not last_turn.question:
        return False
    return reading.chaser or bool(_CARRIES_ON.search(reading.text))


def may_carry_on(reading: Reading, *, last_turn: Turn | None, now: datetime) -> bool:
    """Whether a short message deserves a second look together with the turn before."""
    recent = last_turn is not None and now - last_turn.at <= SAME_TALK and bool(last_turn.question)
    return recent and _said(reading.text) <= _BRIEF


def carried(*, alone: float, together: float) -> bool:
    """Whether the evidence says that a short message carries on the question before, and is no matter of its own."""
    return alone < _WEAK_ALONE and together > _SURE_TOGETHER


def _said(text: str) -> int:
    """How much a text says, in characters of Chinese."""
    words = len(_WORD.findall(text))
    return len(_HAN.findall(text)) + 2 * words
