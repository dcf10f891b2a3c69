"""The facts of our own reports: the month in review, and the week ahead. Transaction bodies that only read."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from handoff import directory, sites
from handoff.accounts import today as today_at
from handoff.indicators import Fact
from handoff.kinds import EventKind, Level
from handoff.lifecycle import WITH_PEOPLE
from handoff.model import Client, Ticket
from handoff.rows import to_ticket
from handoff.sites import Site
from handoff.spans import Span
from handoff.tables import clock as clocks
from handoff.tables import ticket as tickets
from handoff.tables import ticket_event as events
from knowledge.asked import comparable
from success import gap_sources, gap_store, ratings, tasks
from success.gap_model import State as GapState
from success.ratings import Summary
from success.reports import office, service_facts, store
from success.reports.joined import JOINED
from success.reports.model import Facts, Kind, Office, State
from success.reports.periods import before, edges
from success.reports.service_facts import Desk
from success.reports.sources import Sources

MOST_QUESTIONS: Final = 10
MOST_GAPS: Final = 8
MOST_MISSES: Final = 25
MOST_CLIENTS: Final = 15
MOST_OPEN: Final = 40
BACK: Final = {Kind.REVIEW: 6, Kind.WEEK: 8}
AHEAD: Final = timedelta(days=14)


def facts_of_ours(conn: Connection, kind: Kind, span: Span, *, sources: Sources = JOINED, now: datetime) -> Facts:
    """All that a report of ours says of a period, as of now."""
    earlier, parts = before(kind, span), edges(kind, span, back=BACK[kind])
    desk, ours = Desk(conn, client_id=None, edges=parts, span=span, now=now), office.of(conn)
    found: Facts = {
        "version": 1, "kind": str(kind), "agency": ours.agency, "client": None, "manager": "",
        "first": str(span.first), "last": str(span.last), "zone": span.zone.key,
        "made": str(now.astimezone(span.zone).date()), "weekly": kind is Kind.WEEK, "earlier": str(earlier.first),
        "service": service_facts.service(conn, desk, client_id=None, earlier=earlier),
        "bot": service_facts.bot(desk, earlier=earlier),
        "satisfaction": service_facts.satisfaction(conn, span, earlier=earlier, client_id=None),
        "rows": service_facts.rows(conn, desk, client_id=None), "advice": [],
        "misses": _misses(conn, desk, span), "clients": _clients(conn, desk, span),
    }  # fmt: skip
    if kind is Kind.REVIEW:
        return found | _month(conn, desk, span, earlier, sources=sources, ours=ours)
    return found | _week(conn, span, now=now)


def _month(conn: Connection, desk: Desk, span: Span, earlier: Span, *, sources: Sources, ours: Office) -> Facts:
    then = Counter(dict(service_facts.categories(desk.facts("tickets", earlier.since, earlier.until))))
    here = service_facts.categories(desk.here("tickets"))
    complaints = sources.complaints(conn, None, span.since, span.until)
    nps, visits = (read(conn, None, span.since, span.until) for read in (sources.nps, sources.return_visits))
    gaps = gap_store.gaps(conn, states=(GapState.OPEN, GapState.DRAFTED), limit=MOST_GAPS)
    return {
        "categories": [[name, n, then[name]] for name, n in here],
        "questions": _questions(conn, span),
        "gaps": [
            {"id": each.id, "label": each.label, "size": each.size, "clients": each.facts.clients,
             "state": str(each.state)} for each in gaps
        ],
        "complaints": None if complaints is None else [
            {**vars(each), "on": str(each.on)} for each in complaints
        ],
        "nps": None if nps is None else dict(vars(nps)),
        "return_visits": None if visits is None else dict(vars(visits)),
        "saved": _saved(desk, ours),
    }  # fmt: skip


def _saved(desk: Desk, ours: Office) -> Facts:
    """What the bot's answers saved: each confirmed (or assumed) one times the minutes, at what an hour costs."""
    marks = Counter(mark for fact in desk.here("bot_resolved") for mark in fact.marks)
    return {
        "confirmed": marks["confirmed"], "assumed": marks["assumed"], "minutes": ours.minutes, "hourly": ours.hourly,
        "currency": ours.currency,
    }  # fmt: skip


