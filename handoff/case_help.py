"""What helps with a ticket and is kept with it: suggested replies, summaries made anew. Transaction bodies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from handoff.case_tables import brief as briefs
from handoff.case_tables import suggestion as suggestions
from handoff.errors import HandoffError
from handoff.model import Citation, Json
from handoff.rows import Row, add, clean, first, parts
from store.db import insert_into


class StaleSuggestion(HandoffError):  # noqa: N818 - the name says what happened
    """A page that the suggested reply rests on may not be shown to this client any more."""


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A suggested reply; without text, `made_by` says why there is none. `grounds` are the assistant's own."""

    id: int
    ticket_id: int
    asked_by: int
    text: str
    made_by: str
    model_failed: bool
    citations: tuple[Citation, ...]
    grounds: Json
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Brief:
    """A ticket's summary as somebody had it made; `made_by` is model or extract."""

    text: str
    made_by: str
    language: str
    at: datetime


def suggest(
    conn: Connection,
    *,
    ticket_id: int,
    by: int,
    text: str,
    made_by: str,
    model_failed: bool = False,
    citations: Sequence[Citation] = (),
    grounds: Json | None = None,
    now: datetime,
) -> Suggestion:
    """Keep a suggestion."""
    values: dict[str, Any] = {"ticket_id": ticket_id, "asked_by": by, "text": clean(text), "made_by": made_by}
    values |= {"model_failed": model_failed, "citations": parts(citations), "grounds": dict(grounds or {}), "at": now}
    return _suggestion(add(conn, suggestions, **values))


def suggested(conn: Connection, ticket_id: int, suggestion_id: int | None = None) -> Suggestion | None:
    """A ticket's suggestion with this id, or its newest."""
    mine = [suggestions.c.ticket_id == ticket_id]
    if suggestion_id is not None:
        mine.append(suggestions.c.id == suggestion_id)
    row = conn.execute(select(suggestions).where(*mine).order_by(suggestions.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else _suggestion(row)


def keep_brief(
    conn: Connection, *, ticket_id: int, by: int, text: str, made_by: str, language: str, now: datetime
) -> None:
    """Keep a ticket's newest summary."""
    kept = {"text": clean(text), "made_by": made_by, "language": language, "asked_by": by, "at": now}
    statement = insert_into(conn, briefs).values(ticket_id=ticket_id, **kept)
    conn.execute(statement.on_conflict_do_update(index_elements=["ticket_id"], set_=kept))


def brief_of(conn: Connection, ticket_id: int) -> Brief | None:
    """A ticket's summary, if it was made anew."""
    row = first(conn, briefs, briefs.c.ticket_id == ticket_id)
    if row is None:
        return None
    return Brief(text=row["text"], made_by=row["made_by"], language=row["language"], at=row["at"])


def _suggestion(row: Row) -> Suggestion:
    return Suggestion(
        id=row["id"],
        ticket_id=row["ticket_id"],
        asked_by=row["asked_by"],
        text=row["text"],
        made_by=row["made_by"],
        model_failed=row["model_failed"],
        citations=tuple(Citation(**part) for part in row["citations"]),
        grounds=row["grounds"],
        at=row["at"],
    )
