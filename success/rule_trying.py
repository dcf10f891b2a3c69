"""Rules tried on what happened: when what events told of was over, as far as it is kept. Reads only."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Connection, select

from handoff.lifecycle import UNSOLVED
from handoff.tables import ticket as tickets
from success.care_tables import task as tasks
from success.rule_deciding import Seen
from success.rule_model import Happens

_NAMES: Final = ("alert_id", "ticket_id", "task_id", "site_id")
_OVER: Final = {Happens.ALERT_RESOLVED: "alert_id", Happens.SITE_RECOVERED: "site_id"}


def endings(conn: Connection, events: Sequence[Seen]) -> Callable[[Seen, datetime], bool]:
    """Whether what an event told of was over at an instant: alerts and sites by later events, the rest as it stands."""
    found = _told(events)
    solved = _ended(conn, tickets.c.id, tickets.c.resolved_at, _ids(events, "ticket_id"))
    again = select(tickets.c.id).where(tickets.c.id.in_(solved), tickets.c.state.in_(UNSOLVED))
    unsolved = set(conn.execute(again).scalars())
    found |= {("ticket_id", each): [at] for each, at in solved.items() if each not in unsolved}
    closed = _ended(conn, tasks.c.id, tasks.c.closed_at, _ids(events, "task_id"))
    found |= {("task_id", each): [at] for each, at in closed.items()}

    def over(seen: Seen, at: datetime) -> bool:
        name = next((each for each in _NAMES if seen.facts.get(each) is not None), None)
        ends = found.get((name, seen.facts[name]), ()) if name else ()
        return any(seen.at <= end <= at for end in ends)

    return over


def _told(events: Iterable[Seen]) -> dict[tuple[str, Any], list[datetime]]:
    found: dict[tuple[str, Any], list[datetime]] = {}
    for seen in events:
        name = _OVER.get(seen.kind)
        if name is not None:
            found.setdefault((name, seen.facts.get(name)), []).append(seen.at)
    return found


def _ids(events: Iterable[Seen], name: str) -> set[int]:
    return {int(seen.facts[name]) for seen in events if seen.facts.get(name) is not None}


def _ended(conn: Connection, key: Column[Any], at: Column[Any], ids: set[int]) -> Mapping[int, datetime]:
    rows = conn.execute(select(key, at).where(key.in_(ids), at.is_not(None)))
    return {row[0]: row[1] for row in rows}