def _questions(conn: Connection, span: Span) -> list[Facts]:
    """What was asked most, by its words."""
    said: defaultdict[str, list[str]] = defaultdict(list)
    answered: Counter[str] = Counter()
    for turn in gap_sources.heard(conn, since=span.since):
        text = comparable(turn.question).text
        if turn.at >= span.until or not text.strip() or turn.level is Level.EMERGENCY:
            continue
        said[text].append(turn.question)
        answered[text] += turn.outcome == "answered"
    ranked = sorted(said.items(), key=lambda each: (-len(each[1]), each[0]))
    return [
        {"text": Counter(wordings).most_common(1)[0][0][:200], "n": len(wordings), "answered": answered[key]}
        for key, wordings in ranked[:MOST_QUESTIONS]
    ]


def _misses(conn: Connection, desk: Desk, span: Span) -> list[Facts]:
    """The targets that were not kept, and why as far as the events tell."""
    found = [fact for fact in desk.here("kept") if fact.value == 0 and fact.ticket is not None]
    ids = {fact.ticket for fact in found}
    known = {row["id"]: to_ticket(row) for row in conn.execute(select(tickets).where(tickets.c.id.in_(ids))).mappings()}
    clients = {each.id: each.name for each in directory.clients(conn)}
    people = {each.id: each.name for each in directory.staff(conn)}
    ranked = sorted(found, key=lambda fact: (-known[fact.ticket or 0].level.rank, fact.at))
    return [
        _miss(conn, known[fact.ticket or 0], fact, span=span, clients=clients, people=people)
        for fact in ranked[:MOST_MISSES]
    ]


def _miss(
    conn: Connection, ticket: Ticket, fact: Fact, *, span: Span, clients: dict[int, str], people: dict[int, str]
) -> Facts:
    verdict, kind = fact.marks
    mine = (clocks.c.ticket_id == ticket.id, clocks.c.kind == kind)
    row = conn.execute(select(clocks).where(*mine).order_by(clocks.c.cycle.desc())).mappings().first()
    due = row["due_at"] if row else None
    return {
        "id": ticket.id, "number": ticket.number, "title": ticket.title, "level": str(ticket.level), "clock": kind,
        "target": row["target"] if row else "", "client": clients.get(ticket.client_id or 0, "–"),
        "who": people.get(ticket.assignee_id or 0, ""), "why": _why(conn, ticket.id, verdict, due),
        "on": str(ticket.opened_at.astimezone(span.zone).date()),
    }  # fmt: skip


def _why(conn: Connection, ticket_id: int, verdict: str, due: datetime | None) -> str:
    """`nobody` had it when it fell due, it was `handed_around`, `unanswered`, is `still_open`, or it was `slow`."""
    if verdict == "unanswered":
        return verdict
    query = select(events.c.kind).where(
        events.c.ticket_id == ticket_id, events.c.kind.in_([EventKind.CLAIMED, EventKind.TRANSFERRED])
    )
    kinds = Counter(conn.execute(query if due is None else query.where(events.c.at <= due)).scalars())
    if not kinds:
        return "nobody"
    if kinds[str(EventKind.TRANSFERRED)] > 1:
        return "handed_around"
    return "still_open" if verdict == "late" else "slow"


def _clients(conn: Connection, desk: Desk, span: Span) -> list[Facts]:
    """Each client's requests, kept targets and rating, those with most requests first."""
    opened = Counter(fact.about.client_id for fact in desk.here("tickets"))
    kept: defaultdict[int | None, list[Fact]] = defaultdict(list)
    for fact in desk.here("kept"):
        kept[fact.about.client_id].append(fact)
    rated = ratings.by_client(conn, since=span.since, until=span.until)
    names = {each.id: each for each in directory.clients(conn)}
    ranked = [(client_id, n) for client_id, n in opened.most_common() if client_id in names][:MOST_CLIENTS]
    return [
        {
            "name": names[client_id].name, "slug": names[client_id].slug, "tier": str(names[client_id].tier),
            "opened": n, "kept": desk.value("kept", kept[client_id]), "judged": len(kept[client_id]),
            "average": rated[client_id].average if client_id in rated else None,
        }
        for client_id, n in ranked
        if client_id is not None
    ]  # fmt: skip


