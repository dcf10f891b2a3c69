"""From what a look brought home to findings: what is the matter, how bad, by stable keys. Pure.

Sources: RFC 6797 (HSTS), OWASP Secure Headers Project, RFC 6265bis (cookies), web.dev's limits for the first byte.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Final

from success.checks.model import (
    OURS,
    Area,
    BodyEnd,
    Certificate,
    Facts,
    Finding,
    Kind,
    Param,
    Severity,
    Trouble,
    Verdict,
)
from success.checks.versions import KnownVersions, number_in

SLOW_MS: Final = 1800
VERY_SLOW_MS: Final = 5000
HEAVY: Final = 3 * 1024 * 1024
SOON_DAYS: Final = 30
VERY_SOON_DAYS: Final = 14
_LAST_DAYS: Final = 3
LEAST_HSTS_S: Final = 15_552_000
"""Half a year."""
_MANY_HOPS: Final = 3
_LOOKED: Final = {
    Kind.LIGHT: frozenset({Area.REACH, Area.TLS, Area.HTTP, Area.REDIRECT, Area.SPEED}),
    Kind.FULL: frozenset(Area),
    Kind.SECURITY: frozenset(Area),
}
_BEYOND: Final = frozenset({Area.CONTENT, Area.SECURITY, Area.WEIGHT, Area.CRAWL, Area.WORDPRESS, Area.SPEED})
_SESSION: Final = ("sess", "auth", "token", "login", "logged", "sid", "phpsessid", "wordpress_", "jwt")
_GONE: Final = frozenset({404, 410})
_REFUSING: Final = frozenset({401, 403, 405, 406, 429, 451})
_SERVERS: Final = 500
_CLIENTS: Final = 400


def looked(facts: Facts) -> frozenset[Area]:
    """The areas of which this look can say that nothing is the matter."""
    areas = _LOOKED[facts.kind]
    if facts.trouble is not None:
        reached = {Area.TLS} if facts.certificate is not None and facts.certificate.verdict is Verdict.HOLDS else set()
        return frozenset({Area.REACH, *reached} if facts.trouble not in OURS else set())
    if not _is_fine(facts):
        areas -= _BEYOND
    if facts.kind is Kind.LIGHT and facts.page is not None and facts.page.has_keyword is not None:
        areas |= {Area.CONTENT}
    if facts.weight is None:
        areas -= {Area.WEIGHT}
    if facts.crawl is None:
        areas -= {Area.CRAWL}
    return frozenset(areas)


def findings(facts: Facts, *, known: KnownVersions) -> tuple[Finding, ...]:
    """Everything that is the matter, the worst first."""
    seen = looked(facts)
    areas = (_reach, _tls, _http, _redirects, _speed, _content, _headers, _cookies, _open_doors, _weight, _crawl)
    found = [each for area in areas for each in area(facts)] + list(_wordpress(facts, known))
    told = [each for each in found if each.area in seen or each.severity is Severity.DOWN or each.area is Area.REACH]
    return tuple(sorted(told, key=lambda each: (-each.severity.rank, list(Area).index(each.area), each.name)))


def worst(found: Iterable[Finding]) -> Severity | None:
    """The worst severity among them."""
    return max((each.severity for each in found), key=lambda severity: severity.rank, default=None)


def _make(key: str, area: Area, severity: Severity, *, of: str = "", security: bool = False, **facts: Param) -> Finding:
    return Finding(key=key, area=area, severity=severity, of=of, security=security, facts=tuple(facts.items()))


def _is_fine(facts: Facts) -> bool:
    return facts.status is not None and facts.status < _CLIENTS


def _reach(facts: Facts) -> Iterator[Finding]:
    trouble = facts.trouble
    if trouble is None:
        return
    severity = Severity.BROKEN if trouble in OURS else Severity.DOWN
    if trouble in OURS:
        yield _make(f"reach.{trouble}", Area.REACH, severity, detail=facts.detail)
    elif trouble in {Trouble.TLS_FAILED, Trouble.TLS_SLOW}:
        yield _make(f"reach.{trouble}", Area.REACH, severity, detail=facts.detail, security=True)
    else:
        yield _make(f"reach.{trouble}", Area.REACH, severity)


def _tls(facts: Facts) -> Iterator[Finding]:
    shown = facts.certificate
    if shown is None:
        return
    if shown.verdict is not Verdict.HOLDS:
        yield _invalid(shown, facts.at)
    elif (days := shown.days(facts.at)) is not None and days <= SOON_DAYS:
        severity = (
            Severity.BROKEN if days <= _LAST_DAYS else Severity.WARNING if days <= VERY_SOON_DAYS else Severity.NOTICE
        )
        yield _make("tls.soon", Area.TLS, severity, days=days)


def _invalid(shown: Certificate, now: datetime) -> Finding:
    """Browsers keep visitors out, but where only an issuer's certificate is missing many find it by themselves."""
    severity = Severity.BROKEN if shown.verdict is Verdict.INCOMPLETE else Severity.DOWN
    key = f"tls.{shown.verdict}"
    if shown.verdict is Verdict.EXPIRED:
        return _make(key, Area.TLS, severity, security=True, days=-(shown.days(now) or 0))
    if shown.verdict is Verdict.OTHER:
        return _make(key, Area.TLS, severity, security=True, reason=shown.reason)
    return _make(key, Area.TLS, severity, security=True)


