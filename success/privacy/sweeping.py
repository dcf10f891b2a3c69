"""The rows of an erasure: what was made of a person's words, every table that may repeat them, their own messages.

Every table of the metadata is looked through unless it is named here, with its reason; so a new one is, too.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import JSON, Column, Connection, Table, Text, delete, select, tuple_, update

from handoff import cards, search_index
from handoff.card_tables import card
from handoff.case_tables import brief, suggestion
from handoff.kinds import Audience, Author
from handoff.rows import number_of, to_message, to_ticket
from handoff.tables import message, ticket, turn
from store.tables import metadata
from success.feedback_tables import survey
from success.gap_tables import gap_question
from success.intake.tables import answer as intake_answer
from success.intake.tables import interview
from success.intake.values import Words, to_json
from success.privacy.cutting import theirs
from success.privacy.ground import Ground
from success.privacy.needles import MARK, Needles, scrubbed, wholly
from success.rating_tables import rating
from success.translation_tables import reply_original, translation

LEFT_ALONE: Final = frozenset(
    {
        "erasure", "privacy_export", "privacy_rule", "consent_text", "consent_seen",  # this room's: nobody's words
        "person", "identity", "client", "staff_password", "staff_session", "sign_in_try", "desk_form",  # done, or ours
        "search_entry", "search_sweep",  # kept in line with what they index
        "manual_version", "manual_page", "manual_chunk", "manual_vector", "manual_picture", "manual_live",
        "manual_withdrawal", "manual_cited", "page_age",  # the manual: what its authors wrote
        "contract_version", "contract_adoption", "holiday", "holiday_year", "routing_rules", "schedule",  # ours
        "clock", "timer", "team", "team_member", "person_skill", "shift", "presence", "api_token", "widget",
        "intake_form", "intake_setting",
    }
)  # fmt: skip
WORDS_OF_OURS: Final = frozenset(
    {
        "author", "audience", "delivery", "state", "kind", "level", "category", "outcome", "tier", "policy", "target",
        "mode", "purpose", "queue", "platform", "language", "timezone", "action", "via", "verb", "scope", "channel",
        "grade", "verdict", "how", "media_type", "made_by", "drafted_by", "doing", "tab", "hash", "secret",
        "former_secret", "source", "type", "currency", "embedder", "text_key", "team", "then", "slug", "owner",
        "status", "severity", "stage", "way", "dropped", "standing", "quarter", "local_at", "what",
    }
)  # fmt: skip
"""Columns of choices, codes and secrets: nobody's words stand there."""
KEYS: Final = frozenset(
    {
        "external_id", "thread", "key", "dedup", "origin", "bucket", "address", "url", "link", "server", "fingerprint",
        "group_key", "batch", "nonce", "request", "file_id", "rule", "page", "chunk", "version",
    }
)  # fmt: skip
"""Columns that things are found or reached by: accounts can stand there, a word that is also a name stays."""
_WRITTEN: Final = frozenset({"agreement.scope"})
"""Columns with the name of a choice in which our side writes."""
_ABOUT_THEM: Final = frozenset({"ticket", "ticket_event", "notice", "ticket_brief", "reply_suggestion", "gap"})
_TICKETS: Final = search_index.TICKETS_FROM


@cache
def tables() -> tuple[str, ...]:
    """The names of the tables to look through, in an order that does not change."""
    return tuple(sorted(table.name for table in metadata.tables.values() if table.name not in LEFT_ALONE))


def derived(conn: Connection, found: Ground, *, now: datetime) -> None:
    """What was made of the person's words: tickets, turns, summaries, suggestions, ratings, questions, translations."""
    mine = ticket.c.id.in_(found.own_tickets)
    conn.execute(update(ticket).where(mine).values(title=MARK, summary=MARK))
    for each in found.own_tickets:
        search_index.forget(conn, _TICKETS + each)
        if conn.execute(select(card.c.id).where(card.c.ticket_id == each).limit(1)).first() is not None:
            cards.wake(conn, each, now=now)
    conn.execute(update(card).where(card.c.ticket_id.in_(found.own_tickets)).values(title=MARK))
    for table in (brief, suggestion):
        conn.execute(update(table).where(table.c.ticket_id.in_(found.own_tickets)).values(text=MARK))
    talks = turn.c.conversation_id.in_(select(message.c.conversation_id).where(message.c.chat_id.in_(found.own_chats)))
    for whose in (turn.c.person_id == found.person_id, talks):
        conn.execute(update(turn).where(whose).values(question=MARK, trace={}))
    for asked in (rating, survey):
        conn.execute(update(asked).where(asked.c.person_id == found.person_id).values(comment=""))
    conn.execute(update(gap_question).where(gap_question.c.person_id == found.person_id).values(text=MARK))
    erased = {"quote": MARK, "value": to_json(Words(text=MARK)), "files": []}
    conn.execute(update(intake_answer).where(intake_answer.c.person_id == found.person_id).values(erased))
    spoke = select(message.c.conversation_id).where(message.c.person_id == found.person_id)
    for waits in (interview.c.person_id == found.person_id, interview.c.conversation_id.in_(spoke)):
        conn.execute(update(interview).where(waits, interview.c.pending.is_not(None)).values(pending=None))
    about = select(message.c.id).where(theirs(found))
    for other in (translation, reply_original):
        conn.execute(delete(other).where(other.c.message_id.in_(about)))


