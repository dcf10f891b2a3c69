"""Mirrors Aftercare's tickets to a Trello board: one card each, in the list of the ticket's state.

    AFTERCARE_URL=https://desk.example.com AFTERCARE_TOKEN=aft_… AFTERCARE_SECRET=whsec_… \
    TRELLO_KEY=… TRELLO_TOKEN=… TRELLO_BOARD=… python trello_mirror.py

Give the webhook the events ticket.opened, ticket.claimed, ticket.waiting, ticket.resolved and ticket.reopened, and the
token the scope tickets:read. Needs httpx; everything else is Python's own.

The card's name begins with the ticket's number, by which it is found again: nothing is stored here, and an event that
comes twice changes nothing. Lists that are missing are made.
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

LISTS = {"new": "New", "open": "In progress", "waiting": "Waiting", "resolved": "Done", "merged": "Done"}
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
    """Brings a card in line with its ticket as it now stands, whatever the event was."""

    desk: httpx.Client
    trello: httpx.Client
    board: str

    def follow(self, event: Mapping[str, Any]) -> None:
        """Make or move the card of the event's ticket."""
        if not event["type"].startswith("ticket."):
            return
        ticket = _read(self.desk.get(f"/api/v1/tickets/{event['data']['ticket']['id']}"))
        wanted = self._list(LISTS.get(ticket["state"], "New"))
        card = self._found(ticket["id"])
        if card is None:
            name, text = f"{ticket['id']} {ticket['title']}", f"{ticket['summary']}\n\n{ticket['links']['desk']}"
            _read(self.trello.post("/1/cards", params={"idList": wanted}, json={"name": name, "desc": text}))
        elif card["idList"] != wanted:
            _read(self.trello.put(f"/1/cards/{card['id']}", params={"idList": wanted}))

    def _found(self, number: str) -> Mapping[str, Any] | None:
        cards = _read(self.trello.get(f"/1/boards/{self.board}/cards", params={"fields": "name,idList"}))
        return next((card for card in cards if card["name"].split(" ")[0] == number), None)

    def _list(self, name: str) -> str:
        lists = _read(self.trello.get(f"/1/boards/{self.board}/lists", params={"fields": "name"}))
        known = next((each["id"] for each in lists if each["name"] == name), None)
        made = {"name": name, "idBoard": self.board, "pos": "bottom"}
        return str(known or _read(self.trello.post("/1/lists", params=made))["id"])


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
    except httpx.HTTPError as error:
        print(f"{event['type']}: {error}")
        return 500
    return 204


def _read(answer: httpx.Response) -> Any:
    answer.raise_for_status()
    return answer.json()


def main() -> None:
    """Mirror until stopped."""
    told = os.environ
    desk = httpx.Client(base_url=told["AFTERCARE_URL"], headers={"Authorization": f"Bearer {told['AFTERCARE_TOKEN']}"})
    signed = f'OAuth oauth_consumer_key="{told["TRELLO_KEY"]}", oauth_token="{told["TRELLO_TOKEN"]}"'
    trello = httpx.Client(base_url="https://api.trello.com", headers={"Authorization": signed})
    mirror = Mirror(desk=desk, trello=trello, board=told["TRELLO_BOARD"])
    server(mirror, told["AFTERCARE_SECRET"], port=int(told.get("PORT", "8080"))).serve_forever()


if __name__ == "__main__":
    main()
