"""Clients' campaigns: kept, looked at ahead, stood by for, said in the tickets that come meanwhile. Transactions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from handoff import accounts, contracts, directory, messages, roster, sites
from handoff.duty import on_duty
from handoff.errors import NotFound
from handoff.kinds import Level
from handoff.model import Client, JsonValue, Ticket
from handoff.rows import clean
from handoff.sites import Site
from store.signals import signal
from success import hooks, tasks
from success.campaign_rules import LONGEST, LOOKS, Finding, gaps, instants, look_due
from success.checks.model import State
from success.checks.reading import Latest, standing
from success.hooks import CallState, HookCall
from success.incident_errors import CampaignRefused
from success.incident_tables import campaign as campaigns
from success.incident_watch import Say, staff_language
from success.tasks import TaskKind

NAME_LENGTH: Final = 80
PEAK_LENGTH: Final = 200
NOTES_LENGTH: Final = 4_000


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One campaign of a client's, on days of its own zone; `sites` are ids, none for all of them."""

    id: int
    client_id: int
    name: str
    starts_on: date
    ends_on: date
    peak: str
    sites: tuple[int, ...]
    notes: str
    hook: str
    checked: Mapping[str, Any]
    changed_at: datetime

    @property
    def origin(self) -> str:
        """What its standby call comes from: once for these days."""
        return f"campaign:{self.id}:{self.starts_on}"

    def holds(self, today: date) -> bool:
        """Whether it is on."""
        return self.starts_on <= today <= self.ends_on


@dataclass(frozen=True, kw_only=True)
class CampaignDraft:
    """A campaign as somebody describes it."""

    name: str
    starts_on: date
    ends_on: date
    peak: str = ""
    sites: tuple[int, ...] = ()
    notes: str = ""
    hook: str = ""


def keep(
    conn: Connection, draft: CampaignDraft, *, client_id: int, campaign_id: int | None = None, by: int, now: datetime
) -> Campaign:
    """Keep a campaign, or change one of this client's. Raises NotFound, CampaignRefused: `name`, `dates`, `sites`,
    `hook`. With another first day it is looked ahead anew, and what was to be done before the old one is dropped.
    """
    directory.lock_client(conn, client_id)
    called = " ".join(clean(draft.name).split())
    if not called or len(called) > NAME_LENGTH or len(draft.peak) > PEAK_LENGTH or len(draft.notes) > NOTES_LENGTH:
        raise CampaignRefused("name")
    if draft.ends_on < draft.starts_on or draft.ends_on - draft.starts_on > LONGEST:
        raise CampaignRefused("dates")
    if set(draft.sites) - {site.id for site in sites.of_client(conn, client_id)}:
        raise CampaignRefused("sites")
    hook = clean(draft.hook).strip().casefold()
    if hook and not hooks.is_name(hook):
        raise CampaignRefused("hook")
    values: dict[str, Any] = {"name": called, "starts_on": draft.starts_on, "ends_on": draft.ends_on}
    values |= {
        "peak": clean(draft.peak).strip(),
        "notes": clean(draft.notes).strip(),
        "hook": hook,
    }
    values |= {"sites": list(draft.sites), "changed_at": now, "by_id": by}
    signal(conn, "desk", "")
    if campaign_id is None:
        row = values | {"client_id": client_id, "checked": {}, "at": now}
        return _campaign(conn.execute(insert(campaigns).values(row).returning(*campaigns.c)).mappings().one())
    had = one(conn, campaign_id)
    if had.client_id != client_id:
        raise NotFound("campaign", campaign_id)
    if had.starts_on != draft.starts_on:
        values["checked"] = {}
        _drop(conn, had, by=by, now=now)
    changed = update(campaigns).where(campaigns.c.id == campaign_id).values(values).returning(*campaigns.c)
    return _campaign(conn.execute(changed).mappings().one())


def remove(conn: Connection, campaign_id: int, *, by: int, now: datetime) -> None:
    """Take a campaign off the calendar. Raises NotFound."""
    known = one(conn, campaign_id)
    conn.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(removed_at=now, by_id=by))
    _drop(conn, known, by=by, now=now)
    signal(conn, "desk", "")


