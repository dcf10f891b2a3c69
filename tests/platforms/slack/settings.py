"""What a test may set: the app's credentials and rights, and Slack's durations."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

EVERY_SCOPE = frozenset(
    [
        "app_mentions:read",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "mpim:read",
        "mpim:write",
        "pins:write",
        "reactions:read",
        "reactions:write",
        "team:read",
        "users:read",
        "users:read.email",
    ]
)
EVERY_EVENT = frozenset(
    [
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "channel_archive",
        "channel_unarchive",
        "file_shared",
        "member_joined_channel",
        "member_left_channel",
        "message",
        "reaction_added",
        "reaction_removed",
        "tokens_revoked",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One installed app. Durations are seconds; the defaults are Slack's own, but for the quicker retries.

    `retry_delays` are the waits before each further delivery of an event that was not acknowledged in `ack_within`
    (Slack: at once, a minute, five minutes). `paced` turns the rate limits on: `tiers` calls of a method in `minute`,
    and a message a channel in `post_gap`. With `unknown_thread` "unthread", a reply to a message that is gone becomes
    a message of the channel, as Slack does it today; with "refuse" it is `thread_not_found`, as older reports say.
    `home_tab` is the app's home switched on. `clock` dates messages; signatures carry the real time, because the library compares it with its own clock.
    """

    bot_token: str = "xoxb-1-2-bot"
    app_token: str = "xapp-1-A0DESK-2-app"
    signing_secret: str = "8f742231b10e8888abcd99yyyzzz85a5"
    verification_token: str = "legacy-verification-token"
    app_id: str = "A0DESK"
    scopes: frozenset[str] = EVERY_SCOPE
    home_tab: bool = True
    app_scopes: frozenset[str] = frozenset({"connections:write"})
    subscriptions: frozenset[str] = EVERY_EVENT
    socket_mode: bool = False
    retry_delays: tuple[float, ...] = (0.0, 0.2, 1.0)
    ack_within: float = 3.0
    trigger_lives: float = 3.0
    response_url_lives: float = 1800.0
    ticket_lives: float = 30.0
    hold: float = 10.0
    most_connections: int = 10
    paced: bool = False
    tiers: Mapping[int, int] = field(default_factory=lambda: {1: 1, 2: 20, 3: 50, 4: 100})
    minute: float = 60.0
    post_gap: float = 1.0
    unknown_thread: str = "unthread"
    clock: Callable[[], float] = time.time

    @classmethod
    def scaled(cls, factor: float, **values: object) -> "Settings":
        """Slack's real durations, each multiplied by `factor`; `values` override what they name."""
        durations: dict[str, object] = {
            "retry_delays": (0.0, 60 * factor, 300 * factor),
            "ack_within": 3 * factor,
            "trigger_lives": 3 * factor,
            "response_url_lives": 1800 * factor,
            "minute": 60 * factor,
            "post_gap": factor,
        }
        return cls(**{**durations, **values})  # type: ignore[arg-type]
