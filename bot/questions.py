"""Questions to one of a client's people alone: how they are put, by message or by letter. Transaction bodies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from console.rating_pages import rating_link
from console.survey_pages import survey_link
from console.texts import Texts
from handoff import directory, messages, turn_records
from handoff.kinds import Audience, Author
from handoff.model import Button, Client, Ticket
from success import asked, mails, surveys
from success.asked import Subject
from success.proactive import LANGUAGE, language_of
from success.rating_rules import SCALE
from success.reach import Reach, Way
from success.survey_rules import SCALES, SurveyKind
from success.surveys import Survey

BUTTON: Final = "rate"
TITLE_LENGTH: Final = 60


@dataclass(frozen=True, kw_only=True)
class _Question:
    """What is asked: its sentence, its answers, its page, the subject of its letter."""

    kind: Subject
    subject_id: int
    text: str
    scale: range
    page: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Questions:
    """Puts questions. Without a `public_url` none leaves by letter: the world could not open its link."""

    texts: Texts
    public_url: str | None
    secret: bytes

    def csat(self, conn: Connection, ticket: Ticket, reach: Reach, *, now: datetime) -> None:
        """Ask a ticket's requester how it went; once, also where the request was taken back and stands again."""
        client = directory.client(conn, ticket.client_id) if ticket.client_id is not None else None
        tongue, person = tongue_of(conn, client, ticket.conversation_id), directory.person(conn, ticket.requester_id)
        title = ticket.title if len(ticket.title) <= TITLE_LENGTH else ticket.title[: TITLE_LENGTH - 1] + "…"
        question = _Question(
            kind=Subject.CSAT, subject_id=ticket.id, scale=SCALE, page=rating_link(ticket, secret=self.secret),
            text=self.texts.say("feedback.csat.ask", tongue, name=person.name, number=ticket.number, title=title),
            title=self.texts.say("feedback.mail.csat", tongue, number=ticket.number),
        )  # fmt: skip
        self._put(conn, question, reach, person_id=person.id, client_id=ticket.client_id, tongue=tongue,
                  ticket=ticket, now=now)  # fmt: skip

    def survey(self, conn: Connection, survey: Survey, reach: Reach, *, now: datetime) -> None:
        """Ask what a survey asks."""
        client, person = directory.client(conn, survey.client_id), directory.person(conn, survey.person_id)
        tongue = language_of(client)
        named = {"project": survey.project} if survey.kind is SurveyKind.STAGE else {}
        stage = {"stage": self.texts.say(f"feedback.stage.{survey.stage}", tongue)} if named else {}
        question = _Question(
            kind=Subject(survey.kind), subject_id=survey.id, scale=SCALES[survey.kind],
            page=survey_link(survey, secret=self.secret),
            text=self.texts.say(f"feedback.{survey.kind}.ask", tongue, name=person.name, **named, **stage),
            title=self.texts.say(f"feedback.mail.{survey.kind}", tongue, **named),
        )  # fmt: skip
        self._put(conn, question, reach, person_id=person.id, client_id=client.id, tongue=tongue, ticket=None, now=now)

    def address(self, path: str, tongue: str) -> str | None:
        """A signed page's address in the world, in a language."""
        return f"{self.public_url.rstrip('/')}{path}&lang={tongue}" if self.public_url else None

    def page(self, conn: Connection, kind: Subject, subject_id: int, ticket: Ticket | None) -> str | None:
        """The path of the page on which a question is answered too."""
        if ticket is not None:
            return rating_link(ticket, secret=self.secret)
        found = surveys.survey(conn, subject_id) if kind is not Subject.CSAT else None
        return survey_link(found, secret=self.secret) if found else None

    def _put(
        self, conn: Connection, question: _Question, reach: Reach, *, person_id: int, client_id: int | None,
        tongue: str, ticket: Ticket | None, now: datetime,
    ) -> None:  # fmt: skip
        if reach.chat is None:
            self._write(conn, question, reach, client_id=client_id, tongue=tongue, now=now)
            return
        if asked.messages_of(conn, question.kind, question.subject_id):
            return
        near = ticket if reach.way is Way.GROUP else None
        talk = near.conversation_id if near else directory.ensure_conversation(conn, chat_id=reach.chat.id, now=now).id
        said = messages.say(
            conn,
            conversation_id=talk,
            text=question.text,
            author="system",
            name=self.texts.say("bot.name", tongue),
            buttons=tuple(Button(id=f"{BUTTON}:{value}", label=str(value)) for value in question.scale),
            ticket_id=near.id if near else None,
            reply_to=_last_heard(conn, near) if near else None,
            now=now,
        )
        asked.note(conn, said.id, person_id=person_id, kind=question.kind, subject_id=question.subject_id)

    def _write(
        self, conn: Connection, question: _Question, reach: Reach, *, client_id: int | None, tongue: str, now: datetime
    ) -> None:
        url = self.address(question.page, tongue)
        if url is None:
            return
        text = self.texts.say("feedback.mail.text", tongue, question=question.text, url=url)
        origin = f"{question.kind}:{question.subject_id}"
        mails.post(
            conn, reach.address, origin=origin, subject=question.title, text=text, language=tongue,
            client_id=client_id, now=now,
        )  # fmt: skip


def tongue_of(conn: Connection, client: Client | None, conversation_id: int) -> str:
    """The client's language, else that of the last turn in a conversation."""
    if client is not None and client.language:
        return client.language
    turns = turn_records.recent_turns(conn, conversation_id, limit=1)
    return turns[0].language if turns else LANGUAGE


def _last_heard(conn: Connection, ticket: Ticket) -> int | None:
    """What its requester said last on the matter."""
    heard = messages.ticket_messages(conn, ticket.id, audience=Audience.CLIENT)
    mine = (m.id for m in reversed(heard) if m.author is Author.CLIENT and m.person_id == ticket.requester_id)
    return next(mine, None)
