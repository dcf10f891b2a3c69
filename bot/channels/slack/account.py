"""The app's account in a workspace: the Web API, who we and others are, and what goes wrong, told once and plainly."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.slack.reading import Known, Me
from bot.channels.slack.wire import escaped
from bot.errors import FileLostError
from bot.webhooks import is_loopback
from console import attachments
from console.errors import RefusedUpload
from store.clock import Clock

log = structlog.get_logger()

TROUBLE: Final = (SlackApiError, aiohttp.ClientError, TimeoutError, OSError)
"""What a call may come to, other than its answer."""
_PATIENCE_S: Final = 30
_FRESH: Final = timedelta(hours=1)
_FAILED_FRESH: Final = timedelta(minutes=1)
_MOST_KNOWN: Final = 5000
_LONGEST_PAUSE_S: Final = 60.0
_CHUNK: Final = 64 * 1024
T = TypeVar("T")
_NOT_OURS: Final = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})


class Account:
    """The app's bot. Made inside a running loop, without a network; nothing is tried twice behind our back."""

    def __init__(self, token: str, *, api: str, clock: Clock) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE_S), trust_env=False)
        self.proxy = _proxy(api)
        # An explicit empty list: the library's own handlers would post again what a cut connection had delivered.
        self.client = AsyncWebClient(token, base_url=api, session=self._session, retry_handlers=[])
        self.client.proxy = self.proxy  # the library takes the environment's even for loopback
        self._token, self._host = token, urlsplit(api).hostname
        self._clock = clock
        self._me: Me | None = None
        self._people: _Memory[Known] = _Memory()
        self._titles: _Memory[str] = _Memory()

    async def me(self) -> Me:
        """Who the bot is; raises what is in TROUBLE."""
        if self._me is None:
            told = await self.client.auth_test()
            self._me = Me(team=str(told["team_id"]), user=str(told["user_id"]), name=str(told.get("user") or ""))
        return self._me

    async def people(self, ids: Iterable[str]) -> dict[str, Known]:
        """What Slack knows of these people, as far as it says so; names are for reading, they prove nothing."""
        found = {user: await self._person(user) for user in ids}
        return {user: known for user, known in found.items() if known is not None}

    async def title(self, channel: str) -> str | None:
        """A channel's name, if Slack says it."""
        now = self._clock()
        if not self._titles.knows(channel, now):
            name, fresh = self._titles.get(channel), _FAILED_FRESH
            with suppress(*TROUBLE):
                told: Any = await self.client.conversations_info(channel=channel)
                name, fresh = told["channel"].get("name"), _FRESH
            self._titles.keep(channel, name, until=now + fresh)
        return self._titles.get(channel)

    async def inside(self, channel: str) -> bool:
        """Whether we are in a channel; so it seems, where Slack cannot be asked."""
        try:
            told: Any = await self.client.conversations_info(channel=channel)
        except TROUBLE as error:
            return code(error) != "channel_not_found"
        return bool(told["channel"].get("is_member", True))

    async def open_direct(self, account: str) -> str | None:
        """Our id of the direct messages with somebody (`bot.direct.Doors`); None where Slack opens none."""
        try:
            told: Any = await self.client.conversations_open(users=account.rpartition("/")[2])
            return f"{(await self.me()).team}/{told['channel']['id']}"
        except TROUBLE as error:
            log.warning("slack_no_direct_messages", error=code(error))
            return None

    async def whisper(self, channel: str, user: str, text: str, *, thread: str | None) -> None:
        """Show something to one member alone; nothing where that fails."""
        with suppress(*TROUBLE):
            await self.client.chat_postEphemeral(channel=channel, user=user, text=escaped(text), thread_ts=thread)

    async def answer(self, body: Mapping[str, Any], text: str) -> None:
        """Show something to who pressed a button, where they pressed it."""
        place = body["container"]
        await self.whisper(place["channel_id"], str(body["user"]["id"]), text, thread=place.get("thread_ts"))

    def renamed(self, channel: str, name: str) -> None:
        """Keep a new name."""
        self._titles.keep(channel, name, until=self._clock() + _FRESH)

    async def _person(self, user: str) -> Known | None:
        now = self._clock()
        if not self._people.knows(user, now):
            known, fresh = self._people.get(user), _FAILED_FRESH
            with suppress(*TROUBLE):
                told: Any = await self.client.users_info(user=user, include_locale=True)
                known, fresh = _known(told["user"]), _FRESH
            self._people.keep(user, known, until=now + fresh)
        return self._people.get(user)

    async def fetch(self, file_id: str) -> bytes:
        """A file's bytes.

        Raises:
            RefusedUpload: it is too large.
            FileLostError: it cannot be had, or it does not lie at Slack, where alone our token goes.
        """
        try:
            told: Any = await self.client.files_info(file=file_id)
            file = told["file"]
            url = str(file.get("url_private_download") or file.get("url_private") or "")
            if not self._ours(url):
                raise FileLostError("it lies elsewhere")
            return await self._download(url, name=str(file.get("name") or "file"), picture=file.get("mimetype"))
        except TROUBLE as error:
            raise FileLostError(code(error)) from error

    async def upload(self, url: str, content: bytes) -> None:
        """Send a file's bytes to the address that Slack gave for them; raises what is in TROUBLE."""
        if not self._ours(url):
            raise aiohttp.InvalidURL("not Slack's")
        async with self._session.post(url, data=content, proxy=self.proxy, allow_redirects=False) as answer:
            answer.raise_for_status()

    async def _download(self, url: str, *, name: str, picture: object) -> bytes:
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session.get(url, headers=headers, proxy=self.proxy, allow_redirects=False) as answer:
            if answer.status != 200 or (answer.content_type == "text/html" and picture != "text/html"):  # noqa: PLR2004
                raise FileLostError(f"HTTP {answer.status}")  # the page to sign in comes with 200
            content = bytearray()
            async for chunk in answer.content.iter_chunked(_CHUNK):
                content += chunk
                if len(content) > attachments.MAX_BYTES:
                    raise RefusedUpload(name, "size")
            return bytes(content)

    def _ours(self, url: str) -> bool:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return host == self._host or (parts.scheme == "https" and host.endswith(".slack.com"))

    async def close(self) -> None:
        """Disconnect."""
        await self._session.close()


