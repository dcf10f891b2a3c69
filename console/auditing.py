"""Every staff action leaves a line, without its author's doing: around the application, and around its database.

A request that changes something (any method but GET and HEAD below `/desk` and `/api`) is an *action* from its
beginning to its end. The first transaction that it commits carries its line; where it commits none, the line is written
with the answer's status before the answer leaves. So does a download: any answer that has a name to be kept under.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import Connection
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handoff import audit
from handoff.audit import Action, Outcome
from store.clock import Clock
from store.db import Database, Pool
from store.errors import StoreError
from store.signals import Subscription

T = TypeVar("T")
log = structlog.get_logger()

STAFF: Final = ("/desk", "/api")
SESSION_SHOWN: Final = 8
PASSWORD_DUE: Final = "/desk/password"  # noqa: S105 - a path
UNKNOWN: Final = "unknown"
UNTOLD: Final = frozenset({"case_pages.attend", UNKNOWN})
"""What a page says of itself every few seconds, and what leads nowhere: nobody's deed."""
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSED: Final = 400
_FAILED: Final = 500


@dataclass
class _Deed:
    """A request under way; `kept` once its line is written, `answered` once its answer has begun."""

    scope: Scope
    kept: bool = False
    answered: bool = False

    @property
    def known(self) -> bool:
        """Whether it is known who does it, and whether it is a deed."""
        state = self.scope.get("state", {})
        return ("viewer" in state or "caller" in state) and action_name(self.scope.get("endpoint")) not in UNTOLD

    def action(self, **facts: Any) -> Action:
        """What the request is, by its route."""
        state: dict[str, Any] = self.scope.get("state", {})
        viewer, caller = state.get("viewer"), state.get("caller")
        client, route = self.scope.get("client"), self.scope.get("route")
        values = {name: str(value) for name, value in self.scope.get("path_params", {}).items()}
        return Action(
            person_id=viewer.person.id if viewer else caller.token.person_id if caller else None,
            session=viewer.session[:SESSION_SHOWN] if viewer else None,
            via="api" if self.scope["path"].startswith("/api") else "desk",
            address=client[0] if client else None,
            name=action_name(self.scope.get("endpoint")),
            kind=_kind(getattr(route, "path", "") or ""),
            subject="/".join(values.values()),
            facts={**state.get("audit_facts", {}), **({"token": caller.token.name} if caller else {}), **facts},
        )


_current: ContextVar[_Deed | None] = ContextVar("deed", default=None)


def action_name(endpoint: Any) -> str:
    """How the log names what a route does: its module and its function; "unknown" where no route was found."""
    if not hasattr(endpoint, "__name__"):  # none, or an application that is mounted and has no such route
        return UNKNOWN
    return f"{endpoint.__module__.rpartition('.')[2]}.{endpoint.__name__}"


def told() -> None:
    """The request under way has written its line itself."""
    if (deed := _current.get()) is not None:
        deed.kept = True


def beside(db: Database) -> Database:
    """The same database, for a transaction that is no part of the action, such as counting attempts."""
    return db.inner if isinstance(db, Audited) else db


class Audited(Database):
    """A database whose first committed transaction of an action carries the action's line."""

    def __init__(self, inner: Database, *, clock: Clock) -> None:
        super().__init__()
        self.inner, self._clock = inner, clock
        self.dialect = inner.dialect

    def pool(self) -> Pool:
        """See `Database.pool`."""
        return self.inner.pool()

    def listen(self, *topics: str) -> AbstractAsyncContextManager[Subscription]:
        """See `Database.listen`."""
        return self.inner.listen(*topics)

    async def write(self, body: Callable[[Connection], T]) -> T:
        """See `Database.write`."""
        deed = _current.get()
        if deed is None or deed.kept or not deed.known:
            return await self.inner.write(body)
        action, now = deed.action(), self._clock()

        def acted(conn: Connection) -> T:
            with audit.acting(conn, action, now=now):
                return body(conn)

        result = await self.inner.write(acted)
        deed.kept = True
        return result

    async def read(self, body: Callable[[Connection], T]) -> T:
        """See `Database.read`."""
        return await self.inner.read(body)

    async def close(self) -> None:
        """See `Database.close`."""
        await self.inner.close()


class Auditing:
    """Middleware: opens an action with each request that is one, and sees to its line."""

    def __init__(self, app: ASGIApp, *, db: Database, clock: Clock) -> None:
        self._app, self._db, self._clock = app, beside(db), clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; before the answer leaves, the line is there."""
        if scope["type"] != "http" or not scope["path"].startswith(STAFF):
            await self._app(scope, receive, send)
            return
        deed, reads = _Deed(scope), scope["method"] in _READS

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._answered(deed, message, reads=reads)
                deed.answered = True
            await send(message)

        token = _current.set(None if reads else deed)
        try:
            await self._app(scope, receive, sending)
        except Exception:
            if deed.known and not reads and not deed.answered:  # an answer that breaks off was of what was done
                await self._keep(deed.action(status=_FAILED), "failed")
            raise
        finally:
            _current.reset(token)

    async def _answered(self, deed: _Deed, message: Message, *, reads: bool) -> None:
        if not deed.known:  # nobody of ours; who signs in or fails to is written down there
            return
        status, headers = int(message["status"]), Headers(raw=message.get("headers", []))
        if reads:
            if "content-disposition" in headers and status < _REFUSED:
                await self._keep(deed.action(download=True), "done")
        elif headers.get("location") == PASSWORD_DUE and not deed.kept:
            await self._keep(deed.action(), "refused")
        elif status >= _REFUSED:
            await self._keep(deed.action(status=status), "failed" if status >= _FAILED else "refused")
        elif not deed.kept:
            await self._keep(deed.action(), "done")
        deed.kept = True

    async def _keep(self, action: Action, outcome: Outcome) -> None:
        now = self._clock()
        try:
            await self._db.write(lambda conn: audit.keep(conn, action, outcome=outcome, now=now))
        except StoreError:  # what changed something has its line in its own transaction: only this one is lost
            log.exception("audit line lost", action=action.name, person=action.person_id)


def _kind(path: str) -> str:
    """What a route is about: the first word of its path below the desk."""
    parts = [part for part in path.split("/") if part and not part.startswith("{")]
    below = [part for part in parts if part not in {"desk", "api", "v1"}]
    return below[0] if below else ""
