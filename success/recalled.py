"""What became, in a period, of answers that the manual no longer bears out. A transaction body that only reads."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from success.recall import Grade
from success.recall_tables import correction


@dataclass(frozen=True, kw_only=True)
class Recalled:
    """Of a page's answers that the manual no longer bears out: chats that were corrected, left alone, that wait."""

    page: str
    title: str
    sent: int
    dismissed: int
    waiting: int


def recalled(conn: Connection, *, since: datetime, until: datetime) -> tuple[Recalled, ...]:
    """What became of answers that the manual no longer bears out: decided in a period, or waiting now; most first."""
    mine = correction.c.state.in_(["sent", "dismissed"]) & (correction.c.decided_at >= since)
    wanted = (correction.c.state == "open") | (mine & (correction.c.decided_at < until))
    query = select(correction.c.page, correction.c.state, correction.c.facts)
    rows = conn.execute(query.where(wanted, correction.c.grade == Grade.FACTS).order_by(correction.c.id)).all()
    titles = {row.page: str(row.facts["title"]) for row in rows}
    met = Counter((row.page, row.state) for row in rows)
    found = (
        Recalled(
            page=page,
            title=title,
            sent=met[page, "sent"],
            dismissed=met[page, "dismissed"],
            waiting=met[page, "open"],
        )
        for page, title in titles.items()
    )
    return tuple(sorted(found, key=lambda each: (-(each.sent + each.dismissed + each.waiting), each.page)))
