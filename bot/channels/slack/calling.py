"""One call for a delivery: within our limits, and its failure as delivery understands it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.channels.slack.account import code, pause
from bot.channels.slack.reading import PLATFORM
from bot.errors import NotSentError
from handoff import chats
from handoff.model import Chat
from store.clock import Clock
from store.db import Database
from store.errors import GiveUp
from store.rates import Bucket, Full, book_in_turn

#: Slack takes about one message a second in a channel, and several hundred a minute over all.
_CHANNEL: Final = partial(Bucket, per=timedelta(seconds=1.1), limit=1)
_TOTAL: Final = Bucket(name=PLATFORM, per=timedelta(seconds=1), limit=4)
_LOST: Final = frozenset({"channel_not_found", "not_in_channel", "is_archived", "is_inactive", "invalid_channel"})
_NOBODY: Final = frozenset({"user_not_found", "user_disabled", "messages_tab_disabled", "posting_to_channel_denied"})
_UNKNOWN_US: Final = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
_NOTHING_DONE: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable"})
_UNSURE: Final = frozenset({"fatal_error", "internal_error", "request_timeout", "team_added_to_org"})
_NEVER_ARRIVED: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class ChannelLost(GiveUp):
    """The bot was put out, or the channel is archived or gone: nothing will get through."""


class Calls:
    """Makes calls for deliveries."""

    def __init__(self, db: Database, *, clock: Clock) -> None:
        self._db, self._clock = db, clock

    async def make(
        self,
        chat: Chat,
        call: Callable[[], Awaitable[Any]],
        *,
        harmless: frozenset[str] = frozenset(),
        raised: frozenset[str] = frozenset(),
        seen: bool = True,
    ) -> Any:
        """What a call came to. Slack's errors in `harmless` are nothing, those in `raised` are raised as they are.

        The limits are kept for what people see.

        Raises:
            NotSentError: it took no effect; its `retry_after` is obeyed.
            GiveUp: it never will.
            Exception: its fate is unknown.
        """
        if seen:
            await self._keep_limits(chat)
        try:
            return await call()
        except SlackApiError as error:
            kind = code(error)
            if kind in harmless:
                return None
            if kind in raised:
                raise
            raise await self._judged(chat, error, kind) from error
        except _NEVER_ARRIVED as error:
            raise NotSentError("the platform cannot be reached") from error

    async def _judged(self, chat: Chat, error: SlackApiError, kind: str) -> Exception:
        """What Slack's refusal means to delivery. It may have done its part before an error of its own."""
        wait = pause(error)
        if kind in _NOTHING_DONE or wait is not None:
            return NotSentError("the platform is busy", retry_after=timedelta(seconds=wait) if wait else None)
        if kind in _UNKNOWN_US:
            return NotSentError("the platform does not know our token")
        if kind in _LOST | _NOBODY:
            await self._db.write(lambda conn: chats.lose(conn, chat.id, now=self._clock()))
            return ChannelLost(kind)
        if kind in _UNSURE or kind == "SlackApiError":
            return error
        return GiveUp(kind)

    async def _keep_limits(self, chat: Chat) -> None:
        """Take from the buckets of the channel and of all, or from neither; raises NotSentError where we must wait."""
        own = (_CHANNEL(name=f"{PLATFORM}:{chat.id}"),)
        booked = await self._db.write(lambda conn: book_in_turn(conn, own, _TOTAL, now=self._clock()))
        if isinstance(booked, Full):
            raise NotSentError("our own limits", retry_after=booked.wait, held=True)
