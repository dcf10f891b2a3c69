"""Who is told, and when somebody is on duty."""

from datetime import UTC, datetime

import pytest

from handoff.model import Level, NoticeKind, Person, PersonKind, Role, Tier
from handoff.policy import load
from handoff.routing import on_duty_at, recipients

STAFF = [
    Person(id=1, kind=PersonKind.STAFF, name="Ann", role=Role.AGENT),
    Person(id=2, kind=PersonKind.STAFF, name="Bob", role=Role.AGENT),
    Person(id=3, kind=PersonKind.STAFF, name="Li", role=Role.LEAD),
    Person(id=4, kind=PersonKind.STAFF, name="Gone", role=Role.LEAD, active=False),
]


@pytest.mark.parametrize(
    ("kind", "assignee", "told"),
    [
        (NoticeKind.OPENED, None, (1, 2, 3)),
        (NoticeKind.EMERGENCY, 1, (1, 2, 3)),
        (NoticeKind.WARNING, 1, (1,)),
        (NoticeKind.WARNING, None, (1, 2, 3)),
        (NoticeKind.WARNING, 4, (1, 2, 3)),  # somebody who left
        (NoticeKind.BREACH, 1, (3, 1)),
        (NoticeKind.BREACH, 3, (3,)),
        (NoticeKind.BREACH, None, (3,)),
        (NoticeKind.UNACKNOWLEDGED, None, (3,)),
        (NoticeKind.CLIENT_REPLIED, 2, (2,)),
        (NoticeKind.FOLLOW_UP, 2, (2,)),
    ],
)
def test_each_notice_reaches_whom_it_concerns(kind: NoticeKind, assignee: int | None, told: tuple[int, ...]) -> None:
    """The assignee, the leads, or everybody; never somebody who left."""
    assert recipients(kind, assignee_id=assignee, staff=STAFF) == told


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_nobody_to_tell_means_everybody(kind: NoticeKind) -> None:
    """Without leads everybody hears of a breach; without staff the notice waits for whoever comes."""
    assert recipients(kind, assignee_id=None, staff=STAFF[:2]) == (1, 2)
    assert recipients(kind, assignee_id=None, staff=[]) == (None,)


NIGHT = datetime(2026, 3, 9, 15, 10, tzinfo=UTC)  # Monday 23:10 in Shanghai


@pytest.mark.parametrize(
    ("tier", "level", "expected"),
    [
        (Tier.PLATINUM, Level.QUESTION, NIGHT),
        (Tier.GOLD, Level.QUESTION, datetime(2026, 3, 10, 1, 0, tzinfo=UTC)),
        (Tier.STANDARD, Level.BUG, datetime(2026, 3, 10, 1, 0, tzinfo=UTC)),
        (Tier.STANDARD, Level.EMERGENCY, NIGHT),
    ],
)
def test_duty_follows_the_tier_and_an_emergency_has_it_always(tier: Tier, level: Level, expected: datetime) -> None:
    """At night: platinum and emergencies now, the others in the morning."""
    assert on_duty_at(load(), level=level, tier=tier, now=NIGHT) == expected
