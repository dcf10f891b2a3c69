"""What `aftercare jobs` does, in the process that owns the data folder. JSON in and out.

What a letter holds is told in numbers: words that somebody wrote are only counted, unless they are asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Connection

from bot.aftercare import Aftercare
from bot.backup import note
from bot.errors import BotError
from console.moments import iso
from store import jobs
from store.jobs import DeadLetter

RETRIED: Final = "jobs.retry"
DROPPED: Final = "jobs.drop"
READ: Final = "jobs.read"
SHOWN: Final = 50
_MOST: Final = 1_000
_DEEPEST: Final = 3

Arguments = Mapping[str, Any]
Emit = Callable[[Any], None]


async def show(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """The queues and the newest dead letters; with `text` their bodies as they are, which is noted."""
    del emit
    now, whole = app.clock(), bool(arguments.get("text"))
    limit = min(max(int(arguments.get("limit") or SHOWN), 1), _MOST)
    queue = arguments.get("queue") or None
    depths = await app.db.read(lambda conn: jobs.depths(conn, now=now))
    dead = await app.db.read(lambda conn: jobs.letters(conn, queue=queue, limit=limit))
    if whole and dead:
        await app.db.write(
            lambda conn: note(conn, READ, {"letters": len(dead)}, kind="job", subject=queue or "", now=now)
        )
    return {
        "queues": [asdict(depth) for depth in depths if queue in (None, depth.queue)],
        "dead": [_letter(each, whole=whole) for each in dead],
        "dead_in_all": sum(depth.dead for depth in depths if queue in (None, depth.queue)),
    }


async def retry(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """Let a dead letter run again, with all its attempts."""
    del emit
    which, now = int(arguments["id"]), app.clock()

    def body(conn: Connection) -> bool:
        done = jobs.replay(conn, which, now=now)
        if done:
            note(conn, RETRIED, {}, kind="job", subject=str(which), now=now)
        return done

    if not await app.db.write(body):
        raise BotError(_nothing(which))
    return {"retried": [which]}


async def retry_all(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """Let every dead letter of a queue run again: those that were dead when this began."""
    del emit
    queue, now = str(arguments["queue"]), app.clock()
    left = await app.db.read(lambda conn: next((d.dead for d in jobs.depths(conn, now=now) if d.queue == queue), 0))
    if not left:
        raise BotError(f"no dead letter in the queue {queue!r}; see `aftercare jobs`")
    done: list[int] = []

    def body(conn: Connection) -> list[int]:
        some = jobs.replay_some(conn, queue, now=now, limit=min(200, left - len(done)))
        if some:
            note(conn, RETRIED, {"letters": len(some)}, kind="job", subject=queue, now=now)
        return some

    while len(done) < left and (some := await app.db.write(body)):
        done += some
    return {"retried": done}


async def drop(app: Aftercare, arguments: Arguments, emit: Emit) -> Any:
    """Delete a dead letter for good."""
    del emit
    which, now = int(arguments["id"]), app.clock()

    def body(conn: Connection) -> bool:
        done = jobs.drop(conn, which)
        if done:
            note(conn, DROPPED, {}, kind="job", subject=str(which), now=now)
        return done

    if not await app.db.write(body):
        raise BotError(_nothing(which))
    return {"dropped": [which]}


COMMANDS: Mapping[str, Any] = {"jobs": show, "jobs.retry": retry, "jobs.retry_all": retry_all, "jobs.drop": drop}


def in_numbers(value: Any, *, depth: int = 0) -> Any:
    """What a body says without anybody's words: numbers and yes or no as they are, texts and lists counted."""
    match value:
        case bool() | int() | float() | None:
            return value
        case str() if value.isdecimal():
            return value
        case dict() if depth < _DEEPEST:
            return {str(name): in_numbers(each, depth=depth + 1) for name, each in value.items()}
        case str():
            return f"({len(value)} letters)"
        case list():
            return f"({len(value)} items)"
    return "(more)"


def _letter(each: DeadLetter, *, whole: bool) -> Mapping[str, Any]:
    return {
        "id": each.id,
        "queue": each.queue,
        "error": each.error,
        "attempts": each.attempts,
        "created_at": iso(each.created_at),
        "failed_at": iso(each.failed_at),
        "about": each.body if whole else in_numbers(dict(each.body)),
    }


def _nothing(which: int) -> str:
    return f"there is no dead letter {which}: it was retried or dropped before, or never was one"
