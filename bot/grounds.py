"""What a draft rests on, gathered while its passages are at hand, and kept when it is said."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.answering import Draft
from handoff import sources
from knowledge import cited
from knowledge.cited import Cited
from knowledge.model import Passage, Search


def resting(draft: Draft, found: Search) -> Draft:
    """The draft with the passages whose words it gives, and the version they came from.

    A quotation gives the first passage's words; the pages below it are only named. A model may have used all
    that it cites.
    """
    said = draft.citations[:1] if draft.by == "extract" else draft.citations
    named = {each.chunk for each in said}
    passages = [each for each in found.passages if each.chunk in named]
    return replace(draft, rests=tuple(_cited(passages)), version=found.version)


def keep(conn: Connection, draft: Draft, *, message_id: int, now: datetime) -> None:
    """Keep with a message what it rests on. A transaction body."""
    cited.keep(conn, draft.rests, now=now)
    sources.rest(conn, message_id, [(one.chunk, one.page) for one in draft.rests], version=draft.version, at=now)


def _cited(passages: list[Passage]) -> Iterator[Cited]:
    for each in passages:
        yield _as_cited(each, chunk=each.chunk, heading=each.heading, anchor=each.anchor, text=each.text)
        if each.lead and each.lead_chunk:
            yield _as_cited(each, chunk=each.lead_chunk, heading="", anchor="", text=each.lead)


def _as_cited(passage: Passage, *, chunk: str, heading: str, anchor: str, text: str) -> Cited:
    return Cited(
        chunk=chunk,
        page=passage.page,
        title=passage.title,
        heading=heading,
        anchor=anchor,
        text=text,
        language=passage.language,
    )
