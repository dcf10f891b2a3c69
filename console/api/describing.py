"""The API's OpenAPI document, completed: how to sign in, what every answer's headers say, how problems look. Pure."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from console.api.doors import SCHEME
from console.api.shapes import Problem
from handoff.tokens import Scope

ABOUT: Final = (
    "Tickets, messages, clients and the manual of an Aftercare desk, for other programs. Every request carries a token "
    "(`Authorization: Bearer aft_…`) that an admin made; ids are strings, instants UTC. Send `Idempotency-Key` with "
    "what must not be done twice, and follow `next` through lists."
)
SCOPES: Final = {
    Scope.TICKETS_READ: "See tickets, their events and deadlines, and the queue",
    Scope.TICKETS_WRITE: "Open, give and move tickets",
    Scope.MESSAGES_READ: "Read what was said",
    Scope.MESSAGES_WRITE: "Answer clients, write notes",
    Scope.CLIENTS_READ: "See clients, their people and chats",
    Scope.PEOPLE_READ: "See our own people",
    Scope.MANUAL_READ: "Read and search the manual",
    Scope.NUMBERS_READ: "See the figures",
    Scope.WEBHOOKS_WRITE: "Set up webhooks, see what they were told",
}
_PAGE: Final = re.compile(r"\bPage_(\w+?)Out_")
_OUT: Final = re.compile(r"\b([A-Z]\w*?)Out\b")
_HEADERS: Final = {
    "RateLimit-Limit": ("Requests a minute.", "integer"),
    "RateLimit-Remaining": ("Requests left now.", "integer"),
    "RateLimit-Reset": ("Seconds until all of them are there again.", "integer"),
}


def described(framework: dict[str, Any]) -> dict[str, Any]:
    """The framework's document with all that it cannot know, its shapes by plain names."""
    document = _named(framework)
    document["info"]["description"] = ABOUT
    document["servers"] = [{"url": "/api/v1"}]
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    listed = "\n".join(f"- `{scope}`: {words}" for scope, words in SCOPES.items())
    about = f"A token made at /desk/settings/tokens. Scopes:\n{listed}"
    parts["securitySchemes"] = {SCHEME: {"type": "http", "scheme": "bearer", "description": about}}
    for operation in operations(document):
        for status, answer in operation["responses"].items():
            answer["headers"] = {**_headers(status), **answer.get("headers", {})}
    return document


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation of a document."""
    for methods in document["paths"].values():
        yield from methods.values()


def _named(document: dict[str, Any]) -> dict[str, Any]:
    """`Page_TicketOut_` is a TicketPage, `TicketOut` a Ticket."""
    found = _PAGE.sub(r"\1Page", json.dumps(document))
    named: dict[str, Any] = json.loads(_OUT.sub(r"\1", found))
    return named


def _headers(status: str) -> dict[str, Any]:
    found = {} if status == "401" else _HEADERS
    headers = {name: {"description": said, "schema": {"type": kind}} for name, (said, kind) in found.items()}
    if status == "429":
        headers["Retry-After"] = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    return headers
