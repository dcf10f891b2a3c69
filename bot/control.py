"""One owner of a data folder serves everybody's commands, on a local socket that only its user can open.

A request is one line of JSON, `{"command": name, "arguments": {…}}`. The answer is lines of `{"progress": …}` and
at the end one of `{"result": …}` or `{"error": {"kind": …, "message": …}}`.
"""

import asyncio
import hashlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import structlog

from bot.errors import OwnerAwayError, OwnerError

log = structlog.get_logger()

Emit = Callable[[Any], None]
Execute = Callable[[str, Mapping[str, Any], Emit], Awaitable[Any]]

_LINE = 4 * 1024 * 1024
_ADDRESS = "owner.socket"


@asynccontextmanager
async def serve(data: Path, execute: Execute) -> AsyncIterator[None]:
    """Serve commands for as long as the block lasts. The caller owns the data folder's lock."""
    place = _place(data)
    place.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(lambda r, w: _serve_one(r, w, execute), path=place, limit=_LINE)
    place.chmod(0o600)
    address = data / _ADDRESS
    address.write_text(str(place), "utf-8")
    try:
        yield
    finally:
        server.close()
        for path in (place, address):
            path.unlink(missing_ok=True)


async def ask(data: Path, command: str, arguments: Mapping[str, Any], emit: Emit) -> Any:
    """Let the owner of the data folder run a command; `emit` gets its progress.

    Raises:
        OwnerAwayError: it does not answer.
        OwnerError: the command failed there; the message is the sentence to show.
    """
    reader, writer = await _connect(data)
    try:
        writer.write(json.dumps({"command": command, "arguments": dict(arguments)}).encode() + b"\n")
        await writer.drain()
        while line := await reader.readline():
            answer = json.loads(line)
            if "result" in answer:
                return answer["result"]
            if "error" in answer:
                raise OwnerError(answer["error"]["message"])
            emit(answer["progress"])
    finally:
        writer.close()
    raise OwnerAwayError("the process that owns the data folder stopped before it answered; run the command again")


async def answers(data: Path) -> bool:
    """Whether an owner takes commands."""
    try:
        _, writer = await _connect(data)
    except OwnerAwayError:
        return False
    writer.close()
    return True


async def _connect(data: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await asyncio.open_unix_connection((data / _ADDRESS).read_text("utf-8"), limit=_LINE)
    except OSError as error:
        raise OwnerAwayError(f"another process owns {data} but does not answer ({type(error).__name__})") from error


async def _serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, execute: Execute) -> None:
    def send(row: Mapping[str, Any]) -> None:
        writer.write(json.dumps(row, default=str).encode() + b"\n")

    with suppress(ConnectionError):
        try:
            line = await reader.readline()
            if not line:  # somebody only looked whether we are there
                return
            request = json.loads(line)
            work = execute(request["command"], request["arguments"], lambda progress: send({"progress": progress}))
            send({"result": await _while_open(reader, work)})
        except Exception as error:  # noqa: BLE001 - whatever a command raises is the asker's answer
            log.warning("command failed", error=type(error).__name__)
            send({"error": {"kind": type(error).__name__, "message": str(error) or type(error).__name__}})
        finally:
            await writer.drain()
            writer.close()


async def _while_open(reader: asyncio.StreamReader, work: Awaitable[Any]) -> Any:
    """The result of `work`, which is given up when the asker goes away."""
    task = asyncio.ensure_future(work)
    gone = asyncio.create_task(reader.read(1))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ConnectionAbortedError
        return task.result()
    finally:
        task.cancel()
        gone.cancel()


def _place(data: Path) -> Path:
    """A socket's path must be short, so it lies in a private folder of the system's place for such files."""
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"aftercare-{os.getuid()}"
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    if base.stat().st_uid != os.getuid():
        raise OwnerError(f"{base} belongs to somebody else; remove it or set XDG_RUNTIME_DIR")
    return base / hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:24]
