"""One brief as its page shows it: each question with the answer that holds, the ones before it, and what came along."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from console.intake_words import value_words
from console.texts import Texts
from handoff import directory, messages
from handoff.kinds import Audience
from handoff.model import Attachment
from success.intake import notes, store, welcome
from success.intake.brief import Evidence
from success.intake.form_model import Question
from success.intake.interview import LIVE
from success.intake.values import Links, Words


@dataclass(frozen=True, kw_only=True)
class Given:
    """An answer with what it says in words; `links` may be followed, `quote` is shown where it says more."""

    evidence: Evidence
    words: str
    links: tuple[str, ...]
    quote: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A question: the answer that holds, those before it, the pictures that came with them."""

    question: Question
    name: str
    now: Given | None
    former: tuple[Given, ...]
    files: tuple[Attachment, ...]
    missing: bool


def shown(conn: Connection, interview_id: int, *, language: str, texts: Texts) -> dict[str, Any]:
    """What the page needs. Raises NotFound."""
    found = store.one(conn, interview_id)
    form, brief = store.form_of(conn, found), store.brief(conn, interview_id)
    files = store.files(conn, interview_id)

    def kept(ids: Iterable[str]) -> tuple[Attachment, ...]:
        there = (messages.attachment(conn, found.conversation_id, each, audience=Audience.CLIENT) for each in ids)
        return tuple(each for each in there if each is not None)

    asked = {*brief.missing, *brief.left_open, *(each.question for each in brief.evidence)}

    def given(each: Evidence, question: Question) -> Given:
        words = value_words(each.value, question, language=language, texts=texts)
        links = each.value.addresses if isinstance(each.value, Links) else ()
        repeats = isinstance(each.value, Words) or not each.quote.strip() or each.quote.strip() == words
        return Given(evidence=each, words=words, links=links, quote="" if repeats else each.quote)

    rows = []
    for question in form.questions:
        if question.key not in asked:
            continue
        mine = [given(each, question) for each in brief.evidence if each.question == question.key]
        rows.append(
            Row(
                question=question,
                name=question.name[language],
                now=next((each for each in mine if not each.evidence.former), None),
                former=tuple(each for each in mine if each.evidence.former),
                files=kept(file for file, _ in files.get(question.key, ())),
                missing=question.key in brief.missing,
            )
        )
    people = store.named((found,)) | {each.person_id for each in notes.notes_of(conn, interview_id)}
    names = directory.names(conn, sorted(people | {each.person_id for each in brief.evidence if each.person_id}))
    client = directory.client(conn, found.client_id) if found.client_id is not None else None
    labels = {each.key: each.name[language] for each in form.questions}
    return {
        "found": found, "brief": brief, "rows": rows, "names": names, "client": client, "labels": labels,
        "early": kept(store.early(conn, found)),
        "notes": notes.notes_of(conn, interview_id), "chat": directory.chat_of(conn, found.conversation_id),
        "colleagues": directory.staff(conn, active_only=True), "live": found.state in LIVE,
        "newcomer": welcome.is_prospect(conn, found),
    }  # fmt: skip
