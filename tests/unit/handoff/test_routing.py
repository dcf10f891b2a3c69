"""Who is told, who is asked, and when somebody is on duty."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.duty import Presence, PresenceState, Roster, on_duty, parse_shift
from handoff.kinds import Level, NoticeKind, PersonKind, Role, Tier
from handoff.model import Person
from handoff.policy import load
from handoff.routing import Candidate, Matter, manager_for, on_duty_at, recipients, route, takes

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


@pytest.mark.parametrize(
    ("kind", "facts", "told"),
    [
        (NoticeKind.EMERGENCY, {"duty": [2, 3]}, (2, 3)),
        (NoticeKind.EMERGENCY, {"duty": []}, (1, 2, 3)),  # nobody on duty: everybody
        (NoticeKind.EMERGENCY, {"duty": [4]}, (1, 2, 3)),  # only somebody who left
        (NoticeKind.UNACKNOWLEDGED, {"duty": [1]}, (1,)),
        (NoticeKind.UNACKNOWLEDGED, {}, (3,)),
        (NoticeKind.WARNING, {"asked_id": 2}, (2,)),
        (NoticeKind.WARNING, {"asked_id": 4, "routed": True}, (3,)),
        (NoticeKind.WARNING, {"routed": True}, (3,)),
        (NoticeKind.CLIENT_REPLIED, {"routed": True}, (3,)),
        (NoticeKind.BREACH, {"asked_id": 2}, (3, 2)),
        (NoticeKind.BREACH, {"asked_id": 2, "manager_id": 1}, (3, 2, 1)),
        (NoticeKind.BREACH, {"manager_id": 4}, (3,)),
        (NoticeKind.NOBODY, {}, (3,)),
        (NoticeKind.UNTAKEN, {}, (3,)),
        (NoticeKind.UNPHONED, {}, (3,)),
    ],
)
def test_a_routed_ticket_keeps_other_lists_quiet(
    kind: NoticeKind, facts: dict[str, Any], told: tuple[int, ...]
) -> None:
    """The asked stand in for the assignee; those on duty hear of emergencies; what nobody has is the leads'."""
    assert recipients(kind, assignee_id=None, staff=STAFF, **facts) == told


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


# --- whom a ticket asks -------------------------------------------------------------------------------------------

ROLES = {1: Role.AGENT, 2: Role.AGENT, 3: Role.LEAD, 4: Role.SUCCESS}
NOON = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)  # Monday, 12:00 in Shanghai
ALWAYS, GOLD = load().calendars["A"], load().calendars["G"]


def somebody(person_id: int, *, role: Role = Role.AGENT, active: bool = True, **facts: Any) -> Candidate:
    name = f"P{person_id}"
    who = Person(id=person_id, kind=PersonKind.STAFF, name=name, role=ROLES.get(person_id, role), active=active)
    return Candidate(person=who, **facts)


def shift(hours: str, zone: str = "Asia/Shanghai") -> Roster:
    weekly = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), hours)
    return Roster(shifts=(parse_shift(person_id=1, zone=zone, weekly=weekly, first="2026-01-01"),))


def presence(state: str) -> Roster:
    return Roster(presence=Presence(state=PresenceState(state)))


VIP, DNS = frozenset({"vip"}), frozenset({"dns"})
HOUR_AGO = NOON - timedelta(hours=1)


@pytest.mark.parametrize(
    ("matter", "candidates", "asked"),
    [
        ({"team": "vip"}, [somebody(1), somebody(2, teams=VIP, load=9)], 2),
        (
            {"team": "vip"},
            [somebody(1), somebody(2, teams=VIP, roster=shift("20:00-21:00"))],
            1,
        ),  # none of the team is there
        (
            {"team": "vip", "manager_id": 1},
            [somebody(1), somebody(2, teams=VIP)],
            2,
        ),  # the team comes before the manager
        ({"manager_id": 4}, [somebody(1), somebody(4)], 4),
        ({"manager_id": 4}, [somebody(1), somebody(4, roster=presence("away"))], 1),
        ({"manager_id": 1, "skill": "dns"}, [somebody(1), somebody(2, skills=DNS)], 1),
        ({"skill": "dns"}, [somebody(1), somebody(2, skills=DNS, load=9)], 2),
        ({"skill": "dns"}, [somebody(1), somebody(2, skills=DNS, roster=presence("busy"))], 2),
        ({}, [somebody(1, roster=presence("busy")), somebody(2, load=9)], 2),
        ({}, [somebody(1, roster=presence("busy"))], 1),  # busy is better than nobody
        ({}, [somebody(1, load=2), somebody(2, load=1)], 2),
        ({}, [somebody(1, asked_at=NOON), somebody(2, asked_at=HOUR_AGO)], 2),
        ({}, [somebody(1, asked_at=HOUR_AGO), somebody(2)], 2),  # never asked is idle longest
        ({}, [somebody(2), somebody(1)], 1),
        ({}, [somebody(1, active=False), somebody(2)], 2),
        ({}, [somebody(3), somebody(4)], None),  # leads and success managers are asked only if they are rostered
        ({}, [somebody(3, roster=shift("09:00-18:00"))], 3),
        ({"tried": frozenset({1})}, [somebody(1), somebody(2, load=5)], 2),
        ({"tried": frozenset({1, 2})}, [somebody(1), somebody(2)], None),
        ({}, [somebody(1, roster=shift("09:00-18:00", "America/New_York"))], None),
        ({}, [somebody(1, roster=shift("00:00-01:00", "America/New_York"))], 1),  # midnight there, noon here
        ({}, [], None),
    ],
)
def test_who_is_asked(matter: dict[str, Any], candidates: list[Candidate], asked: int | None) -> None:
    """Team, manager, skill, presence, load, idleness, in this order; never somebody who left, is off duty or was tried."""
    found = route(Matter(duty=GOLD, **matter), candidates, NOON)
    assert (found.asked.id if found.asked else None) == asked