def one(conn: Connection, campaign_id: int) -> Campaign:
    """The campaign with this id. Raises NotFound."""
    mine = (campaigns.c.id == campaign_id, campaigns.c.removed_at.is_(None))
    row = conn.execute(select(campaigns).where(*mine)).mappings().first()
    if row is None:
        raise NotFound("campaign", campaign_id)
    return _campaign(row)


def ahead(
    conn: Connection, *, since: date, client_ids: Collection[int] | None = None
) -> tuple[tuple[Campaign, Client], ...]:
    """Campaigns that end on that day or later, of clients that are not archived, the soonest first."""
    where = [campaigns.c.removed_at.is_(None), campaigns.c.ends_on >= since]
    if client_ids is not None:
        where.append(campaigns.c.client_id.in_(client_ids))
    rows = conn.execute(select(campaigns).where(*where).order_by(campaigns.c.starts_on, campaigns.c.id)).mappings()
    served = {client.id: client for client in directory.clients(conn)}
    return tuple((_campaign(row), served[row["client_id"]]) for row in rows.all() if row["client_id"] in served)


def look(conn: Connection, campaign_id: int, *, now: datetime) -> tuple[Finding, ...] | None:
    """Look ahead if that is due: what was found is kept, and somebody gets a task. None where nothing was due."""
    directory.lock_client(conn, one(conn, campaign_id).client_id)
    known = one(conn, campaign_id)  # nobody moves its days meanwhile
    client = directory.client(conn, known.client_id)
    done = (int(days) for days in known.checked)
    due = look_due(known.starts_on, zone=client.timezone, done=done, now=now)
    if due is None or client.archived_at is not None:
        return None
    found = findings(conn, known, client, now=now)
    kept = {**known.checked, str(due): [each.kept for each in found]}
    conn.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(checked=kept))
    todo = sum(not each.fine for each in found)
    facts: dict[str, JsonValue] = {"title": known.name, "text": "task.campaign.ahead", "n": due, "todo": todo}
    link = f"/desk/campaigns/{known.id}"
    origin = f"{known.origin}:{due}"
    tasks.give(conn, TaskKind.CAMPAIGN, origin=origin, client_id=client.id, facts=facts, link=link, due_at=now, now=now)
    signal(conn, "desk", "")
    return found


def findings(conn: Connection, known: Campaign, client: Client, *, now: datetime) -> tuple[Finding, ...]:
    """What is to be seen to before a campaign: dates that end in it, sites that are down, hours without anybody."""
    theirs = sites_of(conn, known)
    found = [finding for site in theirs for finding in _dates(site, known, client, now=now)]
    stands = standing(conn, [site.id for site in theirs])
    found += [_state(site, stands.get(site.id)) for site in theirs]
    if not theirs:
        found.append(Finding(key="no_sites", what=""))
    covered = [(at, bool(people)) for at, people in on_watch(conn, known, client, now=now)]
    open_hours = gaps(covered)
    found += [
        Finding(key="gap", what=start.strftime("%m-%d %H:%M"), on=end.strftime("%m-%d %H:%M"))
        for start, end in open_hours[:10]
    ]
    if not open_hours:
        found.append(Finding(key="covered", what="", fine=True))
    if known.hook and hooks.named(conn, known.hook) is None:
        found.append(Finding(key="hook", what=known.hook))
    return tuple(found)


def sites_of(conn: Connection, known: Campaign) -> tuple[Site, ...]:
    """The sites that a campaign is about."""
    theirs = sites.of_client(conn, known.client_id)
    return tuple(site for site in theirs if not known.sites or site.id in known.sites)


