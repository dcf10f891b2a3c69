"""Recommendations (NPS): each quarter some people of each client are asked, each at most once in 90 days.

Transaction bodies. Who is asked is drawn by the quarter and the person, so that a preview shows those who will be.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from sqlalchemy import Connection, func, or_, select

from handoff import directory
from handoff.figures import home_zone
from handoff.kinds import Author, PersonKind
from handoff.tables import message as messages
from handoff.tables import person as people
from store.db import insert_into
from success.feedback_tables import care_switch as switches
from success.feedback_tables import survey as surveys
from success.quarters import Quarter
from success.rating_tables import rating as ratings
from success.survey_rules import ACTIVE, Choice, Contact, Score, SurveyKind, choose, rested, score
from success.surveys import Survey, plan

BEGINS_AFTER: Final = timedelta(days=9)
"""A quarter's first requests leave on its tenth day."""
_AT: Final = time(10)
_SWITCH: Final = "nps"


def is_off(conn: Connection) -> bool:
    """Whether an admin switched it off."""
    return bool(conn.execute(select(switches.c.off).where(switches.c.name == _SWITCH)).scalar_one_or_none())


def switch(conn: Connection, *, off: bool, by: int, now: datetime) -> None:
    """Switch it off or on; requests that are planned already are looked at when they are due."""
    row = {"name": _SWITCH, "off": int(off), "by_id": by, "at": now}
    statement = insert_into(conn, switches).values(row)
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))


def preview(conn: Connection, *, now: datetime) -> tuple[Quarter, tuple[Choice, ...]]:
    """Who would be asked next: in this quarter if it has still to be planned, else in the next."""
    zone = home_zone(conn)
    quarter = Quarter.at(now, zone)
    quarter = quarter.next if _is_planned(conn, quarter) else quarter
    return quarter, _chosen(conn, quarter, now=now)


def plan_quarter(conn: Connection, *, now: datetime) -> int:
    """Plan the requests of the quarter that it is, once, unless it is switched off; how many."""
    quarter = Quarter.at(now, home_zone(conn))
    if is_off(conn) or now < _begins(conn, quarter) or _is_planned(conn, quarter):
        return 0
    return sum(
        plan(
            conn, SurveyKind.NPS, origin=f"nps:{quarter}:{each.contact.person_id}", client_id=each.contact.client_id,
            person_id=each.contact.person_id, quarter=str(quarter), due_at=each.due_at, now=now,
        )
        is not None
        for each in _chosen(conn, quarter, now=now)
    )  # fmt: skip


def rests_until(conn: Connection, found: Survey) -> datetime | None:
    """When the person of a request may be asked, by what else they were asked since it was planned."""
    nps_at = conn.execute(
        select(func.max(surveys.c.asked_at)).where(
            surveys.c.kind == SurveyKind.NPS, surveys.c.person_id == found.person_id, surveys.c.id != found.id
        )
    ).scalar_one()
    rated_at = conn.execute(
        select(func.max(ratings.c.asked_at)).where(ratings.c.person_id == found.person_id)
    ).scalar_one()
    return rested(Contact(person_id=found.person_id, client_id=found.client_id, nps_at=nps_at, rated_at=rated_at))


def rests_too_long(conn: Connection, found: Survey) -> bool:
    """Whether a request's person rests until its quarter is over."""
    quarter, until = Quarter.read(found.quarter), rests_until(conn, found)
    return quarter is not None and until is not None and until >= quarter.until(home_zone(conn))


def of_period(
    conn: Connection, *, since: datetime | None = None, until: datetime | None = None, client_id: int | None = None
) -> Score:
    """The score of those asked from `since` up to, not including, `until`; of one client if named."""
    where = [surveys.c.kind == SurveyKind.NPS, surveys.c.asked_at.is_not(None)]
    where += [or_(surveys.c.way != "", surveys.c.value.is_not(None))]  # nobody was asked whom nothing reached
    where += [surveys.c.asked_at >= since] if since is not None else []
    where += [surveys.c.asked_at < until] if until is not None else []
    where += [surveys.c.client_id == client_id] if client_id is not None else []
    values = conn.execute(select(surveys.c.value).where(*where)).scalars().all()
    return score(len(values), [value for value in values if value is not None])


def _is_planned(conn: Connection, quarter: Quarter) -> bool:
    mine = (surveys.c.kind == SurveyKind.NPS, surveys.c.quarter == str(quarter))
    return conn.execute(select(surveys.c.id).where(*mine).limit(1)).first() is not None


def _begins(conn: Connection, quarter: Quarter) -> datetime:
    zone = home_zone(conn)
    return datetime.combine(quarter.first + BEGINS_AFTER, _AT, zone).astimezone(UTC)


def _chosen(conn: Connection, quarter: Quarter, *, now: datetime) -> tuple[Choice, ...]:
    begins = max(_begins(conn, quarter), now)
    ends = quarter.until(home_zone(conn)) - timedelta(days=1)
    return choose(_contacts(conn, now=now), quarter=str(quarter), begins=begins, ends=ends)


def _contacts(conn: Connection, *, now: datetime) -> list[Contact]:
    """The people of clients that are served who wrote to us lately."""
    wrote = (
        select(messages.c.person_id).where(messages.c.author == Author.CLIENT, messages.c.at >= now - ACTIVE).distinct()
    )
    served = {client.id for client in directory.clients(conn)}
    query = select(people.c.id, people.c.client_id).where(
        people.c.id.in_(wrote), people.c.kind == PersonKind.CLIENT, people.c.active, people.c.client_id.is_not(None)
    )
    nps_at = (
        select(surveys.c.person_id, func.max(surveys.c.asked_at))
        .where(surveys.c.kind == SurveyKind.NPS, surveys.c.asked_at.is_not(None))
        .group_by(surveys.c.person_id)
    )
    asked: dict[int, datetime] = {row[0]: row[1] for row in conn.execute(nps_at)}
    last_rated = select(ratings.c.person_id, func.max(ratings.c.asked_at)).group_by(ratings.c.person_id)
    rated: dict[int, datetime] = {row[0]: row[1] for row in conn.execute(last_rated)}
    return [
        Contact(person_id=row.id, client_id=row.client_id, nps_at=asked.get(row.id), rated_at=rated.get(row.id))
        for row in conn.execute(query)
        if row.client_id in served
    ]
