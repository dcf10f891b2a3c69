"""Agreements, entitlements, authorised contacts, closures: what is kept of each client's terms. Transaction bodies.

An edit never overwrites: the new row takes the place of the old one, which stays. Every edit has the client's open
tickets brought in line by a durable job.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, delete, select, update

from handoff import contracts, directory
from handoff.agreements import (
    MOST_AMOUNT,
    Agreement,
    Cover,
    Draft,
    Use,
    cover,
    read_entitlements,
    refuse_overlap,
)  # fmt: skip
from handoff.contract_tables import agreement as agreements_table
from handoff.contract_tables import authorised_contact as contacts_table
from handoff.contract_tables import closure as closures_table
from handoff.contract_tables import entitlement_use as uses_table
from handoff.errors import NotFound, PolicyError
from handoff.fields import period
from handoff.kinds import Tier
from handoff.model import Client, Person
from handoff.policy import Contract, close
from handoff.rows import Row, add, clean, to_person
from handoff.service_hours import Closure
from handoff.tables import person as people
from store.db import insert_into
from store.zones import find_zone

POWERS: Final = ("money", "contract", "deletion", "credentials", "domain")
LONGEST_CLOSURE: Final = 366
DEFAULT_ZONE: Final = "Asia/Shanghai"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What binds one client's tickets now."""

    tier: Tier
    contract: Contract


@dataclass(frozen=True, kw_only=True)
class KeptClosure:
    """Days without service, and who said so and why."""

    id: int
    closure: Closure
    why: str
    by_id: int | None
    at: datetime


def terms(conn: Connection, client_id: int | None, *, now: datetime, keep: bool = True) -> Terms:
    """The tier by the agreement that covers today, and the contract in force with the client's closures.

    `keep` stores that contract's version, for a ticket that will follow it.
    """
    current = contracts.book(conn).current
    if client_id is None:
        return Terms(tier=Tier.STANDARD, contract=current)
    own = close(current, [kept.closure for kept in closures(conn, client_id)])
    if keep and own is not current:
        contracts.keep(conn, own, now=now)
    return Terms(tier=covering(conn, directory.client(conn, client_id), now=now).tier, contract=own)


def covering(conn: Connection, client: Client, *, now: datetime) -> Cover:
    """What the client's agreements come to today, by its own calendar."""
    return cover(agreements(conn, client.id), today(client, now), otherwise=client.tier)


def zone_of(client: Client) -> ZoneInfo:
    """Where a client is; an unknown place counts as the usual one."""
    return find_zone(client.timezone) or ZoneInfo(DEFAULT_ZONE)


def today(client: Client, now: datetime) -> date:
    """The date at the client's place."""
    return now.astimezone(zone_of(client)).date()


def agreements(conn: Connection, client_id: int, *, replaced: bool = False) -> tuple[Agreement, ...]:
    """A client's agreements by their first day; with `replaced`, also those that were edited or withdrawn."""
    mine: list[ColumnElement[bool]] = [agreements_table.c.client_id == client_id]
    if not replaced:
        mine.append(agreements_table.c.replaced_at.is_(None))
    query = select(agreements_table).where(*mine).order_by(agreements_table.c.starts_on, agreements_table.c.id)
    return tuple(_agreement(row) for row in conn.execute(query).mappings())


def agree(
    conn: Connection, *, client_id: int, draft: Draft, replaces: int | None = None, by: int | None, now: datetime
) -> Agreement:
    """Keep an agreement, in the place of `replaces`; raises Clash, and NotFound if that was replaced meanwhile."""
    directory.lock_client(conn, client_id)
    if replaces is not None:
        _replace(conn, client_id, replaces, now=now)
    refuse_overlap(agreements(conn, client_id), draft)
    facts = vars(draft) | {"entitlements": [asdict(each) for each in draft.entitlements], "scope": clean(draft.scope)}
    made = _agreement(add(conn, agreements_table, client_id=client_id, at=now, by_id=by, **facts))
    contracts.align(conn, client_id=client_id, now=now)
    return made


def withdraw(conn: Connection, *, client_id: int, agreement_id: int, now: datetime) -> None:
    """Take an agreement back, as if it had not been made; it stays in the history. Raises NotFound."""
    directory.lock_client(conn, client_id)
    _replace(conn, client_id, agreement_id, now=now)
    contracts.align(conn, client_id=client_id, now=now)


def use(
    conn: Connection, *, client: Client, name: str, amount: int, note: str = "", ticket_id: int | None = None,
    by: int | None, now: datetime,
) -> Use:  # fmt: skip
    """Book some of an entitlement of the agreement in force; raises PolicyError for one that it does not have."""
    agreement = covering(conn, client, now=now).agreement
    if agreement is None or name not in {each.name for each in agreement.entitlements}:
        raise PolicyError("name", f"{name!r} is no entitlement of the agreement in force")
    if amount == 0 or abs(amount) > MOST_AMOUNT:
        raise PolicyError("amount", "must be a whole number other than 0")
    facts = {"name": name, "amount": amount, "used_on": today(client, now), "note": clean(note).strip()}
    return _use(add(conn, uses_table, client_id=client.id, **facts, ticket_id=ticket_id, at=now, by_id=by))


