"""What the steps of rules do, each once: a result that is kept, never an error that undoes the others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from handoff import board, directory, staff_chats, staff_talk
from handoff.desk import Desk
from handoff.kinds import TicketState
from handoff.lifecycle import UNSOLVED
from store.jobs import JsonValue
from success import alerts, hooks, incident_talk, incidents, proactive, rules, tasks
from success.alerts import Alert
from success.gone_sites import is_gone
from success.incident_errors import IncidentRefused
from success.incident_log import Incident, incident, of_key, opened_by_alerts
from success.incident_members import firing, of_member
from success.incident_rules import IncidentState, Kind, Member, Severity, alert_key, group_key, server_key
from success.incident_talk import Saying, text_in
from success.incident_troubles import dismissed
from success.incidents import Cause
from success.rule_deciding import Seen
from success.rule_model import PLACE, GiveTask, MendIncident, OpenIncident, Rule, Step, TellClients, TellStaff
from success.tasks import TaskKind

Result = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Acting:
    """What a step needs: the desk's verbs, and under which name we speak."""

    desk: Desk
    name: str


@dataclass(frozen=True, kw_only=True)
class Doing:
    """A firing as its steps see it; `origin` is unique to each step."""

    rule: Rule
    seen: Seen
    firing_id: int
    incident_id: int | None = None
    step: int = 0

    @property
    def origin(self) -> str:
        """What the step's doings come from."""
        return f"rule:{self.firing_id}:{self.step}"


def act(conn: Connection, doing: Doing, step: Step, acting: Acting, *, now: datetime) -> Result:
    """Do one step; `incident` in the result is the one that later steps are about."""
    with rules.causing(conn, (*doing.seen.chain, doing.rule.key)):
        return _STEPS[step.name](conn, doing, getattr(step, step.name), acting, now)


def fill(template: str, facts: Mapping[str, Any]) -> str:
    """A text with the event's facts in its places; nothing where there is no such fact."""

    def put(found: Any) -> str:
        head, _, rest = found[1].partition(".")
        value = facts.get(head)
        value = value.get(rest) if rest and isinstance(value, Mapping) else value
        return "" if value is None or isinstance(value, Mapping) else str(value)

    return " ".join(PLACE.sub(put, template).split())


def cause_key(conn: Connection, seen: Seen, *, now: datetime) -> str | None:
    """The cause of the incident that an event is of: the one under way, or dismissed while it lasts, if there is one;
    None where it has none.
    """
    facts = seen.facts
    server, group = str(facts.get("server") or ""), str(facts.get("group") or "")
    if facts.get("alert_id") is None:
        site = facts.get("site_id")
        return server_key(server) if server else f"site:{site}" if site else None
    known = [server_key(server)] if server else []
    for key in (*known, group_key(group)):
        if of_key(conn, key) is not None or dismissed(conn, key, now=now) is not None:
            return key
    lately = opened_by_alerts(conn, now=now)
    return alert_key(server=server, group=group, servers=alerts.servers_firing(conn, group), lately=lately)


def members_of(conn: Connection, seen: Seen) -> tuple[Member, ...]:
    """What an event brings into an incident."""
    if (alert_id := seen.facts.get("alert_id")) is not None:
        return alerts.members_of(alerts.alert(conn, int(alert_id)))
    named = ((Kind.TICKET, "ticket_id"), (Kind.SITE, "site_id"))
    return tuple(Member(kind=kind, subject=int(seen.facts[key])) for kind, key in named if seen.facts.get(key))


def is_over(conn: Connection, seen: Seen) -> bool:
    """Whether what an event told of does not hold any more."""
    facts = seen.facts
    if (alert_id := facts.get("alert_id")) is not None:
        found: Alert = alerts.alert(conn, int(alert_id))
        return found.status != alerts.FIRING
    if (ticket_id := facts.get("ticket_id")) is not None:
        return board.ticket(conn, int(ticket_id)).state not in UNSOLVED
    if (task_id := facts.get("task_id")) is not None:
        return tasks.task(conn, int(task_id)).state is not tasks.TaskState.OPEN
    if (site_id := facts.get("site_id")) is not None:
        return is_gone(conn, int(site_id)) or rules.recovered(conn, int(site_id), after=seen)
    return False


