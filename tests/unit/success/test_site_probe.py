"""A look at a site that may do anything: each behaviour becomes facts, in bounded time, and never leads us astray."""

import asyncio
import gzip
import zlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from success.checks.model import BodyEnd, Facts, Kind, Trouble, Verdict
from success.checks.probe import WORLD, Probe
from tests import hostile
from tests.hostile import Asked, authority, between, certificate, names, probe, server_tls, site

HOST = "shop.agency-client.com"
PAGE = "<html><head><title>Shop 店</title></head><body>Welcome, 欢迎光临</body></html>"


async def look(url: str, *, kind: Kind = Kind.LIGHT, keyword: str = "", **changes: object) -> Facts:
    """A look within a bound that no behaviour may break."""
    async with asyncio.timeout(20):
        return await probe(**changes).look(url, kind=kind, keyword=keyword, now=hostile.NOW)


async def fine(asked: Asked) -> None:
    await asked.reply(PAGE)


async def test_a_site_that_is_well(tmp_path: Path) -> None:
    """Address, phases, certificate, status, page and keyword; the request names the host and says who we are."""
    tls = server_tls(certificate(HOST, by=authority()), folder=tmp_path)
    async with site(fine, tls=tls) as served:
        facts = await look(served.url(path="/a/店?q=店"), keyword="欢迎")
    assert (facts.trouble, facts.status, facts.ip, facts.addresses) == (None, 200, "127.0.0.1", ("127.0.0.1",))
    assert facts.certificate is not None
    assert (facts.certificate.verdict, facts.certificate.names, facts.certificate.days(hostile.NOW)) == (
        Verdict.HOLDS, (HOST,), 59,
    )  # fmt: skip
    assert (facts.certificate.issuer, facts.certificate.version) == ("Test Root Ltd", "TLSv1.3")
    assert facts.page is not None
    assert (facts.page.title, facts.page.has_keyword, facts.body_end) == ("Shop 店", True, BodyEnd.WHOLE)
    times = facts.phases
    parts = (times.dns_ms, times.connect_ms, times.tls_ms, times.first_byte_ms)
    assert all(part is not None for part in parts)
    assert times.total_ms is not None
    assert times.total_ms >= (times.tls_ms or 0) + (times.first_byte_ms or 0) - 4
    [asked] = served.asked
    assert (asked.path, asked.headers["host"]) == ("/a/%E5%BA%97?q=%E5%BA%97", f"{HOST}:{served.port}")
    assert "AftercareCheck" in asked.headers["user-agent"]
    assert "cookie" not in asked.headers


@pytest.mark.parametrize(
    ("which", "verdict"),
    [
        ("expired", Verdict.EXPIRED),
        ("not_yet", Verdict.NOT_YET),
        ("wrong_name", Verdict.WRONG_NAME),
        ("self_signed", Verdict.SELF_SIGNED),
        ("unknown_root", Verdict.UNKNOWN_ROOT),
        ("incomplete", Verdict.INCOMPLETE),
        ("whole_chain", Verdict.HOLDS),
    ],
)
async def test_why_a_certificate_does_not_hold(which: str, verdict: Verdict, tmp_path: Path) -> None:
    """The exact reason is told, the certificate is read all the same, and so is the page behind it."""
    root, foreign = authority(), authority("Foreign Root")
    made = {
        "expired": [certificate(HOST, by=root, last=timedelta(days=-3))],
        "not_yet": [certificate(HOST, by=root, first=timedelta(days=3))],
        "wrong_name": [certificate("other.example.org", by=root)],
        "self_signed": [certificate(HOST)],
        "unknown_root": [certificate(HOST, by=foreign), foreign],
        "incomplete": [certificate(HOST, by=between())],
        "whole_chain": [certificate(HOST, by=between()), between()],
    }[which]
    async with site(fine, tls=server_tls(*made, folder=tmp_path)) as served:
        facts = await look(served.url())
    assert facts.certificate is not None
    assert facts.certificate.verdict is verdict
    assert facts.certificate.not_after == made[0].certificate.not_valid_after_utc
    assert facts.certificate.names
    assert facts.status == 200
    assert len(served.asked) == 1  # nothing was asked for before it was known whom we speak to


async def bytes_only(asked: Asked, data: bytes, *, stay: float = 0) -> None:
    await asked.send(data)
    await asyncio.sleep(stay)


async def drip(asked: Asked) -> None:
    for letter in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 500:
        await asked.send(bytes([letter]))
        await asyncio.sleep(0.01)


async def drip_body(asked: Asked) -> None:
    await asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Type: text/html\r\n\r\n")
    for _ in range(500):
        await asked.send(b"y")
        await asyncio.sleep(0.01)


