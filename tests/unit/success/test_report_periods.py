"""Which period a report is of, and when it is due: boundary tables, through clock changes and holidays."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from handoff.spans import Span
from success.reports.advice import advice
from success.reports.lights import Light, availability, dates, security, speed, worst
from success.reports.model import Kind
from success.reports.periods import before, due_at, edges, finished, of_kind, tells
from success.reports.sources import Finding, Uptime

SHANGHAI, BERLIN, KATHMANDU = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")


def weekdays(day: date) -> bool:
    return day.weekday() < 5


@pytest.mark.parametrize(
    ("kind", "now", "zone", "first", "last"),
    [
        (Kind.HEALTH, "2026-10-31T15:59:59", SHANGHAI, "2026-09-01", "2026-09-30"),
        (Kind.HEALTH, "2026-10-31T16:00:00", SHANGHAI, "2026-10-01", "2026-10-31"),
        (Kind.HEALTH, "2026-12-31T23:00:00", BERLIN, "2026-12-01", "2026-12-31"),
        (Kind.HEALTH, "2026-12-31T22:59:59", BERLIN, "2026-11-01", "2026-11-30"),
        (Kind.REVIEW, "2024-03-01T00:00:00", SHANGHAI, "2024-02-01", "2024-02-29"),
        (Kind.BRIEF, "2026-11-01T15:59:59", SHANGHAI, "2026-10-19", "2026-10-25"),
        (Kind.BRIEF, "2026-11-01T16:00:00", SHANGHAI, "2026-10-26", "2026-11-01"),
        (Kind.WEEK, "2027-01-04T00:00:00", BERLIN, "2026-12-28", "2027-01-03"),
        (Kind.QUARTER, "2026-12-31T15:59:59", SHANGHAI, "2026-07-01", "2026-09-30"),
        (Kind.QUARTER, "2026-12-31T16:00:00", SHANGHAI, "2026-10-01", "2026-12-31"),
    ],
)
def test_the_latest_period_that_is_over(kind: Kind, now: str, zone: ZoneInfo, first: str, last: str) -> None:
    """By the calendar on the wall of the report's reader."""
    span = finished(kind, datetime.fromisoformat(now).replace(tzinfo=UTC), zone)
    assert (str(span.first), str(span.last)) == (first, last)


@pytest.mark.parametrize(
    ("first", "last", "zone", "due"),
    [
        ("2026-10-01", "2026-10-31", SHANGHAI, "2026-11-02T01:00:00"),  # the first is a Sunday
        ("2026-10-19", "2026-10-25", BERLIN, "2026-10-26T08:00:00"),  # summer time ended the night before
        ("2026-03-23", "2026-03-29", BERLIN, "2026-03-30T07:00:00"),  # and began
        ("2026-08-01", "2026-08-31", KATHMANDU, "2026-09-01T03:15:00"),
    ],
)
def test_a_report_is_due_at_nine_on_the_first_working_day(first: str, last: str, zone: ZoneInfo, due: str) -> None:
    """Whatever the clocks did in between."""
    span = Span(first=date.fromisoformat(first), last=date.fromisoformat(last), zone=zone)
    assert due_at(span, weekdays).isoformat() == due + "+00:00"


def test_a_holiday_puts_a_report_off_and_closing_for_good_does_not_lose_it() -> None:
    """After the Chinese national holiday it is due on the eighth; where nobody ever works, on the first day."""
    span = Span(first=date(2026, 9, 1), last=date(2026, 9, 30), zone=SHANGHAI)
    assert due_at(span, lambda day: day >= date(2026, 10, 8)).date() == date(2026, 10, 8)
    assert due_at(span, lambda day: False).date() == date(2026, 10, 1)


def test_a_period_knows_its_instants_through_a_clock_change() -> None:
    """October in Berlin has an hour more than 31 days."""
    span = of_kind(Kind.HEALTH, date(2026, 10, 15), BERLIN)
    assert (span.until - span.since).total_seconds() == 31 * 86400 + 3600
    assert span.days == 31


