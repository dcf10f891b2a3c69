"""The bot's updates: one queue, fetched by getUpdates or pushed to a webhook, with the troubles a test can order."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from tests.platforms.telegram.refusals import ApiError, conflict

__all__ = ["Updates"]

Json = dict[str, Any]
ALL = frozenset(
    {
        "message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "my_chat_member",
        "chat_member", "message_reaction",
    }
)  # fmt: skip
BY_DEFAULT = ALL - {"chat_member", "message_reaction"}
BATCH = 100
LONGEST_POLL = 50


@dataclass(slots=True)
class _Hook:
    """A set webhook, and how its deliveries went."""

    url: str
    secret: str
    task: asyncio.Task[None] | None = None
    error: str = ""
    error_date: int = 0


class Updates:
    """Updates the bot did not confirm yet, oldest first.

    `doubled`, `reordered` and `unconfirmed` count down: so many of the next updates come twice, so many of the next
    batches come in reverse order, so many of the next confirmations are lost, whereupon the same updates come again.
    `first_delay` and `longest_delay` bound, in seconds, how a webhook's deliveries are repeated.
    """

    def __init__(self, *, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._next = 500_000_001
        self._waiting: asyncio.Future[None] | None = None
        self._news = asyncio.Event()
        self._hook: _Hook | None = None
        self._closed = False
        self.pending: list[Json] = []
        self.allowed = BY_DEFAULT
        self.allowed_named: list[str] = []
        self.doubled = self.reordered = self.unconfirmed = 0
        self.first_delay, self.longest_delay = 0.05, 0.4

    @property
    def waits(self) -> bool:
        """Whether a long poll waits for news right now."""
        return self._waiting is not None

    def add(self, kind: str, payload: Json) -> None:
        """A new update; kinds that were not allowed when it happened are never delivered."""
        assert kind in ALL, kind
        if kind in self.allowed:
            self.pending.append({"update_id": self._next, kind: payload})
            self._next += 1
            self._news.set()
            self._wake()

    def allow(self, kinds: object) -> None:
        """`allowed_updates` of a request: a list replaces what was asked for before, an empty one means the usual."""
        if isinstance(kinds, list):
            self.allowed_named = [str(kind) for kind in kinds if kind in ALL]
            self.allowed = frozenset(self.allowed_named) or BY_DEFAULT

    async def poll(self, *, offset: int, limit: int, timeout: float) -> list[Json]:  # noqa: ASYNC109 - the API's name
        """getUpdates: confirm what is older than `offset`, answer at once or wait for the first update.

        Raises:
            ApiError: 409, a webhook is set, or another poll takes this one's place.
        """
        if self._hook is not None:
            blocked = "can't use getUpdates method while webhook is active"
            raise conflict(f"{blocked}; use deleteWebhook to delete the webhook first")
        self._confirm(offset)
        if not self.pending and timeout and not self._closed:
            await self._wait(timeout)
        return self._batch(limit)

    async def _wait(self, timeout: float) -> None:  # noqa: ASYNC109
        told = "terminated by other getUpdates request; make sure that only one bot instance is running"
        self._abort(conflict(told))
        mine = self._waiting = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait_for(mine, timeout)
        except TimeoutError:
            return
        finally:
            if self._waiting is mine:
                self._waiting = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _abort(self, error: ApiError) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)

    def _confirm(self, offset: int) -> None:
        """Drop what is older; a negative offset keeps so many of the newest."""
        if offset < 0:
            self.pending = self.pending[offset:]
        elif self.pending and offset > self.pending[0]["update_id"]:
            if self.unconfirmed:
                self.unconfirmed -= 1
            else:
                self._forget(each["update_id"] for each in self.pending if each["update_id"] < offset)

    def _forget(self, numbers: Iterable[int]) -> None:
        gone = set(numbers)
        self.pending = [each for each in self.pending if each["update_id"] not in gone]

    def _batch(self, limit: int) -> list[Json]:
        batch: list[Json] = []
        for update in self.pending[:limit]:
            twice = self.doubled > 0
            self.doubled -= twice
            batch += [update, update] if twice else [update]
        if self.reordered and len(batch) > 1:
            self.reordered -= 1
            batch.reverse()
        return batch

    # webhook

    def set_webhook(self, url: str, secret: str, *, drop_pending: bool) -> str:
        """Push to `url` from now on, or to nobody if it is empty; the sentence that the API answers with."""
        old = self._hook
        same = (old.url, old.secret) == (url, secret) if old is not None else not url
        if same and not drop_pending:
            return "Webhook is already set" if url else "Webhook is already deleted"
        if drop_pending:
            self.pending.clear()
        self._stop_pushing()
        self._hook = None
        if url:
            self._abort(conflict("terminated by setWebhook request"))
            hook = self._hook = _Hook(url, secret)
            hook.task = asyncio.get_running_loop().create_task(self._push(hook))
        return "Webhook was set" if url else "Webhook was deleted"

    def webhook_info(self) -> Json:
        """The API's WebhookInfo."""
        body: Json = {"url": "", "has_custom_certificate": False, "pending_update_count": len(self.pending)}
        if self._hook is not None:
            body |= {"url": self._hook.url, "max_connections": 40, "ip_address": "127.0.0.1"}
            if self._hook.error:
                body |= {"last_error_date": self._hook.error_date, "last_error_message": self._hook.error}
        return body | ({"allowed_updates": self.allowed_named} if self.allowed_named else {})

    async def close(self) -> None:
        """Stop pushing and end the poll that waits."""
        self._closed = True
        self._wake()
        hook = self._hook
        self._stop_pushing()
        if hook is not None and hook.task is not None:
            with suppress(asyncio.CancelledError):
                await hook.task

    def _stop_pushing(self) -> None:
        if self._hook is not None and self._hook.task is not None:
            self._hook.task.cancel()

    async def _push(self, hook: _Hook) -> None:
        """Deliver one after the other, each until it is accepted."""
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as http:
            while not self._closed:
                self._news.clear()
                for update in self._batch(BATCH):
                    await self._deliver(http, hook, update)
                if not self.pending:
                    await self._news.wait()

    async def _deliver(self, http: httpx.AsyncClient, hook: _Hook, update: Json) -> None:
        """Post one update until the answer is 2xx, ever slower up to the longest delay; ends with the server."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
        delay = self.first_delay
        while not self._closed:
            error = await _post(http, hook.url, update, headers)
            if not error:
                break
            hook.error, hook.error_date = error, self._clock()
            await asyncio.sleep(delay)
            delay = min(delay * 2, self.longest_delay)
        if self.unconfirmed and update in self.pending:
            self.unconfirmed -= 1
        else:
            self._forget([update["update_id"]])


async def _post(http: httpx.AsyncClient, url: str, update: Json, headers: dict[str, str]) -> str:
    """The error that getWebhookInfo shows; empty if it was accepted."""
    try:
        answer = await http.post(url, json=update, headers=headers)
    except httpx.ConnectError:
        return "Connection refused"
    except httpx.TimeoutException:
        return "Read timeout expired"
    except httpx.TransportError:
        return "Connection reset by peer"
    if answer.is_success:
        return ""
    return f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}"
