"""The bot's account at a Bot API server: connections, who we are, and what goes wrong, told once and plainly."""

import os
from contextlib import suppress
from typing import Final

import structlog
from telegram import Bot
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.channels.telegram.fetched import Fetched, fetched
from bot.channels.telegram.reading import Me

log = structlog.get_logger()

POLL_S: Final = 20
_READ_S: Final = POLL_S + 30.0
_LONGEST_PAUSE_S: Final = 60.0
ALLOWED: Final = ("message", "edited_message", "callback_query", "my_chat_member")


class Account:
    """The bot. Made without a network; the first use that needs one asks who we are."""

    def __init__(self, token: str, *, api: str) -> None:
        os.environ.setdefault("PTB_TIMEDELTA", "true")  # the library then gives pauses as timedelta, as we do
        self._requests = (HTTPXRequest(connection_pool_size=32), HTTPXRequest(connection_pool_size=4))
        sending, polling = self._requests
        self.bot = Bot(
            token,
            base_url=f"{api}/bot",
            base_file_url=f"{api}/file/bot",
            request=sending,
            get_updates_request=polling,
        )
        self._me: Me | None = None

    async def me(self) -> Me:
        """Who the bot is; raises the library's errors."""
        if self._me is None:
            user = await self.bot.get_me()
            self._me = Me(id=user.id, username=user.username or "")
        return self._me

    async def fetch(self, offset: int | None) -> Fetched:
        """The next updates, waited for; those before `offset` are confirmed. Raises the library's errors.

        The library's own way gives none of a hundred where one cannot be read, for ever, and logs what they say.
        """
        asked = {"offset": offset, "timeout": POLL_S, "allowed_updates": list(ALLOWED)}
        given = await self.bot._post("getUpdates", asked, read_timeout=_READ_S)  # noqa: SLF001
        return fetched(given, self.bot)

    async def close(self) -> None:
        """Disconnect."""
        for request in self._requests:
            with suppress(TelegramError):
                await request.shutdown()


class Troubles:
    """Tells each kind of trouble once until it is over, and how long to pause before the next try."""

    def __init__(self) -> None:
        self._told = ""
        self._times = 0

    def meet(self, error: Exception) -> float:
        """Note an error; the seconds to pause, doubling up to a minute."""
        kind = type(error).__name__
        if kind != self._told:
            log.error("telegram_trouble", error=kind, mend=mend(error))
        self._told = kind
        self._times += 1
        if isinstance(error, RetryAfter):
            return min(_LONGEST_PAUSE_S, _seconds(error.retry_after))
        return min(_LONGEST_PAUSE_S, 0.5 * 2.0 ** min(self._times - 1, 10))

    def over(self) -> None:
        """It works."""
        if self._told:
            log.warning("telegram_trouble_over", error=self._told)
        self._told, self._times = "", 0


def mend(error: Exception) -> str:
    """What to do about an error, in a sentence."""
    if isinstance(error, InvalidToken):
        return "the server does not know this token: check TELEGRAM_TOKEN against @BotFather"
    if isinstance(error, Conflict):
        return "another program fetches this bot's updates: stop it, or take the webhook away that somebody else set"
    if isinstance(error, NetworkError):
        return "the Bot API server cannot be reached: check the network, a proxy (HTTPS_PROXY), TELEGRAM_API"
    return "tried again in a while"


def _seconds(pause: object) -> float:
    total = getattr(pause, "total_seconds", None)
    return float(total()) if total else float(str(pause))
