"""Pages, chunks, passages and what a search returns. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from knowledge.changes import Decision, PageChange, QuestionChange


class Audience(StrEnum):
    """Who may be shown a page."""

    CLIENT = "client"
    INTERNAL = "internal"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong with a file of the manual; ``line`` counts from 1, None where no line is to blame.

    A ``warning`` is about a page that was taken as it is: somebody should look at it.
    """

    file: str
    line: int | None
    message: str
    warning: bool = False


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture that a page shows. ``source`` is how the page names it, ``path`` where it lies below the manual.

    ``alt`` is what it shows, in words; ``line`` the line of the page's file; ``hash`` the SHA-256 of its bytes.
    """

    source: str
    path: str
    alt: str
    line: int
    hash: str
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of the manual, as its file says.

    ``id`` is the path below the manual without extension; ``category`` the name of its folder; ``body`` the
    Markdown below the front matter, whose first line is line ``first_line`` of the file; ``hash`` the SHA-256
    of the whole file and of what its sidecar and its folder say; ``translations`` the ids of the same page in
    other languages, of those that everybody may see who may see this one.
    """

    id: str
    title: str
    audience: Audience
    language: str
    category: str
    body: str
    hash: str
    path: str
    first_line: int = 1
    questions: tuple[str, ...] = ()
    video: str | None = None
    product: str | None = None
    url: str | None = None
    tiers: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    owner: str | None = None
    review_by: date | None = None
    supersedes: tuple[str, ...] = ()
    translation_of: str | None = None
    translations: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A section of a page, small enough to embed.

    ``heading`` is the path of headings ("A › B", "" before the first); ``lines`` are the first and last line in
    the page's file; ``hash`` names the content together with its page.
    """

    hash: str
    page: str
    heading: str
    anchor: str
    text: str
    lines: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A chunk found for a question, with what a citation needs. ``score`` is its relevance, 0..1.

    ``lead`` is what its page says before the first heading, usually the answer in a sentence; "" for that itself;
    ``lead_chunk`` is the hash of that. ``client`` is the client (a slug) that searched, where the page is limited to
    named clients, else None.
    ``pictures`` are those that stand in the section; the texts are without them.
    """

    chunk: str
    page: str
    title: str
    heading: str
    anchor: str
    text: str
    lead: str = ""
    lead_chunk: str = ""
    language: str
    video: str | None
    url: str | None
    category: str
    score: float
    translations: tuple[str, ...] = ()
    client: str | None = None
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a search may see.

    Pages limited to other clients than ``client`` (a slug) are invisible; pages of other products than
    ``products`` (lower case, none: all the same) give way.
    """

    audiences: frozenset[Audience] = frozenset({Audience.CLIENT})
    client: str | None = None
    products: frozenset[str] = frozenset()

    def sees(self, page: Page) -> bool:
        """Whether the page may be shown at all."""
        return page.audience in self.audiences and (not page.clients or self.client in page.clients)


@dataclass(frozen=True, kw_only=True)
class Search:
    """What a question found, best first.

    ``evidence`` is the calibrated probability that the passages answer the question; ``enough`` whether it
    reaches the threshold of this version. ``ms`` is the time it took. ``degraded`` says that the embedder could not be
    reached, so that words alone were searched: then only a page's own question, word for word, is enough.
    """

    passages: tuple[Passage, ...]
    evidence: float
    enough: bool
    version: int
    language: str
    ms: float
    degraded: bool = False


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far an indexing run is; ``stage`` is ``read``, ``embed``, ``store``, ``check`` or ``publish``."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, kw_only=True)
class GoldenScore:
    """How a version does on the golden questions; ``misses`` names the questions that failed.

    ``held_out`` repeats both shares with the evidence fitted on the other half of the questions.
    """

    answerable: int
    unanswerable: int
    first: float
    refused: float
    recall: float
    answered: float
    threshold: float
    held_out: Mapping[str, float] = field(default_factory=dict)
    misses: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """One figure to compare versions: the mean of right page first and rightly not answered."""
        shares = [s for s, n in ((self.first, self.answerable), (self.refused, self.unanswerable)) if n]
        return sum(shares) / len(shares) if shares else 1.0


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What an embedder that is paid by the token used, or would use.

    ``estimated`` where the server did not count all of it; ``price`` is that of a million tokens, in the currency of
    whoever set it, None if nobody did.
    """

    tokens: int
    estimated: bool
    price: float | None = None

    @property
    def amount(self) -> float | None:
        """The sum of money; None without a price."""
        return None if self.price is None else self.tokens * self.price / 1_000_000


@dataclass(frozen=True, kw_only=True)
class IndexReport:
    """What an indexing run did. ``before`` is the live version's golden score, ``after`` the new one's.

    ``revision`` is the commit of the git checkout that the folder lies in, if it lies in one.
    ``questions`` are those that the two treat differently; ``decision`` is what the gate says of it.
    """

    pages: int
    chunks: int
    embedded: int
    reused: int
    problems: tuple[Problem, ...]
    version: int | None
    published: bool
    unchanged: bool
    before: GoldenScore | None
    after: GoldenScore | None
    seconds: float
    revision: str | None = None
    cost: Cost | None = None
    """What the run used of an embedder that is paid for; None where it costs nothing."""
    questions: tuple[QuestionChange, ...] = ()
    decision: Decision | None = None


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What publishing a folder would change, by page id, and the golden scores before and after.

    ``source`` names the folder's state that was looked at, ``base`` the version it was compared with; ``pages`` holds
    the same pages with what changed in them, ``questions`` what the two treat differently, ``decision`` what the gate
    would say. Where nothing changed (``unchanged``) no question is asked.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    problems: tuple[Problem, ...]
    before: GoldenScore | None
    after: GoldenScore | None
    would_cost: Cost | None = None
    """What indexing the folder would use, where that is paid for and has not been spent by looking."""
    source: str = ""
    base: int | None = None
    unchanged: bool = False
    pages: tuple[PageChange, ...] = ()
    questions: tuple[QuestionChange, ...] = ()
    decision: Decision | None = None


@dataclass(frozen=True, kw_only=True)
class Version:
    """An index version in the book: who built it, when, and whether it is the live one."""

    id: int
    state: str
    live: bool
    by: str
    reason: str
    created_at: datetime
    published_at: datetime | None
    embedder: str
    pages: int
    chunks: int
    golden: GoldenScore | None