def _open(conn: Connection, doing: Doing, what: OpenIncident, _acting: Acting, now: datetime) -> Result:
    seen = doing.seen
    key = cause_key(conn, seen, now=now) or f"event:{seen.id}"
    title = fill(what.title, seen.facts) or doing.rule.name
    server = str(seen.facts.get("server") or "") if key.startswith("server:") else ""
    cause = Cause(key=key, title=title, severity=what.severity, server=server, started_at=_began(conn, seen))
    facts: dict[str, Any] = {"members": members_of(conn, seen), "rule": doing.rule.key, "now": now}
    raised = incidents.begin(conn, cause, suggested=what.suggest, **facts)
    if raised.incident.state is IncidentState.DISMISSED:
        return {"state": "skipped", "why": "dismissed", "incident": raised.incident.id}
    if raised.fresh:
        for member in _beside(conn, seen, key):
            incidents.link(conn, raised.incident.id, member, rule=doing.rule.key, now=now)
    known = _worsened(conn, raised.incident, what.severity, rule=doing.rule.key, now=now)
    return {"state": "done", "incident": known.id, "fresh": raised.fresh or raised.again}


def _began(conn: Connection, seen: Seen) -> datetime:
    alert_id = seen.facts.get("alert_id")
    return seen.at if alert_id is None else min(seen.at, alerts.alert(conn, int(alert_id)).starts_at)


def _beside(conn: Connection, seen: Seen, key: str) -> tuple[Member, ...]:
    """The alerts that fire of the same cause when an incident begins."""
    if seen.facts.get("alert_id") is None or key == "storm":
        return ()
    server = str(seen.facts["server"]) if key.startswith("server:") else None
    ids = alerts.firing_of(conn, server=server, group=str(seen.facts.get("group") or ""))
    return tuple(Member(kind=Kind.ALERT, subject=each) for each in ids)


def _worsened(conn: Connection, known: Incident, severity: Severity, *, rule: str, now: datetime) -> Incident:
    if severity.rank <= known.severity.rank:
        return known
    return incidents.describe(conn, known.id, title=known.title, severity=severity, by=None, rule=rule, now=now)


def _link(conn: Connection, doing: Doing, _what: object, _acting: Acting, now: datetime) -> Result:
    key = cause_key(conn, doing.seen, now=now)
    known = of_key(conn, key) if key else None
    if known is None:
        return {"state": "skipped", "why": "no_incident"}
    for member in members_of(conn, doing.seen):
        incidents.link(conn, known.id, member, rule=doing.rule.key, now=now)
    return {"state": "done", "incident": known.id}


def _mend(conn: Connection, doing: Doing, what: MendIncident, _acting: Acting, now: datetime) -> Result:
    mended: list[int] = []
    for member in members_of(conn, doing.seen):
        for known, proposed in of_member(conn, member):
            if proposed or known.id in mended or firing(conn, known.id):
                continue
            if what.state == "resolved" and known.state in {IncidentState.OPEN, IncidentState.MONITORING}:
                incidents.resolve(conn, known.id, by=None, rule=doing.rule.key, now=now)
            elif what.state == "monitoring" and known.state is IncidentState.OPEN:
                incidents.monitor(conn, known.id, by=None, rule=doing.rule.key, now=now)
            else:
                continue
            mended.append(known.id)
    return {"state": "done", "incident": mended[0]} if mended else {"state": "skipped", "why": "still_firing"}


def _tell_clients(conn: Connection, doing: Doing, what: TellClients, acting: Acting, now: datetime) -> Result:
    if doing.incident_id is None:
        return _tell_one(conn, doing, what, acting, now)
    known = incident(conn, doing.incident_id)
    if known.severity.rank < what.only_if.rank:
        return {"state": "skipped", "why": "severity"}
    if known.state is IncidentState.SUGGESTED:
        return {"state": "skipped", "why": "suggested"}
    waits = known.severity.rank < what.at_night.rank
    texts = {tag: fill(text, {}) for tag, text in what.texts.items()}
    facts: dict[str, Any] = {"name": acting.name, "desk": acting.desk, "rule": doing.rule.key, "now": now}
    try:
        said = incident_talk.broadcast(conn, known.id, Saying.FIRST, texts, waits=waits, **facts)
    except IncidentRefused as refused:
        return {"state": "skipped", "why": refused.why}
    return {"state": "done", "chats": len(said)}


def _tell_one(conn: Connection, doing: Doing, what: TellClients, acting: Acting, now: datetime) -> Result:
    """Without an incident: the group of the event's client, by day."""
    client_id = doing.seen.facts.get("client_id")
    client = directory.find_client(conn, int(client_id)) if client_id else None
    chat = proactive.group_of(conn, client.id) if client and client.archived_at is None else None
    if client is None or chat is None:
        return {"state": "skipped", "why": "no_group"}
    at = proactive.by_day(client, now)
    if at > now and what.at_night is not Severity.MINOR:
        return {"state": "held", "until": at.isoformat()}
    text = text_in(
        {tag: fill(text, doing.seen.facts) for tag, text in what.texts.items()}, proactive.language_of(client)
    )
    proactive.tell_group(conn, chat, text, name=acting.name, now=now)
    return {"state": "done", "chats": 1}


