"""The account of a deadline in words, from the real desk's ledger."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from console.texts import LANGUAGES, Texts
from console.why import Account, accounts
from handoff.kinds import EventKind, Level, Tier
from handoff.ledger import SIGNALLED, SILENT, account
from handoff.model import TicketEvent
from handoff.policy import Book, load

BOOK = Book(current=load())
TEXTS = Texts.shipped()
Step = tuple[datetime, str, dict[str, Any]]


def april(day: int, hour: int, minute: int = 0) -> datetime:
    """An hour of April 2026 in Shanghai; beyond the 30th, of May."""
    month, day = (4, day) if day <= 30 else (5, day - 30)
    return datetime(2026, month, day, hour - 8, minute, tzinfo=UTC)


def told(
    opened: datetime, *steps: Step, now: datetime, level: Level, tier: Tier = Tier.GOLD, language: str = "en"
) -> dict[str, Account]:
    """The accounts of a ticket, by clock and run."""
    first = (opened, "opened", {"level": str(level), "tier": str(tier), "policy": BOOK.current.version})
    events = [
        TicketEvent(id=n, ticket_id=1, seq=n, at=at, recorded_at=at, kind=EventKind(kind), data=data)
        for n, (at, kind, data) in zip(count(1), [first, *steps], strict=False)
    ]
    found = accounts(account(events, BOOK, now=now), TEXTS, language)
    return {f"{one.clock}{one.cycle}": one for one in found}


def test_windows_are_added_up_over_the_night() -> None:
    """A gold question at 19:30: an hour and a half that day, the rest from nine."""
    one = told(april(15, 19, 30), now=april(15, 19, 31), level=Level.QUESTION)["FR1"]
    assert one.title == "First response · 4 h, every day, extended hours"
    assert one.calendar == "counts Mon-Sun 09:00-21:00, Asia/Shanghai time"
    assert [(row.when, row.words) for row in one.rows] == [
        ("2026-04-15 Wed 19:30", "Starts: the client's message that was left unresolved"),
        ("2026-04-15 Wed 19:30-21:00", "counts 1 h 30 min, 1 h 30 min in all"),
        ("2026-04-16 Thu 09:00-11:30", "counts 2 h 30 min, 4 h in all"),
    ]
    assert one.verdict == "Due 2026-04-16 Thu 11:30"
    assert one.due_at == april(16, 11, 30)


def test_holidays_make_up_days_and_pauses_are_named() -> None:
    """A bug filed before the May holidays of 2026 that waits for the client over Thursday's close."""
    steps = [
        (april(30, 11), "replied", {"holding": False}),
        (april(30, 12), "waited", {"on": "client"}),
        (april(36, 10), "client_wrote", {"meaning": "content"}),
    ]
    one = told(april(29, 10), *steps, now=april(36, 11), level=Level.BUG)["RS1"]
    rows = [(row.when, row.words) for row in one.rows]
    assert rows[:5] == [
        ("2026-04-29 Wed 10:00", "Starts: the client's message that was left unresolved"),
        ("2026-04-30 Thu 12:00", "Pauses: waiting"),
        ("2026-04-30 Thu 18:00", "the clock did not run at this day's close"),
        ("2026-05-01 Fri", "public holiday or closed"),
        ("2026-05-04 Mon", "public holiday or closed"),
    ]
    assert ("2026-05-06 Wed 10:00", "Goes on: the client wrote") in rows
    assert ("2026-05-06 Wed 18:00", "working day 1 of 3 is used up") in rows
    assert rows[-1] == ("2026-05-08 Fri 18:00", "working day 3 of 3 is used up")
    assert one.verdict == "Due 2026-05-08 Fri 18:00"


def test_a_make_up_working_day_counts() -> None:
    """Saturday 9 May 2026 is worked, so that three days from Thursday end on Monday."""
    one = told(april(37, 10), now=april(37, 11), level=Level.BUG)["RS1"]
    rows = [(row.when, row.words) for row in one.rows]
    assert ("2026-05-09 Sat", "make-up working day") in rows
    assert ("2026-05-09 Sat 18:00", "working day 2 of 3 is used up") in rows
    assert one.verdict == "Due 2026-05-11 Mon 18:00"


def test_a_paused_a_late_and_a_cancelled_clock_say_so() -> None:
    """The last word is the state's."""
    waits = [(april(15, 10, 30), "replied", {}), (april(15, 10, 40), "waited", {"on": "client"})]
    paused = told(april(15, 10), *waits, now=april(15, 12), level=Level.EMERGENCY)
    assert paused["RS1"].verdict == "Paused; due 2026-04-15 Wed 15:20 if it went on now"
    assert paused["FR1"].verdict == "Stopped in time; would have been due 2026-04-15 Wed 11:00"
    late = told(april(15, 10), now=april(15, 12), level=Level.EMERGENCY)["FR1"]
    assert late.verdict == "Was due 2026-04-15 Wed 11:00: late"
    merged = told(april(15, 10), (april(15, 11), "merged", {"into": 2}), now=april(15, 12), level=Level.QUESTION)["FR1"]
    assert merged.verdict == "Cancelled; neither met nor missed"
    assert merged.rows[-1].words == "Counted anew from its start: merged into another ticket; target none"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_and_signal_has_words_in_every_language(language: str) -> None:
    """Whatever event moves a clock is named; each wait of the client has an account of its own."""
    steps = [
        (april(15, 11), "replied", {}),
        (april(15, 12), "client_wrote", {"meaning": "content"}),
        (april(15, 13), "replied", {}),
        (april(15, 14), "client_wrote", {"meaning": "content"}),
        (april(15, 15), "level_set", {"level": "bug"}),
        (april(15, 16), "returned", {}),
    ]
    found = told(april(15, 10), *steps, now=april(15, 17), level=Level.QUESTION, language=language)
    assert set(found) == {"FR1", "RS1", "NR1", "NR2"}
    assert all(row.words and row.when for one in found.values() for row in one.rows)
    moving = (
        set(EventKind) - SILENT - {EventKind.UNACKNOWLEDGED, EventKind.FOLLOW_UP, EventKind.REMINDED, EventKind.WOKEN}
    )
    assert {f"why.cause.{kind}" for kind in moving} | {f"why.signal.{name}" for name in SIGNALLED.values()} <= set(
        TEXTS.entries
    )
