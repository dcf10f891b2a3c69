"""One HTTP/1.1 answer, read without trust: bounded in bytes and in time, strict where a lie would cost us.

Whatever a server does becomes a `Stopped` with its trouble, or a body whose `end` says why it is not whole.
"""

import asyncio
import re
import zlib
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from success.checks.limits import USER_AGENT, Limits
from success.checks.model import LONGEST, BodyEnd, Trouble

T = TypeVar("T")
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\r?\n\Z")
_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}\Z")
_CHUNK: Final = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n\Z")
_INTERIM: Final = 5
_PIECE: Final = 16 * 1024
_FIRST_REAL: Final = 200
_BODILESS: Final = frozenset({204, 304})


class Stopped(Exception):  # noqa: N818 - a turn of the way, not a fault
    """The look ended here; `detail` is a short word that says more."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        super().__init__(f"{trouble} {detail}".strip())
        self.trouble, self.detail = trouble, detail[:LONGEST]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A status and its headers, names in lower case, in order."""

    status: int
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str:
        """The first header of that name, "" where there is none."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(frozen=True, kw_only=True)
class Body:
    """What was read: `sent` bytes came over the wire, `text` is unpacked."""

    sent: int
    content: bytes
    end: BodyEnd


class Source:
    """What a server sends, with the byte that was waited for in front."""

    def __init__(self, reader: asyncio.StreamReader, first: bytes = b"") -> None:
        self._reader, self._first = reader, first

    async def readline(self) -> bytes:
        """A line with its end, what there is at the end of all; raises ValueError for one that is too long."""
        first, self._first = self._first, b""
        return first if first == b"\n" else first + await self._reader.readline()

    async def read(self, most: int) -> bytes:
        """Up to so many bytes, none at the end."""
        if not self._first:
            return await self._reader.read(most)
        first, self._first = self._first, b""
        return first


async def within(seconds: float, trouble: Trouble, work: Awaitable[T]) -> T:
    """The result, or `Stopped(trouble)` once the time is over."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError:
        raise Stopped(trouble) from None


def request(method: str, *, path: str, authority: str) -> bytes:
    """The request as it goes out: no cookies, no referrer, one answer."""
    said: Mapping[str, str] = {
        "Host": authority,
        "User-Agent": USER_AGENT,
        "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items()), "", ""]
    return "\r\n".join(lines).encode("ascii", "strict")


async def read_head(source: Source, limits: Limits) -> Answer:
    """The status and the headers, interim answers passed over. The first line must be on its way already."""
    return await within(limits.headers_s, Trouble.HEADERS_SLOW, _head(source, limits))


async def read_body(source: Source, answer: Answer, *, most: int, limits: Limits) -> Body:
    """The body up to `most` bytes sent, unpacked as far as is safe."""
    kept = _Kept(most=most, limits=limits, encoding=answer.header("content-encoding").strip().lower())
    if answer.status in _BODILESS:
        return kept.body(BodyEnd.WHOLE)
    try:
        async with asyncio.timeout(limits.body_s):
            end = await _fill(source, answer, kept)
    except TimeoutError:
        end = BodyEnd.SLOW
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, zlib.error, EOFError):
        end = BodyEnd.BROKEN
    return kept.body(end)


class _Kept:
    """Collects a body; says when enough is enough."""

    def __init__(self, *, most: int, limits: Limits, encoding: str) -> None:
        self._most, self._limits = most, limits
        self._sent, self._content = 0, bytearray()
        self._unpack = zlib.decompressobj(wbits=47) if encoding in {"gzip", "x-gzip", "deflate"} else None
        self._foreign = encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}

    def body(self, end: BodyEnd) -> Body:
        """What there is."""
        if self._foreign:
            return Body(sent=self._sent, content=b"", end=BodyEnd.ENCODED if end is BodyEnd.WHOLE else end)
        return Body(sent=self._sent, content=bytes(self._content), end=end)

    def take(self, piece: bytes) -> BodyEnd | None:
        """Add a piece; why to stop, or None."""
        self._sent += len(piece)
        if not self._foreign:
            self._content += self._unpacked(piece)
        if len(self._content) >= self._limits.unpacked:
            return BodyEnd.BOMB if len(self._content) > self._limits.ratio * self._sent else BodyEnd.LARGE
        return BodyEnd.LARGE if self._sent > self._most else None

    def _unpacked(self, piece: bytes) -> bytes:
        if self._unpack is None:
            return piece
        room = self._limits.unpacked - len(self._content)
        return self._unpack.decompress(piece, max(room, 1))


async def _head(source: Source, limits: Limits) -> Answer:
    for _ in range(_INTERIM):
        answer = await _one_head(source, limits)
        if answer.status >= _FIRST_REAL:
            return answer
    raise Stopped(Trouble.NOT_HTTP, "interim")


async def _one_head(source: Source, limits: Limits) -> Answer:
    first = await _line(source)
    found = _STATUS.match(first)
    if found is None:
        raise Stopped(Trouble.CLOSED if not first else Trouble.NOT_HTTP)
    headers: list[tuple[str, str]] = []
    size = len(first)
    while (line := await _line(source)) not in (b"\r\n", b"\n"):
        size += len(line)
        if size > limits.headers or len(headers) >= limits.header_lines:
            raise Stopped(Trouble.HEADERS_LARGE)
        if not line.endswith(b"\n"):
            raise Stopped(Trouble.CLOSED, "headers")
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.match(name):
            raise Stopped(Trouble.NOT_HTTP, "header")
        headers.append((name.decode("ascii").lower(), _shown(value)))
    return Answer(status=int(found[1]), headers=tuple(headers))


async def _line(source: Source) -> bytes:
    try:
        return await source.readline()
    except ValueError:  # longer than the reader's limit
        raise Stopped(Trouble.HEADERS_LARGE) from None
    except OSError as error:
        raise Stopped(Trouble.CLOSED, type(error).__name__) from None


def _shown(value: bytes) -> str:
    """A header's value as text that anything can store and show."""
    text = value.strip().decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


async def _fill(source: Source, answer: Answer, kept: _Kept) -> BodyEnd:
    if "chunked" in answer.header("transfer-encoding").lower():
        return await _chunks(source, kept)
    stated = answer.header("content-length").strip()
    if not stated:
        return await _until_closed(source, kept)
    if not (stated.isascii() and stated.isdecimal()):
        return BodyEnd.BROKEN
    return await _counted(source, kept, int(stated[:15]))


async def _until_closed(source: Source, kept: _Kept) -> BodyEnd:
    while piece := await source.read(_PIECE):
        if (end := kept.take(piece)) is not None:
            return end
    return BodyEnd.WHOLE


async def _counted(source: Source, kept: _Kept, left: int) -> BodyEnd:
    while left > 0:
        piece = await source.read(min(_PIECE, left))
        if not piece:
            return BodyEnd.BROKEN
        left -= len(piece)
        if (end := kept.take(piece)) is not None:
            return end
    return BodyEnd.WHOLE


async def _chunks(source: Source, kept: _Kept) -> BodyEnd:
    while True:
        found = _CHUNK.match(await source.readline())
        if found is None:
            return BodyEnd.BROKEN
        size = int(found[1], 16)
        if size == 0:
            return BodyEnd.WHOLE
        if (end := await _counted(source, kept, size)) is not BodyEnd.WHOLE:
            return end
        if await source.readline() not in (b"\r\n", b"\n"):
            return BodyEnd.BROKEN
