"""Mirrors Aftercare's tickets to a Jira project: one issue each, moved along as the ticket moves.

    AFTERCARE_URL=https://desk.example.com AFTERCARE_TOKEN=aft_… AFTERCARE_SECRET=whsec_… \
    JIRA_URL=https://you.atlassian.net JIRA_EMAIL=you@example.com JIRA_TOKEN=… JIRA_PROJECT=SUP python jira_mirror.py

Give the webhook the events ticket.opened, ticket.claimed, ticket.waiting, ticket.resolved and ticket.reopened, and the
token the scope tickets:read. Needs httpx; everything else is Python's own.

The issue carries the label `aftercare-t-1001`, by which it is found again: nothing is stored here, and an event that
comes twice changes nothing.
"""

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

STATUS = {"new": "To Do", "open": "In Progress", "waiting": "In Progress", "resolved": "Done", "merged": "Done"}
TOLERANCE_S = 300


def verified(secret: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any] | None:
    """The event in a request, if Aftercare signed it within five minutes (Standard Webhooks)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    said, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isdecimal() or abs(time.time() - int(at)) > TOLERANCE_S:
        return None
    digest = hmac.new(key, f"{said}.{at}.".encode() + body, hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(digest).decode()
    signatures = headers.get("webhook-signature", "").split(" ")
    if not any(hmac.compare_digest(wanted.encode(), given.encode()) for given in signatures):
        return None
    event: dict[str, Any] = json.loads(body)
    return event


@dataclass
class Mirror:
    """Brings an issue in line with its ticket as it now stands, whatever the event was."""

    desk: httpx.Client
    jira: httpx.Client
    project: str
    issue_type: str = "Task"

    def follow(self, event: Mapping[str, Any]) -> None:
        """Make or move the issue of the event's ticket."""
        if not event["type"].startswith("ticket."):
            return
        ticket = _read(self.desk.get(f"/api/v1/tickets/{event['data']['ticket']['id']}"))
        issue = self._found(ticket["id"]) or self._made(ticket)
        self._move(issue, STATUS.get(ticket["state"], "To Do"))

    def _found(self, number: str) -> str | None:
        query = f'project = "{self.project}" AND labels = "{_label(number)}"'
        found = _read(
            self.jira.post("/rest/api/3/search/jql", json={"jql": query, "fields": ["status"], "maxResults": 1})
        )
        return found["issues"][0]["key"] if found["issues"] else None

    def _made(self, ticket: Mapping[str, Any]) -> str:
        text = f"{ticket['summary']}\n{ticket['links']['desk']}"
        paragraph = {"type": "paragraph", "content": [{"type": "text", "text": text}]}
        fields = {
            "project": {"key": self.project},
            "issuetype": {"name": self.issue_type},
            "summary": f"{ticket['id']} {ticket['title']}"[:255].replace("\n", " "),
            "description": {"type": "doc", "version": 1, "content": [paragraph]},
            "labels": [_label(ticket["id"]), f"level-{ticket['level']}"],
        }
        return str(_read(self.jira.post("/rest/api/3/issue", json={"fields": fields}))["key"])

    def _move(self, issue: str, status: str) -> None:
        at = f"/rest/api/3/issue/{issue}"
        if _read(self.jira.get(at, params={"fields": "status"}))["fields"]["status"]["name"] == status:
            return
        offered = _read(self.jira.get(f"{at}/transitions"))["transitions"]
        chosen = next((each["id"] for each in offered if each["to"]["name"] == status), None)
        if chosen is None:
            raise LookupError(f"no transition of {issue} leads to {status}: set STATUS as your workflow has it")
        self.jira.post(f"{at}/transitions", json={"transition": {"id": chosen}}).raise_for_status()


def server(mirror: Mirror, secret: str, *, host: str = "0.0.0.0", port: int = 8080) -> ThreadingHTTPServer:  # noqa: S104 - behind your proxy
    """Receives the webhook: 204 when done, 500 when not, so that Aftercare sends it again."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            event = verified(secret, {name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(401 if event is None else _outcome(mirror, event))
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
            """Nothing."""

    return ThreadingHTTPServer((host, port), Receiver)


def _outcome(mirror: Mirror, event: Mapping[str, Any]) -> int:
    try:
        mirror.follow(event)
    except (httpx.HTTPError, LookupError) as error:
        print(f"{event['type']}: {error}")
        return 500
    return 204


def _label(number: str) -> str:
    return f"aftercare-{number.lower()}"


def _read(answer: httpx.Response) -> Any:
    answer.raise_for_status()
    return answer.json()


def main() -> None:
    """Mirror until stopped."""
    told = os.environ
    desk = httpx.Client(base_url=told["AFTERCARE_URL"], headers={"Authorization": f"Bearer {told['AFTERCARE_TOKEN']}"})
    jira = httpx.Client(base_url=told["JIRA_URL"], auth=(told["JIRA_EMAIL"], told["JIRA_TOKEN"]))
    mirror = Mirror(desk=desk, jira=jira, project=told["JIRA_PROJECT"])
    server(mirror, told["AFTERCARE_SECRET"], port=int(told.get("PORT", "8080"))).serve_forever()


if __name__ == "__main__":
    main()
