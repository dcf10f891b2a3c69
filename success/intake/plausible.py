"""Whether an answer can be true, by the form's limits. Pure."""

from datetime import date, timedelta
from typing import Literal

from success.intake.form_model import Question
from success.intake.values import Money, Number, Time, Value

Reason = Literal["too_small", "too_large", "past", "too_soon", "too_far"]


def reason(question: Question, value: Value, *, today: date) -> Reason | None:
    """Why a value can hardly be true; None where it can."""
    match value:
        case Money(currency=currency, low=low, high=high):
            return _beyond(
                question, currency, low=high if high is not None else low, high=low if low is not None else high
            )
        case Number(value=number):
            return _beyond(question, "", low=number, high=number)
        case Time(by=by) if by is not None:
            return _too_early(question, by, today) or _too_late(question, by, today)
    return None


def _beyond(question: Question, unit: str, *, low: int | None, high: int | None) -> Reason | None:
    """A range is too small by its top (`low`), and too large by its bottom (`high`)."""
    least, most = question.least.get(unit), question.most.get(unit)
    if least is not None and low is not None and low < least:
        return "too_small"
    return "too_large" if most is not None and high is not None and high > most else None


def _too_early(question: Question, by: date, today: date) -> Reason | None:
    if by < today:
        return "past"
    return "too_soon" if by < today + timedelta(days=question.soonest) else None


def _too_late(question: Question, by: date, today: date) -> Reason | None:
    return "too_far" if question.latest and (by - today).days > question.latest else None