async def endless_headers(asked: Asked) -> None:
    await asked.send(b"HTTP/1.1 200 OK\r\n")
    for n in range(100_000):
        await asked.send(b"X-%d: %s\r\n" % (n, b"y" * 900))


async def endless_body(asked: Asked) -> None:
    await asked.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    for _ in range(100_000):
        await asked.send(b"y" * 50_000)


async def silent(asked: Asked) -> None:
    """Says nothing until the other side hangs up."""
    await asked.reader.read()


def raw(data: bytes):
    async def answer(asked: Asked) -> None:
        await bytes_only(asked, data)

    return answer


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
BOMB = gzip.compress(b"\0" * 60_000_000, 9)


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (silent, Trouble.NO_ANSWER),
        (drip, Trouble.HEADERS_SLOW),
        (endless_headers, Trouble.HEADERS_LARGE),
        (raw(b""), Trouble.CLOSED),
        (raw(b"HTTP/1.1 200 OK\r\nX: y"), Trouble.CLOSED),
        (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), Trouble.NOT_HTTP),
        (raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n"), Trouble.NOT_HTTP),
        (raw(b"HTTP/2 200\r\n\r\n"), Trouble.NOT_HTTP),
        (raw(b"HTTP/1.1 99999 X\r\n\r\n"), Trouble.NOT_HTTP),
        (raw(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), Trouble.NOT_HTTP),
        (raw(b"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n"), Trouble.NOT_HTTP),
        (raw(b"HTTP/1.1 100 C\r\n\r\n" * 50), Trouble.NOT_HTTP),
        (raw(b"\n\n\n\n"), Trouble.NOT_HTTP),
        (raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000), Trouble.HEADERS_LARGE),
        (raw(b"HTTP/1.1 302 X\r\nLocation: ftp://files.agency-client.com/\r\n\r\n"), Trouble.REDIRECT_BAD),
        (raw(b"HTTP/1.1 302 X\r\nLocation: http://[::1\r\n\r\n"), Trouble.REDIRECT_BAD),
        (
            raw("HTTP/1.1 302 X\r\nLocation: http://网站.agency-client.com:99999/\r\n\r\n".encode()),
            Trouble.REDIRECT_BAD,
        ),
        (raw(b"HTTP/1.1 302 X\r\nLocation: javascript:alert(1)\r\n\r\n"), Trouble.REDIRECT_BAD),
        (raw(b"HTTP/1.1 302 X\r\nLocation: http://a:b@agency-client.com/\r\n\r\n"), Trouble.REDIRECT_BAD),
        (raw(b"HTTP/1.1 302 X\r\nLocation: http://agency-client.com:22/\r\n\r\n"), Trouble.REDIRECT_BAD),
        (raw(b"HTTP/1.1 302 X\r\nLocation: /\r\n\r\n"), Trouble.REDIRECT_LOOP),
    ],
)
async def test_an_answer_that_is_none(answer: object, trouble: Trouble) -> None:
    """Whatever is sent instead of HTTP becomes a typed trouble."""
    async with site(answer) as served:  # type: ignore[arg-type]
        facts = await look(served.url())
    assert facts.trouble is trouble, facts
    assert facts.ip == "127.0.0.1"


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (endless_body, BodyEnd.LARGE),
        (drip_body, BodyEnd.SLOW),
        (raw(OK + b"Content-Length: 900\r\n\r\nshort"), BodyEnd.BROKEN),
        (raw(OK + b"Content-Length: nine\r\n\r\nshort"), BodyEnd.BROKEN),
        (raw(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"), BodyEnd.BROKEN),
        (raw(OK + b"Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n"), BodyEnd.BROKEN),
        (raw(OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n"), BodyEnd.BROKEN),
        (raw(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\nabc"), BodyEnd.BROKEN),
        (raw(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1;" + b"x" * 90_000), BodyEnd.BROKEN),
        (raw(OK + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n"), BodyEnd.WHOLE),
        (raw(OK + b"Content-Encoding: gzip\r\n\r\n" + BOMB), BodyEnd.BOMB),
        (raw(OK + b"Content-Encoding: gzip\r\n\r\nnot gzip at all"), BodyEnd.BROKEN),
        (raw(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(PAGE.encode())), BodyEnd.WHOLE),
        (raw(OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(PAGE.encode())), BodyEnd.WHOLE),
        (raw(OK + b"Content-Encoding: br\r\n\r\n\x0b\x02\x80abc\x03"), BodyEnd.ENCODED),
        (raw(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK + b"\r\n" + PAGE.encode()), BodyEnd.WHOLE),
        (raw(b"HTTP/1.0 200\n\nold"), BodyEnd.WHOLE),
    ],
)
async def test_a_body_that_is_not_whole(answer: object, end: BodyEnd) -> None:
    """Endless, slow, cut, badly parted, packed to burst: the status stands, and how the body ended is told."""
    async with site(answer) as served:  # type: ignore[arg-type]
        facts = await look(served.url())
    assert (facts.trouble, facts.status, facts.body_end) == (None, 200, end)
    assert facts.body <= probe().limits.light_body + 20_000


async def test_redirects_are_followed_and_kept() -> None:
    """Each answer on the way is told; more than six are too many; two that point at each other are a circle."""

    async def answer(asked: Asked) -> None:
        number = int(asked.path.strip("/") or 0)
        await (asked.reply(PAGE) if number == 4 else asked.move(f"/{number + 1}", 301))

    async def circle(asked: Asked) -> None:
        await asked.move("/b" if asked.path == "/a" else "/a")

    async def on_and_on(asked: Asked) -> None:
        await asked.move(asked.path + "x")

    async with site(answer) as served:
        facts = await look(served.url())
    assert [hop.status for hop in facts.hops] == [301] * 4 + [200]
    assert facts.final_url.endswith("/4")
    async with site(circle) as served:
        assert (await look(served.url(path="/a"))).trouble is Trouble.REDIRECT_LOOP
    async with site(on_and_on) as served:
        facts = await look(served.url())
    assert (facts.trouble, len(served.asked)) == (Trouble.REDIRECT_MANY, 7)


INSIDE = ["10.0.0.5", "127.0.0.2", "169.254.169.254", "192.168.1.1", "::1", "fe80::1", "100.64.1.1", "0.0.0.0"]


@pytest.mark.parametrize("address", INSIDE)
async def test_what_is_not_the_worlds_is_never_reached(address: str) -> None:
    """A name, a redirect, a plain address: none leads inside; nothing is connected to."""
    shown = f"[{address}]" if ":" in address else address
    inside = {"inside__agency-client__com": address}

    async def astray(asked: Asked) -> None:
        await asked.move(
            f"http://{shown}:{served.port}/" if asked.path == "/" else f"http://inside.agency-client.com:{served.port}/"
        )

    async with site(astray) as served:
        resolve = names(**inside)
        for url in (f"http://{shown}:{served.port}/x", f"http://inside.agency-client.com:{served.port}/"):
            facts = await look(url, resolve=resolve)
            assert (facts.trouble, served.asked) == (Trouble.REFUSED, [])
        for path in ("/", "/named"):
            facts = await look(served.url(path=path), resolve=resolve)
            assert (facts.trouble, facts.detail) == (Trouble.REDIRECT_BAD, "refused")
    assert served.paths == ["/", "/named"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://metadata.internal/",
        "http://2130706433/",
        "ftp://agency-client.com/",
    ],
)
async def test_the_policy_in_use_is_the_worlds(url: str) -> None:
    """Without anything injected but names, the machine itself is out of reach."""
    facts = await Probe(resolve=names()).look(url, kind=Kind.LIGHT, now=hostile.NOW)
    assert Probe().policy is WORLD
    assert facts.trouble in {Trouble.REFUSED, Trouble.URL}


async def test_a_name_that_moves_after_it_was_vetted_leads_nowhere_else() -> None:
    """DNS rebinding: the very address that was vetted is connected to, and each hop's name is asked anew."""
    said: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        said.append(host)
        return ["127.0.0.1"] if len(said) == 1 else ["10.0.0.7"]

    async def answer(asked: Asked) -> None:
        await asked.move("/again") if asked.path == "/" else await asked.reply(PAGE)

    async with site(answer) as served:
        facts = await look(served.url(), resolve=resolve)
        assert (facts.trouble, facts.detail, served.paths) == (Trouble.REDIRECT_BAD, "refused", ["/"])
        one = await look(served.url(path="/x"), resolve=names(**{HOST.replace(".", "__"): ["127.0.0.1", "10.0.0.1"]}))
    assert one.trouble is Trouble.REFUSED  # one bad address among several spoils the name


async def test_what_stands_before_the_first_byte(tmp_path: Path) -> None:
    """No such name, a resolver that sleeps, a closed port, plain HTTP on a TLS port: each has its word."""

    async def nobody(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    async def asleep(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(30)
        return []

    assert (await look("http://agency-client.com/", resolve=nobody)).trouble is Trouble.UNRESOLVED
    assert (await look("http://agency-client.com/", resolve=asleep)).trouble is Trouble.RESOLVING_SLOW
    async with site(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), raw=True) as served:
        assert (await look(served.url().replace("http:", "https:"))).trouble is Trouble.TLS_FAILED
        port = served.port
    assert (await look(f"http://agency-client.com:{port}/")).trouble is Trouble.CONNECTION_REFUSED
    assert (await look("http://agency-client.com:25/")).trouble is Trouble.PORT
    async with site(silent, raw=True) as served:
        assert (await look(served.url().replace("http:", "https:"))).trouble is Trouble.TLS_SLOW


async def test_hostile_html_takes_no_time() -> None:
    """Unclosed comments, half tags and nested quotes by the hundred thousand are read in one go."""
    parts = [
        "<!--",
        "<script ",
        "<img src='",
        '<a b="',
        "<meta charset=",
        "<title>",
        "<link rel=stylesheet href=",
        "<style>",
        "a ",
    ]
    bodies = [(part * 60_000)[:500_000].encode() for part in parts] + [b"\xff\xfe" * 200_000, bytes(range(256)) * 1500]
    for body in bodies:
        async with site(raw(OK + b"\r\n" + body)) as served:
            facts = await look(served.url(), keyword="x", kind=Kind.LIGHT, limits=probe_limits(body_s=5.0))
        assert facts.status == 200, body[:20]


def probe_limits(**changes: float) -> object:
    from dataclasses import replace

    return replace(hostile.BRISK, **changes)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from(
        [
            b"",
            b"HTTP/1.1 200 OK\r\n",
            OK + b"Transfer-Encoding: chunked\r\n\r\n",
            OK + b"Content-Encoding: gzip\r\n\r\n",
        ]
    ),
)
def test_any_bytes_become_facts(data: bytes, start: bytes) -> None:
    """No bytes that a server may send raise anything."""

    async def run() -> Facts:
        async with site(raw(start + data)) as served:
            return await look(served.url())

    assert isinstance(asyncio.run(run()), Facts)


async def test_a_full_look_asks_politely() -> None:
    """Robots, sitemap, files, feed; what robots.txt forbids is not asked for."""
    page = """<html><head><title>T</title><meta name="generator" content="WordPress 6.4.2">
    <link rel="stylesheet" href="/wp-content/plugins/contact-form-7/style.css?ver=5.1">
    <script src="/private/app.js"></script><script src="/wp-includes/x.js?ver=6.4.2"></script>
    <script src="/wp-content/plugins/unversioned/a.js?ver=6.4.2"></script><img src="/big.png"><img src="https://cdn.example.net/y.png">
    </head></html>"""

    async def answer(asked: Asked) -> None:
        files = {
            "/robots.txt": "User-agent: *\nDisallow: /private/\nSitemap: {s}",
            "/feed/": "<rss/>",
            "/map.xml": "<urlset><loc>a</loc></urlset>",
        }
        if asked.path in files:
            await asked.reply(files[asked.path].format(s=served.url(path="/map.xml")), content_type="text/plain")
        elif asked.path == "/":
            await asked.reply(page, set_cookie="PHPSESSID=secret; Path=/")
        elif asked.path == "/readme.html":
            await asked.reply("<h1>WordPress</h1>")
        elif asked.path == "/big.png":
            await asked.reply(b"x" * 70_000, content_type="image/png")
        else:
            await asked.reply(status=404)

    async with site(answer) as served:
        facts = await look(served.url(), kind=Kind.FULL)
    assert facts.page is not None
    assert [(part.slug, part.version) for part in facts.page.plugins] == [
        ("contact-form-7", "5.1"),
        ("unversioned", ""),
    ]
    assert (facts.page.generator, facts.readme) == ("WordPress 6.4.2", True)
    assert facts.crawl is not None
    assert (facts.crawl.robots, facts.crawl.sitemap_read, facts.crawl.urls) == (200, True, 1)
    assert facts.weight is not None
    assert (facts.weight.assets, facts.weight.failed) == (70_000, 3)
    assert "/private/app.js" not in served.paths
    [cookie] = facts.cookies
    assert (cookie.name, cookie.secure, cookie.http_only) == ("PHPSESSID", False, False)
    assert "secret" not in repr(facts)


async def test_a_cancelled_look_leaves_no_connection() -> None:
    """Whoever gives up a look closes what it opened."""
    async with site(silent) as served:
        looking = asyncio.create_task(look(served.url(), limits=probe_limits(first_byte_s=20, light_s=20)))
        for _ in range(500):
            if served.asked:
                break
            await asyncio.sleep(0.01)
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking
        for _ in range(500):
            if not served.open:
                break
            await asyncio.sleep(0.01)
        assert served.open == 0
