"""The process that reads documents, one after the other: it imports what a format needs once, and forks for each.

It takes ``{"kind": …, "size": …, "within": seconds}`` and that many bytes, and answers one JSON line:
``{"parsed": …}`` or ``{"refused": …, "lasting": …}``. The fork is confined, answers through a pipe, and is killed when
its time is up, so that nothing of one document reaches the next.
"""

import importlib
import json
import logging
import os
import select
import signal
import sys
import time
import warnings
from contextlib import suppress
from typing import Any, BinaryIO, Final

from knowledge.parsing import limits
from knowledge.parsing.model import LONGEST, Parsed, RefusedError

_MOST_ANSWER = 64 * 1024 * 1024
_ROOMS: Final = {"docx": "office", "pptx": "office", "xlsx": "sheets", "pdf": "pdf", "html": "web"}


def main() -> None:
    """Serve until the input ends."""
    asks, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        if number or asks.fileno():
            os.dup2(silence, number)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with suppress(OSError):
        os.nice(10)
    limits.leave_network()
    sys.modules["pandas"] = None  # type: ignore[assignment] # markitdown would import it, a third of its time, for xlsx
    while line := asks.readline():
        ask = json.loads(line)
        raw = _exactly(asks, ask["size"])
        answers.write(json.dumps(_answer(ask["kind"], raw, within=ask["within"])).encode() + b"\n")
        answers.flush()


def _exactly(stream: BinaryIO, size: int) -> bytes:
    raw = stream.read(size)
    if len(raw) != size:
        sys.exit(1)
    return raw


def _answer(kind: str, raw: bytes, *, within: float) -> dict[str, Any]:
    room = importlib.import_module(f"knowledge.parsing.{_ROOMS[kind]}")
    room.prepare(kind)
    inlet, outlet = os.pipe()
    child = os.fork()
    if not child:
        _alone(outlet)
        _read(room, kind=kind, raw=raw, outlet=outlet)
    os.close(outlet)
    try:
        answer = _heard(inlet, until=time.monotonic() + within)
    finally:
        os.close(inlet)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    return _understood(answer, status=status)


def _alone(outlet: int) -> None:
    """Leave a fork with one way out: what its parent hears and answers is not for it."""
    silence = os.open(os.devnull, os.O_RDONLY)
    os.dup2(silence, 0)
    os.closerange(3, outlet)
    os.closerange(outlet + 1, 1024)


def _heard(inlet: int, *, until: float) -> bytes | None:
    """Return all that comes until the end; None where that takes too long or is too much."""
    pieces: list[bytes] = []
    held = 0
    while (left := until - time.monotonic()) > 0 and held < _MOST_ANSWER:
        ready, _, _ = select.select([inlet], [], [], left)
        if not ready:
            return None
        piece = os.read(inlet, 1 << 20)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        held += len(piece)
    return None


def _understood(answer: bytes | None, *, status: int) -> dict[str, Any]:
    if answer is None:
        return {"refused": "takes too long to read: split it, or save it anew", "lasting": False}
    with suppress(ValueError):
        found = json.loads(answer)
        if isinstance(found, dict):
            return found
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
        return {"refused": "takes too long to read: split it, or save it anew", "lasting": False}
    return {"refused": "is damaged: the program that reads it broke down", "lasting": False}


def _read(room: Any, *, kind: str, raw: bytes, outlet: int) -> None:
    """Read one document and leave; runs in the fork."""
    answer: dict[str, Any]
    try:
        limits.confine()
        answer = {"parsed": _shortened(room.read(raw, kind=kind)).as_json()}
    except RefusedError as refusal:
        answer = {"refused": str(refusal), "lasting": refusal.lasting}
    except MemoryError:
        answer = {"refused": "needs more memory than a document may take: split it", "lasting": True}
    except RecursionError:
        answer = {"refused": "is nested too deeply to be read", "lasting": True}
    except Exception as error:  # noqa: BLE001 - whatever a parser makes of a broken file, it is the file's fault
        answer = {"refused": f"is damaged ({type(error).__name__}): open it and save it anew", "lasting": True}
    try:
        raw_answer = json.dumps(answer, ensure_ascii=True).encode()
        while raw_answer:
            raw_answer = raw_answer[os.write(outlet, raw_answer) :]
    finally:
        os._exit(0)


def _shortened(parsed: Parsed) -> Parsed:
    if len(parsed.body) <= LONGEST:
        return parsed
    note = f"longer than {LONGEST:,} characters: only the beginning is read; split it"
    held = parsed.as_json() | {"body": parsed.body[:LONGEST], "cut": (*parsed.cut, note)}
    return Parsed.from_json(held)


if __name__ == "__main__":
    main()
