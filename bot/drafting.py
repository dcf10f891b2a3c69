"""A suggested reply for a ticket that was handed over: made as answers are, sent only by a colleague's press."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from bot import planning
from bot.answering import Declined, Draft, Writer, extract
from bot.errors import ModelError
from bot.grounds import resting
from bot.situation import as_history
from console.texts import Texts
from handoff import directory, messages, turn_records
from handoff.kinds import Audience
from handoff.model import Client, Message, Ticket, Turn
from knowledge.errors import KnowledgeError
from knowledge.model import Search
from knowledge.service import Manual
from store.db import Database

log = structlog.get_logger()

PASSAGES = 6
_HISTORY = 20


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A client's question with what was said before it, as the model is told it."""

    question: str
    language: str
    history: str
    client: Client | None


@dataclass(frozen=True, kw_only=True)
class _Matter:
    """What a hand-off was about."""

    turn: Turn
    client: Client | None
    history: tuple[Message, ...]


@dataclass(frozen=True, kw_only=True)
class Drafting:
    """Drafts a reply from the manual's pages for clients; `writer` is None without a model."""

    db: Database
    manual: Manual
    texts: Texts
    writer: Writer | None = None

    async def draft(self, ticket: Ticket) -> Draft | None:
        """A draft for the turn that was handed over, where the manual gave it passages; else None."""
        matter = await self.db.read(partial(_matter, ticket=ticket))
        if matter is None:
            return None
        scope = planning.scope(matter.client)
        try:
            found = await self.manual.search(matter.turn.question, scope=scope, limit=PASSAGES)
        except KnowledgeError as error:
            log.warning("no draft", error=type(error).__name__)
            return None
        return await self._written(matter, found) if found.passages else None

    async def _written(self, matter: _Matter, found: Search) -> Draft | None:
        """By the model where there is one and it finds an answer; else the manual's own words."""
        draft = await self._drafted(matter, found)
        return resting(draft, found) if draft else None

    async def _drafted(self, matter: _Matter, found: Search) -> Draft | None:
        turn = matter.turn
        history = as_history(matter.history, before=turn.message_ids[0])
        asked = Asked(question=turn.question, language=turn.language, history=history, client=matter.client)
        result = await by_model(self.writer, asked, found)
        if isinstance(result, Draft | Declined):
            return result if isinstance(result, Draft) else None
        return extract(found.passages, language=turn.language, texts=self.texts)


async def by_model(writer: Writer | None, asked: Asked, found: Search) -> Draft | Declined | ModelError | None:
    """What the model makes of a question and its passages; the error where it failed, None without a model."""
    if writer is None:
        return None
    try:
        written = await writer.write(
            asked.question,
            passages=found.passages,
            language=asked.language,
            history=asked.history,
            client=planning.told_of(asked.client),
        )
    except ModelError as error:
        log.warning("model failed", kind=error.kind)
        return error
    return written.result


def kept(draft: Draft | None) -> dict[str, Any]:
    """A draft as JSON."""
    return {} if draft is None else asdict(draft)


def restored(value: Any) -> Draft | None:
    """A draft from JSON."""
    if not isinstance(value, Mapping) or not value:
        return None
    return Draft.from_json(value)


def _matter(conn: Connection, *, ticket: Ticket) -> _Matter | None:
    """The turn that opened the ticket, if it looked into the manual and the client was not shown what was found."""
    turns = turn_records.recent_turns(conn, ticket.conversation_id)
    turn = next((each for each in reversed(turns) if each.ticket_id == ticket.id), None)
    if turn is None or not turn.question.strip() or not turn.trace.get("found") or turn.citations:
        return None
    return _Matter(
        turn=turn,
        client=directory.client(conn, ticket.client_id) if ticket.client_id is not None else None,
        history=messages.transcript(conn, ticket.conversation_id, audience=Audience.CLIENT, limit=_HISTORY),
    )
