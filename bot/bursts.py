"""Merging a burst: "在吗" · "那个" · "首页标题怎么改" are one turn (conversation.md, *Bursts*). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.triage import Reading

QUIET = timedelta(seconds=2)
LONGEST = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One waiting message of a person: when it was stored and how it reads by itself."""

    stored_at: datetime
    reading: Reading
    addressed: bool


def ready_at(pieces: Sequence[Piece], *, more: bool = False) -> datetime:
    """When this burst may be answered: at once if it holds an emergency or ends in a whole, addressed question.

    `more`: its last pieces may still be on the way, as of an album; only an emergency does not wait for them.
    Otherwise after `QUIET` without a further message, and `LONGEST` after the first one at most.
    """
    last = pieces[-1]
    complete = last.addressed and last.reading.whole and not more
    if complete or any(piece.reading.emergency for piece in pieces):
        return last.stored_at
    return min(last.stored_at + QUIET, pieces[0].stored_at + LONGEST)
