"""The application's own routes, as it answers them: what each is called, and who may, by its guards."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from console import guard
from console.auditing import STAFF, action_name
from handoff.kinds import Role
from handoff.routing import LEADING

EVERYBODY: Final = frozenset(Role)
_GUARDS: Final = {
    guard.admin: frozenset({Role.ADMIN}),
    guard.lead: frozenset(LEADING),
    guard.reader: guard.READERS,
    guard.viewer: EVERYBODY,
    guard.any_viewer: EVERYBODY,
}


@dataclass(frozen=True, kw_only=True)
class Way:
    """One route: its method, its path as a pattern, its action's name, and who may (None: no session is needed)."""

    method: str
    path: str
    action: str
    roles: frozenset[Role] | None

    @property
    def changes(self) -> bool:
        """Whether it is a staff action: a form of the desk, or a change by the API."""
        return self.method not in {"GET", "HEAD", "OPTIONS"} and self.path.startswith(STAFF)


def ways(app: FastAPI) -> tuple[Way, ...]:
    """Every route with each of its methods, in the order in which they are tried."""
    return tuple(_ways(app))


def _ways(app: FastAPI) -> Iterator[Way]:
    for found in iter_route_contexts(app.routes):
        route: Any = found
        endpoint, path = getattr(route, "endpoint", None), getattr(route, "path", None)
        if endpoint is None or path is None:
            continue
        roles = _roles(getattr(route, "dependant", None))
        for method in sorted(getattr(route, "methods", None) or ()):
            yield Way(method=method, path=path, action=action_name(endpoint), roles=roles)


def _roles(dependant: Any) -> frozenset[Role] | None:
    """Who passes all the guards of a route."""
    if dependant is None:
        return None
    allowed = [_GUARDS[call] for call in _calls(dependant) if call in _GUARDS]
    return frozenset.intersection(*allowed) if allowed else None


def _calls(dependant: Any) -> Iterator[Any]:
    for each in dependant.dependencies:
        yield each.call
        yield from _calls(each)
