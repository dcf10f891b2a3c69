"""A look at one site, from outside, as a visitor comes: whatever happens there becomes facts, in bounded time.

It connects to vetted addresses alone; every redirect is vetted anew; nothing is sent but the questions.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Final
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx

from success.addresses import Policy, Resolve, system_resolver
from success.checks import beside, html
from success.checks.connecting import Way, Ways
from success.checks.http import Answer, Body, Source, Stopped, read_body
from success.checks.limits import REDIRECTS, Limits
from success.checks.model import LONGEST, OURS, Cookie, Facts, Hop, Kind, Phases, Trouble

WORLD: Final = Policy(schemes=frozenset({"http", "https"}))
"""Where checks may go: public addresses, with and without encryption."""
_KEPT: Final = frozenset(
    {
        "strict-transport-security", "content-security-policy", "x-content-type-options", "x-frame-options",
        "referrer-policy", "server", "x-powered-by", "content-type", "content-encoding", "x-robots-tag", "retry-after",
    }
)  # fmt: skip
_LONGEST_HEADER: Final = 600
_MOST_COOKIES: Final = 20
_MOVED: Final = frozenset({301, 302, 303, 307, 308})


@lru_cache(maxsize=1)
def world_tls() -> ssl.SSLContext:
    """Trusts what browsers trust (Mozilla's list)."""
    return httpx.create_ssl_context(trust_env=False)


@dataclass
class _Look:
    """What one look has learned so far."""

    hops: list[Hop] = field(default_factory=list)
    way: Way = field(default_factory=Way)
    first: Way | None = None
    answer: Answer | None = None
    body: Body | None = None
    url: str = ""


@dataclass(frozen=True)
class Probe:
    """Looks at sites. Only tests bring another `policy`, `resolve`, `tls` or other `limits`."""

    policy: Policy = WORLD
    resolve: Resolve = system_resolver
    tls: Callable[[], ssl.SSLContext] = world_tls
    limits: Limits = field(default_factory=Limits)

    async def look(self, url: str, *, kind: Kind, keyword: str = "", now: datetime) -> Facts:
        """What there is to say of the site at `url`; raises nothing of the network's or of the site's."""
        found = _Look(url=url)
        facts = Facts(url=url, kind=kind, at=now)
        limits = self.limits
        try:
            async with asyncio.timeout(limits.light_s if kind is Kind.LIGHT else limits.full_s):
                try:
                    await self._follow(found, url, most=limits.light_body if kind is Kind.LIGHT else limits.body)
                except Stopped as stopped:
                    return _stopped(facts, found, stopped)
                facts = await asyncio.to_thread(_answered, _met(facts, found), found, keyword)
                if kind is not Kind.LIGHT:
                    facts = await self._beside(facts)
        except TimeoutError:
            return facts if facts.status is not None else _stopped(facts, found, Stopped(Trouble.TIME_OVER))
        return facts

    async def _follow(self, found: _Look, url: str, *, most: int) -> None:
        """To the page at the end of the redirects; each hop is vetted and connected to anew."""
        ways, seen = self._ways(), {_plain(url)}
        for _ in range(REDIRECTS + 1):
            found.url, found.way = url, Way()
            async with ways.asked(url, way=found.way) as (answer, source):
                to = answer.header("location") if answer.status in _MOVED else ""
                if not to:
                    await self._arrived(found, answer, source, most=most)
                    return
            found.hops.append(Hop(url=url[:LONGEST], status=answer.status, to=to[:LONGEST]))
            found.first = found.first or found.way
            url = _next(url, to)
            if _plain(url) in seen:
                raise Stopped(Trouble.REDIRECT_LOOP)
            seen.add(_plain(url))
        raise Stopped(Trouble.REDIRECT_MANY)

    async def _arrived(self, found: _Look, answer: Answer, source: Source, *, most: int) -> None:
        found.answer = answer
        found.body = await read_body(source, answer, most=most, limits=self.limits)
        found.hops.append(Hop(url=found.url[:LONGEST], status=answer.status))

    async def _beside(self, facts: Facts) -> Facts:
        """What a full look asks for besides the front page; what does not answer in time is left out."""
        ways = self._ways()
        robots, crawl = await beside.crawl(ways, facts)
        facts = replace(facts, crawl=crawl)
        facts = replace(facts, plain_http=await beside.plain_http(ways, facts))
        if facts.page is None or facts.status is None or not facts.page.is_html:
            return facts
        if facts.page.wordpress:
            facts = await beside.wordpress(ways, robots, facts)
        return replace(facts, weight=await beside.weight(ways, robots, facts))

    def _ways(self) -> Ways:
        return Ways(policy=self.policy, resolve=self.resolve, tls=self.tls(), limits=self.limits)


def _stopped(facts: Facts, found: _Look, stopped: Stopped) -> Facts:
    """The look ended early: which trouble, and how far it came."""
    trouble = stopped.trouble
    if found.hops and trouble in OURS:  # it is the site that sends its visitors there
        trouble, stopped.detail = Trouble.REDIRECT_BAD, str(stopped.trouble)
    return replace(_met(facts, found), trouble=trouble, detail=stopped.detail)


def _met(facts: Facts, found: _Look) -> Facts:
    first = found.first or found.way
    phases = found.way.phases() if found.first is None else _together(first, found.way)
    return replace(
        facts,
        addresses=first.addresses,
        ip=first.ip,
        phases=phases,
        hops=tuple(found.hops),
        final_url=found.url[:500],
        certificate=found.way.certificate or first.certificate,
    )


def _together(first: Way, last: Way) -> Phases:
    """The parts of the last way; the total is what a visitor waits from the first."""
    return replace(last.phases(), total_ms=first.phases().total_ms)


def _answered(facts: Facts, found: _Look, keyword: str) -> Facts:
    """The facts of a page that was met. Runs in a thread, when its times are taken: pages may be large."""
    answer, body = found.answer, found.body
    assert answer is not None, "a page was reached"
    assert body is not None, "its body was read"
    content_type = answer.header("content-type")
    whole = body.end.value == "whole"
    page = html.read(body.content, url=found.url, content_type=content_type, keyword=keyword, whole=whole)
    return replace(
        facts,
        status=answer.status,
        headers=tuple((name, value[:_LONGEST_HEADER]) for name, value in answer.headers if name in _KEPT),
        cookies=_cookies(answer),
        body=body.sent,
        body_end=body.end,
        page=page,
    )


def _cookies(answer: Answer) -> tuple[Cookie, ...]:
    found = []
    for value in [value for name, value in answer.headers if name == "set-cookie"][:_MOST_COOKIES]:
        named, *attributes = value[:4000].split(";")
        said = {name.strip().lower(): text.strip() for name, _, text in (part.partition("=") for part in attributes)}
        same_site = said.get("samesite", "").lower()[:10]
        name = named.partition("=")[0].strip()[:80]
        found.append(Cookie(name=name, secure="secure" in said, http_only="httponly" in said, same_site=same_site))
    return tuple(found)


def _next(url: str, to: str) -> str:
    try:
        joined = urljoin(url, to)
        parts = urlsplit(joined)
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
            joined = urlunsplit(parts._replace(netloc=host if port is None else f"{host}:{port}"))
    except ValueError:  # a UnicodeError is one
        raise Stopped(Trouble.REDIRECT_BAD, "address") from None
    return joined.partition("#")[0].replace(" ", "%20")


def _plain(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path or "/", parts.query, ""))
