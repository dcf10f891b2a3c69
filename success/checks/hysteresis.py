"""When a site counts as down, and when again as up. Pure.

One failed check is not believed: another is made after half a minute, and only two failures in a row, the second of a
scheduled check or of that second look, make a site "down". A single success ends it. What people ask for meanwhile
counts as a first failure, never as the second: two presses of a button are not two looks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from success.checks.model import Cause, Finding, Severity, State
from success.checks.rules import worst

RECHECK: Final = timedelta(seconds=30)
ENOUGH: Final = 2


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is believed of a site, and how many checks in a row have failed."""

    state: State = State.UNKNOWN
    failures: int = 0


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What is believed after a check. `changed`: it went down or came back. `again`: look once more, soon."""

    standing: Standing
    changed: bool = False
    again: bool = False


def verdict(found: Iterable[Finding], *, looked_at_all: bool) -> State:
    """How a site stands by one check alone; unknown where we may not look."""
    if not looked_at_all:
        return State.UNKNOWN
    match worst(found):
        case Severity.DOWN:
            return State.DOWN
        case Severity.BROKEN:
            return State.DEGRADED
    return State.OK


def decide(was: Standing, seen: State, *, cause: Cause) -> Decision:
    """What to believe now."""
    if seen is State.UNKNOWN:
        return Decision(standing=was)
    if seen is not State.DOWN:
        return Decision(standing=Standing(state=seen), changed=was.state is State.DOWN)
    counts = cause in {Cause.SCHEDULE, Cause.RECHECK}
    failures = was.failures + 1 if counts or was.failures == 0 else was.failures
    if was.state is State.DOWN:
        return Decision(standing=Standing(state=State.DOWN, failures=failures))
    if counts and failures >= ENOUGH:
        return Decision(standing=Standing(state=State.DOWN, failures=failures), changed=True)
    return Decision(standing=Standing(state=was.state, failures=failures), again=failures == 1 and was.failures == 0)
