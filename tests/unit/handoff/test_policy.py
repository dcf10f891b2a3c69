"""The contract as data: the default one says what the source documents say; a wrong one says where."""

import copy
from datetime import date, timedelta
from typing import Any

import pytest
import yaml

from handoff.business_time import Unit
from handoff.errors import PolicyError
from handoff.kinds import ClockKind, Level, Tier
from handoff.policy import DEFAULT, Book, Holidays, load, parse, restore

CONTRACT = load()
DOCUMENT: dict[str, Any] = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
CHINA = {
    "china": Holidays(off=frozenset({date(2026, 5, 1)}), makeup=frozenset({date(2026, 5, 9)}), until=date(2026, 12, 31))
}


@pytest.mark.parametrize(
    ("level", "tier", "clock", "label"),
    [
        ("emergency", "platinum", "FR", "30 min on A"),
        ("emergency", "platinum", "RS", "2 h on A"),
        ("emergency", "gold", "FR", "1 h on A"),
        ("emergency", "standard", "RS", "4 h on A"),
        ("bug", "platinum", "FR", "4 h on A"),
        ("bug", "platinum", "RS", "1 working day on W"),
        ("bug", "gold", "FR", "24 h on A"),
        ("bug", "standard", "RS", "3 working days on W"),
        ("question", "platinum", "RS", "4 h on A"),
        ("question", "gold", "FR", "4 h on G"),
        ("question", "gold", "RS", "1 working day on W"),
        ("question", "standard", "FR", "4 h on S"),
        ("question", "standard", "RS", "5 working days on W"),
        ("change", "platinum", "WS", "24 h on A"),
        ("change", "platinum", "RS", "3 working days on W"),
        ("change", "gold", "FR", "4 h on G"),
        ("change", "standard", "FR", "5 working days on W"),
    ],
)
def test_the_default_contract_says_what_the_source_says(level: str, tier: str, clock: str, label: str) -> None:
    """Each cell of the table; the next response's target is the first response's."""
    term = CONTRACT.term(Level(level), Tier(tier), ClockKind(clock))
    assert term is not None
    assert term.target.label == label
    assert term.after_confirmed is (level == "change" and clock != "FR")
    first = CONTRACT.term(Level(level), Tier(tier), ClockKind.FR)
    assert CONTRACT.term(Level(level), Tier(tier), ClockKind.NR) == first


def test_units_and_calendars_are_as_named() -> None:
    """Hours are seconds on the calendar named; working days are counted on W."""
    day = CONTRACT.terms[Level.BUG, Tier.GOLD, ClockKind.RS].target
    hours = CONTRACT.terms[Level.QUESTION, Tier.GOLD, ClockKind.FR].target
    assert (day.unit, day.amount, day.calendar.name) == (Unit.WORKDAY_EOD, 3, "W")
    assert (hours.unit, hours.amount, hours.calendar.name) == (Unit.BUSINESS_SECONDS, 4 * 3600, "G")
    assert CONTRACT.follow_up == timedelta(minutes=30)


def test_public_holidays_and_make_up_days_are_known_until_a_date() -> None:
    """China's come from the library; the desk can say when its knowledge ends."""
    working, every_day = CONTRACT.calendars["S"], CONTRACT.calendars["G"]
    assert working.windows(date(2026, 10, 1)) == ()
    assert working.windows(date(2026, 10, 10)) == ((540, 1080),)
    assert every_day.windows(date(2026, 10, 1)) == ((540, 1260),)
    assert CONTRACT.covered_until == date(2026, 12, 31)


def test_the_version_is_of_the_content() -> None:
    """The same content has the same version, a moved holiday another; a stored document is read as it was."""
    first, again = parse(DOCUMENT, holidays=CHINA), parse(copy.deepcopy(DOCUMENT), holidays=CHINA)
    moved = {"china": Holidays(off=frozenset({date(2026, 5, 2)}), makeup=frozenset(), until=date(2026, 12, 31))}
    other = parse(DOCUMENT, holidays=moved)
    assert first.version == again.version != other.version
    assert restore(other.document) == other
    book = Book(current=first, past={other.version: other})
    assert book.of(other.version) is other
    assert book.of(first.version) is first
    assert book.of("lost") is first


