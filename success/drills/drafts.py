"""Drills written in the desk: drafted from complaints, edited, published by a person, retired. Transaction bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from handoff import board, messages
from handoff.errors import NotFound
from handoff.figures import home_zone
from handoff.kinds import Audience, Author, Tier
from handoff.rows import clean
from success.drill_tables import drill as drills
from success.drills import drafting, reading, shelf
from success.drills.drafting import Complained
from success.drills.errors import DrillBroken, DrillRefused
from success.feedback_tables import complaint as complaints
from success.gap_material import everybody
from success.gap_sources import companies

DRAFT: Final = "draft"
RETIRED: Final = "retired"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A drill written in the desk; `state` is draft, published or retired."""

    id: int
    slug: str
    text: str
    state: str
    ticket_id: int | None
    at: datetime
    changed_at: datetime


def from_ticket(conn: Connection, number: str, *, by: int, now: datetime) -> Draft:
    """Draft a drill from a complaint's ticket, anonymised; a ticket that gave one before gives the same.

    Raises DrillRefused: ``ticket`` where there is none, ``complaint`` where it is none, ``nothing`` without words.
    """
    ticket = board.ticket_by_number(conn, clean(number).strip().upper())
    if ticket is None:
        raise DrillRefused("ticket")
    known = conn.execute(select(drills).where(drills.c.ticket_id == ticket.id).order_by(drills.c.id)).mappings().first()
    if known is not None:
        return _draft(known)
    if conn.execute(select(complaints.c.id).where(complaints.c.ticket_id == ticket.id).limit(1)).first() is None:
        raise DrillRefused("complaint")
    heard = messages.ticket_messages(conn, ticket.id, audience=Audience.CLIENT)
    said = tuple(each.text for each in heard if each.author is Author.CLIENT and each.text.strip())
    if not said:
        raise DrillRefused("nothing")
    taken = [each.slug for each in shelf.shelf(conn)] + [row.slug for row in conn.execute(select(drills.c.slug))]
    complained = Complained(
        slug=drafting.slug_of(taken, ticket.id), level=ticket.level, tier=ticket.tier or Tier.STANDARD,
        at=ticket.opened_at.astimezone(home_zone(conn)), said=said, own=everybody(companies(conn)),
    )  # fmt: skip
    text = drafting.draft(complained, shelf.shipped()[drafting.nearest(ticket.level)])
    row = {
        "slug": complained.slug, "text": text, "state": DRAFT, "ticket_id": ticket.id, "by_id": by, "at": now,
        "changed_at": now,
    }  # fmt: skip
    return _draft(conn.execute(insert(drills).values(row).returning(*drills.c)).mappings().one())


def listed(conn: Connection) -> tuple[Draft, ...]:
    """Everything written in the desk, the newest first."""
    return tuple(_draft(row) for row in conn.execute(select(drills).order_by(drills.c.id.desc())).mappings())


def draft(conn: Connection, drill_id: int) -> Draft:
    """The one with this id. Raises NotFound."""
    row = conn.execute(select(drills).where(drills.c.id == drill_id)).mappings().first()
    if row is None:
        raise NotFound("drill", drill_id)
    return _draft(row)


def save(conn: Connection, drill_id: int, text: str, *, now: datetime) -> Draft:
    """Keep a text as it is, broken or not. Raises NotFound, DrillBroken where it is too long to be kept."""
    draft(conn, drill_id)
    kept = clean(text).replace("\r\n", "\n")
    if len(kept.encode()) > reading.LONGEST:
        raise DrillBroken((("", f"is longer than {reading.LONGEST // 1024} KB"),))
    conn.execute(update(drills).where(drills.c.id == drill_id).values(text=kept, changed_at=now, state=DRAFT))
    return draft(conn, drill_id)


def publish(conn: Connection, drill_id: int, text: str, *, by: int, now: datetime) -> Draft:
    """Have people trained by a text. Raises NotFound, DrillBroken, DrillRefused: ``open`` while marks stand in it."""
    kept = save(conn, drill_id, text, now=now)
    scenario = reading.read(kept.text)
    if scenario.name != kept.slug:
        raise DrillBroken((("name", f"must be {kept.slug}"),))
    if drafting.open_points(kept.text):
        raise DrillRefused("open")
    values = {"state": shelf.PUBLISHED, "published_by": by, "published_at": now}
    conn.execute(update(drills).where(drills.c.id == drill_id).values(values))
    return draft(conn, drill_id)


def retire(conn: Connection, drill_id: int, *, now: datetime) -> None:
    """Take a drill off the shelf; plays that began go on. One that was never published is thrown away."""
    found = draft(conn, drill_id)
    if (
        found.state == DRAFT
        and conn.execute(select(drills.c.published_at).where(drills.c.id == drill_id)).scalar() is None
    ):
        conn.execute(delete(drills).where(drills.c.id == drill_id))
        return
    conn.execute(update(drills).where(drills.c.id == drill_id).values(state=RETIRED, changed_at=now))


def _draft(row: Mapping[Any, Any]) -> Draft:
    return Draft(**{name: row[name] for name in Draft.__dataclass_fields__})
