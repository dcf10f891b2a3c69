"""Exams: what one is made of, whether another attempt may begin, what an attempt comes to, certificates. Pure."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from success.quizzes import Question

GOAL: Final = 0.9
"""The share of people who pass, of those whose exam is settled."""
MOST_DRILLS: Final = 8
TITLE_LENGTH: Final = 80
ATTEMPTS: Final = range(1, 11)
WAIT_HOURS: Final = range(721)
VALID_MONTHS: Final = range(1, 61)
MARKS: Final = range(1, 101)
_WHOLE: Final = 100
_MONTHS: Final = 12


@dataclass(frozen=True, kw_only=True)
class ExamDraft:
    """An exam as a lead describes it: drills by name, questions, and its rules."""

    title: str
    drills: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    pass_mark: int = 80
    attempts: int = 3
    wait_hours: int = 24
    valid_months: int = 12


@dataclass(frozen=True, kw_only=True)
class Taken:
    """An attempt that was ended, or is under way (`ended_at` None)."""

    number: int
    ended_at: datetime | None
    passed: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an attempt comes to: per cent of drills and questions alike, and whether that passes."""

    percent: int
    passed: bool


def wrong(draft: ExamDraft) -> str | None:
    """The field of a draft that cannot be meant; None where all can."""
    checks = {
        "title": not draft.title.strip() or len(draft.title) > TITLE_LENGTH,
        "parts": not draft.drills and not draft.questions,
        "drills": len(draft.drills) > MOST_DRILLS or len(set(draft.drills)) != len(draft.drills),
        "pass_mark": draft.pass_mark not in MARKS,
        "attempts": draft.attempts not in ATTEMPTS,
        "wait_hours": draft.wait_hours not in WAIT_HOURS,
        "valid_months": draft.valid_months not in VALID_MONTHS,
    }
    return next((name for name, bad in checks.items() if bad), None)


def may_begin(
    tries: Sequence[Taken], *, attempts: int, wait: timedelta, due_at: datetime, withdrawn: bool, now: datetime
) -> str | None:
    """Why no attempt may begin now: withdrawn, passed, open, used_up, late, wait; None where one may."""
    reasons = {
        "withdrawn": withdrawn,
        "passed": any(each.passed for each in tries),
        "open": any(each.ended_at is None for each in tries),
        "used_up": len(tries) >= attempts,
        "late": now > due_at,
        "wait": (from_when := next_from(tries, wait=wait)) is not None and now < from_when,
    }
    return next((why for why, holds in reasons.items() if holds), None)


def next_from(tries: Sequence[Taken], *, wait: timedelta) -> datetime | None:
    """From when on the next attempt may begin; None where there was none before."""
    ended = [each.ended_at for each in tries if each.ended_at is not None]
    return max(ended) + wait if ended else None


def outcome(drills: Sequence[tuple[int, bool]], *, right: int, asked: int, pass_mark: int) -> Outcome:
    """An attempt's result: the mean of its drills' per cent and of its questions, each drill and the questions once.

    A drill in which something critical failed, or that was missed by its own mark, lets nobody pass.
    """
    parts = [percent for percent, _ in drills] + ([right * _WHOLE / asked] if asked else [])
    percent = int(sum(parts) / len(parts) + 1e-9) if parts else 0
    return Outcome(percent=percent, passed=percent >= pass_mark and all(passed for _, passed in drills))


def settled_at(
    tries: Sequence[Taken], *, attempts: int, due_at: datetime, now: datetime
) -> tuple[datetime, bool] | None:
    """When an exam was over for somebody, and whether passed: at the attempt that passes, the last one, or the day it
    was due; None while it is open.
    """
    passed = next((each.ended_at for each in tries if each.passed and each.ended_at), None)
    if passed is not None:
        return passed, True
    ended = [each.ended_at for each in tries if each.ended_at is not None]
    if len(ended) >= attempts:
        return max(ended), False
    return (due_at, False) if now > due_at else None


def number(certificate_id: int, day: date) -> str:
    """A certificate's number: C-2026-0007."""
    return f"C-{day.year}-{certificate_id:04d}"


def months_later(day: date, months: int) -> date:
    """The same day so many months later; the last of a month that is shorter."""
    year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
