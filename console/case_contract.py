"""What a ticket's client has agreed on, as every colleague may see it: no fee."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from handoff import accounts, agreements, directory
from handoff.agreements import Balance
from handoff.model import Ticket


@dataclass(frozen=True, kw_only=True)
class Contract:
    """The agreement in force, if there is one; `gap`: there was one. Who looks after the client, by name."""

    scope: str
    ends_on: date | None
    gap: bool
    balances: tuple[Balance, ...]
    success: str | None
    technical: str | None


def contract_of(conn: Connection, ticket: Ticket, *, now: datetime) -> Contract | None:
    """The contract of a ticket's client; None for a ticket without one."""
    if ticket.client_id is None:
        return None
    client = directory.client(conn, ticket.client_id)
    cover, today = accounts.covering(conn, client, now=now), accounts.today(client, now)
    agreement = cover.agreement
    names = directory.names(conn, [who for who in (client.success_id, client.technical_id) if who is not None])
    uses = accounts.uses(conn, client.id) if agreement is not None and agreement.entitlements else ()
    return Contract(
        scope=agreement.scope if agreement else "",
        ends_on=agreement.ends_on if agreement else None,
        gap=cover.gap,
        balances=agreements.balances(agreement, uses, today) if agreement else (),
        success=names.get(client.success_id or 0),
        technical=names.get(client.technical_id or 0),
    )
