"""A client's people as the desk keeps them: a name set by hand, two records that are one person. Transaction bodies."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Column, Connection, UniqueConstraint, delete, func, select, update

from handoff import directory
from handoff.accounts import POWERS
from handoff.contract_tables import authorised_contact as powers_table
from handoff.errors import EmptyText, NotFound, NotOnePerson
from handoff.kinds import PersonKind
from handoff.model import Person
from handoff.rows import add, clean
from handoff.sharing_tables import progress_link as links
from handoff.tables import chat, identity, message, person, ticket, ticket_event, turn

LONGEST_NAME: Final = 80
MOVES: Final[tuple[Column[int], ...]] = (
    identity.c.person_id, message.c.person_id, ticket.c.requester_id, turn.c.person_id, ticket_event.c.actor_id,
    chat.c.person_id, links.c.person_id,
)  # fmt: skip
"""Where a client's person is named; all other columns that name people name ours, or are `powers_table`'s."""


def of_client(conn: Connection, client_id: int, person_id: int) -> Person:
    """One of this client's people; raises NotFound for anybody else."""
    found = directory.person(conn, person_id)
    if found.kind is not PersonKind.CLIENT or found.client_id != client_id:
        raise NotFound("person", person_id)
    return found


def rename(conn: Connection, *, client_id: int, person_id: int, name: str) -> Person:
    """Call somebody so from now on, whatever their platform calls them; raises NotFound, EmptyText."""
    of_client(conn, client_id, person_id)
    said = " ".join(clean(name).split())[:LONGEST_NAME]
    if not said:
        raise EmptyText
    conn.execute(update(person).where(person.c.id == person_id).values(name=said, name_kept=True))
    return directory.person(conn, person_id)


def merge(
    conn: Connection, *, client_id: int, keep: int, gone: int, also: Iterable[Column[int]] = (), by: int, now: datetime
) -> Person:
    """Make two records one person's: accounts, messages, tickets and powers of `gone` become `keep`'s.

    Both must be this client's people. Where there can be one row of a person only, `keep`'s stays. `also` are the
    columns of other rooms that name clients' people. Raises NotFound, NotOnePerson.
    """
    if keep == gone:
        raise NotOnePerson("itself")
    for each in sorted((keep, gone)):
        conn.execute(select(person.c.id).where(person.c.id == each).with_for_update())
        of_client(conn, client_id, each)
    _join_powers(conn, keep, gone, by=by, now=now)
    for column in (*MOVES, *also):
        _drop_doubles(conn, column, keep, gone)
        conn.execute(update(column.table).where(column == gone).values({column.name: keep}))
    conn.execute(delete(person).where(person.c.id == gone))
    return directory.person(conn, keep)


def spoken(conn: Connection, person_ids: list[int]) -> dict[int, datetime]:
    """When each of these people wrote last; those who never did are left out."""
    query = select(message.c.person_id, func.max(message.c.at)).where(message.c.person_id.in_(person_ids))
    return {row[0]: row[1] for row in conn.execute(query.group_by(message.c.person_id))}


def _drop_doubles(conn: Connection, column: Column[int], keep: int, gone: int) -> None:
    """Drop of `gone` what `keep` has already, in a table that holds one of each for a person."""
    table, other = column.table, column.table.alias()
    for rule in table.constraints:
        if isinstance(rule, UniqueConstraint) and column.name in rule.columns:
            beside = (other.c[each.name] == each for each in rule.columns if each.name != column.name)
            theirs = select(other.c[column.name]).where(other.c[column.name] == keep, *beside)
            conn.execute(delete(table).where(column == gone, theirs.exists()))


def _join_powers(conn: Connection, keep: int, gone: int, *, by: int, now: datetime) -> None:
    both = powers_table.c.person_id.in_((keep, gone))
    held: dict[int, set[str]] = {}
    for row in conn.execute(select(powers_table).where(both)).mappings().all():
        held.setdefault(row["client_id"], set()).update(row["powers"])
    conn.execute(delete(powers_table).where(both))
    for client_id, powers in held.items():
        kept = [power for power in POWERS if power in powers]
        add(conn, powers_table, client_id=client_id, person_id=keep, powers=kept, at=now, by_id=by)
