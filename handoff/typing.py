"""Who is writing just now: told by a signal, kept nowhere. A lost one only means dots that do not show.

`tell` for either side; whoever serves a chat's events listens to `TOPIC` and reads the payload with `heard`.
"""

import json
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection

from store.signals import signal

TOPIC: Final = "typing"
Side = Literal["client", "staff"]


@dataclass(frozen=True, kw_only=True)
class Typing:
    """Somebody of a side writes in a chat; it holds for some seconds."""

    chat_id: int
    side: str
    name: str


def tell(conn: Connection, *, chat_id: int, side: Side, name: str) -> None:
    """Let the other side of a chat know that this person writes. Tell again every few seconds while it lasts."""
    signal(conn, TOPIC, json.dumps([chat_id, side, name[:80]]))


def heard(payload: str) -> Typing:
    """What a signal's payload says."""
    chat_id, side, name = json.loads(payload)
    return Typing(chat_id=chat_id, side=side, name=name)
