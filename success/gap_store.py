"""SQL of gaps: plain functions of a connection, to be run inside transaction bodies."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from handoff.rows import Row
from knowledge.gap_facts import Advice
from knowledge.model import Page
from store.db import insert_into
from store.jobs import JsonValue, lock_key
from success import gap_rules
from success.errors import UnknownGap
from success.gap_model import Event, Facts, Found, Gap, Member, Run, State, Why
from success.gap_tables import gap, gap_event, gap_question, gap_run, page_age

RECOMPUTE: Final = "gaps"
"""The queue of the job that looks for gaps."""
SELF: Final = "aftercare"


def take_in(conn: Connection, found: Sequence[Found], *, run: Run) -> None:
    """Keep what a run found: gaps keep their identity, close where the live version answers them, and come back.

    Two runs at a time wait for each other.
    """
    lock_key(conn, RECOMPUTE, "take_in")
    known = _members(conn)
    kept = {row["id"]: _gap(row) for row in conn.execute(select(gap)).mappings()}
    matched = gap_rules.same([{q.turn_id for q in each.questions} for each in found], known)
    for place, each in enumerate(found):
        mine = matched.get(place)
        was = kept[mine] if mine is not None else None
        number = _put(conn, each, was, now=run.at)
        _decide(conn, number, each, was, run=run)
    gone = [each.id for each in kept.values() if each.state is State.OPEN and each.id not in matched.values()]
    if gone:
        conn.execute(delete(gap_question).where(gap_question.c.gap_id.in_(gone)))
        conn.execute(delete(gap_event).where(gap_event.c.gap_id.in_(gone)))
        conn.execute(delete(gap).where(gap.c.id.in_(gone)))
    conn.execute(insert(gap_run).values(**asdict(run)))


def _put(conn: Connection, each: Found, was: Gap | None, *, now: datetime) -> int:
    times = [asked.at for asked in each.questions]
    values: dict[str, Any] = {"label": each.questions[0].text, "facts": asdict(each.facts)}
    values |= {"size": len(times), "first_at": min(times), "last_at": max(times)}
    if was is None:
        fresh = {"state": State.OPEN, "size_then": 0, "reason": "", "changed_by": SELF, "changed_at": now}
        number = int(conn.execute(insert(gap).values(**values, **fresh).returning(gap.c.id)).scalar_one())
        note(conn, number, by=SELF, verb="found", now=now)
    else:
        number = was.id
        conn.execute(update(gap).where(gap.c.id == number).values(**values))
        conn.execute(delete(gap_question).where(gap_question.c.gap_id == number))
    turns = [asked.turn_id for asked in each.questions]
    conn.execute(delete(gap_question).where(gap_question.c.turn_id.in_(turns)))
    rows = [
        {
            "gap_id": number, "turn_id": asked.turn_id, "place": place, "text": asked.text, "why": asked.why,
            "at": asked.at, "client_id": asked.client_id, "person_id": asked.person_id, "ticket_id": asked.ticket_id,
            "answered": each.answered[place],
        }
        for place, asked in enumerate(each.questions)
    ]  # fmt: skip
    conn.execute(insert(gap_question), rows)
    return number


def _decide(conn: Connection, number: int, each: Found, was: Gap | None, *, run: Run) -> None:
    state = was.state if was is not None else State.OPEN
    closed = gap_rules.closes(each.facts, centre_answered=each.answered[0])
    told: dict[str, JsonValue] = {"version": run.version, "answered": each.facts.answered, "tried": each.facts.tried}
    size = len(each.questions)
    if state in (State.OPEN, State.DRAFTED) and closed:
        move(
            conn,
            number,
            State.PUBLISHED,
            by=SELF,
            verb="published",
            now=run.at,
            data=told,
            size=size,
            version=run.version,
        )
    elif was is not None and state is State.PUBLISHED and not closed:
        if gap_rules.comes_back(size_then=was.size_then, size=size) or was.published_in != run.version:
            move(conn, number, State.OPEN, by=SELF, verb="reopened", now=run.at, data=told, size=size)
    elif was is not None and state is State.DISMISSED and gap_rules.comes_back(size_then=was.size_then, size=size):
        data: dict[str, JsonValue] = {"then": was.size_then, "now": size, "reason": was.reason}
        move(conn, number, State.OPEN, by=SELF, verb="returned", now=run.at, data=data, size=size)


def move(
    conn: Connection,
    number: int,
    state: State,
    *,
    by: str,
    verb: str,
    now: datetime,
    data: Mapping[str, JsonValue],
    size: int,
    reason: str = "",
    version: int | None = None,
) -> None:
    """Put a gap into a state, and write who did so."""
    values = {"state": state, "changed_by": by, "changed_at": now, "size_then": size, "reason": reason}
    conn.execute(update(gap).where(gap.c.id == number).values(**values, published_in=version))
    note(conn, number, by=by, verb=verb, now=now, data=data)


def change(conn: Connection, number: int, **values: object) -> None:
    """Set columns of a gap."""
    conn.execute(update(gap).where(gap.c.id == number).values(**values))


def note(
    conn: Connection, number: int, *, by: str, verb: str, now: datetime, data: Mapping[str, JsonValue] | None = None
) -> None:
    """Write the log of what happened to a gap."""
    conn.execute(insert(gap_event).values(gap_id=number, at=now, done_by=by, verb=verb, data=dict(data or {})))


def gaps(conn: Connection, *, states: Collection[State] = tuple(State), limit: int = 500) -> tuple[Gap, ...]:
    """Gaps in these states, those with most questions first."""
    query = select(gap).where(gap.c.state.in_(states)).order_by(gap.c.size.desc(), gap.c.last_at.desc(), gap.c.id)
    return tuple(_gap(row) for row in conn.execute(query.limit(limit)).mappings())


def one(conn: Connection, number: int, *, lock: bool = False) -> Gap:
    """The gap of this number, with `lock` for this transaction alone; raises UnknownGap."""
    query = select(gap).where(gap.c.id == number)
    row = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise UnknownGap(number)
    return _gap(row)


def counts(conn: Connection) -> dict[State, int]:
    """How many gaps are in each state."""
    rows = conn.execute(select(gap.c.state, func.count()).group_by(gap.c.state))
    found = {State(state): n for state, n in rows}
    return {state: found.get(state, 0) for state in State}


def members(conn: Connection, number: int) -> tuple[Member, ...]:
    """A gap's questions, the most central one first."""
    mine = select(gap_question).where(gap_question.c.gap_id == number).order_by(gap_question.c.place)
    return tuple(_member(row) for row in conn.execute(mine).mappings())


