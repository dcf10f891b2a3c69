"""The words of what the manual lacks. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from knowledge.gap_facts import Advice


class Why(StrEnum):
    """Why a question counts."""

    UNANSWERED = "unanswered"
    """A person had to answer, as the manual does not hold it."""
    UNCLEAR = "unclear"
    """It was asked back, and nothing came of it."""
    NOT_SOLVED = "not_solved"
    """It was answered, and that did not help."""
    RETRACTED = "retracted"
    """It was answered, and a colleague took that back."""
    RESOLVED = "resolved"
    """People answered it in a ticket."""


class State(StrEnum):
    """How far a gap has come."""

    OPEN = "open"
    DRAFTED = "drafted"
    PUBLISHED = "published"
    DISMISSED = "dismissed"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question that counts: its masked text, who asked it, and what it rested on.

    ``version`` is the manual's when it was asked; ``places`` are the pages with headings, ``chunks`` the hashes of the
    passages that were tried in vain; ``page`` is the one whose answer did not help.
    """

    turn_id: int
    text: str
    why: Why
    at: datetime
    language: str
    client_id: int | None = None
    client: str | None = None
    person_id: int | None = None
    ticket_id: int | None = None
    category: str | None = None
    version: str | None = None
    page: str | None = None
    chunks: frozenset[str] = frozenset()
    places: frozenset[tuple[str, str]] = frozenset()
    by_model: bool = False


@dataclass(frozen=True, kw_only=True)
class Collected:
    """The questions that count, and how many were left out as tests of our own."""

    questions: tuple[Asked, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a run found out about a gap. ``weeks`` counts its questions by week, the oldest first.

    Of ``tried`` questions the live version answers ``answered``. ``clients`` counts companies, ``people`` persons.
    """

    terms: tuple[str, ...]
    clients: int
    people: int
    weeks: tuple[int, ...]
    recent: int
    before: int
    advice: Advice
    page: str | None
    page_title: str | None
    category: str | None
    language: str
    tried: int
    answered: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """A cluster of this run: its questions, the most central one first; whether each is answered now; its facts."""

    questions: tuple[Asked, ...]
    answered: tuple[bool | None, ...]
    facts: Facts


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A gap as it is kept."""

    id: int
    state: State
    label: str
    facts: Facts
    size: int
    size_then: int
    first_at: datetime
    last_at: datetime
    reason: str
    changed_by: str
    changed_at: datetime
    draft: str | None
    written_to: str | None
    published_in: int | None


@dataclass(frozen=True, kw_only=True)
class Member:
    """A question of a gap as it is kept."""

    turn_id: int
    text: str
    why: Why
    at: datetime
    client_id: int | None
    person_id: int | None
    ticket_id: int | None
    answered: bool | None


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened to a gap."""

    at: datetime
    by: str
    verb: str
    data: dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Run:
    """The last time gaps were looked for."""

    at: datetime
    questions: int
    left_out: int
    version: int | None
    ms: int
