"""A reply suggested to a colleague at the console, on demand: made as answers are, sent only by them."""

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import Connection

from bot import grounds as kept_grounds
from bot import planning
from bot.answering import Declined, Draft, Writer, extract
from bot.drafting import PASSAGES, Asked, by_model
from bot.grounds import resting
from bot.situation import as_history
from console.ports import NoReply, SuggestedReply
from console.texts import Texts
from handoff import board, directory, messages, turn_records
from handoff.kinds import Audience, Author
from handoff.model import Client, Json, Message, Ticket
from knowledge.errors import KnowledgeError
from knowledge.language import detect
from knowledge.model import Scope, Search
from knowledge.readable import readable
from knowledge.service import Manual
from store.db import Database

log = structlog.get_logger()

_HISTORY = 40
_QUESTION = 1000


@dataclass(frozen=True, kw_only=True)
class _Matter:
    """What the client asked last, with what was said before it."""

    question: str
    first_id: int
    client: Client | None
    history: tuple[Message, ...]


@dataclass(frozen=True, kw_only=True)
class Suggesting:
    """Suggests replies from the manual's pages for the ticket's client; `writer` is None without a model."""

    db: Database
    manual: Manual
    texts: Texts
    writer: Writer | None = None

    async def suggest(self, ticket: Ticket) -> SuggestedReply | NoReply:
        """A reply to what the client asked last, or why there is none."""
        matter = await self.db.read(partial(_matter, ticket=ticket))
        if not matter.question.strip():
            return "no_question"
        try:
            found = await self.manual.search(matter.question, scope=planning.scope(matter.client), limit=PASSAGES)
        except KnowledgeError as error:
            log.warning("no suggestion", error=type(error).__name__)
            return "unavailable"
        if not found.passages or (self.writer is None and not found.enough):
            return "nothing_found"
        return await self._drafted(matter, found)

    async def _drafted(self, matter: _Matter, found: Search) -> SuggestedReply | NoReply:
        language, history = detect(matter.question), as_history(matter.history, before=matter.first_id)
        asked = Asked(question=matter.question, language=language, history=history, client=matter.client)
        result = await by_model(self.writer, asked, found)
        if isinstance(result, Declined):
            return "declined"
        if isinstance(result, Draft):
            return _suggested(resting(result, found), failed=False)
        if not found.enough:
            return "nothing_found"
        quoted = extract(found.passages, language=language, texts=self.texts)
        return _suggested(resting(quoted, found), failed=result is not None)

    def holds(self, conn: Connection, grounds: Json, *, ticket_id: int) -> bool:
        """Whether the ticket's client may still read every page it rests on."""
        draft = Draft.from_json(grounds)
        pages = {cited.page for cited in draft.citations} | {cited.page for cited in draft.rests}
        owner = board.ticket(conn, ticket_id).client_id
        client = None if owner is None else directory.client(conn, owner).slug
        return readable(conn, pages, scope=Scope(client=client)) == pages

    def sent(self, conn: Connection, grounds: Json, *, message_id: int, now: datetime) -> None:
        """Keep what a reply that was sent rests on: if a page changes, it is recalled as an answer of the bot's is."""
        kept_grounds.keep(conn, Draft.from_json(grounds), message_id=message_id, now=now)


def _suggested(draft: Draft, *, failed: bool) -> SuggestedReply:
    return SuggestedReply(
        text=draft.text,
        citations=draft.citations,
        made_by="model" if draft.by == "model" else "extract",
        model_failed=failed,
        grounds=asdict(draft),
    )


def _matter(conn: Connection, *, ticket: Ticket) -> _Matter:
    """The client's messages on the ticket since a colleague last answered; else what was handed over."""
    history = messages.transcript(conn, ticket.conversation_id, audience=Audience.CLIENT, limit=_HISTORY)
    answered = max((m.id for m in history if m.author is Author.STAFF and m.ticket_id == ticket.id), default=0)
    mine = [m for m in history if m.author is Author.CLIENT and m.ticket_id == ticket.id and m.text]
    asked = [m for m in mine if m.id > answered] or mine[-1:]
    turns = turn_records.recent_turns(conn, ticket.conversation_id)
    handed = next((turn.question for turn in turns if turn.ticket_id == ticket.id and turn.question.strip()), "")
    words = "\n".join(m.text for m in asked)[-_QUESTION:]
    return _Matter(
        question=words or handed or ticket.title,
        first_id=asked[0].id if asked else (history[-1].id + 1 if history else 0),
        client=directory.client(conn, ticket.client_id) if ticket.client_id is not None else None,
        history=history,
    )
