"""Reminders of clients' trainings, and the queue of what is said in chats. Transaction bodies."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from handoff import accounts, directory
from store.jobs import JsonValue, enqueue
from success.training import rules

TELL: Final = "training"
"""`{"training": id, "what": "invite" | "moved" | "remind" | "quiz" | "cancel" | "close"}`."""


def remind(conn: Connection, training_id: int, *, client_id: int, starts_at: datetime, now: datetime) -> None:
    """Have people reminded of a time once, by day; not at all where the training is too near for that."""
    zone = accounts.zone_of(directory.client(conn, client_id))
    at = rules.remind_at(starts_at, zone=zone, now=now)
    if at is not None:
        starts = starts_at.isoformat()
        body: dict[str, JsonValue] = {"training": training_id, "what": "remind", "starts_at": starts}
        enqueue(conn, TELL, body, dedup=f"remind:{training_id}:{starts}", run_at=at, now=now)