def _http(facts: Facts) -> Iterator[Finding]:
    status = facts.status
    if status is None:
        return
    if status >= _SERVERS:
        yield _make("http.server_error", Area.HTTP, Severity.DOWN, status=status)
    elif status in _GONE:
        yield _make("http.not_found", Area.HTTP, Severity.DOWN, status=status)
    elif status in _REFUSING:
        yield _make("http.refuses", Area.HTTP, Severity.WARNING, status=status)
    elif status >= _CLIENTS:
        yield _make("http.client_error", Area.HTTP, Severity.BROKEN, status=status)
    elif facts.body == 0 and facts.body_end is BodyEnd.WHOLE:
        yield _make("http.empty", Area.HTTP, Severity.DOWN)
    ends = {BodyEnd.SLOW: Severity.BROKEN, BodyEnd.BROKEN: Severity.BROKEN, BodyEnd.BOMB: Severity.WARNING}
    ends |= {BodyEnd.LARGE: Severity.NOTICE, BodyEnd.ENCODED: Severity.NOTICE}
    if facts.body_end in ends and (facts.body_end is not BodyEnd.LARGE or facts.kind is not Kind.LIGHT):
        yield _make(f"http.body_{facts.body_end}", Area.HTTP, ends[facts.body_end])


def _redirects(facts: Facts) -> Iterator[Finding]:
    moves = [hop for hop in facts.hops if hop.to]
    schemes = [hop.url.partition(":")[0] for hop in facts.hops]
    if any(one == "https" and other == "http" for one, other in pairwise(schemes)):
        yield _make("redirect.downgrade", Area.REDIRECT, Severity.WARNING, security=True)
    if len(moves) >= _MANY_HOPS:
        yield _make("redirect.long", Area.REDIRECT, Severity.NOTICE, hops=len(moves))


def _speed(facts: Facts) -> Iterator[Finding]:
    first = facts.phases.first_byte_ms
    if first is None or first < SLOW_MS:
        return
    severity = Severity.WARNING if first >= VERY_SLOW_MS else Severity.NOTICE
    yield _make("speed.first_byte", Area.SPEED, severity, ms=first)


def _content(facts: Facts) -> Iterator[Finding]:
    page = facts.page
    if page is None or not _is_fine(facts):
        return
    if page.has_keyword is False:
        yield _make("content.keyword", Area.CONTENT, Severity.BROKEN)
    if page.active_mixed:
        yield _make("content.mixed_active", Area.CONTENT, Severity.BROKEN, security=True, n=len(page.active_mixed))
    if page.passive_mixed:
        yield _make("content.mixed_passive", Area.CONTENT, Severity.WARNING, security=True, n=len(page.passive_mixed))
    if page.charset_wrong:
        yield _make("content.charset", Area.CONTENT, Severity.NOTICE)
    if page.is_html and not page.title and facts.body_end is BodyEnd.WHOLE:
        yield _make("content.title", Area.CONTENT, Severity.NOTICE)