def own(conn: Connection, who: int, *, after: Any, batch: int) -> int | None:
    """The person's next own messages; the last of them, None where there are no more."""
    mine = (message.c.person_id == who, message.c.author == Author.CLIENT, message.c.id > (after or 0))
    ids = conn.execute(select(message.c.id).where(*mine).order_by(message.c.id).limit(batch)).scalars().all()
    conn.execute(update(message).where(message.c.id.in_(ids)).values(text=MARK, name=MARK, attachments=[]))
    for each in ids:
        search_index.forget(conn, each)
    return ids[-1] if len(ids) == batch else None


def table(
    conn: Connection, name: str, found: Ground, looked_for: Needles, *, after: Any, batch: int
) -> list[Any] | None:
    """The next rows of a table; the key of the last of them, None where there are no more."""
    swept = metadata.tables[name]
    keys, texts = list(swept.primary_key.columns), text_columns(swept)
    if not texts or not keys:
        return None
    rows = _next(conn, swept, keys, after, batch)
    for row in rows:
        changed = _changes(swept, row, found, looked_for)
        if changed:
            _change(conn, swept, row, changed)
    return [rows[-1][key.name] for key in keys] if len(rows) == batch else None


def text_columns(swept: Table) -> list[Column[Any]]:
    """Where in a table somebody's words could stand."""
    return [
        column
        for column in swept.columns
        if isinstance(column.type, Text | JSON)
        and (column.name not in WORDS_OF_OURS or str(column) in _WRITTEN)
        and not column.foreign_keys
        and (not column.primary_key or swept.name == "rate")
    ]


def _next(conn: Connection, swept: Table, keys: list[Column[Any]], after: Any, batch: int) -> list[dict[str, Any]]:
    query = select(swept).order_by(*keys).limit(batch)
    if after is not None:
        query = query.where(keys[0] > after[0] if len(keys) == 1 else tuple_(*keys) > tuple_(*after))
    return [dict(row) for row in conn.execute(query).mappings()]


def _changes(swept: Table, row: Mapping[str, Any], found: Ground, looked_for: Needles) -> dict[str, Any]:
    judge = _judge(swept, row, found, looked_for)
    cleaned = {
        column.name: scrubbed(row[column.name], looked_for.of_key if column.name in KEYS else judge)
        for column in text_columns(swept)
    }
    numbers = frozenset(number_of(each) for each in found.own_tickets)
    cleaned = {name: _untitled(value, numbers) for name, value in cleaned.items()}
    changed = {name: value for name, value in cleaned.items() if value != row[name]}
    return changed | _message(row, found, looked_for) if swept is message else changed


def _change(conn: Connection, swept: Table, row: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
    this = [key == row[key.name] for key in swept.primary_key.columns]
    if swept.name == "rate":  # its name is its key, and it only counts
        conn.execute(delete(swept).where(*this))
        return
    conn.execute(update(swept).where(*this).values(changed))
    _index_again(conn, swept, {**row, **changed})


def _judge(swept: Table, kept: Mapping[str, Any], found: Ground, looked_for: Needles) -> Callable[[str], str]:
    """How the texts of a row are judged: left out whole where they were written about the person or for them."""
    near = found.near(swept, kept)
    if swept is message:
        if _by_them(kept, found):
            return lambda text: text  # last: their words are what is looked for
        return lambda text: looked_for.of(text, near=near, quotes=near)
    if near and swept.name in _ABOUT_THEM:
        return wholly(looked_for)
    return lambda text: looked_for.of(text, near=near)


def _untitled(value: Any, numbers: frozenset[str]) -> Any:
    """Facts, such as a report's, without the titles that tickets they asked for had then."""
    match value:
        case dict():
            kept = {name: _untitled(each, numbers) for name, each in value.items()}
            return kept | {"title": MARK} if "title" in kept and kept.get("number") in numbers else kept
        case list():
            return [_untitled(each, numbers) for each in value]
    return value


def _message(kept: Mapping[str, Any], found: Ground, looked_for: Needles) -> dict[str, Any]:
    """What is left out whole: all that was said in a chat of theirs alone, and what our side wrote about them."""
    gone: dict[str, Any] = {"text": MARK, "citations": [], "buttons": [], "video": None, "attachments": []}
    if _by_them(kept, found):
        return {}
    if kept["chat_id"] in found.own_chats or kept["id"] in found.copies:
        return {} if kept["text"] == MARK else gone
    ours = kept["author"] != Author.CLIENT and (
        kept["audience"] != Audience.CLIENT or kept["ticket_id"] in found.own_tickets
    )
    near = kept["conversation_id"] in found.talks or kept["ticket_id"] in found.tickets
    return {"text": MARK} if ours and near and looked_for.touch(kept["text"], near=True) else {}


def _by_them(kept: Mapping[str, Any], found: Ground) -> bool:
    return bool(kept["person_id"] == found.person_id and kept["author"] == Author.CLIENT)


def _index_again(conn: Connection, swept: Table, kept: Mapping[str, Any]) -> None:
    if swept is message:
        search_index.forget(conn, kept["id"])
        if kept["text"] != MARK:
            search_index.add_message(conn, to_message(kept))  # type: ignore[arg-type]
    elif swept is ticket:
        search_index.forget(conn, _TICKETS + kept["id"])
        search_index.add_ticket(conn, to_ticket(kept))  # type: ignore[arg-type]
