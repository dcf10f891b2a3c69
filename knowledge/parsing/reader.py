"""Reads documents through the worker, and keeps what was read by the hash of the bytes."""

import hashlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import knowledge
from knowledge.parsing.model import VERSION, Parsed, RefusedError

#: Seconds that one document may take; a pdf with its pictures of text.
_WITHIN_S: Final = 90.0
_PDF_WITHIN_S: Final = 300.0
#: Beyond what a document may take: starting, importing, forking.
_GRACE_S: Final = 60.0
_START: Final = "import sys; sys.path.insert(0, sys.argv[1]); from knowledge.parsing.worker import main; main()"
_ENVIRONMENT: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8"}
_BROKEN: Final = {"refused": "is damaged: the program that reads it broke down", "lasting": False}


class Reader:
    """Reads documents one after the other; a context manager, since it may hold a process.

    ``kept`` is a folder for what was read; documents that were not asked for until the end are forgotten there.
    ``within_s`` is the most that a document may take.
    """

    def __init__(self, kept: Path | None = None, *, within_s: float | None = None) -> None:
        self._kept = kept
        self._within_s = within_s
        self._worker: subprocess.Popen[bytes] | None = None
        self._used: set[str] = set()
        self.fresh = 0
        """Documents that were read anew."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        if kind is None:
            self._forget()

    def read(self, raw: bytes, *, kind: str) -> Parsed:
        """Return a document of a kind (``docx``, ``html``, ``pdf``, ``pptx``, ``xlsx``) as Markdown.

        Raises:
            RefusedError: it cannot be read, or must not be.
        """
        name = f"{hashlib.sha256(raw).hexdigest()}-{kind}-{VERSION}.json"
        answer = self._held(name)
        if answer is None:
            answer = self._asked(raw, kind=kind)
            self.fresh += 1
            if answer.get("lasting", True):
                self._keep(name, answer)
        if "refused" in answer:
            raise RefusedError(answer["refused"], lasting=answer["lasting"])
        return Parsed.from_json(answer["parsed"])

    def _asked(self, raw: bytes, *, kind: str) -> dict[str, Any]:
        running = self._worker or self._started()
        within = self._within_s or (_PDF_WITHIN_S if kind == "pdf" else _WITHIN_S)
        head = json.dumps({"kind": kind, "size": len(raw), "within": within}).encode() + b"\n"
        try:
            assert running.stdin is not None
            running.stdin.write(head + raw)
            running.stdin.flush()
            answer = _line(running, until=time.monotonic() + within + _GRACE_S)
        except OSError:
            answer = b""
        if not answer:
            self._stop()
            return dict(_BROKEN)
        found: dict[str, Any] = json.loads(answer)
        return found

    def _started(self) -> subprocess.Popen[bytes]:
        root = Path(knowledge.__file__).parent.parent
        self._worker = subprocess.Popen(  # noqa: S603 - this interpreter, our own words
            [sys.executable, "-I", "-c", _START, str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            start_new_session=True,
        )
        return self._worker

    def _stop(self) -> None:
        running, self._worker = self._worker, None
        if running is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(running.pid, 9)
        for stream in (running.stdin, running.stdout):
            with suppress(OSError):
                assert stream is not None
                stream.close()
        running.wait()

    def _held(self, name: str) -> dict[str, Any] | None:
        if self._kept is None:
            return None
        self._used.add(name)
        try:
            held: dict[str, Any] = json.loads((self._kept / name).read_bytes())
        except (OSError, ValueError):
            return None
        return held

    def _keep(self, name: str, answer: dict[str, Any]) -> None:
        """Put an answer into its place whole or not at all; without room on the disk it is read again next time."""
        if self._kept is None:
            return
        with suppress(OSError):
            self._kept.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._kept, suffix=".part", delete=False) as part:
                part.write(json.dumps(answer, ensure_ascii=True).encode())
            Path(part.name).replace(self._kept / name)

    def _forget(self) -> None:
        """What is no longer in the manual is not kept either."""
        if self._kept is None or not self._kept.is_dir():
            return
        for path in self._kept.iterdir():
            if path.name not in self._used and path.suffix in {".json", ".part"}:
                with suppress(OSError):
                    path.unlink()


def _line(running: subprocess.Popen[bytes], *, until: float) -> bytes:
    """Return the next line of the worker; b"" where it ended or is late."""
    assert running.stdout is not None
    stream, pieces = running.stdout.fileno(), []
    while (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([stream], [], [], left)
        piece = os.read(stream, 1 << 20) if ready else b""
        if not piece:
            return b""
        pieces.append(piece)
        if piece.endswith(b"\n"):
            return b"".join(pieces)
    return b""