class _Memory(Generic[T]):
    """What was asked lately, by id; None is kept too. The oldest goes where there is too much."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[T | None, datetime]] = {}

    def knows(self, name: str, now: datetime) -> bool:
        return name in self._kept and now < self._kept[name][1]

    def get(self, name: str) -> T | None:
        return self._kept[name][0] if name in self._kept else None

    def keep(self, name: str, value: T | None, *, until: datetime) -> None:
        self._kept.pop(name, None)
        self._kept[name] = (value, until)
        if len(self._kept) > _MOST_KNOWN:
            del self._kept[next(iter(self._kept))]


class Troubles:
    """Tells each kind of trouble once until it is over, and how long to pause before the next try."""

    def __init__(self) -> None:
        self._told = ""
        self._times = 0

    def meet(self, error: Exception) -> float:
        """Note an error; the seconds to pause, doubling up to a minute, or as Slack says."""
        kind = code(error)
        if kind != self._told:
            log.error("slack_trouble", error=kind, mend=mend(error))
        self._told = kind
        self._times += 1
        return min(_LONGEST_PAUSE_S, pause(error) or 0.5 * 2.0 ** min(self._times - 1, 10))

    def over(self) -> None:
        """It works."""
        if self._told:
            log.warning("slack_trouble_over", error=self._told)
        self._told, self._times = "", 0


def code(error: Exception) -> str:
    """Slack's word for an error, else its kind."""
    if isinstance(error, SlackApiError):
        answer = getattr(error.response, "data", None)
        if isinstance(answer, dict) and answer.get("error"):
            return str(answer["error"])
    return type(error).__name__


def pause(error: Exception) -> float | None:
    """The seconds that Slack asks us to wait, if it does."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    asked = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(asked) if str(asked).isdecimal() else None


def mend(error: Exception) -> str:
    """What to do about an error, in a sentence."""
    kind = code(error)
    if kind in _NOT_OURS:
        return "Slack does not know this token (any more): install the app again, and check SLACK_BOT_TOKEN"
    if kind == "not_allowed_token_type":
        return "SLACK_BOT_TOKEN begins with xoxb-, SLACK_APP_TOKEN with xapp-: they may be mixed up"
    if kind == "missing_scope":
        return "give the app the scopes of docs/slack-app-manifest.yaml, and install it again"
    if kind == "not_enabled":
        return "turn the Home Tab on: App Home, Show Tabs, in the app's settings"
    if isinstance(error, SlackApiError):
        return "tried again in a while"
    return "Slack cannot be reached: check the network, a proxy (HTTPS_PROXY), SLACK_API"


def _known(user: Any) -> Known:
    profile = user.get("profile") or {}
    name = profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name") or ""
    return Known(name=str(name), language=str(user.get("locale") or ""))


def _proxy(api: str) -> str | None:
    """The proxy to go through, by the environment; loopback, and what NO_PROXY names, is reached directly."""
    host = urlsplit(api).hostname or ""
    if is_loopback(api) or proxy_bypass(host):
        return None
    return getproxies().get("https")
