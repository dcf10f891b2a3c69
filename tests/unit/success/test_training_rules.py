"""When the invited are reminded of a training, and the training as a file for calendars."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from success.training import calendar
from success.training.rules import TrainingState, remind_at
from success.training.sessions import Training

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 16, 9, 0, tzinfo=SHANGHAI)
HELD = Training(
    id=7, client_id=1, topic="Videos; pages, and\nmore \\ 放视频", pages=(), place="https://meet.example.com/1",
    starts_at=datetime(2026, 11, 18, 14, 0, tzinfo=SHANGHAI), minutes=45, questions=(), state=TrainingState.INVITED,
    invited_at=NOW, quiz_at=None, closed_at=None, at=NOW, changed_at=NOW + timedelta(seconds=90),
)  # fmt: skip


@pytest.mark.parametrize(
    ("starts", "now", "when"),
    [
        ("2026-11-18T14:00", "2026-11-16T09:00", "2026-11-17T10:00"),
        ("2026-11-17T14:00", "2026-11-16T09:00", "2026-11-17T08:30"),  # an hour before the eve's: too close
        ("2026-11-17T14:00", "2026-11-16T07:59", "2026-11-16T10:00"),
        ("2026-11-17T14:00", "2026-11-16T11:00", "2026-11-17T08:30"),
        ("2026-11-17T09:00", "2026-11-16T11:00", "2026-11-17T08:30"),
        ("2026-11-17T08:45", "2026-11-16T11:00", None),  # the morning is too late for it
        ("2026-11-16T14:00", "2026-11-16T09:00", None),  # today
        ("2026-11-18T00:30", "2026-11-16T09:00", "2026-11-17T10:00"),  # the day before there, not in UTC
    ],
)
def test_people_are_reminded_by_day(starts: str, now: str, when: str | None) -> None:
    """The day before, else the same morning, in the client's zone; not soon after they were told."""
    at = [datetime.fromisoformat(each).replace(tzinfo=SHANGHAI) for each in (starts, now)]
    found = remind_at(at[0].astimezone(UTC), zone=SHANGHAI, now=at[1].astimezone(UTC))
    assert (found and found.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")) == when


def lines(held: Training = HELD, *, agency: str = "") -> list[str]:
    content = calendar.ics(held, host="help.example.com", agency=agency, now=NOW)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    return content.decode().replace("\r\n ", "").split("\r\n")


def test_a_training_goes_into_a_calendar() -> None:
    """Times in UTC, a name that stays, a sequence that grows; text escaped, long lines folded between characters."""
    found = lines(agency="云舟" * 20)
    assert found[0] == "BEGIN:VCALENDAR"
    assert found[-2:] == ["END:VCALENDAR", ""]
    assert "UID:training-7@help.example.com" in found
    assert "DTSTART:20261118T060000Z" in found
    assert "DTEND:20261118T064500Z" in found
    assert "SEQUENCE:90" in found
    assert "STATUS:CONFIRMED" in found
    assert "LOCATION:https://meet.example.com/1" in found
    assert "SUMMARY:" + "云舟" * 20 + ": Videos\\; pages\\, and\\nmore \\\\ 放视频" in found


def test_one_that_is_called_off_leaves_the_calendar() -> None:
    """By the same name; nothing that was typed becomes a line of its own."""
    found = lines(replace(HELD, state=TrainingState.CANCELLED, topic="x\r\nSTATUS:CONFIRMED\x00\x7f", place=""))
    assert "METHOD:CANCEL" in found
    assert found.count("STATUS:CANCELLED") == 1
    assert "STATUS:CONFIRMED" not in found
    assert "SUMMARY:x\\nSTATUS:CONFIRMED" in found
    assert not any(each.startswith("LOCATION") for each in found)
