"""SQL: what somebody may read of the manual at this moment, for whoever is about to send what was written earlier."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from knowledge import store
from knowledge.model import Scope
from knowledge.tables import page


def readable(conn: Connection, pages: Collection[str], *, scope: Scope) -> frozenset[str]:
    """Return those of some pages that a scope sees: of the live version, and not withdrawn."""
    state = store.state(conn)
    wanted = frozenset(pages) - state.withdrawn
    mine = (page.c.version == state.version, page.c.page.in_(wanted))
    held = map(store.page_of, conn.scalars(select(page.c.content).where(*mine)))
    return frozenset(each.id for each in held if scope.sees(each))
