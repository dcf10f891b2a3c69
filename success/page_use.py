"""How the manual's pages did in a period: who cited them, what did not help, what was taken back. Only reads."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from handoff.kinds import EventKind
from handoff.tables import ticket_event
from success import gap_sources
from success.freshness import Use
from success.gap_tables import page_age


def uses(conn: Connection, *, since: datetime) -> dict[str, Use]:
    """Each page that was cited since an instant or is known to be there; an answer counts for its first page."""
    found: dict[str, Use] = defaultdict(Use)
    helped_not = gap_sources.unsolved(conn, since=since)
    for answer in gap_sources.answers(conn, since=since):
        for place, page in enumerate(dict.fromkeys(cited.page for cited in answer.citations)):
            was = found[page]
            failed = int(place == 0 and helped_not.get(answer.id, False))
            found[page] = replace(was, cited=was.cited + 1, failed=was.failed + failed, last_cited=answer.at)
    taken_back = select(ticket_event.c.data).where(
        ticket_event.c.kind == EventKind.RETRACTED, ticket_event.c.at >= since
    )
    for data in conn.execute(taken_back).scalars():
        for page in data["pages"]:
            was = found[page["page"]]
            found[page["page"]] = replace(was, retracted=was.retracted + 1)
    for row in conn.execute(select(page_age)):
        found[row.page] = replace(found[row.page], first_at=row.first_at, changed_at=row.changed_at)
    return dict(found)
