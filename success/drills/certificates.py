"""Certificates: given to who passed an exam, shown, taken back. Transaction bodies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from handoff.errors import NotFound
from handoff.figures import home_zone
from success.drill_tables import certificate as kept
from success.drills import exam_rules

MOST: Final = 500


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """That somebody passed; good through `valid_until` unless it was revoked."""

    id: int
    number: str
    seat_id: int
    person_id: int
    title: str
    percent: int
    given_on: date
    valid_until: date
    revoked_at: datetime | None

    def good(self, today: date) -> bool:
        """Whether it holds today."""
        return self.revoked_at is None and today <= self.valid_until


def give(
    conn: Connection, *, seat_id: int, person_id: int, title: str, percent: int, months: int, now: datetime
) -> None:
    """Give somebody a certificate for an exam that was passed today, good for so many months."""
    today = now.astimezone(home_zone(conn)).date()
    row = {
        "number": f"seat-{seat_id}", "seat_id": seat_id, "person_id": person_id, "title": title, "percent": percent,
        "given_on": today, "valid_until": exam_rules.months_later(today, months), "at": now,
    }  # fmt: skip
    made = conn.execute(insert(kept).values(row).returning(kept.c.id)).scalar_one()
    conn.execute(update(kept).where(kept.c.id == made).values(number=exam_rules.number(made, today)))


def of_seats(conn: Connection, seats: Sequence[int]) -> dict[int, Certificate]:
    """The certificates of seats, by seat."""
    rows = conn.execute(select(kept).where(kept.c.seat_id.in_(seats))).mappings()
    return {row["seat_id"]: _certificate(row) for row in rows}


def certificate(conn: Connection, number: str) -> Certificate:
    """The certificate of a number. Raises NotFound."""
    row = conn.execute(select(kept).where(kept.c.number == number)).mappings().first()
    if row is None:
        raise NotFound("certificate", 0)
    return _certificate(row)


def of_person(conn: Connection, person_id: int | None = None) -> tuple[Certificate, ...]:
    """Certificates, the newest first; one person's, or everybody's."""
    mine = [kept.c.person_id == person_id] if person_id is not None else []
    rows = conn.execute(select(kept).where(*mine).order_by(kept.c.id.desc()).limit(MOST))
    return tuple(_certificate(row) for row in rows.mappings())


def revoke(conn: Connection, number: str, *, by: int, now: datetime) -> None:
    """Take a certificate back. Raises NotFound."""
    found = certificate(conn, number)
    values = {"revoked_at": now, "revoked_by": by}
    conn.execute(update(kept).where(kept.c.id == found.id, kept.c.revoked_at.is_(None)).values(values))


def _certificate(row: Mapping[Any, Any]) -> Certificate:
    return Certificate(**{name: row[name] for name in Certificate.__dataclass_fields__})