def on_watch(
    conn: Connection, known: Campaign, client: Client, *, now: datetime
) -> Sequence[tuple[datetime, tuple[str, ...]]]:
    """Who is on duty for an emergency of this client's, every few hours of the campaign."""
    terms = accounts.terms(conn, client.id, now=now, keep=False)
    duty = contracts.book(conn).current.on_duty(Level.EMERGENCY, terms.tier)
    staff = directory.staff(conn, active_only=True)
    times = roster.rosters(conn, [person.id for person in staff])
    return [
        (at, tuple(person.name for person in staff if on_duty(times[person.id], duty, at)))
        for at in instants(known.starts_on, known.ends_on, zone=client.timezone)
    ]


def stand_by(conn: Connection, campaign_id: int, *, typed: str, by: int, now: datetime) -> HookCall:
    """Have standby or more servers made ready, once for a campaign; `typed` must be its name.

    Raises NotFound, CampaignRefused: `confirm`, `hook` (none is set up), `again`.
    """
    known = one(conn, campaign_id)
    if " ".join(typed.split()) != known.name:
        raise CampaignRefused("confirm")
    if not known.hook or hooks.named(conn, known.hook) is None:
        raise CampaignRefused("hook")
    client = directory.client(conn, known.client_id)
    body: dict[str, JsonValue] = {"campaign": known.name, "client": client.slug, "peak": known.peak}
    body |= {"from": known.starts_on.isoformat(), "to": known.ends_on.isoformat()}
    body["sites"] = [site.address for site in sites_of(conn, known)]
    calls = standby_calls(conn, known)
    if calls and calls[-1].state is not CallState.FAILED:
        raise CampaignRefused("again")
    origin = f"{known.origin}:call:{len(calls) + 1}"
    made = hooks.call(conn, known.hook, origin=origin, body=body, by=by, now=now)
    if made is None:  # somebody else was first
        raise CampaignRefused("again")
    return made


def standby_calls(conn: Connection, known: Campaign) -> tuple[HookCall, ...]:
    """The calls for a campaign's standby, in order: more than one only where those before have failed."""
    return hooks.of_origins(conn, f"{known.origin}:call:")


def running(conn: Connection, client: Client, *, now: datetime) -> Campaign | None:
    """The campaign that a client is in today."""
    today = accounts.today(client, now)
    found = (each for each, _ in ahead(conn, since=today, client_ids=[client.id]) if each.holds(today))
    return next(found, None)


def note(conn: Connection, ticket: Ticket, *, say: Say, now: datetime) -> bool:
    """Write into a ticket that came in a campaign, for our people, that it did; whether it did."""
    if ticket.client_id is None:
        return False
    known = running(conn, directory.client(conn, ticket.client_id), now=now)
    if known is None:
        return False
    language = staff_language(conn)
    text = say("campaign.note", language, name=known.name, until=known.ends_on.isoformat(), peak=known.peak or "–")
    facts: dict[str, Any] = {"conversation_id": ticket.conversation_id, "ticket_id": ticket.id, "author": "system"}
    messages.internal(conn, text=text, name=say("incident.desk", language), **facts, now=now)
    signal(conn, "desk", ticket.number)
    return True


def _drop(conn: Connection, known: Campaign, *, by: int, now: datetime) -> None:
    """Nothing is to be done for its days any more; should it have them again, tasks are given anew."""
    for days in LOOKS:
        tasks.retire(conn, f"{known.origin}:{days}", by=by, now=now)


def _dates(site: Site, known: Campaign, client: Client, *, now: datetime) -> list[Finding]:
    """The last days of a site that fall before the campaign's end, but for those that are far off."""
    expiring = [each for each in site.expiries(accounts.today(client, now)) if each.on <= known.ends_on]
    found = [Finding(key=f"expiry.{each.what}", what=site.title, on=each.on.isoformat()) for each in expiring]
    return found or [Finding(key="dates_fine", what=site.title, fine=True)]


def _state(site: Site, stands: Latest | None) -> Finding:
    """Whether the site was down when it was checked last."""
    down = stands is not None and stands.state is State.DOWN
    return Finding(key="down" if down else "up", what=site.title, fine=not down)


def _campaign(row: Mapping[Any, Any]) -> Campaign:
    values = {name: row[name] for name in Campaign.__dataclass_fields__}
    return Campaign(**values | {"sites": tuple(row["sites"])})