def _tell_staff(conn: Connection, doing: Doing, what: TellStaff, acting: Acting, now: datetime) -> Result:
    text = f"⚙️ {fill(what.text, _told(conn, doing))}"
    person = directory.staff_by_login(conn, what.person) if what.person else None
    if what.person and (person is None or not person.active):
        return {"state": "failed", "why": "person"}
    chats = staff_chats.direct(conn, person.id) if person else staff_chats.every(conn)
    there = [chat for chat in chats if chat.lost_at is None]
    for chat in there[:1] if person else there:
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        staff_talk.tell(conn, conversation_id=talk.id, text=text, name=acting.name, now=now)
    return {"state": "done", "chats": len(there)} if there else {"state": "skipped", "why": "no_chat"}


def _give_task(conn: Connection, doing: Doing, what: GiveTask, _acting: Acting, now: datetime) -> Result:
    seen = doing.seen
    person = directory.staff_by_login(conn, what.person) if what.person else None
    if what.person and (person is None or not person.active):
        return {"state": "failed", "why": "person"}
    told = _told(conn, doing)
    facts: dict[str, JsonValue] = {"rule": doing.rule.name, "what": fill(what.text, told) or doing.rule.name}
    facts["chain"] = [*seen.chain, doing.rule.key]
    named: dict[str, Any] = {"client_id": seen.facts.get("client_id"), "ticket_id": seen.facts.get("ticket_id")}
    given = tasks.give(
        conn, TaskKind.RULE, origin=doing.origin, facts=facts, link=_link_of(doing), due_at=now + what.due_in,
        assignee_id=person.id if person else None, now=now, **named,
    )  # fmt: skip
    return {"state": "done", "task": given.id if given else None}


def _set_level(conn: Connection, doing: Doing, what: Any, acting: Acting, now: datetime) -> Result:
    ticket_id = doing.seen.facts.get("ticket_id")
    if not ticket_id or board.ticket(conn, int(ticket_id)).state not in UNSOLVED:
        return {"state": "skipped", "why": "no_ticket"}
    acting.desk.set_level(conn, ticket_id=int(ticket_id), level=what, by=None, now=now)
    return {"state": "done"}


def _route(conn: Connection, doing: Doing, _what: object, acting: Acting, now: datetime) -> Result:
    ticket_id = doing.seen.facts.get("ticket_id")
    if not ticket_id or board.ticket(conn, int(ticket_id)).state is not TicketState.NEW:
        return {"state": "skipped", "why": "no_ticket"}
    acting.desk.route(conn, ticket_id=int(ticket_id), now=now)
    return {"state": "done"}


def _call(conn: Connection, doing: Doing, what: Any, _acting: Acting, now: datetime) -> Result:
    facts = {name: value for name, value in doing.seen.facts.items() if name not in {"annotations", "cause"}}
    body: dict[str, JsonValue] = {"rule": doing.rule.key, "event": str(doing.seen.kind), "facts": facts}
    body["incident"] = doing.incident_id
    made = hooks.call(conn, what.hook, origin=doing.origin, body=body, incident_id=doing.incident_id, now=now)
    state = str(made.state) if made else "done"
    return (
        {"state": "skipped", "why": "unset"}
        if state == "unset"
        else {"state": "done", "call": made.id if made else None}
    )


def _told(conn: Connection, doing: Doing) -> dict[str, Any]:
    """The event's facts, with the incident's number and title."""
    facts = dict(doing.seen.facts)
    if doing.incident_id is not None:
        known = incident(conn, doing.incident_id)
        facts |= {"incident": known.number, "title": f"{known.number} {known.title}"}
    return facts


def _link_of(doing: Doing) -> str:
    if doing.incident_id is not None:
        return f"/desk/incidents/{doing.incident_id}"
    number = doing.seen.facts.get("number")
    return f"/desk/t/{number}" if number else "/desk/rules"


_STEPS: Mapping[str, Callable[[Connection, Doing, Any, Acting, datetime], Result]] = {
    "open_incident": _open, "link_incident": _link, "mend_incident": _mend, "tell_clients": _tell_clients,
    "tell_staff": _tell_staff, "give_task": _give_task, "set_level": _set_level, "route": _route, "call_hook": _call,
}  # fmt: skip
