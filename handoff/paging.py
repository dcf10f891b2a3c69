"""The steps of an emergency that nobody takes: each person on duty, the phone, the leads. Transaction bodies.

A phone call and a direct message are jobs: they go out once the step is committed, and again if that fails.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from handoff import asking
from handoff.casefile import Case, load_events, lock, notify
from handoff.kinds import Level, NoticeKind
from handoff.lifecycle import UNSOLVED, standing
from handoff.model import Json, JsonValue
from handoff.policy import Contract
from handoff.routes import PageStep
from handoff.tables import notice as notices
from store.jobs import enqueue

PAGE: Final = "page"
DIRECT: Final = "direct"


def page(conn: Connection, contract: Contract, case: Case, data: Json, *, now: datetime) -> None:
    """Do one step, whose event is recorded already."""
    step = data.get("step")
    if step == PageStep.PHONE:
        _call(conn, case, now=now)
        return
    duty = asking.people_on_duty(conn, contract, case.was, now=now) if step == PageStep.DIRECT else None
    notify(conn, case, NoticeKind.UNACKNOWLEDGED, now=now, data=data, duty=duty)
    for person_id in sorted(duty or ()):
        body: dict[str, JsonValue] = {"ticket": case.ticket.id, "person": person_id}
        enqueue(conn, DIRECT, body, now=now, dedup=f"direct:{case.ticket.id}:{_seq(case, PageStep.DIRECT)}:{person_id}")


def still_paged(conn: Connection, ticket_id: int) -> bool:
    """Whether the emergency still waits for somebody; False once it is taken, solved, or none any more."""
    was = standing(load_events(conn, ticket_id))
    return was.level is Level.EMERGENCY and not was.acknowledged and was.state in UNSOLVED


def unphoned(conn: Connection, ticket_id: int, *, call: str, why: str, now: datetime) -> None:
    """Tell the leads, once for each `call`, that nobody could be phoned."""
    told = select(notices.c.data).where(notices.c.ticket_id == ticket_id, notices.c.kind == NoticeKind.UNPHONED)
    case = lock(conn, ticket_id)
    if all(data.get("call") != call for data in conn.execute(told).scalars()):
        notify(conn, case, NoticeKind.UNPHONED, now=now, data={"call": call, "why": why})


def _call(conn: Connection, case: Case, *, now: datetime) -> None:
    call = f"page_{case.ticket.id}_{_seq(case, PageStep.PHONE)}"
    body: dict[str, JsonValue] = {"ticket": case.ticket.id, "call": call}
    enqueue(conn, PAGE, body, now=now, dedup=call)


def _seq(case: Case, step: PageStep) -> int:
    """The number of the step's event, which names what it sends for good."""
    return max(event.seq for event in case.events if event.data.get("step") == step)
