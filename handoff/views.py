"""What of the queue somebody wants to see, and the views that people keep under a name. Transaction bodies.

A view of one's own is seen by oneself; a shared one, which only leads make, by everybody. "Me" in a shared view is
whoever looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Final, Self

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select

from handoff.bands import VIEWS, View
from handoff.errors import BadView, NotFound
from handoff.kinds import Level, Role, Tier
from handoff.routing import LEADING
from handoff.rows import Row, add, clean
from handoff.search import LONGEST_QUERY, ticket_ids
from handoff.tables import ticket as tickets
from handoff.view_tables import saved_view

LONGEST_NAME: Final = 40
MOST_VIEWS: Final = 30
"""Views of one person: each is counted whenever the desk is shown."""
STATES: Final = ("new", "open", "waiting", "resolved")
ME, NOBODY = "me", "nobody"
_ID_DIGITS: Final = 18


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A view, narrowed: a field that is empty narrows nothing. `assignee` is ME, NOBODY or a colleague's id."""

    view: View = "open"
    level: str = ""
    tier: str = ""
    client: str = ""
    assignee: str = ""
    team: str = ""
    state: str = ""
    text: str = ""

    @classmethod
    def read(cls, given: Mapping[str, object]) -> Self:
        """What an address, a form or a row says, as far as it can be meant."""
        said = {field.name: str(given.get(field.name) or "").strip() for field in fields(cls)}
        state = said["state"] if said["state"] in STATES else ""
        view: View = next((name for name in VIEWS if name == said["view"]), "open")
        return cls(
            view="resolved" if state == "resolved" else view,
            level=said["level"] if said["level"] in set(Level) else "",
            tier=said["tier"] if said["tier"] in set(Tier) else "",
            client=said["client"] if _is_id(said["client"]) else "",
            assignee=said["assignee"] if said["assignee"] in {ME, NOBODY} or _is_id(said["assignee"]) else "",
            team=clean(said["team"])[:LONGEST_NAME],
            state="" if state == "resolved" else state,
            text=clean(said["text"])[:LONGEST_QUERY],
        )

    @property
    def narrowed(self) -> Mapping[str, str]:
        """The fields that narrow the view."""
        return {name: value for name, value in asdict(self).items() if value and name != "view"}

    @property
    def address(self) -> Mapping[str, str]:
        """What stands in an address for it."""
        return {**({} if self.view == "open" else {"view": self.view}), **self.narrowed}


@dataclass(frozen=True, kw_only=True)
class SavedView:
    """A view under a name."""

    id: int
    person_id: int
    name: str
    wanted: Wanted
    shared: bool


def conditions(conn: Connection, wanted: Wanted, *, viewer_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What narrows the view, for `board.queue` and `board.count`."""
    told = {name: wanted.narrowed.get(name) for name in ("level", "tier", "team", "state")}
    found = [tickets.c[name] == value for name, value in told.items() if value]
    if wanted.client:
        found.append(tickets.c.client_id == int(wanted.client))
    if wanted.assignee == NOBODY:
        found.append(tickets.c.assignee_id.is_(None))
    elif wanted.assignee:
        found.append(tickets.c.assignee_id == (viewer_id if wanted.assignee == ME else int(wanted.assignee)))
    if wanted.text:
        found.append(tickets.c.id.in_(ticket_ids(conn, wanted.text, now=now)))
    return tuple(found)


def save(
    conn: Connection, *, person_id: int, role: Role | None, name: str, wanted: Wanted, shared: bool, now: datetime
) -> SavedView:
    """Keep a view under a name; one of this person's with the same name is replaced. Raises BadView.

    Only leads share: anybody else's stays their own.
    """
    name = clean(" ".join(name.split()))
    if not 0 < len(name) <= LONGEST_NAME:
        raise BadView("name")
    mine = saved_view.c.person_id == person_id
    conn.execute(delete(saved_view).where(mine, saved_view.c.name == name))
    if conn.execute(select(func.count()).select_from(saved_view).where(mine)).scalar_one() >= MOST_VIEWS:
        raise BadView("many")
    values = {"person_id": person_id, "name": name, "wanted": asdict(wanted), "at": now}
    return _read(add(conn, saved_view, **values, shared=shared and role in LEADING))


def seen_by(conn: Connection, person_id: int) -> tuple[SavedView, ...]:
    """The views of a person, then those that others share, each by name."""
    theirs = or_(saved_view.c.person_id == person_id, saved_view.c.shared)
    rows = conn.execute(select(saved_view).where(theirs).order_by(saved_view.c.name, saved_view.c.id)).mappings().all()
    return tuple(sorted(map(_read, rows), key=lambda view: view.person_id != person_id))


def find(views: Sequence[SavedView], view_id: int | None) -> SavedView | None:
    """The view with this id among those that somebody sees."""
    return next((view for view in views if view.id == view_id), None)


def forget(conn: Connection, view_id: int, *, person_id: int, role: Role | None) -> None:
    """Delete a view: one's own, or as a lead a shared one. Raises NotFound for any other."""
    mine = saved_view.c.person_id == person_id
    allowed = or_(mine, saved_view.c.shared) if role in LEADING else mine
    if not conn.execute(delete(saved_view).where(saved_view.c.id == view_id, allowed)).rowcount:
        raise NotFound("view", view_id)


def _read(row: Row) -> SavedView:
    return SavedView(
        id=row["id"],
        person_id=row["person_id"],
        name=row["name"],
        wanted=Wanted.read(row["wanted"]),
        shared=row["shared"],
    )


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _ID_DIGITS
