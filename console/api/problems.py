"""What goes wrong, as RFC 9457 says it: `application/problem+json`, with a type, a title, a status and a sentence."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from console.web import names_nothing

MEDIA_TYPE: Final = "application/problem+json"
TYPES: Final = "/api/v1/docs#"
PROBLEMS: Final = {
    "unauthorized": (401, "No valid token"),
    "missing-scope": (403, "The token may not do this"),
    "not-found": (404, "There is no such thing"),
    "method-not-allowed": (405, "Not a method of this resource"),
    "already-claimed": (409, "Somebody else has the ticket"),
    "not-allowed": (409, "The ticket's state does not allow this"),
    "not-replied": (409, "Nobody has answered the client yet"),
    "not-mergeable": (409, "These tickets cannot become one"),
    "changed": (412, "The ticket has changed meanwhile"),
    "too-large": (413, "The request is too large"),
    "invalid": (422, "The request cannot be understood"),
    "key-reused": (409, "The idempotency key stood for another request"),
    "too-many-requests": (429, "Too many requests"),
    "unexpected": (500, "Something went wrong here"),
    "unavailable": (503, "Not available at the moment"),
}
"""Every type of problem, with its status and title."""
_BY_STATUS: Final = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """An answer that is a problem: raise it anywhere in a request. `more` joins the document."""

    def __init__(
        self,
        name: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.name, self.detail, self.errors, self.headers, self.more = name, detail, errors, dict(headers or {}), more

    def response(self) -> Response:
        """The problem as a response."""
        status, title = PROBLEMS[self.name]
        body: dict[str, Any] = {"type": TYPES + self.name, "title": title, "status": status, "detail": self.detail}
        if self.errors:
            body["errors"] = list(self.errors)
        return JSONResponse(body | self.more, status_code=status, headers=self.headers, media_type=MEDIA_TYPE)


def invalid(field: str, detail: str) -> Problem:
    """One field that cannot be meant."""
    return Problem("invalid", f"{field}: {detail}", errors=[{"field": field, "detail": detail}])


def missing(what: str) -> Problem:
    """There is no such thing, or it is not the caller's to see: nobody can tell which."""
    return Problem("not-found", f"There is no such {what}.")


async def problem_raised(_request: Request, error: Exception) -> Response:
    """The handler of `Problem`."""
    assert isinstance(error, Problem)
    return error.response()


async def not_understood(_request: Request, error: Exception) -> Response:
    """The handler of FastAPI's validation: which fields, and why. A path that names nothing is not found."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(each["loc"][0] == "path" for each in found):
        return missing("resource").response()
    errors = [{"field": _field(each["loc"]), "detail": str(each["msg"])} for each in found]
    return Problem("invalid", "Some fields cannot be understood; see errors.", errors=errors).response()


async def out_of_range(request: Request, _error: Exception) -> Response:
    """The handler of numbers that no row has: in the path there is no such thing, elsewhere they cannot be meant."""
    if names_nothing(request.path_params):
        return missing("resource").response()
    return Problem("invalid", "A number is larger than any of ours.").response()


async def http_error(_request: Request, error: Exception) -> Response:
    """The handler of what the framework itself refuses."""
    assert isinstance(error, HTTPException)
    name = _BY_STATUS.get(error.status_code, "invalid")
    return Problem(name, PROBLEMS[name][1] + ".", headers=error.headers).response()


async def unexpected(_request: Request, _error: Exception) -> Response:
    """The handler of everything else: no stack, no message."""
    return Problem("unexpected", "This is our fault; it was logged.").response()


def _field(place: Sequence[Any]) -> str:
    """Where in the request: `body.text`, `query.limit`."""
    return ".".join(str(part) for part in place)[:200]
