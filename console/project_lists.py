"""New work as a client's private page lists it, and who may read it there. Transaction bodies that only read."""

from typing import Any

from sqlalchemy import Connection

from handoff import directory
from handoff.progress_links import Held, Scope
from success.projects import authority, boards, proposal_store
from success.projects.board_rules import BoardStage, now_in
from success.projects.boards import Project


def may_read(conn: Connection, held: Held) -> bool:
    """Whether the holder of a link sees new work: those who see their own requests alone, if they may decide on it."""
    if held.link.scope is not Scope.OWN:
        return True
    person = directory.find_person_by_id(conn, held.link.person_id) if held.link.person_id is not None else None
    return person is not None and authority.may(conn, person, held.client.id, authority.IN_SCOPE)


def of_holder(conn: Connection, held: Held) -> dict[str, Any]:
    """What a client's page lists of new work."""
    if not may_read(conn, held):
        return {"projects": (), "offers": ()}
    found: list[tuple[Project, BoardStage | None]] = [
        (each, now_in(boards.stages(conn, each.id))) for each in boards.listed(conn, client_id=held.client.id)
    ]
    return {"projects": found, "offers": proposal_store.shown_to(conn, held.client.id)}
