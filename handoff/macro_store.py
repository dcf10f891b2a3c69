"""Keeping macros: everybody's and one's own. Transaction bodies."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from handoff.case_tables import macro as rows
from handoff.errors import NotFound
from handoff.kinds import Level
from handoff.macros import Draft, Macro, MacroError, may_change
from handoff.model import Person
from handoff.rows import Row, add, clean, first

MOST: Final = 200
"""Macros of one person, and as many of everybody's."""


def visible(conn: Connection, person_id: int) -> tuple[Macro, ...]:
    """Everybody's and this person's own, each in their order, everybody's first."""
    query = select(rows).where(or_(rows.c.owner_id.is_(None), rows.c.owner_id == person_id))
    order = (rows.c.owner_id.is_not(None), rows.c.place, rows.c.id)
    return tuple(_macro(row) for row in conn.execute(query.order_by(*order)).mappings())


def find(conn: Connection, macro_id: int, *, person_id: int) -> Macro:
    """A macro that this person sees; raises NotFound."""
    mine = or_(rows.c.owner_id.is_(None), rows.c.owner_id == person_id)
    row = first(conn, rows, rows.c.id == macro_id, mine)
    if row is None:
        raise NotFound("macro", macro_id)
    return _macro(row)


def create(conn: Connection, draft: Draft, *, by: Person, now: datetime) -> Macro:
    """Keep a new macro, last in its list. Raises MacroError where the name is taken, or there are too many."""
    owner = None if draft.shared else by.id
    _refuse_taken(conn, draft.name, owner, but=0)
    many, last = conn.execute(select(func.count(), func.max(rows.c.place)).where(_owned(owner))).one()
    if many >= MOST:
        raise MacroError("name", "many")
    values = _values(draft, owner, by=by, now=now) | {"place": (last or 0) + 1, "uses": 0, "version": 1}
    return _macro(add(conn, rows, **values))


def change(conn: Connection, macro_id: int, draft: Draft, *, version: int, by: Person, now: datetime) -> Macro:
    """Change a macro as it was at `version`. Raises NotFound (also for those one may not change), MacroError."""
    was = _changeable(conn, macro_id, by=by)
    owner = None if draft.shared else by.id
    if was.version != version:
        raise MacroError("name", "stale")
    _refuse_taken(conn, draft.name, owner, but=macro_id)
    values = _values(draft, owner, by=by, now=now) | {"version": version + 1}
    held = (rows.c.id == macro_id, rows.c.version == version)
    if not conn.execute(update(rows).where(*held).values(values)).rowcount:
        raise MacroError("name", "stale")
    return find(conn, macro_id, person_id=by.id)


def remove(conn: Connection, macro_id: int, *, by: Person) -> None:
    """Delete a macro; raises NotFound."""
    _changeable(conn, macro_id, by=by)
    conn.execute(delete(rows).where(rows.c.id == macro_id))


def move(conn: Connection, macro_id: int, *, up: bool, by: Person) -> None:
    """Let a macro change places with its neighbour; the first and the last stay. Raises NotFound."""
    one = _changeable(conn, macro_id, by=by)
    listed = [each for each in visible(conn, by.id) if each.owner_id == one.owner_id]
    at = next(place for place, each in enumerate(listed) if each.id == macro_id)
    to = at - 1 if up else at + 1
    if 0 <= to < len(listed):
        listed[at], listed[to] = listed[to], listed[at]
        for place, each in enumerate(listed, 1):
            conn.execute(update(rows).where(rows.c.id == each.id).values(place=place))


def used(conn: Connection, macro_id: int) -> None:
    """A reply was sent with it."""
    conn.execute(update(rows).where(rows.c.id == macro_id).values(uses=rows.c.uses + 1))


def _changeable(conn: Connection, macro_id: int, *, by: Person) -> Macro:
    found = find(conn, macro_id, person_id=by.id)
    if not may_change(found, by):
        raise NotFound("macro", macro_id)
    return found


def _refuse_taken(conn: Connection, name: str, owner: int | None, *, but: int) -> None:
    if first(conn, rows, _owned(owner), rows.c.name == clean(name), rows.c.id != but) is not None:
        raise MacroError("name", "taken")


def _owned(owner: int | None) -> ColumnElement[bool]:
    return rows.c.owner_id.is_(None) if owner is None else rows.c.owner_id == owner


def _values(draft: Draft, owner: int | None, *, by: Person, now: datetime) -> dict[str, Any]:
    texts: Mapping[str, str] = {tag: clean(text) for tag, text in draft.texts.items()}
    values = {"owner_id": owner, "name": clean(draft.name), "texts": texts, "then": draft.then, "level": draft.level}
    return values | {"changed_by": by.id, "at": now}


def _macro(row: Row) -> Macro:
    return Macro(
        id=row["id"],
        owner_id=row["owner_id"],
        name=row["name"],
        texts=row["texts"],
        then=row["then"],
        level=Level(row["level"]) if row["level"] else None,
        shared=row["owner_id"] is None,
        place=row["place"],
        uses=row["uses"],
        version=row["version"],
    )