def examples(conn: Connection, numbers: Collection[int], *, most: int = 4) -> dict[int, tuple[str, ...]]:
    """For each of these gaps, how some of its questions were asked."""
    mine = select(gap_question.c.gap_id, gap_question.c.text).where(gap_question.c.gap_id.in_(numbers))
    found: dict[int, list[str]] = defaultdict(list)
    for number, text in conn.execute(mine.order_by(gap_question.c.gap_id, gap_question.c.place)):
        if len(found[number]) < most and text not in found[number]:
            found[number].append(text)
    return {number: tuple(texts) for number, texts in found.items()}


def events(conn: Connection, number: int) -> tuple[Event, ...]:
    """What happened to a gap, the newest first."""
    mine = select(gap_event).where(gap_event.c.gap_id == number).order_by(gap_event.c.id.desc())
    rows = conn.execute(mine).mappings()
    return tuple(Event(at=row["at"], by=row["done_by"], verb=row["verb"], data=dict(row["data"])) for row in rows)


def last_run(conn: Connection) -> Run | None:
    """The last time gaps were looked for."""
    row = conn.execute(select(gap_run).order_by(gap_run.c.id.desc()).limit(1)).mappings().first()
    return Run(**{name: row[name] for name in ("at", "questions", "left_out", "version", "ms")}) if row else None


def see_pages(conn: Connection, pages: Sequence[Page], *, at: datetime) -> None:
    """Keep since when each page is there, and since when it says what it says."""
    known = {row.page: row.hash for row in conn.execute(select(page_age.c.page, page_age.c.hash))}
    for page in pages:
        if page.id not in known:
            fresh = insert_into(conn, page_age).values(page=page.id, hash=page.hash, first_at=at, changed_at=at)
            conn.execute(fresh.on_conflict_do_nothing())
        elif known[page.id] != page.hash:
            conn.execute(update(page_age).where(page_age.c.page == page.id).values(hash=page.hash, changed_at=at))


def _members(conn: Connection) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for number, turn in conn.execute(select(gap_question.c.gap_id, gap_question.c.turn_id)):
        found[number].add(turn)
    return found


def _gap(row: Row) -> Gap:
    facts = dict(row["facts"])
    facts |= {"terms": tuple(facts["terms"]), "weeks": tuple(facts["weeks"]), "advice": Advice(facts["advice"])}
    names = ("id", "label", "size", "size_then", "first_at", "last_at", "reason", "changed_by", "changed_at", "draft")
    return Gap(
        **{name: row[name] for name in (*names, "written_to", "published_in")},
        state=State(row["state"]),
        facts=Facts(**facts),
    )


def _member(row: Row) -> Member:
    names = ("turn_id", "text", "at", "client_id", "person_id", "ticket_id", "answered")
    return Member(**{name: row[name] for name in names}, why=Why(row["why"]))
