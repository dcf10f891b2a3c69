"""What every operation says of itself: which scope it needs, and all that it may answer."""

from typing import Annotated, Any, Final

from fastapi import Depends, Header, Query, Request
from fastapi.routing import APIRoute

from console.api.cursors import MOST, USUAL
from console.api.problems import MEDIA_TYPE, Problem, invalid
from handoff.tokens import Caller, Scope

SCHEME: Final = "token"
_ALWAYS: Final = (401, 403, 422, 429, 500, 503)
_SAID: Final = {
    401: "No valid token: none, unknown, expired or revoked.",
    403: "The token lacks the scope that this needs; `scope` names it.",
    404: "There is no such thing, or it is another client's.",
    409: "The ticket's state does not allow it (`current` is how it stands), or the key stood for another request.",
    412: "The ticket is no longer as `If-Match` says; `current` is how it stands.",
    413: "The request is too large.",
    422: "Something cannot be understood; `errors` names the fields.",
    429: "Too many requests; `Retry-After` says when to come again.",
    500: "Something went wrong on our side.",
    503: "The database cannot be reached.",
}
KEY: Final = r"^[\x21-\x7e]{1,200}$"
VERSION: Final = r'^(?:"[0-9]{1,9}"|\*)$'


def caller_of(request: Request) -> Caller:
    """Who is calling (a FastAPI dependency)."""
    caller: Caller = request.state.caller
    return caller


def key_of(
    key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            pattern=KEY,
            description="The same key and request get the same reply for 24 hours.",
        ),
    ] = "-",
) -> str | None:
    """The sender's key of a request that may come again; none by default."""
    return None if key == "-" else key


def match_of(
    if_match: Annotated[
        str, Header(alias="If-Match", pattern=VERSION, description="The ETag that the ticket must still have.")
    ] = "*",
) -> int | None:
    """The version that a ticket must still have."""
    return None if if_match == "*" else int(if_match.strip('"'))


CallerDep = Annotated[Caller, Depends(caller_of)]
KeyDep = Annotated[str | None, Depends(key_of)]
MatchDep = Annotated[int | None, Depends(match_of)]
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=60, description="The page after; from `next` of the page before.")]
FEW: Final = USUAL


class _Needs:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __call__(self, request: Request) -> None:
        if self._scope not in caller_of(request).token.scopes:
            raise Problem("missing-scope", f"The token lacks the scope {self._scope}.", scope=str(self._scope))
        route: APIRoute = request.scope["route"]
        known = {each.alias for each in route.dependant.query_params}
        for name in request.query_params:
            if name not in known:  # a misspelt filter would widen the answer
                raise invalid(f"query.{name[:60]}", "is no parameter of this")


def door(scope: Scope, *further: int) -> dict[str, Any]:
    """The keywords of a route that needs this scope and may answer these statuses as well."""
    ref = {"schema": {"$ref": "#/components/schemas/Problem"}}
    responses = {
        status: {"description": _SAID[status], "content": {MEDIA_TYPE: ref}} for status in sorted({*_ALWAYS, *further})
    }
    extra = {"security": [{SCHEME: [str(scope)]}]}
    return {"dependencies": [Depends(_Needs(scope))], "responses": responses, "openapi_extra": extra}