def _week(conn: Connection, span: Span, *, now: datetime) -> Facts:
    """Open matters by client, what is late, and what may go wrong."""
    clients = directory.clients(conn)
    found = conn.execute(select(tickets).where(tickets.c.state.in_(WITH_PEOPLE))).mappings().all()
    people = {each.id: each.name for each in directory.staff(conn)}
    names = {each.id: each for each in clients}
    rows = [(to_ticket(row), row["next_due"]) for row in found]
    rows.sort(key=lambda each: (-each[0].level.rank, each[1] is None, each[1] or now, each[0].id))
    return {
        "open": [
            {
                "id": one.id, "number": one.number, "title": one.title, "level": str(one.level),
                "state": str(one.state), "client": names[one.client_id].name if one.client_id in names else "–",
                "who": people.get(one.assignee_id or 0, ""), "late": due is not None and due < now,
                "opened_on": str(one.opened_at.astimezone(span.zone).date()),
            }
            for one, due in rows[:MOST_OPEN]
        ],
        "open_n": len(rows), "late_n": sum(due is not None and due < now for _, due in rows),
        "waiting_n": sum(one.state == "waiting" for one, _ in rows),
        "risks": _risks(conn, clients, rows, span=span, now=now),
        "tasks": _tasks(conn, names, now=now),
    }  # fmt: skip


def _risks(
    conn: Connection, clients: Sequence[Client], rows: Sequence[tuple[Ticket, datetime | None]], *, span: Span,
    now: datetime,
) -> list[Facts]:  # fmt: skip
    """What about each client may go wrong, by rules; those of whom something may."""
    mine: defaultdict[int | None, list[tuple[Ticket, datetime | None]]] = defaultdict(list)
    for one, due in rows:
        mine[one.client_id].append((one, due))
    owned: defaultdict[int, list[Site]] = defaultdict(list)
    for site, client in sites.every(conn):
        owned[client.id].append(site)
    rated = ratings.by_client(conn, since=span.since, until=span.until)
    found = (_risk(each, mine[each.id], owned[each.id], rated.get(each.id), now=now) for each in clients)
    return [risk for risk in found if risk]


def _risk(
    client: Client, mine: Sequence[tuple[Ticket, datetime | None]], owned: Sequence[Site], rated: Summary | None, *,
    now: datetime,
) -> Facts | None:  # fmt: skip
    today = today_at(client, now)
    near = [
        {"what": each.what, "on": str(each.on), "days": each.days, "site": site.title}
        for site in owned
        for each in site.expiries(today)
        if each.on <= today + AHEAD
    ]
    average = rated.average if rated else None
    why = {
        "emergency": sum(one.level is Level.EMERGENCY for one, _ in mine),
        "late": sum(due is not None and due < now for _, due in mine),
        "unhappy": int(average is not None and average < 4),  # noqa: PLR2004 - as ratings have it
        "dates": len(near),
    }
    if not any(why.values()):
        return None
    return {"client": client.name, "slug": client.slug, "why": {k: v for k, v in why.items() if v}, "dates": near}


def _tasks(conn: Connection, names: dict[int, Client], *, now: datetime) -> Facts:
    """What we have to do for clients, and which reports wait for somebody's eyes."""
    found = tasks.open_of(conn)
    drafts = store.latest(conn, states=(State.DRAFT,))
    return {
        "open": len(found), "late": sum(each.due_at < now for each in found), "drafts": len(drafts),
        "by_client": [
            [names[client_id].name, n]
            for client_id, n in Counter(each.client_id for each in found).most_common(MOST_CLIENTS)
            if client_id in names
        ],
    }  # fmt: skip