@pytest.mark.parametrize(
    ("text", "holding"),
    [
        ("稍等", True),
        ("您好,請稍等。", True),
        ("好的，我看一下~", True),
        ("One moment, please!", True),
        ("I’m looking into it 👀", True),
        ("收到", True),
        ("好的", False),
        ("谢谢", False),
        ("稍等，后台 → 设置 → 常规里改", False),
        ("请看一下附件", False),
        ("", False),
        ("👌", False),
    ],
)
def test_a_holding_reply_says_nothing_but_wait(text: str, *, holding: bool) -> None:
    """Courtesy around it does not matter, content does."""
    assert CONTRACT.is_holding(text) is holding


BROKEN: list[tuple[str, Any, str]] = [
    ("calendars", None, "calendars"),
    ("calendars.G.tz", "Mars", "calendars.G.tz"),
    ("calendars.G.windows", ["21:00-09:00"], "calendars.G.weekly.mon"),
    ("calendars.G.windows", ["09:00-12:00", "11:00-13:00"], "calendars.G.weekly.mon"),
    ("calendars.G.days", "mon-noon", "calendars.G.days"),
    ("calendars.G.days", "fri-mon", "calendars.G.days"),
    ("calendars.S.holidays", "atlantis", "calendars.S.holidays"),
    ("targets.bug", None, "targets.bug"),
    ("targets.bug.gold", None, "targets.bug.gold"),
    ("targets.bug.gold.FR", "-4 h on G", "targets.bug.gold.FR"),
    ("targets.bug.gold.FR", "0 h on G", "targets.bug.gold.FR"),
    ("targets.bug.gold.FR", "4 h", "targets.bug.gold.FR"),
    ("targets.bug.gold.FR", "4 h on X", "targets.bug.gold.FR"),
    ("targets.bug.gold.NR", "4 h on G", "targets.bug.gold.NR"),
    ("targets.bug.diamond", {}, "targets.bug.diamond"),
    ("targets.joke", {}, "targets.joke"),
    ("duty.gold", "X", "duty.gold"),
    ("duty.gold", None, "duty.gold"),
    ("fees.gold", -1, "fees.gold"),
    ("warnings", [90, 75], "warnings"),
    ("warnings", [100], "warnings"),
    ("warnings", "75", "warnings"),
    ("emergency_ack_minutes", 0, "emergency_ack_minutes"),
    ("reopen_days", True, "reopen_days"),
    ("holding", "稍等", "holding"),
]


@pytest.mark.parametrize(("field", "value", "where"), BROKEN)
def test_a_contract_that_cannot_be_meant_says_where(field: str, value: object, where: str) -> None:
    """One field broken, and the error names it."""
    document = copy.deepcopy(DOCUMENT)
    *path, last = field.split(".")
    inner = document
    for name in path:
        inner = inner[name]
    inner[last] = value
    with pytest.raises(PolicyError) as refused:
        parse(document, holidays=CHINA)
    assert refused.value.where == where


def test_a_file_that_is_no_contract_is_refused(tmp_path: Any) -> None:
    """Missing, broken, or something else."""
    broken = tmp_path / "broken.yaml"
    broken.write_text("calendars: [", encoding="utf-8")
    dated, deep = tmp_path / "dated.yaml", tmp_path / "deep.yaml"
    dated.write_text("from: 2026-02-30", encoding="utf-8")
    deep.write_text("[" * 5_000, encoding="utf-8")
    for path in (tmp_path / "missing.yaml", broken, dated, deep):
        with pytest.raises(PolicyError) as refused:
            load(path)
        assert refused.value.where == path.name
    with pytest.raises(PolicyError):
        parse([], holidays=CHINA)
