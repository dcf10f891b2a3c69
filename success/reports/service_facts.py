"""What was done for a client (or for all): tickets, promises, waits, the bot's share. Bodies that only read."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, select

from handoff.evidence import Asked, Evidence
from handoff.indicators import Fact, Indicator, of_span
from handoff.kinds import Level, TicketState
from handoff.measures import indicators
from handoff.rows import to_ticket
from handoff.spans import Span, midnight
from handoff.tables import ticket as tickets
from success import ratings
from success.rating_tables import rating
from success.reports.model import Facts

MOST_TOLD: Final = 6
MOST_ROWS: Final = 2_000
_OVER: Final = (TicketState.RESOLVED, TicketState.MERGED)


class Desk:
    """The desk's indicators over some periods, one reading for all; `client_id` None is everybody's."""

    def __init__(
        self, conn: Connection, *, client_id: int | None, edges: Sequence[date], span: Span, now: datetime
    ) -> None:
        starts = [midnight(day, span.zone) for day in edges]
        asked = Asked(since=starts[0], until=span.until, now=now, client_id=client_id)
        self._evidence, self._asked = Evidence(conn, asked), asked
        self._known = {each.id: each for each in indicators("handoff.measures")}
        self._facts: dict[str, list[Fact]] = {}
        self._now, self.span, self.edges, self._starts = int(now.timestamp()), span, tuple(edges), starts

    def facts(self, name: str, since: datetime, until: datetime) -> tuple[Fact, ...]:
        """What an indicator rests on between two instants."""
        one = self._known[name]
        if name not in self._facts:
            self._facts[name] = self._asked.wanted(one.facts(self._evidence))
        first, last = int(since.timestamp()), int(until.timestamp())
        return of_span(one, self._facts[name], since=first, until=last, now=self._now)

    def here(self, name: str) -> tuple[Fact, ...]:
        """The same of the period itself."""
        return self.facts(name, self.span.since, self.span.until)

    def value(self, name: str, found: Sequence[Fact]) -> float | None:
        """What these facts come to."""
        one: Indicator = self._known[name]
        return one.formula(found)

    def course(self, name: str, read: Callable[[Sequence[Fact]], Any]) -> list[Any]:
        """What `read` makes of an indicator's facts in each of the periods."""
        return [read(self.facts(name, since, until)) for since, until in pairwise(self._starts)]


def service(conn: Connection, desk: Desk, *, client_id: int | None, earlier: Span) -> Facts:
    """Requests of the period by kind, how targets were kept, how long clients waited; each beside the period before."""
    span = desk.span
    opened, judged = desk.here("tickets"), desk.here("kept")
    missed = [fact for fact in judged if fact.value == 0]
    found = {
        "opened": len(opened),
        "opened_before": len(desk.facts("tickets", earlier.since, earlier.until)),
        "levels": _levels(opened),
        "resolved": len(resolved_ids(conn, span, client_id)),
        "resolved_before": len(resolved_ids(conn, earlier, client_id)),
        "open_now": len(desk.here("backlog")),
        "judged": len(judged),
        "kept": desk.value("kept", judged),
        "kept_before": desk.value("kept", desk.facts("kept", earlier.since, earlier.until)),
        "missed": len({fact.ticket for fact in missed}),
        "periods": [str(day) for day in desk.edges[:-1]],
        "course": [_levels(facts) for facts in desk.course("tickets", list)],
        "kept_course": desk.course("kept", lambda facts: desk.value("kept", facts)),
    }
    for name in ("first_response", "resolution", "reopened"):
        found[name] = desk.value(name, desk.here(name))
        found[f"{name}_before"] = desk.value(name, desk.facts(name, earlier.since, earlier.until))
    return found | {"reopened_n": sum(fact.value for fact in desk.here("reopened"))}


def bot(desk: Desk, *, earlier: Span) -> Facts:
    """The bot's share of routine questions: confirmed as solved, assumed so, handed to people."""
    here, then = desk.here("bot_resolved"), desk.facts("bot_resolved", earlier.since, earlier.until)
    marks = Counter(mark for fact in here for mark in fact.marks)
    share = desk.value("bot_resolved", here)
    return {
        "questions": len(here), "confirmed": marks["confirmed"], "assumed": marks["assumed"],
        "handed_off": marks["handed_off"] + marks["joined"], "unanswered": marks["unanswered"],
        "share": share, "share_before": desk.value("bot_resolved", then),
        "course": desk.course("bot_resolved", lambda facts: desk.value("bot_resolved", facts)),
    }  # fmt: skip


