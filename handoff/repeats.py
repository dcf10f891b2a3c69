"""Replies kept for requests that come again: the same key and question get the same reply, once done. Bodies.

The key is taken in the transaction of what it does, so that neither stays without the other; what was refused leaves no
key behind.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, select, update

from handoff.api_tables import api_reply as replies
from handoff.errors import HandoffError
from handoff.model import Json
from store.db import insert_into

KEPT: Final = timedelta(hours=24)


class KeyUsed(HandoffError):  # noqa: N818 - the name says what happened
    """The key stood for another request."""

    def __init__(self, key: str) -> None:
        super().__init__(f"key used for another request: {key}")
        self.key = key


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a request is answered: a status, a JSON body, and headers of its own."""

    status: int
    body: Json
    headers: Json


def begin(conn: Connection, *, token_id: int, key: str, request: str, now: datetime) -> Reply | None:
    """Take a key; None the first time, else what was answered then. Raises KeyUsed where the request differs.

    Of two at once the second waits for the first.
    """
    conn.execute(delete(replies).where(replies.c.at < now - KEPT))
    row = {"token_id": token_id, "key": key, "request": request, "status": 0, "headers": {}, "body": {}, "at": now}
    statement = insert_into(conn, replies).values(row).on_conflict_do_nothing()
    if conn.execute(statement.returning(replies.c.key)).first() is not None:  # not every driver counts what it inserts
        return None
    mine = (replies.c.token_id == token_id, replies.c.key == key)
    kept = conn.execute(select(replies).where(*mine)).mappings().one()
    if kept["request"] != request:
        raise KeyUsed(key)
    return Reply(status=kept["status"], body=kept["body"], headers=kept["headers"])


def keep(conn: Connection, *, token_id: int, key: str, reply: Reply) -> None:
    """Keep what a key's request was answered."""
    mine = (replies.c.token_id == token_id, replies.c.key == key)
    values = {"status": reply.status, "body": reply.body, "headers": reply.headers}
    conn.execute(update(replies).where(*mine).values(values))
