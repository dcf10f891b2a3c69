"""A file of visits, whatever it is: unpacked within bounds, its kind told by its first bytes, read by its reader."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

from success.traffic import ga4, logs, matomo
from success.traffic.model import Found, Refused

LONGEST: Final = 2 * 1024**3
"""Bytes of a log, unpacked."""
LONGEST_DOCUMENT: Final = 128 * 1024**2
"""Bytes of a JSON document, which is read as a whole."""
LONGEST_LINE: Final = 4 * 1024**2
_HEAD: Final = 65_536
_BLOCK: Final = 1024 * 1024
_MATOMO: Final = ("nb_visits", "nb_actions", "nb_uniq_visitors", "bounce_count")
_MATOMO_WORDS: Final = ("unique visitors", "actions", "maximum actions", "独立访客", "不重複訪客", "操作")
_LOG_SIGN: Final = b'] "'


def read(
    path: Path, *, zone: ZoneInfo, today: date, hosts: tuple[str, ...] = (), kind: str = "", longest: int = LONGEST
) -> Found:
    """The visits of a file. `hosts`: the site's own names; `kind`: ga4, matomo or logs, where it is known; `today`
    tells the days of a log that cannot be. Of what is packed or long, `longest` bytes are read and no more.

    Raises Refused.
    """
    with _opened(path) as file:
        head = _block(file, _HEAD)
        if not head.strip():
            raise Refused("empty")
        rest = _Bounded(head, file, longest=longest)
        encoding = _encoding(head)
        if kind == "logs" or (not kind and _is_log(head)):
            return logs.read(rest.lines(), zone=zone, today=today, hosts=hosts)
        if b"\0" in head and encoding == "utf-8-sig":
            raise Refused("kind")
        text = head.decode(encoding, "replace").lstrip("\ufeff \r\n\t")
        if text[:1] in "[{":
            return _document(rest, text)
        return _table(rest, text, encoding, kind)


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] == b"\x1f\x8b":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if start[:4] in {b"PK\x03\x04", b"BZh9", b"\xfd7zX", b"%PDF"}:
        raise Refused("packed" if start[:2] == b"PK" else "kind")
    return path.open("rb")


class _Bounded:
    """The file from its beginning, line by line, never more than so much of it."""

    def __init__(self, head: bytes, file: IO[bytes], *, longest: int) -> None:
        self._head, self._file, self._read, self._longest = head, file, len(head), longest

    def lines(self) -> Iterator[bytes]:
        """Its lines; one that does not end is cut into several."""
        yield from self._split(self._blocks())

    def whole(self, limit: int) -> bytes:
        """All of it; raises Refused (`long`) beyond the limit."""
        found = bytearray()
        for block in self._blocks():
            found += block
            if len(found) > limit:
                raise Refused("long")
        return bytes(found)

    def _blocks(self) -> Iterator[bytes]:
        yield self._head
        while block := _block(self._file, _BLOCK):
            self._read += len(block)
            if self._read > self._longest:
                raise Refused("long")
            yield block

    @staticmethod
    def _split(blocks: Iterator[bytes]) -> Iterator[bytes]:
        left = b""
        for block in blocks:
            *whole, left = (left + block).split(b"\n")
            yield from whole
            if len(left) > LONGEST_LINE:
                raise Refused("wide")
        if left:
            yield left


def _block(file: IO[bytes], most: int) -> bytes:
    """The next bytes, unpacked; raises Refused: `cut` where the packed file ends before its end, `packed`."""
    try:
        return file.read(most)
    except EOFError as error:
        raise Refused("cut") from error
    except (OSError, zlib.error) as error:
        raise Refused("packed") from error


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head[: len(head) - 4].decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8-sig" if error.start > len(head) - 8 else "gb18030"
    return "utf-8-sig"


def _is_log(head: bytes) -> bool:
    lines = [line for line in head.split(b"\n")[:40] if line.strip()]
    return sum(_LOG_SIGN in line for line in lines) * 2 > len(lines)


def _document(rest: _Bounded, text: str) -> Found:
    """JSON: events of an export, a line each or in a list, or Matomo's answers."""
    first = text.partition("\n")[0].strip()
    if first.startswith("{") and first.endswith("}") and "event_name" in first:
        return ga4.read_events(_events(rest.lines()))
    try:
        document = json.loads(rest.whole(LONGEST_DOCUMENT).decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise Refused("kind") from error
    if isinstance(document, list) and document and isinstance(document[0], Mapping) and "event_name" in document[0]:
        return ga4.read_events(each if isinstance(each, Mapping) else {} for each in document)
    return matomo.read_json(document)


def _events(lines: Iterator[bytes]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = {}
        yield event if isinstance(event, Mapping) else {}


def _table(rest: _Bounded, text: str, encoding: str, kind: str) -> Found:
    head = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "").casefold()
    if "event_name" in head and "event_date" in head:
        return ga4.read_events(_flat(_text(rest, encoding)))
    is_matomo = any(word in head for word in (*_MATOMO, *_MATOMO_WORDS)) and not text.startswith("#")
    reader = matomo.read_csv if kind == "matomo" or (not kind and is_matomo) else ga4.read_csv
    return reader(_text(rest, encoding))


def _text(rest: _Bounded, encoding: str) -> Iterator[str]:
    """The lines of a table as text, with their ends."""
    if encoding == "utf-16":  # whose lines do not end at a byte
        yield from io.StringIO(rest.whole(LONGEST_DOCUMENT).decode("utf-16", "replace"), newline="")
        return
    for line in rest.lines():
        yield line.decode(encoding, "replace").replace("\0", "") + "\n"


def _flat(lines: Iterator[str]) -> Iterator[Mapping[str, Any]]:
    try:
        yield from csv.DictReader(lines, restkey="", restval="")
    except csv.Error as error:
        raise Refused("wide") from error
