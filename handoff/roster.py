"""The roster in the database: teams, skills, shifts, absences, presence, and the rules in force. Transaction bodies.

Every change lets tickets that ask nobody be routed again, and tells the desk. Raises NotFound for anybody who is
no colleague, and RosterError for what cannot be meant.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeVar

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from handoff import directory
from handoff.duty import YEARS, Absence, Presence, PresenceState, Roster, Shift, parse_shift
from handoff.errors import Duplicate, NotFound, PolicyError, RosterError
from handoff.roster_tables import absence as absences
from handoff.roster_tables import person_skill, routing_rules, team, team_member
from handoff.roster_tables import presence as presences
from handoff.roster_tables import shift as shifts
from handoff.routes import WORD_LENGTH, Routes, restore, slug
from handoff.rows import Row, add, clean
from store.db import insert_into
from store.jobs import enqueue
from store.signals import signal

Theirs = TypeVar("Theirs", Shift, Absence)
REROUTE: Final = "reroute"
MOST_SKILLS: Final = 30
MOST_SHIFTS: Final = 20
LONGEST_WHY: Final = 200
LONGEST_ABSENCE: Final = timedelta(days=366 * 2)


@dataclass(frozen=True, kw_only=True)
class Team:
    """People who belong together; `slug` is what the routing rules call it."""

    id: int
    slug: str
    name: str


def adopt(conn: Connection, routes: Routes, *, now: datetime) -> None:
    """Put the rules in force for every process, and make the teams that they name."""
    values = {"id": 1, "document": dict(routes.document), "at": now}
    statement = insert_into(conn, routing_rules).values(values)
    conn.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
    for name in sorted(set(routes.teams.values())):
        made = insert_into(conn, team).values(slug=name, name=name.upper())
        conn.execute(made.on_conflict_do_nothing(index_elements=["slug"]))
    changed(conn, now=now)


def routes_in_force(conn: Connection) -> Routes | None:
    """The rules of routing; None where none were adopted: then nobody is asked and everybody is told."""
    document = conn.execute(select(routing_rules.c.document)).scalar_one_or_none()
    return None if document is None else restore(json.dumps(document, sort_keys=True))


def add_team(conn: Connection, *, slug_: str, name: str, now: datetime) -> Team:
    """Add a team; raises Duplicate if the short name is taken."""
    try:
        short = slug(slug_, "slug")
    except PolicyError as error:
        raise RosterError(error.where, error.why) from error
    name = clean(" ".join(name.split()))
    if not name or len(name) > WORD_LENGTH:
        raise RosterError("name", f"must have 1 to {WORD_LENGTH} characters")
    try:
        with conn.begin_nested():
            row = add(conn, team, slug=short, name=name)
    except IntegrityError as error:
        raise Duplicate("team", short) from error
    changed(conn, now=now)
    return Team(**row)


def teams(conn: Connection) -> tuple[Team, ...]:
    """Every team, by name."""
    rows = conn.execute(select(team).order_by(team.c.name, team.c.id)).mappings()
    return tuple(Team(**row) for row in rows)


def set_teams(conn: Connection, *, person_id: int, team_ids: Collection[int], now: datetime) -> None:
    """Let a person belong to exactly these teams; unknown ones raise RosterError."""
    who = directory.colleague(conn, person_id)
    known = set(conn.execute(select(team.c.id).where(team.c.id.in_(team_ids))).scalars())
    if known != set(team_ids):
        raise RosterError("teams", "there is no such team")
    conn.execute(delete(team_member).where(team_member.c.person_id == who.id))
    if known:
        conn.execute(insert(team_member), [{"team_id": one, "person_id": who.id} for one in sorted(known)])
    changed(conn, now=now)


def set_skills(conn: Connection, *, person_id: int, skills: Sequence[str], now: datetime) -> tuple[str, ...]:
    """Let a person have exactly these skills, folded to small letters."""
    who = directory.colleague(conn, person_id)
    words = sorted({clean(" ".join(skill.casefold().split())) for skill in skills} - {""})
    if len(words) > MOST_SKILLS or any(len(word) > WORD_LENGTH for word in words):
        raise RosterError("skills", f"at most {MOST_SKILLS} skills of at most {WORD_LENGTH} characters")
    conn.execute(delete(person_skill).where(person_skill.c.person_id == who.id))
    if words:
        conn.execute(insert(person_skill), [{"person_id": who.id, "skill": word} for word in words])
    changed(conn, now=now)
    return tuple(words)


def add_shift(
    conn: Connection,
    *,
    person_id: int,
    zone: str,
    weekly: Mapping[str, object],
    first: object,
    last: object = None,
    now: datetime,
) -> Shift:
    """Add weekly hours in a zone, from a first to a last date (None: for good)."""
    who = directory.colleague(conn, person_id)
    read = parse_shift(person_id=who.id, zone=clean(zone), weekly=weekly, first=first, last=last)
    if len(rosters(conn, [who.id])[who.id].shifts) >= MOST_SHIFTS:
        raise RosterError("weekly", f"more than {MOST_SHIFTS} shifts")
    values = {"person_id": who.id, "zone": read.calendar.zone.key, "weekly": read.weekly}
    row = add(conn, shifts, **values, first=read.first, last=read.last)
    changed(conn, now=now)
    return _to_shift(row)


def remove_shift(conn: Connection, *, person_id: int, shift_id: int, now: datetime) -> None:
    """Take a shift from the person; raises NotFound."""
    _remove(conn, "shift", person_id, shift_id, now=now)


def add_absence(
    conn: Connection, *, person_id: int, starts: datetime, ends: datetime, why: str = "", now: datetime
) -> Absence:
    """Say that a person is not there from an instant until another."""
    who = directory.colleague(conn, person_id)
    if not (starts.year in YEARS and ends.year in YEARS):
        raise RosterError("starts", f"lies outside {YEARS.start} to {YEARS.stop - 1}")
    if ends <= starts:
        raise RosterError("ends", "is not after the start")
    if ends - starts > LONGEST_ABSENCE:
        raise RosterError("ends", "an absence of more than two years; deactivate the colleague instead")
    why = clean(" ".join(why.split()))
    if len(why) > LONGEST_WHY:
        raise RosterError("why", f"more than {LONGEST_WHY} characters")
    row = add(conn, absences, person_id=who.id, starts=starts, ends=ends, why=why)
    changed(conn, now=now)
    return Absence(**row)


def remove_absence(conn: Connection, *, person_id: int, absence_id: int, now: datetime) -> None:
    """Take an absence back; raises NotFound."""
    _remove(conn, "absence", person_id, absence_id, now=now)


def set_presence(
    conn: Connection, *, person_id: int, state: PresenceState, until: datetime | None = None, now: datetime
) -> None:
    """Say what a person says of themselves; `until` must lie ahead."""
    who = directory.colleague(conn, person_id)
    if until is not None and until <= now:
        raise RosterError("until", "is not ahead")
    values = {"state": PresenceState(state), "until": until, "at": now}
    statement = insert_into(conn, presences).values(person_id=who.id, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=values))
    changed(conn, now=now)


def presence_of(conn: Connection, person_id: int) -> Presence:
    """What a person last said of themselves."""
    return rosters(conn, [person_id])[person_id].presence


def asked(conn: Connection, person_id: int, *, now: datetime) -> None:
    """Note that a person was asked to take a ticket."""
    statement = insert_into(conn, presences).values(
        person_id=person_id, state=PresenceState.AVAILABLE, at=now, asked_at=now
    )
    conn.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_={"asked_at": now}))


def asked_at(conn: Connection) -> dict[int, datetime]:
    """When each person was last asked."""
    query = select(presences.c.person_id, presences.c.asked_at).where(presences.c.asked_at.is_not(None))
    return {row.person_id: row.asked_at for row in conn.execute(query)}


def rosters(conn: Connection, person_ids: Collection[int]) -> dict[int, Roster]:
    """What says when each of these people is there; everybody has an entry."""
    shifts_of = _by_person([_to_shift(row) for row in _of(conn, "shift", person_ids)])
    absences_of = _by_person([Absence(**row) for row in _of(conn, "absence", person_ids)])
    presence = {row["person_id"]: _to_presence(row) for row in _of(conn, "presence", person_ids)}
    return {
        who: Roster(
            shifts=tuple(shifts_of.get(who, ())),
            absences=tuple(absences_of.get(who, ())),
            presence=presence.get(who, Presence()),
        )
        for who in person_ids
    }


def members(conn: Connection) -> dict[int, frozenset[str]]:
    """The short names of the teams that each person belongs to."""
    query = select(team_member.c.person_id, team.c.slug).join(team, team.c.id == team_member.c.team_id)
    return _gathered(conn.execute(query).all())


def skilled(conn: Connection) -> dict[int, frozenset[str]]:
    """The skills of each person."""
    return _gathered(conn.execute(select(person_skill.c.person_id, person_skill.c.skill)).all())


def changed(conn: Connection, *, now: datetime) -> None:
    """Somebody may have come on duty: let tickets that ask nobody be routed again, and tell the desk."""
    if conn.execute(select(routing_rules.c.id)).first() is not None:
        enqueue(conn, REROUTE, {}, now=now)
    signal(conn, "desk")


_BY_NAME: Final = {"shift": shifts, "absence": absences, "presence": presences}


def _of(conn: Connection, name: str, person_ids: Collection[int]) -> Sequence[Row]:
    table = _BY_NAME[name]
    order = list(table.primary_key.columns)
    query = select(table).where(table.c.person_id.in_(person_ids)).order_by(*order)
    return conn.execute(query).mappings().all()


def _remove(conn: Connection, name: str, person_id: int, row_id: int, *, now: datetime) -> None:
    table = _BY_NAME[name]
    gone = conn.execute(delete(table).where(table.c.id == row_id, table.c.person_id == person_id)).rowcount
    if not gone:
        raise NotFound(name, row_id)
    changed(conn, now=now)


def _to_shift(row: Row) -> Shift:
    read = _hours(row["zone"], json.dumps(row["weekly"]))
    facts = {key: row[key] for key in ("id", "person_id", "first", "last")}
    return replace(read, **facts)


@lru_cache(maxsize=1024)
def _hours(zone: str, weekly: str) -> Shift:
    """A stored shift's hours, read once: every ticket that asks somebody reads every shift."""
    return parse_shift(person_id=0, zone=zone, weekly=json.loads(weekly), first=date.min.replace(year=YEARS.start))


def _to_presence(row: Row) -> Presence:
    return Presence(state=PresenceState(row["state"]), until=row["until"])


def _by_person(found: Iterable[Theirs]) -> dict[int, list[Theirs]]:
    theirs: dict[int, list[Theirs]] = {}
    for one in found:
        theirs.setdefault(one.person_id, []).append(one)
    return theirs


def _gathered(rows: Sequence[tuple[int, str]]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    for person_id, name in rows:
        found.setdefault(person_id, set()).add(name)
    return {person_id: frozenset(names) for person_id, names in found.items()}
