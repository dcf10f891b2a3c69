"""From what happens here to what rules hear of: alerts, sites, tickets, tasks. Transaction bodies, each once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Text, cast, exists, select

from handoff import board, sites
from handoff.kinds import EventKind, Level
from handoff.model import Client, JsonValue
from handoff.rows import clean
from success import alerts, rules
from success.alert_rules import Notification, number_in
from success.alerts import Alert, Received
from success.care_tables import task as tasks
from success.incident_rules import place_name
from success.reminder_rules import Step
from success.rule_model import Happens
from success.rule_tables import rule_event
from success.rules import Event

_MOST: Final = 200


def alerts_came(conn: Connection, posted: Notification, *, now: datetime) -> Received:
    """Keep what an Alertmanager posted, and tell of what is new and of what is over."""
    received = alerts.receive(conn, posted, now=now)
    fresh = [each for each in received.fresh if each.status == alerts.FIRING]
    told = [_of_alert(each, Happens.ALERT_FIRING) for each in fresh]
    told += [_of_alert(each, Happens.ALERT_RESOLVED) for each in received.over]
    rules.happened_all(conn, told, now)
    return received


def site_changed(conn: Connection, *, site_id: int, state: str, run: int | None, now: datetime) -> bool:
    """Tell that a site went down or came back; False where there is nothing to tell."""
    back = dict.fromkeys(("ok", "degraded"), Happens.SITE_RECOVERED)
    kind = ({"down": Happens.SITE_DOWN} | back).get(state)
    site = sites.find(conn, site_id)
    if kind is None or site is None:
        return False
    facts: dict[str, JsonValue] = {
        "site_id": site.id,
        "client_id": site.client_id,
        "site": site.title,
        "title": site.title,
    }
    facts |= {
        "server": place_name(site.server),
        "hosting": place_name(site.hosting),
        "severity": "major",
        "says": site.title,
    }
    origin = f"site:{site_id}:{kind}:{run if run is not None else now.isoformat()}"
    return rules.happened(conn, kind, facts, now, origin=origin)


def expiry_near(conn: Connection, client: Client, step: Step, now: datetime) -> bool:
    """Tell that something of a client's ends soon, or ended yesterday; once a step."""
    lapse = step.lapse
    facts: dict[str, JsonValue] = {"client_id": client.id, "site_id": lapse.site_id, "title": lapse.title}
    facts |= {"what": lapse.what, "on": str(lapse.last_on), "value": step.step}
    origin = f"expiry:{lapse.subject}:{lapse.last_on}:{step.step}"
    return rules.happened(conn, Happens.EXPIRY_NEAR, facts, now, origin=origin)


def ticket_changed(
    conn: Connection, *, ticket_id: int, seq: int, kind: EventKind, causes: Sequence[str], now: datetime
) -> bool:
    """Tell that a ticket was opened, escalated (an emergency now, or nobody reacts), or is late."""
    ticket = board.ticket(conn, ticket_id)
    event = next((each for each in board.events(conn, ticket_id) if each.seq == seq), None)
    what = _KINDS.get(kind)
    if what is None or event is None or (kind is EventKind.LEVEL_SET and ticket.level is not Level.EMERGENCY):
        return False
    facts: dict[str, JsonValue] = {"ticket_id": ticket.id, "number": ticket.number, "client_id": ticket.client_id}
    facts |= {"title": ticket.title, "says": ticket.title, "level": str(ticket.level), "category": ticket.category}
    facts |= {
        "clock": str(event.data.get("clock") or ""),
        "reason": ticket.reason,
        **_main_site(conn, ticket.client_id),
    }
    with rules.causing(conn, causes):
        return rules.happened(conn, what, facts, now, origin=f"ticket:{ticket_id}:{seq}")


def tasks_late(conn: Connection, *, now: datetime) -> int:
    """Tell of tasks whose time is over, each once; how many."""
    late = select(tasks).where(tasks.c.state == "open", tasks.c.due_at < now).order_by(tasks.c.id)
    known = exists().where(rule_event.c.origin == "task:" + cast(tasks.c.id, Text) + ":late")
    told = 0
    for row in conn.execute(late.where(~known).limit(_MOST)).mappings().all():
        facts: dict[str, JsonValue] = {"task_id": row["id"], "kind": row["kind"], "client_id": row["client_id"]}
        facts |= {
            "ticket_id": row["ticket_id"],
            "says": str(row["facts"].get("what") or row["facts"].get("title") or row["kind"]),
        }
        with rules.causing(conn, [str(each) for each in row["facts"].get("chain", ())]):
            told += rules.happened(conn, Happens.TASK_OVERDUE, facts, now, origin=f"task:{row['id']}:late")
    return told


_KINDS: Final = {
    EventKind.OPENED: Happens.TICKET_OPENED,
    EventKind.LEVEL_SET: Happens.TICKET_ESCALATED,
    EventKind.UNACKNOWLEDGED: Happens.TICKET_ESCALATED,
    EventKind.BREACHED: Happens.TICKET_BREACHED,
}


def _of_alert(each: Alert, kind: Happens) -> Event:
    facts: dict[str, JsonValue] = {"alert_id": each.id, "client_id": each.client_id, "site_id": each.site_id}
    facts |= {"server": each.server, "severity": each.severity, "group": each.group_key, "name": each.name}
    facts |= {"labels": dict(each.labels), "annotations": dict(each.annotations), "says": clean(each.says)[:300]}
    facts |= {"title": f"{each.name} {each.server}".strip(), "value": _value(each)}
    return Event(origin=f"alert:{each.id}:{kind}", kind=kind, facts=facts)


def _value(each: Alert) -> float | None:
    return number_in(each.annotations) if "value" in each.annotations else number_in(each.labels)


def _main_site(conn: Connection, client_id: int | None) -> Mapping[str, Any]:
    main = next((site for site in sites.of_client(conn, client_id) if site.main), None) if client_id else None
    if main is None:
        return {"server": "", "site": ""}
    return {"server": place_name(main.server), "hosting": place_name(main.hosting), "site": main.title}
