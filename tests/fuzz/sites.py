"""What fuzzing tries of strangers' servers: what a checked site sends, and what a model answers."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Final

from bot import llm
from bot.errors import ModelError
from knowledge import endpoint
from success.checks import html, robots, versions
from success.checks.http import Source, Stopped, read_body, read_head
from success.checks.limits import Limits
from tests.fuzz.reading import NOW, Target, text

_MOST: Final = 64 * 1024


def site(data: bytes) -> None:
    """An HTTP answer and its page: facts, or `Stopped` with its trouble; never more than was allowed."""
    with suppress(Stopped):
        content, kind = asyncio.run(_fetched(data))
        found = html.read(content, url="https://shop.test/a/", content_type=kind, keyword="shop", whole=True)
        versions.number_in(found.generator)


async def _fetched(data: bytes) -> tuple[bytes, str]:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    source = Source(reader, await reader.read(1))
    head = await read_head(source, Limits())
    body = await read_body(source, head, most=_MOST, limits=Limits())
    assert body.sent <= _MOST + 16 * 1024
    return body.content, head.header("content-type")


def robots_text(data: bytes) -> None:
    """robots.txt."""
    found = robots.parse(text(data))
    found.allows("/a?b")


def known_versions(data: bytes) -> None:
    """The table of known versions that an operator keeps."""
    with suppress(versions.BadVersions):
        versions.parse(text(data))


def model_answer(data: bytes) -> None:
    """An answer that should be JSON, and how long a server asks to be left alone."""
    with suppress(ModelError):
        assert isinstance(llm._object(text(data)), dict)
    pause = endpoint._retry_after(text(data), now=NOW)
    assert pause is None or pause >= 0


TARGETS: Final[Mapping[str, Target]] = MappingProxyType(
    {"site": site, "robots": robots_text, "known-versions": known_versions, "model-answer": model_answer}
)
BEGINNINGS: Final[Mapping[str, tuple[bytes, ...]]] = {
    "site": (
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=gbk\r\nContent-Length: 60\r\n\r\n"
        b"<html><title>A</title><meta name=generator content='WordPress 6.4'>"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n5\r\n\x1f\x8b\x08\x00\x00\r\n0\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: //x\r\n\r\n",
        (b"HTTP/1.0 200 \r\n\r\n<!doctype html><base href='https://[x'><script src=http://a:99999/b></script>"
        b"<link rel=icon href=//a><form action=http:><img src='http://[::1'>"),
    ),
    "robots": (b"User-agent: *\nDisallow: /\nAllow: /a$\nSitemap: https://a.test/s.xml\n",),
    "known-versions": (b"as_of: 2026-11-01\nwordpress: {below: '6.4.3', why: x}\nplugins: {a: {below: '1.2', why: y}}\n",),
    "model-answer": (b'Sure: ```{"a": [1, {"b": null}]}```', b"12", b"Wed, 21 Oct 2026 07:28:00 +0800", b"nan"),
}  # fmt: skip