def rows(conn: Connection, desk: Desk, *, client_id: int | None) -> dict[str, list[int]]:
    """The tickets behind each number, by its name."""
    opened = desk.here("tickets")
    found = {"opened": _tickets(opened), "open_now": _tickets(desk.here("backlog"))}
    for level in Level:
        found[f"opened.{level}"] = _tickets(fact for fact in opened if fact.about.level is level)
    judged = desk.here("kept")
    found |= {"judged": _tickets(judged), "missed": _tickets(fact for fact in judged if fact.value == 0)}
    found["first_response"] = _tickets(desk.here("first_response"))
    found["resolution"] = _tickets(desk.here("resolution"))
    found["reopened"] = _tickets(fact for fact in desk.here("reopened") if fact.value)
    found["resolved"] = resolved_ids(conn, desk.span, client_id)
    found["rated"] = _rated(conn, desk.span, client_id)
    return {name: ids[:MOST_ROWS] for name, ids in found.items()}


def satisfaction(conn: Connection, span: Span, *, earlier: Span, client_id: int | None) -> Facts:
    """Ratings asked for in the period."""
    here = ratings.summary(conn, since=span.since, until=span.until, client_id=client_id)
    then = ratings.summary(conn, since=earlier.since, until=earlier.until, client_id=client_id)
    return {
        "asked": here.asked, "answered": here.answered, "average": here.average, "csat": here.csat,
        "csat_before": then.csat,
    }  # fmt: skip


def told(conn: Connection, span: Span, client_id: int) -> list[Facts]:
    """The requests worth naming: what weighed most, then what was solved last; by the titles that the client sees."""
    mine = (tickets.c.client_id == client_id, tickets.c.state != TicketState.MERGED)
    inside = (tickets.c.opened_at < span.until, _solved_or_open(span))
    found = [to_ticket(row) for row in conn.execute(select(tickets).where(*mine, *inside)).mappings()]
    found.sort(key=lambda one: (-one.level.rank, one.resolved_at is None, -one.id))
    return [
        {
            "id": one.id, "number": one.number, "title": one.title, "level": str(one.level),
            "opened_on": str(one.opened_at.astimezone(span.zone).date()),
            "solved_on": str(one.resolved_at.astimezone(span.zone).date())
            if one.state is TicketState.RESOLVED and one.resolved_at and one.resolved_at < span.until else None,
        }
        for one in found[:MOST_TOLD]
    ]  # fmt: skip


def resolved_ids(conn: Connection, span: Span, client_id: int | None) -> list[int]:
    """The tickets that were resolved in a period and stayed so."""
    mine: list[ColumnElement[bool]] = [tickets.c.state == TicketState.RESOLVED]
    mine += [tickets.c.resolved_at >= span.since, tickets.c.resolved_at < span.until]
    if client_id is not None:
        mine.append(tickets.c.client_id == client_id)
    return list(conn.execute(select(tickets.c.id).where(*mine).order_by(tickets.c.id)).scalars())


def categories(facts: Iterable[Fact]) -> list[tuple[str | None, int]]:
    """How many facts each category has, the commonest first."""
    found = Counter(fact.about.category for fact in facts)
    return sorted(found.items(), key=lambda each: (-each[1], each[0] or ""))


def _solved_or_open(span: Span) -> ColumnElement[bool]:
    open_now = tickets.c.state.not_in(_OVER)
    here: ColumnElement[bool] = (tickets.c.resolved_at >= span.since) | (tickets.c.opened_at >= span.since)
    return here | open_now


def _rated(conn: Connection, span: Span, client_id: int | None) -> list[int]:
    mine = [rating.c.value.is_not(None), rating.c.asked_at >= span.since, rating.c.asked_at < span.until]
    if client_id is not None:
        mine.append(rating.c.client_id == client_id)
    return list(conn.execute(select(rating.c.ticket_id).where(*mine).order_by(rating.c.ticket_id)).scalars())


def _levels(facts: Iterable[Fact]) -> dict[str, int]:
    found = Counter(str(fact.about.level) for fact in facts)
    return {str(level): found[str(level)] for level in Level}


def _tickets(facts: Iterable[Fact]) -> list[int]:
    return sorted({fact.ticket for fact in facts if fact.ticket is not None})
