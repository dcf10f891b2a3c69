"""When somebody is asked how it went."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handoff.kinds import PersonKind, Role
from handoff.model import Person
from success.rating_rules import Ask, Later, Leave, Matter, closed_to, concerned, when_to_ask

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
MATTER = Matter(
    resolved_at=NOON - timedelta(minutes=1), asked=False, from_client=True, reachable=True, last_asked_at=None
)


def at(hour: int, minute: int = 0, *, day: int = 23) -> datetime:
    """That time of a day in Shanghai."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("now", "decided"),
    [
        (at(9), Ask()),
        (at(20, 59), Ask()),
        (at(21), Later(at(9, day=24))),
        (at(23, 30), Later(at(9, day=24))),
        (at(0, 5), Later(at(9))),
        (at(8, 59), Later(at(9))),
    ],
)
def test_nobody_is_asked_at_night(now: datetime, decided: object) -> None:
    """From nine to nine in the client's own zone; else at nine."""
    matter = replace(MATTER, resolved_at=now)
    assert when_to_ask(matter, zone="Asia/Shanghai", now=now) == decided


def test_night_is_the_clients_own() -> None:
    """The same instant is noon in Shanghai and night in New York, on a day whose clocks change too."""
    assert when_to_ask(MATTER, zone="Asia/Shanghai", now=NOON) == Ask()
    assert when_to_ask(MATTER, zone="America/New_York", now=NOON) == Later(datetime(2026, 11, 23, 14, tzinfo=UTC))
    fold = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    night = replace(MATTER, resolved_at=fold)
    assert when_to_ask(night, zone="America/New_York", now=fold) == Later(datetime(2026, 11, 1, 14, tzinfo=UTC))


@pytest.mark.parametrize(
    ("changes", "decided"),
    [
        ({}, Ask()),
        ({"resolved_at": None}, Leave.NOT_RESOLVED),
        ({"asked": True}, Leave.ASKED),
        ({"from_client": False}, Leave.NOT_A_CLIENT),
        ({"reachable": False}, Leave.NO_WAY),
        ({"resolved_at": NOON - timedelta(days=3)}, Ask()),
        ({"resolved_at": NOON - timedelta(days=3, seconds=1)}, Leave.STALE),
        ({"last_asked_at": NOON - timedelta(days=7)}, Ask()),
        ({"last_asked_at": NOON - timedelta(days=7) + timedelta(seconds=1)}, Leave.RECENT),
    ],
)
def test_once_a_ticket_and_once_a_week_a_person(changes: dict[str, object], decided: object) -> None:
    """What keeps us from asking, to the second."""
    assert when_to_ask(replace(MATTER, **changes), zone="Asia/Shanghai", now=NOON) == decided  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("resolved", "answered", "why"),
    [
        (timedelta(), None, None),
        (None, None, "not_resolved"),
        (timedelta(days=30), None, "late"),
        (timedelta(days=30) - timedelta(seconds=1), None, None),
        (timedelta(days=2), timedelta(days=1), "settled"),
        (timedelta(days=2), timedelta(days=1) - timedelta(seconds=1), None),
        (None, timedelta(hours=1), None),  # re-opened meanwhile: what was said may still be mended
    ],
)
def test_an_answer_may_be_changed_for_a_day(
    resolved: timedelta | None, answered: timedelta | None, why: str | None
) -> None:
    """And given for thirty days after the ticket was resolved."""
    instants = {
        "resolved_at": None if resolved is None else NOON - resolved,
        "answered_at": None if answered is None else NOON - answered,
    }
    assert closed_to(**instants, now=NOON) == why  # type: ignore[arg-type]


def person(number: int, role: Role, *, active: bool = True) -> Person:
    return Person(
        id=number, kind=PersonKind.STAFF, name=str(number), client_id=None, role=role, login=str(number), active=active
    )


def test_a_low_rating_concerns_the_manager_else_the_leads_else_the_admins() -> None:
    """Never nobody as long as somebody leads, never one who has left."""
    manager, lead, admin = person(1, Role.SUCCESS), person(2, Role.LEAD), person(3, Role.ADMIN)
    assert concerned(manager_id=1, staff=[manager, lead, admin]) == (1,)
    assert concerned(manager_id=1, staff=[replace(manager, active=False), lead, admin]) == (2,)
    assert concerned(manager_id=None, staff=[lead, admin, person(4, Role.AGENT)]) == (2,)
    assert concerned(manager_id=None, staff=[admin]) == (3,)