def test_the_choice_says_why() -> None:
    """Reasons in the order of preference, ready for a sentence."""
    chosen = somebody(1, teams=VIP, skills=DNS, load=2, roster=shift("09:00-18:00"))
    found = route(Matter(duty=ALWAYS, team="vip", skill="dns", manager_id=1), [chosen], NOON)
    assert [(reason.because, reason.value) for reason in found.why] == [
        ("team", "vip"), ("manager", None), ("skill", "dns"), ("duty", "2026-03-09T10:00:00+00:00"), ("load", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("candidates", "tried", "nobody", "again"),
    [
        ([somebody(1, roster=shift("20:00-21:00")), somebody(2, roster=shift("18:00-21:00"))], (), True, 10),
        ([somebody(1), somebody(2, roster=shift("18:00-21:00"))], (1,), False, 10),
        ([somebody(1)], (1,), False, None),
        ([somebody(1, roster=presence("away"))], (), True, None),
        ([], (), True, None),
    ],
)
def test_nobody_to_ask_names_the_next_chance(
    candidates: list[Candidate], tried: tuple[int, ...], nobody: bool, again: int | None
) -> None:
    """Nobody on duty is told apart from all having been asked; both know when the next person comes on duty."""
    found = route(Matter(duty=ALWAYS, tried=frozenset(tried)), candidates, NOON)
    assert found.asked is None
    assert found.nobody is nobody
    assert found.again == (NOON.replace(hour=again) if again else None)


@pytest.mark.parametrize(
    ("level", "manager"), [(Level.EMERGENCY, 7), (Level.BUG, 7), (Level.QUESTION, 8), (Level.CHANGE, 8)]
)
def test_each_level_has_its_manager(level: Level, manager: int) -> None:
    """The technical manager for what is broken, the success manager for the rest."""
    assert manager_for(level, technical_id=7, success_id=8) == manager


ROSTERS = st.sampled_from(
    [
        Roster(),
        shift("09:00-18:00"),
        shift("22:00-24:00"),
        shift("00:00-01:00", "America/New_York"),
        presence("busy"),
        presence("away"),
    ]
)
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        person=st.builds(
            Person,
            id=st.integers(1, 30),
            kind=st.just(PersonKind.STAFF),
            name=st.just("P"),
            role=st.sampled_from(Role),
            active=st.booleans(),
        ),
        teams=st.sampled_from([frozenset(), VIP]),
        skills=st.sampled_from([frozenset(), DNS]),
        roster=ROSTERS,
        load=st.integers(0, 3),
        asked_at=st.sampled_from([None, NOON, HOUR_AGO]),
    ),
    max_size=8,
    unique_by=lambda candidate: candidate.person.id,
)


@given(
    candidates=CANDIDATES,
    order=st.randoms(use_true_random=False),
    tried=st.frozensets(st.integers(1, 30)),
    hour=st.integers(0, 200),
    team=st.sampled_from([None, "vip"]),
)
def test_the_choice_is_lawful(
    candidates: list[Candidate], order: Random, tried: frozenset[int], hour: int, team: str | None
) -> None:
    """Never somebody off duty, away, inactive or tried; the same for every order; nobody only if nobody fits."""
    now = NOON + timedelta(hours=hour)
    matter = Matter(duty=GOLD, team=team, skill="dns", tried=tried)
    found = route(matter, candidates, now)
    shuffled = list(candidates)
    order.shuffle(shuffled)
    assert route(matter, shuffled, now) == found
    fitting = [c for c in candidates if takes(c, matter) and on_duty(c.roster, GOLD, now) and c.person.id not in tried]
    assert (found.asked is None) is (not fitting)
    if found.asked is not None:
        assert found.asked in [candidate.person for candidate in fitting]
        assert found.asked.active
        assert not (team and found.why[0].because == "no_team" and any(team in c.teams for c in fitting))
    if found.again is not None:
        assert found.again > now
