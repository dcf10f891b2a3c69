"""What reports take from other rooms, each by one small function; `joined.JOINED` is what this installation has.

Where a room is not there, its function is `nothing`: the report then says that it is not known, and why.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection


@dataclass(frozen=True, kw_only=True)
class Uptime:
    """What the checks of a site came to: a share of checks that went well, medians in milliseconds."""

    checks: int
    availability: float | None
    first_byte_ms: float | None = None
    total_ms: float | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a check found. Its words are the text `key` with `values`; `severity` as the checks say it."""

    id: int
    site_id: int
    key: str
    severity: str
    values: dict[str, str | int | float]
    since: date
    fixed_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Security:
    """A client's findings: those open at the end of a period, those fixed in it, and the share that was fixed."""

    open: tuple[Finding, ...]
    fixed: tuple[Finding, ...]
    fix_rate: float | None


@dataclass(frozen=True, kw_only=True)
class Nps:
    """The net promoter score (-100 to 100) of a period, None without answers."""

    asked: int
    answered: int
    score: int | None


@dataclass(frozen=True, kw_only=True)
class ReturnVisits:
    """Return visits of a period: how many clients were due one, how many had it."""

    due: int
    done: int


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """One complaint of the register; `state` as it stands there."""

    id: int
    on: date
    client: str
    text: str
    cause: str
    measure: str
    state: str


def nothing(*_: object) -> None:
    """Nobody knows."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where facts come from. Every function takes a connection first; a `client_id` of None is everybody."""

    uptime: Callable[[Connection, int, datetime, datetime], Uptime | None] = nothing
    """Of a site, over a period."""
    security: Callable[[Connection, int, datetime, datetime], Security | None] = nothing
    """Of a client, over a period."""
    nps: Callable[[Connection, int | None, datetime, datetime], Nps | None] = nothing
    return_visits: Callable[[Connection, int | None, datetime, datetime], ReturnVisits | None] = nothing
    complaints: Callable[[Connection, int | None, datetime, datetime], Sequence[Complaint] | None] = nothing
    addresses: Callable[[Connection, int], Sequence[str] | None] = nothing
    """Where a client's reports go by e-mail."""