def test_the_course_goes_back_by_whole_periods() -> None:
    """Six months up to and with a month, eight weeks with a week, six months with a quarter; its end closes it."""
    month, week = of_kind(Kind.HEALTH, date(2026, 2, 3), BERLIN), of_kind(Kind.BRIEF, date(2026, 1, 8), BERLIN)
    assert [str(day) for day in edges(Kind.HEALTH, month, back=3)] == [
        "2025-12-01",
        "2026-01-01",
        "2026-02-01",
        "2026-03-01",
    ]
    assert [str(day) for day in edges(Kind.BRIEF, week, back=3)] == [
        "2025-12-22",
        "2025-12-29",
        "2026-01-05",
        "2026-01-12",
    ]
    quarter = of_kind(Kind.QUARTER, date(2026, 5, 5), BERLIN)
    assert edges(Kind.QUARTER, quarter, back=6)[0] == before(Kind.QUARTER, quarter).first == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("share", "light"),
    [
        (1.0, "good"),
        (0.999, "good"),
        (0.99899, "watch"),
        (0.99, "watch"),
        (0.98999, "bad"),
        (0.0, "bad"),
        (None, "unknown"),
    ],
)
def test_the_light_of_availability(share: float | None, light: str) -> None:
    """By the share of checks that went well; without checks it is not known."""
    assert availability(Uptime(checks=1, availability=share)) == light
    assert availability(None) is Light.UNKNOWN


@pytest.mark.parametrize(
    ("first", "total", "light"),
    [(800, 2500, "good"), (801, 2500, "watch"), (800, 4000, "watch"), (1801, None, "bad"), (None, None, "unknown")],
)
def test_the_light_of_speed(first: float | None, total: float | None, light: str) -> None:
    """The slower of the two decides."""
    assert speed(Uptime(checks=1, availability=1, first_byte_ms=first, total_ms=total)) == light


@pytest.mark.parametrize(
    ("last_days", "light"),
    [
        (["2026-11-10"], "bad"),
        (["2026-11-11", "2027-01-01"], "watch"),
        (["2026-12-03"], "watch"),
        (["2026-12-04"], "good"),
        ([], "unknown"),
    ],
)
def test_the_light_of_dates(last_days: list[str], light: str) -> None:
    """The last day that comes first decides: within a week, within thirty days, later."""
    assert dates([date.fromisoformat(day) for day in last_days], date(2026, 11, 3)) == light


def test_lights_of_security_and_the_worst_of_several() -> None:
    """A note is no worry, a fault is; what is not known is not the worst."""

    def found(severity: str) -> Finding:
        return Finding(id=1, site_id=1, key="k", severity=severity, values={}, since=date(2026, 1, 1))

    assert [security(each) for each in (None, [], [found("notice")], [found("warning")], [found("broken"), found("notice")])] == [
        "unknown", "good", "good", "watch", "bad",
    ]  # fmt: skip
    assert worst([Light.UNKNOWN, Light.GOOD, Light.WATCH]) is Light.WATCH
    assert worst([]) is Light.UNKNOWN


def test_advice_is_the_three_that_weigh_most_one_of_a_kind() -> None:
    """Two dates are one piece, the soonest; over all else stands what is over."""
    lights = {"availability": "good", "speed": "bad", "dates": "bad", "security": "good"}
    days = [{"what": "tls", "on": "2026-10-01", "days": -3}, {"what": "icp", "on": "2026-10-20", "days": 16}]
    site = {
        "title": "A",
        "dates": days,
        "uptime": {"first_byte_ms": 2000, "total_ms": 5000, "availability": 1},
        "lights": lights,
    }
    service = {"levels": {"emergency": 2, "bug": 0, "question": 5, "change": 0}}
    facts = {
        "sites": [site], "security": None, "traffic": [], "untold": ["A"], "service": service,
        "categories": [["wordpress", 4], ["email", 1]],
    }  # fmt: skip
    assert [each["key"] for each in advice(facts)] == ["expired", "emergencies", "slow_server"]
    assert (
        advice({**facts, "sites": [], "untold": [], "categories": [[None, 9]], "service": {"levels": {"emergency": 0}}})
        == []
    )


@pytest.mark.parametrize(
    ("kind", "came", "told"),
    [
        (Kind.HEALTH, "2026-09-01", True), (Kind.HEALTH, "2026-10-24T06:00", True), (Kind.HEALTH, "2026-10-24T06:01", False),
        (Kind.HEALTH, "2026-10-31", False), (Kind.HEALTH, "2026-11-01", False), (Kind.HEALTH, "2026-11-09", False),
        (Kind.BRIEF, "2026-10-31T06:00", True), (Kind.BRIEF, "2026-10-31T06:01", False),
        (Kind.QUARTER, "2026-12-09", True), (Kind.QUARTER, "2026-12-09T00:01", False),
    ],
)  # fmt: skip
def test_who_came_in_a_periods_last_quarter_has_no_report_of_it(kind: Kind, came: str, told: bool) -> None:
    """Of a month seven days and eighteen hours, of a week less than two days, of three months 23 days."""
    zone = ZoneInfo("UTC")
    span = of_kind(kind, date(2026, 10, 29), zone)
    assert tells(span, since=datetime.fromisoformat(came).replace(tzinfo=UTC)) is told