def _headers(facts: Facts) -> Iterator[Finding]:
    """Those that protect visitors; each can be set in the web server's configuration."""
    secure, policy = facts.final_url.startswith("https:"), facts.header("content-security-policy").lower()
    yield from _hsts(facts) if secure else ()
    if not policy:
        yield _header("csp", Severity.NOTICE)
    if facts.header("x-content-type-options").lower() != "nosniff":
        yield _header("nosniff", Severity.NOTICE)
    if not facts.header("x-frame-options") and "frame-ancestors" not in policy:
        yield _header("frames", Severity.WARNING)
    if not facts.header("referrer-policy"):
        yield _header("referrer", Severity.NOTICE)
    for name in ("server", "x-powered-by"):
        if number_in(facts.header(name)):
            yield _make("security.version_told", Area.SECURITY, Severity.NOTICE, of=name, security=True, header=name)


def _header(name: str, severity: Severity) -> Finding:
    return _make(f"security.{name}", Area.SECURITY, severity, security=True)


def _hsts(facts: Facts) -> Iterator[Finding]:
    said = facts.header("strict-transport-security").lower()
    stated = [
        part.partition("=")[2].strip().strip('"') for part in said.split(";") if part.strip().startswith("max-age")
    ]
    seconds = int(stated[0][:12]) if stated and stated[0].isascii() and stated[0].isdecimal() else 0
    if not said or seconds == 0:
        yield _header("hsts", Severity.WARNING)
    elif seconds < LEAST_HSTS_S:
        yield _make("security.hsts_short", Area.SECURITY, Severity.NOTICE, security=True, days=seconds // 86400)


def _cookies(facts: Facts) -> Iterator[Finding]:
    secure = facts.final_url.startswith("https:")
    bare = [each for each in facts.cookies if secure and not each.secure]
    readable = [each for each in facts.cookies if not each.http_only and any(s in each.name.lower() for s in _SESSION)]
    cross = [each for each in facts.cookies if not each.same_site]
    told = (("cookie_secure", bare, Severity.WARNING), ("cookie_http_only", readable, Severity.WARNING))
    for key, mine, severity in (*told, ("cookie_same_site", cross, Severity.NOTICE)):
        if mine:
            yield _make(f"security.{key}", Area.SECURITY, severity, security=True, n=len(mine), name=mine[0].name)


def _open_doors(facts: Facts) -> Iterator[Finding]:
    if facts.final_url.startswith("http:"):
        yield _make("security.no_https", Area.SECURITY, Severity.WARNING, security=True)
    elif facts.plain_http:
        yield _make("security.plain_http", Area.SECURITY, Severity.WARNING, security=True)


def _weight(facts: Facts) -> Iterator[Finding]:
    found = facts.weight
    if found is None:
        return
    if found.total > HEAVY:
        yield _make("weight.heavy", Area.WEIGHT, Severity.WARNING, mb=round(found.total / 1024 / 1024, 1))
    if found.failed:
        yield _make("weight.missing", Area.WEIGHT, Severity.BROKEN, n=found.failed)


def _crawl(facts: Facts) -> Iterator[Finding]:
    found = facts.crawl
    if found is None:
        return
    if found.shut_out or found.noindex:
        yield _make("crawl.hidden", Area.CRAWL, Severity.WARNING, of="robots" if found.shut_out else "page")
    if found.robots is not None and found.robots >= _SERVERS:
        yield _make("crawl.robots_error", Area.CRAWL, Severity.WARNING, status=found.robots)
    if found.sitemap is not None and not found.sitemap_read:
        yield _make("crawl.sitemap", Area.CRAWL, Severity.NOTICE)


def _wordpress(facts: Facts, known: KnownVersions) -> Iterator[Finding]:
    page = facts.page
    if page is None or not page.wordpress or facts.kind is Kind.LIGHT:
        return
    version = number_in(page.generator) if page.generator.lower().startswith("wordpress") else ""
    if hole := known.core(version):
        yield _make(
            "wordpress.core", Area.WORDPRESS, Severity.WARNING, security=True,
            version=version, below=hole.below, why=hole.why,
        )  # fmt: skip
    for part in page.plugins:
        if hole := known.plugin(part.slug, part.version):
            yield _make(
                "wordpress.plugin", Area.WORDPRESS, Severity.WARNING, of=part.slug, security=True,
                plugin=part.slug, version=part.version, below=hole.below, why=hole.why,
            )  # fmt: skip
    if facts.readme:
        yield _make("wordpress.readme", Area.WORDPRESS, Severity.NOTICE, security=True)
