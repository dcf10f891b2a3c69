"""Who gets which reports, and what our own side is called on them. Transaction bodies."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from handoff.kinds import Tier
from handoff.model import Client
from handoff.rows import clean, first
from store.db import insert_into
from success.report_tables import report_choice, report_office
from success.reports.model import Choice, Office

LONGEST_NAME: Final = 80
MOST_MINUTES: Final = 240
MOST_HOURLY: Final = 100_000
_ONE: Final = 1


def of(conn: Connection) -> Office:
    """Our own side, as it is set."""
    row = first(conn, report_office, report_office.c.id == _ONE)
    return Office() if row is None else Office(**{name: row[name] for name in Office.__dataclass_fields__})


def put(conn: Connection, office: Office, *, by: int, now: datetime) -> Office:
    """Change it; numbers are brought within what makes sense."""
    kept = {
        "agency": " ".join(clean(office.agency).split())[:LONGEST_NAME],
        "review": office.review,
        "week": office.week,
        "minutes": min(max(0, office.minutes), MOST_MINUTES),
        "hourly": min(max(0, office.hourly), MOST_HOURLY),
        "currency": clean(office.currency)[:3].upper() or "CNY",
        "by_id": by,
        "changed_at": now,
    }
    statement = insert_into(conn, report_office).values(id=_ONE, **kept)
    conn.execute(statement.on_conflict_do_update(index_elements=["id"], set_=kept))
    return of(conn)


def choice(conn: Connection, client: Client) -> Choice:
    """Which reports a client gets: as chosen, else all of them, the weekly ones from gold on."""
    row = first(conn, report_choice, report_choice.c.client_id == client.id)
    return usual(client) if row is None else _choice(row)


def usual(client: Client) -> Choice:
    """What a client gets for whom nobody chose."""
    return Choice(brief=client.tier is not Tier.STANDARD)


def choices(conn: Connection, clients: Iterable[Client]) -> dict[int, Choice]:
    """Which reports each of these clients gets."""
    chosen = {row["client_id"]: _choice(row) for row in conn.execute(select(report_choice)).mappings()}
    return {each.id: chosen.get(each.id) or usual(each) for each in clients}


def choose(conn: Connection, client_id: int, chosen: Choice, *, by: int, now: datetime) -> None:
    """Choose what a client gets from now on."""
    kept = {name: getattr(chosen, name) for name in Choice.__dataclass_fields__} | {"by_id": by, "changed_at": now}
    statement = insert_into(conn, report_choice).values(client_id=client_id, **kept)
    conn.execute(statement.on_conflict_do_update(index_elements=["client_id"], set_=kept))


def _choice(row: object) -> Choice:
    return Choice(**{name: row[name] for name in Choice.__dataclass_fields__})  # type: ignore[index]
