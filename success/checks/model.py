"""What a look at a site brings home, as values. Pure.

Times are whole milliseconds, sizes bytes. Everything that the site itself said is cut to a length before it gets here;
it is still not to be trusted: whoever shows it escapes it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

Param: TypeAlias = str | int | float | bool
LONGEST: Final = 200
"""What is kept of any text that a site gives us."""


class Kind(StrEnum):
    """How much is looked at: `light` asks for the front page, `full` for everything; `security` is a full one whose
    security findings stand as the month's record.
    """

    LIGHT = "light"
    FULL = "full"
    SECURITY = "security"


class Cause(StrEnum):
    """Why a check was made."""

    SCHEDULE = "schedule"
    RECHECK = "recheck"
    DEMAND = "demand"
    TICKET = "ticket"


class Area(StrEnum):
    """What a finding is about. A run says which areas it could look at; only there findings can be gone."""

    REACH = "reach"
    TLS = "tls"
    HTTP = "http"
    REDIRECT = "redirect"
    CONTENT = "content"
    SPEED = "speed"
    SECURITY = "security"
    WEIGHT = "weight"
    CRAWL = "crawl"
    WORDPRESS = "wordpress"


class Severity(StrEnum):
    """`down`: visitors get nothing; `broken`: a part fails them; `warning`: it may; `notice`: could be better."""

    DOWN = "down"
    BROKEN = "broken"
    WARNING = "warning"
    NOTICE = "notice"

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return (Severity.NOTICE, Severity.WARNING, Severity.BROKEN, Severity.DOWN).index(self)


class State(StrEnum):
    """How a site stands; `unknown` before the first check, and where we may not look."""

    UNKNOWN = "unknown"
    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


class Trouble(StrEnum):
    """Why a look ended before there was an answer."""

    URL = "url"
    REFUSED = "refused"
    PORT = "port"
    UNRESOLVED = "unresolved"
    RESOLVING_SLOW = "resolving_slow"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTING_SLOW = "connecting_slow"
    UNREACHABLE = "unreachable"
    TLS_FAILED = "tls_failed"
    TLS_SLOW = "tls_slow"
    NO_ANSWER = "no_answer"
    CLOSED = "closed"
    NOT_HTTP = "not_http"
    HEADERS_LARGE = "headers_large"
    HEADERS_SLOW = "headers_slow"
    REDIRECT_LOOP = "redirect_loop"
    REDIRECT_MANY = "redirect_many"
    REDIRECT_BAD = "redirect_bad"
    TIME_OVER = "time_over"


OURS: Final = frozenset({Trouble.URL, Trouble.REFUSED, Trouble.PORT})
"""What says nothing about whether the site is up: we do not look there."""


class BodyEnd(StrEnum):
    """How the reading of a body ended."""

    WHOLE = "whole"
    LARGE = "large"
    SLOW = "slow"
    BROKEN = "broken"
    BOMB = "bomb"
    ENCODED = "encoded"


class Verdict(StrEnum):
    """Whether a certificate holds, or exactly why not."""

    HOLDS = "holds"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    WRONG_NAME = "wrong_name"
    SELF_SIGNED = "self_signed"
    UNKNOWN_ROOT = "unknown_root"
    INCOMPLETE = "incomplete"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What a site showed. `reason` is OpenSSL's own sentence where it does not hold."""

    verdict: Verdict
    reason: str = ""
    version: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None

    def days(self, now: datetime) -> int | None:
        """Whole days until it ends, negative when it has."""
        return None if self.not_after is None else (self.not_after - now).days


@dataclass(frozen=True, kw_only=True)
class Phases:
    """How long each part of the way to the first page took; None where it was not reached."""

    dns_ms: int | None = None
    connect_ms: int | None = None
    tls_ms: int | None = None
    first_byte_ms: int | None = None
    total_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class Hop:
    """One answer on the way: `url` is what was asked for, `to` where it sent us."""

    url: str
    status: int
    to: str = ""


@dataclass(frozen=True, kw_only=True)
class Cookie:
    """A cookie that the front page set, without its value."""

    name: str
    secure: bool
    http_only: bool
    same_site: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """A plug-in or a theme of the page, by the version that its address tells; "" where it tells none."""

    slug: str
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class PageFacts:
    """What the HTML says. `charset_wrong`: its bytes are not in the encoding that it claims."""

    title: str = ""
    charset_wrong: bool = False
    is_html: bool = True
    has_keyword: bool | None = None
    active_mixed: tuple[str, ...] = ()
    passive_mixed: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    generator: str = ""
    noindex: bool = False
    wordpress: bool = False
    plugins: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What a visitor loads: the page itself, and those of its own files that were weighed."""

    html: int
    assets: int = 0
    weighed: int = 0
    listed: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """The bytes that are known of."""
        return self.html + self.assets


@dataclass(frozen=True, kw_only=True)
class Crawl:
    """What search engines find; `robots` and `sitemap` are HTTP statuses, 0 for no answer, None where not asked."""

    robots: int | None = None
    shut_out: bool = False
    sitemap: int | None = None
    sitemap_read: bool = False
    urls: int = 0
    noindex: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One look at one site."""

    url: str
    kind: Kind
    at: datetime
    trouble: Trouble | None = None
    detail: str = ""
    addresses: tuple[str, ...] = ()
    ip: str = ""
    phases: Phases = field(default_factory=Phases)
    hops: tuple[Hop, ...] = ()
    status: int | None = None
    final_url: str = ""
    certificate: Certificate | None = None
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[Cookie, ...] = ()
    body: int = 0
    body_end: BodyEnd | None = None
    page: PageFacts | None = None
    weight: Weight | None = None
    crawl: Crawl | None = None
    plain_http: bool | None = None
    """Whether the site answers without encryption and does not send visitors on; None where not asked."""
    readme: bool = False
    """Whether WordPress' own readme.html lies open."""

    def header(self, name: str) -> str:
        """A header of the front page, its values joined, "" where there is none."""
        return ", ".join(value for key, value in self.headers if key == name)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something found, by a stable key; `of` tells findings of one key apart (a plug-in). `facts` fill its words."""

    key: str
    area: Area
    severity: Severity
    of: str = ""
    facts: tuple[tuple[str, Param], ...] = ()
    security: bool = False

    @property
    def name(self) -> str:
        """What it is known by from run to run."""
        return f"{self.key}:{self.of}" if self.of else self.key
