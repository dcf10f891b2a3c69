"""What a full look asks for besides the front page: robots, sitemap, the unencrypted door, WordPress, the page's files.

Each part ends by itself: what does not answer says nothing, and the front page's facts stand. Robots rules hold for all
but robots.txt and the sitemap.
"""

import asyncio
import re
from dataclasses import replace
from typing import Final
from urllib.parse import urljoin, urlsplit, urlunsplit

from success.checks import robots
from success.checks.connecting import Ways
from success.checks.http import Answer, Body, Stopped, read_body
from success.checks.model import Crawl, Facts, Weight
from success.checks.robots import Robots
from success.checks.versions import number_in

_OK: Final = 200
_FAILED: Final = 400
_SERVERS: Final = 500
_PART_S: Final = 10.0
_FEED: Final = 64 * 1024
_FEED_GENERATOR: Final = re.compile(r"<generator>https?://wordpress\.org/\?v=([0-9.]{1,20})</generator>")
_MOVED: Final = range(300, 400)
_SIZED_BY_READING: Final = 512 * 1024


async def crawl(ways: Ways, facts: Facts) -> tuple[Robots, Crawl]:
    """What robots may do, and what search engines find."""
    base = facts.final_url or facts.url
    found = await _get(ways, urljoin(base, "/robots.txt"), most=ways.limits.robots)
    status = found[0].status if found else 0
    rules = robots.EVERYTHING
    if found is None or status >= _SERVERS:
        rules = robots.NOTHING
    elif status == _OK and "html" not in found[0].header("content-type"):
        rules = robots.parse(found[1].content.decode("utf-8", "replace"))
    hidden = "noindex" in facts.header("x-robots-tag").lower() or bool(facts.page and facts.page.noindex)
    told = Crawl(robots=status, shut_out=rules.all_shut, noindex=hidden)
    listed = next((link for link in rules.sitemaps if link.startswith(("http://", "https://"))), "")
    return rules, await _sitemap(ways, told, listed or urljoin(base, "/sitemap.xml"))


async def _sitemap(ways: Ways, told: Crawl, url: str) -> Crawl:
    found = await _get(ways, url, most=ways.limits.sitemap, hops=2)
    if found is None:
        return replace(told, sitemap=0)
    text = found[1].content[:_SIZED_BY_READING].decode("utf-8", "replace")
    is_one = found[0].status == _OK and ("<urlset" in text or "<sitemapindex" in text)
    return replace(told, sitemap=found[0].status, sitemap_read=is_one, urls=text.count("<loc>") if is_one else 0)


async def plain_http(ways: Ways, facts: Facts) -> bool | None:
    """Whether the site's unencrypted door answers with a page instead of sending visitors to the encrypted one."""
    parts = urlsplit(facts.final_url)
    if parts.scheme != "https" or parts.port not in {None, 443}:
        return None
    url = urlunsplit(("http", parts.hostname or "", "/", "", ""))
    try:
        async with asyncio.timeout(_PART_S), ways.asked(url) as (answer, _):
            to = answer.header("location") if answer.status in _MOVED else ""
            return answer.status < _FAILED and not urljoin(url, to).startswith("https:")
    except (Stopped, TimeoutError, ValueError, OSError):
        return None


async def wordpress(ways: Ways, rules: Robots, facts: Facts) -> Facts:
    """The version of WordPress where it is told, and whether its readme lies open."""
    assert facts.page is not None, "a page was read"
    base = facts.final_url
    version = number_in(facts.page.generator) if facts.page.generator.lower().startswith("wordpress") else ""
    feed = urljoin(base, "/feed/")
    if not version and rules.allows(feed) and (found := await _get(ways, feed, most=_FEED)) is not None:
        told = _FEED_GENERATOR.search(found[1].content.decode("utf-8", "replace"))
        version = number_in(told[1]) if told else ""
    readme, opened = urljoin(base, "/readme.html"), False
    if rules.allows(readme) and (found := await _get(ways, readme, most=_FEED)) is not None:
        opened = found[0].status == _OK and b"wordpress" in found[1].content[:_FEED].lower()
    generator = f"WordPress {version}" if version else facts.page.generator
    return replace(facts, page=replace(facts.page, generator=generator, wordpress=True), readme=opened)


async def weight(ways: Ways, rules: Robots, facts: Facts) -> Weight:
    """The sizes of the page's own files, a handful of them, one after another, within a small budget of time."""
    assert facts.page is not None, "a page was read"
    allowed = [link for link in facts.page.assets if rules.allows(link)]
    sizes: list[int | None] = []
    try:
        async with asyncio.timeout(ways.limits.assets_s):
            for link in allowed[: ways.limits.assets]:
                sizes.append(await _size(ways, link))  # noqa: PERF401 -- one at a time, and kept when time is over
    except TimeoutError:
        pass
    known = [size for size in sizes if size is not None]
    failed, listed = len(sizes) - len(known), len(facts.page.assets)
    return Weight(html=facts.body, assets=sum(known), weighed=len(known), listed=listed, failed=failed)


async def _size(ways: Ways, url: str) -> int | None:
    """What a file weighs as it is sent: as its server states it, else by reading the beginning; None for a failure."""
    try:
        async with ways.asked(url, method="HEAD") as (answer, _):
            stated = answer.header("content-length").strip()
            if answer.status < _FAILED and stated.isascii() and stated.isdecimal():
                return int(stated[:12])
    except (Stopped, OSError):
        return None
    found = await _get(ways, url, most=_SIZED_BY_READING)
    return found[1].sent if found and found[0].status < _FAILED else None


async def _get(ways: Ways, url: str, *, most: int, hops: int = 1) -> tuple[Answer, Body] | None:
    """A small file; one that moved is followed, not far. None where there is no answer."""
    try:
        async with asyncio.timeout(_PART_S):
            for _ in range(hops + 1):
                async with ways.asked(url) as (answer, source):
                    to = answer.header("location") if answer.status in _MOVED else ""
                    if not to:
                        return answer, await read_body(source, answer, most=most, limits=ways.limits)
                url = urljoin(url, to)
    except (Stopped, TimeoutError, ValueError, OSError):
        return None
    return None
