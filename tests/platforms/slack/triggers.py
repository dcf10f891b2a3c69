"""What the app may use once or a few times after somebody did something: triggers, response URLs, socket tickets."""

import secrets
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from tests.platforms.slack.rules import SlackError
from tests.platforms.slack.settings import Settings

if TYPE_CHECKING:
    from tests.platforms.slack.world import User

MOST_RESPONSES = 5


class Triggers:
    """Trigger ids: one view each, within `trigger_lives`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._issued: dict[str, tuple[User, float]] = {}
        self._used: set[str] = set()

    def issue(self, user: "User") -> str:
        """A new trigger of this user."""
        trigger = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._issued[trigger] = (user, monotonic())
        return trigger

    def exchange(self, trigger: str) -> "User":
        """Who did it; refused if it is unknown, used or too old."""
        if trigger not in self._issued:
            raise SlackError("invalid_trigger_id")
        if trigger in self._used:
            raise SlackError("exchanged_trigger_id")
        user, since = self._issued[trigger]
        if monotonic() - since > self._settings.trigger_lives:
            raise SlackError("expired_trigger_id")
        self._used.add(trigger)
        return user


@dataclass
class ResponseUrl:
    """Where the app may answer somebody, up to five times in half an hour; `message_ts` is what was pressed."""

    channel_id: str
    user_id: str
    message_ts: str | None
    since: float
    uses: int = 0


class ResponseUrls:
    """Response URLs by their secret."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._issued: dict[str, ResponseUrl] = {}

    def issue(self, base: str, channel_id: str, user_id: str, message_ts: str | None) -> str:
        """A new address."""
        secret = secrets.token_urlsafe(12)
        self._issued[secret] = ResponseUrl(channel_id, user_id, message_ts, monotonic())
        return f"{base}/actions/{secret}"

    def use(self, secret: str) -> ResponseUrl:
        """Count a use; refused if it is unknown, used up or too old."""
        found = self._issued.get(secret)
        if found is None or monotonic() - found.since > self._settings.response_url_lives:
            raise SlackError("expired_url")
        if found.uses >= MOST_RESPONSES:
            raise SlackError("used_url")
        found.uses += 1
        return found


class Tickets:
    """Addresses of Socket Mode connections: each opens one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._issued: dict[str, float] = {}

    def issue(self, base: str) -> str:
        """A new address."""
        ticket = secrets.token_urlsafe(12)
        self._issued[ticket] = monotonic()
        return f"{base.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={self._settings.app_id}"

    def use(self, ticket: str) -> bool:
        """Whether it opens a connection now."""
        since = self._issued.pop(ticket, None)
        return since is not None and monotonic() - since <= self._settings.ticket_lives
