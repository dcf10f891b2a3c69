"""A manual written straight into the database, and an answer from it; for tests that need no search."""

from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from console.correction_words import draft
from console.texts import Texts
from handoff import messages, sources
from handoff.kinds import Delivery
from handoff.model import Conversation, Message
from knowledge import cited, store
from knowledge.chunking import chunks
from knowledge.cited import Cited
from knowledge.model import Audience, Page
from store.clock import Clock
from store.db import Database
from success.recalling import Recalls


def page(body: str, *, page_id: str = "zh/care/price", title: str = "维护套餐的费用") -> Page:
    return Page(
        id=page_id, title=title, audience=Audience.CLIENT, language="zh-Hans", category="care", body=body,
        hash=str(hash(body)), path=f"{page_id}.md",
    )  # fmt: skip


def publish(conn: Connection, *pages: Page, now: datetime) -> int:
    """Make these pages the live version, and forget all but the last versions."""
    number = store.begin(conn, by="test", reason="", source_hash=str(now), embedder="none", now=now)
    held = [chunk for each in pages for chunk in chunks(each)]
    store.put_contents(conn, number, pages=pages, chunks=held)
    store.complete(conn, number, pages=len(pages), chunks=len(held), golden=None, evidence={})
    store.publish(conn, number, by="test", verb="publish", reason="", now=now)
    store.prune(conn, keep=1)
    return number


def answer(conn: Connection, talk: Conversation, told: Page, *, version: int, now: datetime) -> Message:
    """The bot quotes the first section of a page, and it arrives."""
    chunk = chunks(told)[0]
    said = messages.say(conn, conversation_id=talk.id, text=chunk.text, name="bot", now=now)
    words = Cited(
        chunk=chunk.hash, page=told.id, title=told.title, heading=chunk.heading, anchor=chunk.anchor,
        text=chunk.text, language=told.language,
    )  # fmt: skip
    cited.keep(conn, [words], now=now)
    sources.rest(conn, said.id, [(chunk.hash, told.id)], version=version, at=now)
    return messages.mark_delivery(conn, said.id, Delivery.SENT, now=now)


def recalls(db: Database, clock: Clock) -> Recalls:
    return Recalls(db=db, clock=clock, compose=partial(draft, texts=Texts.shipped()))
