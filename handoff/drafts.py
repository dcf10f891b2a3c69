"""Silent drafts held against what colleagues then answered. Transaction bodies; the comparing is the bot's.

What a colleague says in a client's chat, or through a ticket, is compared once they have finished speaking. A draft is
scored once; one that no answer came for is forgotten.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, case, func, select

from handoff import autonomy, directory
from handoff.autonomy import RECENT, Tally, Verdict
from handoff.chat_tables import chat_mode as changes
from handoff.chat_tables import draft_score as scores
from handoff.kinds import Audience, Author
from handoff.model import Message, Turn
from handoff.rows import to_message, to_turn
from handoff.tables import message as messages
from handoff.tables import turn as turns
from handoff.waits import wordless
from store.db import insert_into
from store.jobs import enqueue

SCORE: Final = "score_draft"
DRAFTED: Final = "shadow"  # the reason of a turn that was drafted in silence, and where its trace keeps the draft
FINISHED: Final = timedelta(minutes=2)  # a colleague's answer often comes in several messages
FORGOTTEN: Final = timedelta(hours=2)
FORGOTTEN_WITH_TICKET: Final = timedelta(days=3)
_ANSWER: Final = 20  # messages of a colleague that are read as one answer
_BACK: Final = 50


def heard(conn: Connection, said: Message, *, now: datetime) -> None:
    """A colleague has spoken to the client: the draft that it answers is compared when they have finished."""
    if wordless(said.text) or (draft := _draft_for(conn, said, now=now)) is None:
        return
    body = {"turn": draft.id, "message": said.id}
    enqueue(conn, SCORE, body, dedup=f"score:{draft.id}:{said.id}", run_at=now + FINISHED, now=now)


def answer_to(conn: Connection, draft: Turn, said: Message) -> str:
    """All that this colleague has said to the client since the draft, as one text."""
    mine = (
        messages.c.conversation_id == said.conversation_id,
        messages.c.id > max(draft.message_ids, default=0),
        messages.c.author == Author.STAFF,
        messages.c.audience == Audience.CLIENT,
        messages.c.person_id == said.person_id,
    )
    rows = conn.execute(select(messages).where(*mine).order_by(messages.c.id).limit(_ANSWER)).mappings()
    found = [to_message(row) for row in rows]
    return "\n".join(each.text for each in found if each.reply_to is None or each.reply_to in draft.message_ids)


def is_scored(conn: Connection, turn_id: int) -> bool:
    """Whether a draft needs no comparing any more."""
    return conn.execute(select(scores.c.turn_id).where(scores.c.turn_id == turn_id)).first() is not None


def score(
    conn: Connection, draft: Turn, verdict: Verdict, *, how: str | None, similarity: float | None, message_id: int,
    now: datetime,
) -> None:  # fmt: skip
    """Keep what a draft was worth; the first verdict stays."""
    chat_id = directory.conversation(conn, draft.conversation_id).chat_id
    values: dict[str, object] = {"turn_id": draft.id, "chat_id": chat_id, "category": draft.category}
    values |= {"verdict": verdict, "how": how}
    values |= {"similarity": similarity, "message_id": message_id, "at": now}
    conn.execute(insert_into(conn, scores).values(values).on_conflict_do_nothing(index_elements=["turn_id"]))


def tallies(conn: Connection, *, now: datetime) -> dict[int, tuple[Tally, ...]]:
    """Each chat's hits by category: of the last months, and since it last fell back from auto."""
    fallen = select(changes.c.chat_id, func.max(changes.c.at).label("at")).where(changes.c.why == "fell_back")
    since = fallen.group_by(changes.c.chat_id).subquery()
    hit = func.sum(case((scores.c.verdict == "hit", 1), else_=0))
    query = (
        select(scores.c.chat_id, scores.c.category, hit, func.count())
        .outerjoin(since, since.c.chat_id == scores.c.chat_id)
        .where(scores.c.verdict.in_(("hit", "miss")), scores.c.at > now - RECENT)
        .where((since.c.at.is_(None)) | (scores.c.at > since.c.at))
        .group_by(scores.c.chat_id, scores.c.category)
    )
    found: dict[int, dict[str | None, tuple[int, int]]] = defaultdict(dict)
    for chat_id, category, hits, answers in conn.execute(query):
        found[chat_id][category] = (int(hits), answers)
    return {chat_id: autonomy.by_category(rows) for chat_id, rows in found.items()}


def _draft_for(conn: Connection, said: Message, *, now: datetime) -> Turn | None:
    """The draft of the message it replies to, of its ticket's, else the newest of the last hours."""
    query = (
        select(turns)
        .outerjoin(scores, scores.c.turn_id == turns.c.id)
        .where(turns.c.conversation_id == said.conversation_id, turns.c.reason == DRAFTED, scores.c.turn_id.is_(None))
        .where(turns.c.at > now - FORGOTTEN_WITH_TICKET)
        .order_by(turns.c.id.desc())
        .limit(_BACK)
    )
    waiting = [to_turn(row) for row in conn.execute(query).mappings()]
    if said.reply_to is not None:
        return next((turn for turn in waiting if said.reply_to in turn.message_ids), None)
    if said.ticket_id is not None:
        mine = next((turn for turn in waiting if turn.ticket_id == said.ticket_id), None)
        if mine is not None:
            return mine
    return next((turn for turn in waiting if now - turn.at <= FORGOTTEN), None)
