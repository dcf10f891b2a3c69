"""What a ticket's page shows of languages across. A transaction body that only reads."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from handoff.kinds import Author
from handoff.model import Message, Ticket
from knowledge.tongues import same, tongue
from success import across
from success.across import Translation


def of_talk(conn: Connection, ticket: Ticket, transcript: Sequence[Message], me: int) -> dict[str, Any]:
    """What a ticket's page shows: translations for the viewer, originals of replies, and whether a reply needs one."""
    mine, ids = across.reads(conn, me), [each.id for each in transcript]
    found: dict[int, Translation] = {}
    for language in reversed(mine):
        found |= across.of_messages(conn, ids, language)
    theirs = {each.id: tongue(each.text) for each in transcript if each.author is Author.CLIENT}
    foreign = {key: one for key, one in theirs.items() if one and not any(same(one, each) for each in mine)}
    return {
        "translations": {key: one for key, one in found.items() if key in foreign},
        "foreign": foreign,
        "originals": across.originals(conn, ids),
        "reply_into": across.offered(conn, ticket, me),
    }
