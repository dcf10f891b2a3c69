"""The table of `sla.md`, row by row, without a database."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from handoff.clocks import courses, latest, view
from handoff.kinds import EventKind, Level, Tier
from handoff.model import ClockView, Json, TicketEvent
from handoff.policy import Book, load

BOOK = Book(current=load())
START = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)  # Monday 10:00 in Shanghai
VERSION = BOOK.current.version


def at(hours: float) -> datetime:
    """Hours after the start."""
    return START + timedelta(hours=hours)


def story(*steps: tuple[float, str, Json], level: Level = Level.QUESTION, tier: Tier = Tier.GOLD) -> list[TicketEvent]:
    """A ticket opened at the start, and what happened then: hours, event, data."""
    opened: Json = {"level": str(level), "tier": str(tier), "policy": VERSION}
    number = count(1)
    return [
        TicketEvent(id=n, ticket_id=1, seq=n, at=at(hours), recorded_at=at(hours), kind=EventKind(kind), data=data)
        for (hours, kind, data), n in zip([(0, "opened", opened), *steps], number, strict=False)
    ]


def read(events: list[TicketEvent], hours: float) -> dict[str, ClockView]:
    """The clocks at an hour after the start."""
    found = latest(courses(events, BOOK))
    return {course.kind: view(course, now=at(hours), fractions=(0.75, 0.9)) for course in found}


def states(events: list[TicketEvent], hours: float) -> tuple[str, str, str]:
    """FR, NR and RS in one word each; "–" without a clock."""
    clocks = read(events, hours)
    return tuple(str(clocks[kind].state) if kind in clocks else "–" for kind in ("FR", "NR", "RS"))  # type: ignore[return-value]


REPLY = (1.0, "replied", {"holding": False})
HOLD = (1.0, "replied", {"holding": True})
WROTE = (2.0, "client_wrote", {"meaning": "content"})
WAIT = (1.5, "waited", {"on": "client"})
ROWS = [
    ("ticket opened", (), ("running", "–", "running")),
    ("first public reply by a person", (REPLY,), ("met", "–", "running")),
    ("later public reply by a person", (REPLY, WROTE, (2.5, "replied", {})), ("met", "met", "running")),
    ("claim", ((1, "claimed", {}),), ("running", "–", "running")),
    ("internal note", ((1, "noted", {}),), ("running", "–", "running")),
    ("transfer", ((1, "transferred", {"to": 7}),), ("running", "–", "running")),
    ("holding reply", (HOLD,), ("met", "–", "running")),
    ("client message before any reply", (WROTE,), ("running", "–", "running")),
    ("client message after a reply", (REPLY, WROTE), ("met", "running", "running")),
    ("client message while waiting", (REPLY, WAIT, WROTE), ("met", "running", "running")),
    ("chaser", (REPLY, (2, "client_wrote", {"meaning": "chaser"})), ("met", "running", "running")),
    ("thanks", (REPLY, WAIT, (2, "client_wrote", {"meaning": "thanks"})), ("met", "–", "paused")),
    ("assent while waiting", (REPLY, WAIT, (2, "client_wrote", {"meaning": "assent"})), ("met", "–", "running")),
    ("wait for client", (REPLY, WAIT), ("met", "–", "paused")),
    ("wait for a third party", (REPLY, (1.5, "waited", {"on": "third_party"})), ("met", "–", "running")),
    ("resolved", (REPLY, (2, "resolved", {})), ("met", "–", "met")),
    ("resolved without any reply", ((2, "resolved", {}),), ("unanswered", "–", "met")),
    ("resolved with a client waiting", (REPLY, WROTE, (2.5, "resolved", {})), ("met", "unanswered", "met")),
    ("thanks after resolving", (REPLY, (2, "resolved", {}), (3, "client_wrote", {"meaning": "thanks"})),
     ("met", "–", "met")),
    ("returned to the bot", (REPLY, WROTE, (2.2, "returned", {})), ("met", "cancelled", "paused")),
    ("client message to the bot", (REPLY, (1.5, "returned", {}), WROTE), ("met", "–", "paused")),
    ("handed off again", (REPLY, (1.5, "returned", {}), (2, "handed_off", {"message": 5})),
     ("met", "running", "running")),
    ("claimed back from the bot", (REPLY, (1.5, "returned", {}), (2, "claimed", {})), ("met", "–", "running")),
    ("snoozed", ((1, "snoozed", {"until": at(3).isoformat()}),), ("running", "–", "running")),
    ("re-opened by the client", (REPLY, (2, "resolved", {}), (2.5, "reopened", {"message": 9})),
     ("met", "running", "running")),
    ("re-opened by an agent", (REPLY, (2, "resolved", {}), (2.5, "reopened", {})), ("met", "–", "running")),
    ("re-opened without a first reply", ((2, "resolved", {}), (2.5, "reopened", {"message": 9})),
     ("unanswered", "running", "running")),
    ("merged away", (REPLY, WROTE, (2.5, "merged", {"into": 2})), ("met", "cancelled", "cancelled")),
    ("level to one without that target", ((1, "level_set", {"level": "change"}),), ("running", "–", "cancelled")),
    ("the target comes back", ((1, "level_set", {"level": "change"}), (2, "level_set", {"level": "question"})),
     ("running", "–", "running")),
]  # fmt: skip


@pytest.mark.parametrize(("row", "steps", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_each_row_does_what_the_table_says(
    row: str, steps: tuple[tuple[float, str, Json], ...], expected: tuple[str, str, str]
) -> None:
    """First response, next response, resolution, three hours after the ticket was opened."""
    assert row
    assert states(story(*steps), 3) == expected


def test_a_holding_reply_is_told_apart() -> None:
    """It stops the clock and says so."""
    assert read(story(HOLD), 3)["FR"].held_at == at(1)
    assert read(story(REPLY), 3)["FR"].held_at is None


def test_further_client_messages_keep_the_oldest_start() -> None:
    """The next response counts from the first message that nobody answered."""
    events = story(REPLY, WROTE, (2.5, "client_wrote", {"meaning": "content"}))
    assert read(events, 3)["NR"].started_at == at(2)


def test_each_wait_of_the_client_is_a_clock_of_its_own() -> None:
    """Answered once, the next message starts another cycle with the whole target."""
    events = story(REPLY, WROTE, (2.5, "replied", {}), (4, "client_wrote", {"meaning": "content"}))
    cycles = [course.key for course in courses(events, BOOK) if course.kind == "NR"]
    assert cycles == [("NR", 1), ("NR", 2)]
    assert read(events, 5)["NR"].elapsed_s == 3600


def test_a_reopened_resolution_keeps_its_elapsed_time() -> None:
    """Resolved time is not counted."""
    events = story(REPLY, (2, "resolved", {}), (6, "reopened", {"message": 1}), level=Level.EMERGENCY)
    clock = read(events, 7)["RS"]
    assert clock.elapsed_s == 3 * 3600
    assert clock.due_at == at(8)


def test_a_resolution_that_was_paused_is_due_later_by_the_pause() -> None:
    """On a calendar that is always open, by exactly as long."""
    events = story(REPLY, WAIT, (3.5, "client_wrote", {"meaning": "content"}), level=Level.EMERGENCY)
    assert read(events, 4)["RS"].due_at == at(4 + 2)


@pytest.mark.parametrize(
    ("was", "to", "due"),
    [
        (Level.QUESTION, Level.BUG, 4),  # 24 h would be later: it stays
        (Level.QUESTION, Level.EMERGENCY, 1),
        (Level.BUG, Level.EMERGENCY, 1),
        (Level.EMERGENCY, Level.BUG, 24),  # lowering gives the lower level's own target
        (Level.BUG, Level.QUESTION, 4),
    ],
)
def test_a_change_of_level_counts_from_the_same_start(was: Level, to: Level, due: float) -> None:
    """Raising a level never makes a deadline later."""
    events = story((0.5, "level_set", {"level": str(to)}), level=was)
    assert read(events, 0.6)["FR"].due_at == at(due)


def test_a_change_that_makes_a_clock_late_is_the_instant_of_its_breach() -> None:
    """Stamped with the change, not with a due instant before it."""
    events = story((2, "level_set", {"level": "emergency"}))
    clock = read(events, 3)["FR"]
    assert (clock.due_at, clock.breached_at) == (at(1), at(2))


def test_finished_clocks_keep_their_terms() -> None:
    """A first response that was met stays met when the level is raised afterwards."""
    events = story((3, "replied", {}), (3.5, "level_set", {"level": "emergency"}))
    assert read(events, 5)["FR"].state == "met"
    assert read(events, 5)["FR"].target == "4 h on G"


def test_a_change_request_starts_its_plan_at_the_confirmation() -> None:
    """Platinum: work within 24 h and a plan in three working days, both after the need is confirmed."""
    before = story(level=Level.CHANGE, tier=Tier.PLATINUM)
    assert read(before, 1) == {}
    confirmed = story((2, "confirmed", {}), (20, "work_started", {}), level=Level.CHANGE, tier=Tier.PLATINUM)
    clocks = read(confirmed, 30)
    assert (clocks["WS"].started_at, clocks["WS"].state) == (at(2), "met")
    assert clocks["RS"].started_at == at(2)
    assert clocks["RS"].due_at == datetime(2026, 3, 12, 10, 0, tzinfo=UTC)


def test_a_confirmation_starts_the_plan_of_what_had_another_target_before() -> None:
    """A question that turns out to be a change request: its resolution is cancelled, its plan starts anew."""
    events = story((1, "level_set", {"level": "change"}), (3, "confirmed", {}))
    clock = read(events, 4)["RS"]
    assert (clock.state, clock.started_at, clock.target) == ("running", at(3), "5 working days on W")


def test_events_out_of_order_or_doubled_count_once_in_their_order() -> None:
    """The order of recording is what counts."""
    events = story(REPLY, WAIT, WROTE, (2.5, "replied", {}))
    assert read([*reversed(events), *events], 3) == read(events, 3)


def test_a_message_recorded_after_a_pause_that_it_preceded_still_resumes() -> None:
    """Sent before the agent pressed wait, stored after: the client is heard."""
    events = story(REPLY, (2.0, "waited", {"on": "client"}), (1.9, "client_wrote", {"meaning": "content"}))
    clocks = read(events, 3)
    assert clocks["RS"].state == "running"
    assert clocks["NR"].started_at == at(1.9)


def test_working_days_count_only_where_the_clock_ran_at_their_close() -> None:
    """A bug of gold (3 working days) that waited over Tuesday's close is due a day later."""
    plain = story(REPLY, level=Level.BUG)
    paused = story(
        REPLY, (28, "waited", {"on": "client"}), (49, "client_wrote", {"meaning": "content"}), level=Level.BUG
    )
    assert read(plain, 60)["RS"].due_at == datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
    assert read(paused, 60)["RS"].due_at == datetime(2026, 3, 13, 10, 0, tzinfo=UTC)


def test_third_parties_pause_where_the_policy_says_so() -> None:
    """A switch of the contract, off by default."""
    from dataclasses import replace

    book = Book(current=replace(BOOK.current, third_party_pauses=True))
    found = latest(courses(story(REPLY, (2, "waited", {"on": "third_party"})), book))
    assert [str(view(c, now=at(3), fractions=()).state) for c in found] == ["met", "paused"]
