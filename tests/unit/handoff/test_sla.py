"""Laws of a single clock."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from handoff.business_time import Unit, parse_calendar
from handoff.sla import Mark, Phase, Signal, Target, read

OFFICE = parse_calendar(
    {"tz": "Asia/Shanghai", "weekly": {d: [["09:00", "12:00"], ["13:00", "18:00"]] for d in ("mon", "wed", "fri")}}
)
ALWAYS = parse_calendar(
    {"tz": "UTC", "weekly": {d: [["00:00", "24:00"]] for d in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}}
)
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
hours = st.integers(0, 400).map(lambda quarter: timedelta(minutes=15 * quarter))


def clock(*moves: tuple[timedelta, Signal], target: Target) -> list[Mark]:
    return [Mark(at=START + after, signal=signal, targets=(target,)) for after, signal in moves]


@given(st.lists(hours, min_size=2, max_size=8, unique=True), hours)
def test_pausing_and_resuming_at_once_changes_nothing(instants: list[timedelta], now: timedelta) -> None:
    """A pause without length is no pause."""
    target = Target(amount=20 * 3600, calendar=OFFICE)
    plain = clock((timedelta(), Signal.START), target=target)
    pauses = [(at, signal) for at in instants for signal in (Signal.PAUSE, Signal.RESUME)]
    nervous = [*plain, *clock(*pauses, target=target)]
    one, other = (read(marks, now=START + now) for marks in (plain, nervous))
    assert (one.elapsed_s, one.due_at, one.breached_at) == (other.elapsed_s, other.due_at, other.breached_at)


@given(hours, hours)
def test_a_pause_on_an_open_calendar_moves_the_due_instant_by_its_length(begin: timedelta, length: timedelta) -> None:
    """Pausing is the same as starting later by as much, if it comes before the target is used up."""
    target = Target(amount=101 * 3600, calendar=ALWAYS)
    moves = ((timedelta(), Signal.START), (begin, Signal.PAUSE), (begin + length, Signal.RESUME))
    paused = read(clock(*moves, target=target), now=START + begin + length)
    assert paused.due_at == START + timedelta(seconds=target.amount) + length


@given(hours, hours)
def test_elapsed_time_only_grows(first: timedelta, more: timedelta) -> None:
    """Later readings never show less, and remaining is always what is left of the target."""
    target = Target(amount=8 * 3600, calendar=OFFICE)
    marks = clock((timedelta(), Signal.START), target=target)
    early, late = read(marks, now=START + first), read(marks, now=START + first + more)
    assert early.elapsed_s <= late.elapsed_s
    assert late.remaining_s == target.amount - late.elapsed_s
    assert late.breached >= early.breached


@given(st.lists(st.tuples(hours, st.sampled_from(list(Signal))), max_size=12), hours)
def test_no_order_of_signals_breaks_a_clock(moves: list[tuple[timedelta, Signal]], now: timedelta) -> None:
    """Nonsense is ignored: the clock still has a phase and a time that is not negative."""
    target = Target(amount=3600, calendar=OFFICE, unit=Unit.BUSINESS_SECONDS)
    reading = read(clock(*moves, target=target), now=START + now)
    assert reading.elapsed_s >= 0
    assert reading.phase in set(Phase)
    assert all(at is None or at <= START + now for at in reading.warned_at)


@given(st.integers(1, 8), hours)
def test_several_targets_mean_the_nearest(days: int, now: timedelta) -> None:
    """With two targets the clock is due when the first of them is used up."""
    short = Target(amount=days, calendar=OFFICE, unit=Unit.WORKDAY_EOD)
    long = Target(amount=30 * 3600, calendar=OFFICE)
    alone = [read(clock((timedelta(), Signal.START), target=t), now=START + now).due_at for t in (short, long)]
    both = [Mark(at=START, signal=Signal.START, targets=(short, long))]
    assert read(both, now=START + now).due_at == min(due for due in alone if due is not None)


def test_warnings_of_working_days_are_shares_of_the_open_time_until_due() -> None:
    """Two office days of eight hours: 75 % after twelve open hours of the sixteen, and never while paused."""
    target = Target(amount=1, calendar=OFFICE, unit=Unit.WORKDAY_EOD)
    reading = read(clock((timedelta(), Signal.START), target=target), now=START)
    assert reading.due_at == datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
    assert reading.thresholds[0] == datetime(2026, 3, 4, 5, 0, tzinfo=UTC) + timedelta(hours=1)
    paused = read(
        clock((timedelta(), Signal.START), (timedelta(hours=1), Signal.PAUSE), target=target),
        now=START + timedelta(days=9),
    )
    assert paused.warned_at == (None, None)


def test_a_clock_that_is_stopped_while_it_pauses_would_have_been_due_later() -> None:
    """Two hours, one used, three paused, then stopped: in time, and due an hour after the stop."""
    target = Target(amount=2 * 3600, calendar=ALWAYS)
    moves = ((0, Signal.START), (1, Signal.PAUSE), (4, Signal.STOP))
    reading = read(
        clock(*((timedelta(hours=n), signal) for n, signal in moves), target=target), now=START + timedelta(9)
    )
    assert not reading.breached
    assert reading.projected_due == START + timedelta(hours=5)
