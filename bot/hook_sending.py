"""Calls of other systems that rules and people cause: signed, to vetted addresses, tried again for an hour."""

import json
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.webhook_sending import Answer, Poster, UndeliveredError
from bot.webhooks import signed, signing_key
from store.clock import Clock
from store.db import Database
from store.worker import GiveUp, Retry, Running, Worker
from success import hooks
from success.hooks import CALL, CallState, Hook, HookCall

PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800))
RETRY: Final = Retry(attempts=len(PAUSES) + 1)
SLOTS: Final = 2
_log: Final = structlog.get_logger()


class HookSending:
    """The handler of `hook_call` jobs: `{"call": id}`. The receiver knows a repeated call by its id."""

    def __init__(self, db: Database, *, clock: Clock, poster: Poster) -> None:
        self._db, self._clock, self._poster = db, clock, poster

    async def send(self, running: Running) -> None:
        """Make one request. Raises UndeliveredError, or GiveUp where there is no such address any more."""
        call_id = int(str(running.job.body["call"]))
        found = await self._db.read(partial(_outgoing, call_id=call_id))
        if found is None:
            return
        call, hook = found
        if hook is None:
            raise GiveUp(f"no address is set up as {call.hook}")
        content = json.dumps(
            {"type": f"hook.{call.hook}", "timestamp": call.at.isoformat(), "data": dict(call.body)},
            ensure_ascii=False,
        ).encode()
        headers = signed(signing_key(hook.secret), message_id=f"call_{call.id}", at=self._clock(), body=content)
        answer = await self._poster.post(hook.url, body=content, headers=headers)
        if answer.status is not None and 200 <= answer.status < 300:  # noqa: PLR2004 -- HTTP's
            await running.finish(partial(self._taken, call_id=call_id, answer=answer))
            return
        await self._db.write(partial(_tried, call_id=call_id, answer=answer))
        why = answer.error or f"answered {answer.status}"
        _log.warning("hook_not_taken", hook=call.hook, call=call_id, why=why)
        raise UndeliveredError(why, retry_after=PAUSES[min(running.job.attempts, len(PAUSES)) - 1])

    async def dead(self, running: Running, error: Exception) -> None:
        """A call that was given up: it stands so where people look."""
        if running.job.queue == CALL:
            call_id, now = int(str(running.job.body["call"])), self._clock()
            await running.bury(error, lambda conn: hooks.end(conn, call_id, CallState.FAILED, now=now))

    def register(self, worker: Worker) -> None:
        """Let a worker call."""
        worker.register(CALL, self.send, retry=RETRY, slots=SLOTS)

    def _taken(self, conn: Connection, *, call_id: int, answer: Answer) -> None:
        _tried(conn, call_id=call_id, answer=answer)
        hooks.end(conn, call_id, CallState.TAKEN, now=self._clock())


def _outgoing(conn: Connection, *, call_id: int) -> tuple[HookCall, Hook | None] | None:
    call = hooks.one(conn, call_id)
    return (call, hooks.named(conn, call.hook)) if call.state is CallState.WAITING else None


def _tried(conn: Connection, *, call_id: int, answer: Answer) -> None:
    hooks.tried(conn, call_id, status=answer.status, answer=answer.error or answer.text or "")
