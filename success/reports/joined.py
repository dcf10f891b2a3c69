"""The rooms that this installation's reports take from. Transaction bodies that only read."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from handoff import accounts, directory
from handoff.figures import home_zone
from success import checks, complaints, mail_contacts, nps, visits
from success.checks import Tracked
from success.quarters import Quarter
from success.reports.sources import Complaint, Finding, Nps, ReturnVisits, Security, Sources, Uptime
from success.visits import State


def uptime(conn: Connection, site_id: int, since: datetime, until: datetime) -> Uptime | None:
    """What the scheduled checks of a site came to; None where there were none."""
    found = checks.timings(conn, site_id, since, until)
    if not found.runs:
        return None
    return Uptime(
        checks=found.runs, availability=found.availability, first_byte_ms=found.first_byte_p50, total_ms=found.total_p50
    )


def security(conn: Connection, client_id: int, since: datetime, until: datetime) -> Security | None:
    """What the checks found of security; None where no site of the client was ever looked at."""
    found = checks.findings(conn, client_id=client_id, security=True, since=since, until=until)
    if not found and not checks.looked_at(conn, client_id):
        return None
    zone = accounts.zone_of(directory.client(conn, client_id))
    fixed = [each for each in found if each.fixed_at is not None and each.fixed_at < until]
    standing = [each for each in found if each not in fixed and each.accepted_at is None]
    return Security(
        open=tuple(_finding(each, zone) for each in standing),
        fixed=tuple(_finding(each, zone) for each in fixed),
        fix_rate=checks.fix_rate(conn, client_id=client_id, since=since, until=until).rate,
    )


def promoters(conn: Connection, client_id: int | None, since: datetime, until: datetime) -> Nps | None:
    """What was said to "would you recommend us?"; None where nobody was asked."""
    found = nps.of_period(conn, since=since, until=until, client_id=client_id)
    score = None if found.score is None else round(found.score)
    return Nps(asked=found.asked, answered=found.answered, score=score) if found.asked else None


def return_visits(conn: Connection, client_id: int | None, since: datetime, until: datetime) -> ReturnVisits | None:
    """The visits of the quarter in which the period ends; None where none was planned."""
    del since
    last = until - timedelta(seconds=1)  # `until` is the first instant after the period, often of the next quarter
    found = visits.coverage(conn, Quarter.at(last, home_zone(conn)), now=until)
    lines = [each for each in found.lines if client_id is None or each.client.id == client_id]
    done = sum(each.state is State.DONE for each in lines)
    return ReturnVisits(due=len(lines), done=done) if lines else None


def complained(conn: Connection, client_id: int | None, since: datetime, until: datetime) -> Sequence[Complaint]:
    """The register's complaints of a period."""
    zone = home_zone(conn)
    return tuple(
        Complaint(
            id=each.id, on=each.at.astimezone(zone).date(), client=directory.client(conn, each.client_id).name,
            text=each.matter, cause=each.cause, measure=each.measure, state=str(each.state),
        )
        for each in complaints.of_period(conn, since=since, until=until, client_id=client_id)
    )  # fmt: skip


def addresses(conn: Connection, client_id: int) -> Sequence[str]:
    """Where a client's reports go by e-mail."""
    return tuple(each.address for each in mail_contacts.of_client(conn, client_id, mail_contacts.REPORTS))


def _finding(one: Tracked, zone: ZoneInfo) -> Finding:
    fixed_on = one.fixed_at.astimezone(zone).date() if one.fixed_at else None
    return Finding(
        id=one.id, site_id=one.site_id, key=one.key, severity=str(one.severity), values=dict(one.facts),
        since=one.first_seen_at.astimezone(zone).date(), fixed_on=fixed_on,
    )  # fmt: skip


JOINED: Final = Sources(
    uptime=uptime,
    security=security,
    nps=promoters,
    return_visits=return_visits,
    complaints=complained,
    addresses=addresses,
)
"""What this installation has."""