def uses(conn: Connection, client_id: int, *, limit: int = 500) -> tuple[Use, ...]:
    """What a client has used, newest first."""
    query = select(uses_table).where(uses_table.c.client_id == client_id).order_by(uses_table.c.id.desc()).limit(limit)
    return tuple(_use(row) for row in conn.execute(query).mappings())


def authorise(
    conn: Connection, *, client_id: int, person_id: int, powers: Sequence[str], by: int | None, now: datetime
) -> None:
    """Say what one of the client's contacts may decide; without powers, nothing. Raises NotFound, PolicyError."""
    if directory.person(conn, person_id).client_id != client_id:
        raise NotFound("contact", person_id)
    if not set(powers) <= set(POWERS):
        raise PolicyError("powers", f"there are {', '.join(POWERS)}")
    mine = (contacts_table.c.client_id == client_id, contacts_table.c.person_id == person_id)
    conn.execute(delete(contacts_table).where(*mine))
    if powers:
        values = {"powers": [power for power in POWERS if power in powers], "at": now, "by_id": by}
        statement = insert_into(conn, contacts_table).values(client_id=client_id, person_id=person_id, **values)
        conn.execute(statement.on_conflict_do_update(index_elements=["client_id", "person_id"], set_=values))


def contacts(conn: Connection, client_id: int, *, limit: int = 300) -> tuple[tuple[Person, tuple[str, ...]], ...]:
    """A client's people, by name, with what each may decide; those who may come first."""
    joined = people.outerjoin(
        contacts_table, (contacts_table.c.person_id == people.c.id) & (contacts_table.c.client_id == client_id)
    )
    query = select(people, contacts_table.c.powers).select_from(joined).where(people.c.client_id == client_id)
    ordered = query.order_by(contacts_table.c.at.is_(None), people.c.name, people.c.id).limit(limit)
    return tuple((to_person(row), tuple(row["powers"] or ())) for row in conn.execute(ordered).mappings())


def is_authorised(conn: Connection, person_id: int, power: str) -> bool:
    """Whether this contact may decide on money, the contract, deletion, credentials or the domain of their client."""
    mine = (contacts_table.c.person_id == person_id, people.c.client_id == contacts_table.c.client_id)
    query = select(contacts_table.c.powers).join(people, people.c.id == contacts_table.c.person_id).where(*mine)
    return any(power in powers for powers in conn.execute(query).scalars())


def closures(conn: Connection, client_id: int) -> tuple[KeptClosure, ...]:
    """The days on which a client has no service, by their first."""
    mine = (closures_table.c.client_id == client_id, closures_table.c.removed_at.is_(None))
    query = select(closures_table).where(*mine).order_by(closures_table.c.first, closures_table.c.id)
    return tuple(_closure(row) for row in conn.execute(query).mappings())


def add_closure(
    conn: Connection, *, client_id: int, first: object, last: object, around_the_clock: bool = False, why: str,
    by: int | None, now: datetime,
) -> KeptClosure:  # fmt: skip
    """Close some days, both ends included, for one client; raises PolicyError naming the field."""
    begins, ends = period(first, last, "closure")
    if (ends - begins).days >= LONGEST_CLOSURE:
        raise PolicyError("closure.last", f"is more than {LONGEST_CLOSURE} days after the first")
    directory.client(conn, client_id)
    facts = {"first": begins, "last": ends, "around_the_clock": around_the_clock, "why": clean(why).strip()}
    made = _closure(add(conn, closures_table, client_id=client_id, **facts, by_id=by, at=now))
    contracts.align(conn, client_id=client_id, now=now)
    return made


def remove_closure(conn: Connection, *, client_id: int, closure_id: int, now: datetime) -> None:
    """Serve the client on those days again; raises NotFound."""
    mine = (closures_table.c.id == closure_id, closures_table.c.client_id == client_id)
    open_one = (*mine, closures_table.c.removed_at.is_(None))
    if conn.execute(update(closures_table).where(*open_one).values(removed_at=now)).rowcount == 0:
        raise NotFound("closure", closure_id)
    contracts.align(conn, client_id=client_id, now=now)


def with_agreements(conn: Connection) -> tuple[int, ...]:
    """The clients whose tier depends on the day."""
    query = select(agreements_table.c.client_id).where(agreements_table.c.replaced_at.is_(None)).distinct()
    return tuple(conn.execute(query.order_by(agreements_table.c.client_id)).scalars())


def _replace(conn: Connection, client_id: int, agreement_id: int, *, now: datetime) -> None:
    mine = (agreements_table.c.id == agreement_id, agreements_table.c.client_id == client_id)
    standing = (*mine, agreements_table.c.replaced_at.is_(None))
    if conn.execute(update(agreements_table).where(*standing).values(replaced_at=now)).rowcount == 0:
        raise NotFound("agreement", agreement_id)


def _agreement(row: Row) -> Agreement:
    facts = dict(row) | {"tier": Tier(row["tier"]), "entitlements": read_entitlements(row["entitlements"])}
    return Agreement(**facts)


def _use(row: Row) -> Use:
    return Use(**{name: value for name, value in row.items() if name != "client_id"})


def _closure(row: Row) -> KeptClosure:
    closure = Closure(first=row["first"], last=row["last"], around_the_clock=row["around_the_clock"])
    return KeptClosure(id=row["id"], closure=closure, why=row["why"], by_id=row["by_id"], at=row["at"])
