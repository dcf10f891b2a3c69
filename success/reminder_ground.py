"""What reminders are decided on: clients' last days, what was said of them before, who is not reminded. Only reads."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from handoff import accounts, contracts, directory, sites
from handoff.business_time import Calendar
from handoff.contract_tables import agreement as agreements
from handoff.kinds import Tier
from handoff.model import Client
from handoff.site_rules import DATES
from handoff.sites import Site
from success.reminder_rules import Lapse, Step, due, planned
from success.reminder_tables import reminder as reminders
from success.reminder_tables import reminder_notice as notices
from success.reminder_tables import reminder_off as offs

EVERYTHING: Final = "all"
ACKNOWLEDGED: Final = "acknowledged"
Ending: TypeAlias = tuple[str, date]
"""A subject and its last day."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """One client's: its lapses, the steps taken of each, and those that it said it is at."""

    client: Client
    zone: ZoneInfo
    is_off: Callable[[date], bool]
    lapses: tuple[Lapse, ...]
    taken: dict[Ending, frozenset[int]]
    acknowledged: frozenset[Ending]

    def today(self, now: datetime) -> date:
        """The date at the client's place."""
        return now.astimezone(self.zone).date()

    def due(self, now: datetime) -> tuple[Step, ...]:
        """The steps that are due."""
        found = (self._due(lapse, now) for lapse in self.lapses)
        return tuple(each for each in found if each is not None)

    def coming(self, *, until: date) -> tuple[Step, ...]:
        """The steps that are to come, of last days up to a date, in order."""
        near = [lapse for lapse in self.lapses if lapse.last_on <= until]
        steps = (
            planned(lapse, zone=self.zone, is_off=self.is_off, already=self.of(lapse))
            for lapse in near
        )  # fmt: skip
        return tuple(sorted((step for each in steps for step in each), key=lambda step: (step.at, step.key)))

    def of(self, lapse: Lapse) -> frozenset[int]:
        """The steps of a lapse that were taken."""
        return self.taken.get((lapse.subject, lapse.last_on), frozenset())

    def _due(self, lapse: Lapse, now: datetime) -> Step | None:
        said = (lapse.subject, lapse.last_on) in self.acknowledged
        return due(lapse, already=self.of(lapse), acknowledged=said, zone=self.zone, is_off=self.is_off, now=now)


def of_client(conn: Connection, client: Client) -> Ground:
    """One client's; without lapses where it is archived."""
    return next(iter(_grounds(conn, [client])))


def every(conn: Connection, *, now: datetime, ahead: timedelta) -> tuple[Ground, ...]:
    """Of every client that is not archived and has a last day up to so far ahead, or behind us."""
    grounds = _grounds(conn, directory.clients(conn), until=now.date() + ahead + timedelta(days=1))
    return tuple(each for each in grounds if each.lapses)


def _grounds(conn: Connection, found: Sequence[Client], *, until: date | None = None) -> tuple[Ground, ...]:
    living = [client for client in found if client.archived_at is None]
    kept = {row[0] for row in conn.execute(select(offs.c.name))}
    lapses: dict[int, list[Lapse]] = defaultdict(list)
    one = living[0].id if len(living) == 1 else None
    for lapse, client_id in (*_of_sites(conn, one), *_of_agreements(conn, one)):
        inside = until is None or lapse.last_on <= until
        if inside and not kept & {lapse.what, f"{client_id}:{lapse.what}", f"{client_id}:{EVERYTHING}"}:
            lapses[client_id].append(lapse)
    taken, acknowledged = _taken(conn, [each for each in found if lapses.get(each.id)])
    calendar = _working_days(conn)
    return tuple(
        Ground(
            client=client,
            zone=accounts.zone_of(client),
            is_off=_off(conn, client, calendar) if lapses.get(client.id) else _never,
            lapses=tuple(lapses.get(client.id, ())) if client.archived_at is None else (),
            taken=taken,
            acknowledged=acknowledged,
        )
        for client in found
    )


def _of_sites(conn: Connection, client_id: int | None) -> Iterable[tuple[Lapse, int]]:
    whole = sites.every(conn) if client_id is None else ((each, None) for each in sites.of_client(conn, client_id))
    for site, _ in whole:
        for name in DATES:
            if (day := getattr(site, name)) is not None:
                yield _site_lapse(site, name.removesuffix("_on"), day), site.client_id


def _site_lapse(site: Site, what: str, day: date) -> Lapse:
    return Lapse(
        subject=f"site:{site.id}:{what}", what=what, title=site.title, last_on=day, known_at=site.changed_at,
        site_id=site.id,
    )  # fmt: skip


def _of_agreements(conn: Connection, client_id: int | None) -> Iterable[tuple[Lapse, int]]:
    """The end of what is agreed, where nothing follows it."""
    mine = [agreements.c.replaced_at.is_(None)] + ([agreements.c.client_id == client_id] if client_id else [])
    by_client = defaultdict(list)
    for row in conn.execute(select(agreements).where(*mine)).mappings():
        by_client[row["client_id"]].append(row)
    for owner, rows in by_client.items():
        last = max(rows, key=lambda row: row["starts_on"])
        if last["ends_on"] is not None:
            named = f"agreement:{owner}"
            yield Lapse(subject=named, what="agreement", title="", last_on=last["ends_on"], known_at=last["at"]), owner


def _taken(conn: Connection, found: list[Client]) -> tuple[dict[Ending, frozenset[int]], frozenset[Ending]]:
    ids = [client.id for client in found]
    steps: dict[Ending, set[int]] = defaultdict(set)
    query = select(reminders.c.subject, reminders.c.last_on, reminders.c.step).where(reminders.c.client_id.in_(ids))
    for subject, last_on, step in conn.execute(query):
        steps[subject, last_on].add(step)
    joined = reminders.join(notices, notices.c.id == reminders.c.notice_id)
    said = (notices.c.client_id.in_(ids), notices.c.answer == ACKNOWLEDGED)
    query_said = select(reminders.c.subject, reminders.c.last_on).select_from(joined).where(*said)
    return {key: frozenset(found) for key, found in steps.items()}, frozenset(
        (subject, last_on) for subject, last_on in conn.execute(query_said)
    )


def _working_days(conn: Connection) -> Calendar:
    """On which days offices work, by the contract in force: those of the standard tier."""
    return contracts.book(conn).current.duty[Tier.STANDARD]


def _off(conn: Connection, client: Client, calendar: Calendar) -> Callable[[date], bool]:
    closed = [kept.closure for kept in accounts.closures(conn, client.id)]

    def is_off(day: date) -> bool:
        return not calendar.windows(day) or any(each.first <= day <= each.last for each in closed)

    return is_off


def _never(_: date) -> bool:
    return False


def latest_notice(conn: Connection, lapse: Lapse) -> int | None:
    """The last message about a lapse."""
    mine = (reminders.c.subject == lapse.subject, reminders.c.last_on == lapse.last_on)
    found: int | None = conn.execute(select(func.max(reminders.c.notice_id)).where(*mine)).scalar_one()
    return found
