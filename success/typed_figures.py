"""Figures that the desk cannot know and an admin types: a month's revenue, what came of a training. Transaction bodies.

A month's service revenue is typed too, else it is what the agreements in force come to: a year's fee by twelve.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, select, update

from handoff.agreements import FEES_IN
from handoff.contract_tables import agreement as agreements
from handoff.rows import clean
from store.db import insert_into
from success.errors import FeedbackRefused
from success.feedback_tables import revenue as revenues
from success.feedback_tables import training as trainings

MOST: Final = 10**12
TOPIC_LENGTH: Final = 120
MOST_PEOPLE: Final = 10_000
_MONTH: Final = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)
_MONTHS: Final = 12


@dataclass(frozen=True, kw_only=True)
class Revenue:
    """A month's revenue in whole units; `service` is None where it was not typed, `fees` what agreements come to."""

    month: str
    total: int
    service: int | None
    fees: int
    by_id: int | None
    at: datetime

    @property
    def of_service(self) -> int:
        """What counts as service."""
        return self.fees if self.service is None else self.service

    @property
    def share(self) -> float | None:
        """The share of service; None in a month without revenue."""
        return min(1.0, self.of_service / self.total) if self.total else None


@dataclass(frozen=True, kw_only=True)
class Training:
    """What came of one session."""

    id: int
    held_on: date
    topic: str
    took_part: int
    passed: int
    by_id: int | None
    at: datetime


def keep_revenue(conn: Connection, *, month: str, total: int, service: int | None, by: int, now: datetime) -> None:
    """Keep a month's revenue; typed again it replaces what was. Raises FeedbackRefused: month, total, service."""
    if not _MONTH.fullmatch(month):
        raise FeedbackRefused("month")
    if not 0 <= total <= MOST:
        raise FeedbackRefused("total")
    if service is not None and not 0 <= service <= total:
        raise FeedbackRefused("service")
    row = {"month": month, "total": total, "service": service, "by_id": by, "at": now}
    conn.execute(insert_into(conn, revenues).values(row).on_conflict_do_update(index_elements=["month"], set_=row))


def revenue(conn: Connection) -> tuple[Revenue, ...]:
    """Every month that was typed, the latest first."""
    rows = conn.execute(select(revenues).order_by(revenues.c.month.desc())).mappings().all()
    spans = _fees(conn)
    return tuple(
        Revenue(
            month=row["month"], total=row["total"], service=row["service"], by_id=row["by_id"], at=row["at"],
            fees=_of_month(first_of(row["month"]), spans),
        )
        for row in rows
    )  # fmt: skip


def keep_training(
    conn: Connection, *, held_on: date, topic: str, took_part: int, passed: int, by: int, today: date, now: datetime
) -> None:
    """Keep what came of a session. Raises FeedbackRefused: ``held_on``, ``topic``, ``took_part``, ``passed``."""
    said = " ".join(clean(topic).split())
    fits = {
        "held_on": held_on <= today,
        "topic": bool(said) and len(said) <= TOPIC_LENGTH,
        "took_part": 1 <= took_part <= MOST_PEOPLE,
        "passed": 0 <= passed <= took_part,
    }
    if (wrong := next((name for name, fit in fits.items() if not fit), None)) is not None:
        raise FeedbackRefused(wrong)
    row = {"held_on": held_on, "topic": said, "took_part": took_part, "passed": passed, "by_id": by, "at": now}
    conn.execute(insert_into(conn, trainings).values(row))


def remove_training(conn: Connection, training_id: int, *, by: int) -> None:
    """Take a session out of the figures."""
    mine = (trainings.c.id == training_id, trainings.c.removed_by.is_(None))
    conn.execute(update(trainings).where(*mine).values(removed_by=by))


def training(conn: Connection) -> tuple[Training, ...]:
    """Every session that counts, the latest first."""
    query = select(trainings).where(trainings.c.removed_by.is_(None))
    rows = conn.execute(query.order_by(trainings.c.held_on.desc(), trainings.c.id.desc())).mappings()
    return tuple(_training(row) for row in rows)


def first_of(month: str) -> date:
    """A month's first day."""
    return date.fromisoformat(f"{month}-01")


def _fees(conn: Connection) -> list[tuple[date, date | None, int]]:
    """What agreements that were not replaced cost a year, with their first and their last day."""
    query = select(agreements.c.starts_on, agreements.c.ends_on, agreements.c.fee).where(
        agreements.c.replaced_at.is_(None), agreements.c.fee.is_not(None), agreements.c.currency == FEES_IN
    )
    return [(row.starts_on, row.ends_on, row.fee) for row in conn.execute(query)]


def _of_month(first: date, spans: list[tuple[date, date | None, int]]) -> int:
    """The fees of those in force on a month's first day or begun in it, a twelfth each."""
    after = date(first.year + first.month // _MONTHS, first.month % _MONTHS + 1, 1)
    return round(
        sum(fee for starts, ends, fee in spans if starts < after and (ends is None or ends >= first)) / _MONTHS
    )


def _training(row: Mapping[Any, Any]) -> Training:
    return Training(**{name: row[name] for name in Training.__dataclass_fields__})
