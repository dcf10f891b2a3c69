"""What a site's going down and coming back sets off.

Queue `site_changed`, in the order of each site (key `site:{id}`), once for each change (dedup `{run}`), enqueued in the
transaction that made the site's state what it is:

    {"site": 12, "client": 3, "state": "down" | "ok" | "degraded", "run": 4711, "was": "ok"}

`state` is "down" when the site went down (two failures in a row), else what it came back as; `was` what it was believed
to be before. `run` is the check that decided it: its row may be gone after 90 days. The handler reads the rest by
`checks.latest` and `checks.findings`.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from handoff.sites import Site
from store.jobs import JsonValue, enqueue
from success.checks.model import State

SITE_CHANGED: Final = "site_changed"


def changed(conn: Connection, site: Site, state: State, run: int, now: datetime, *, was: State = State.UNKNOWN) -> None:
    """A site went down, or came back: let whoever cares about it know."""
    body: dict[str, JsonValue] = {
        "site": site.id,
        "client": site.client_id,
        "state": str(state),
        "run": run,
        "was": str(was),
    }
    enqueue(conn, SITE_CHANGED, body, key=f"site:{site.id}", dedup=str(run), now=now)
