"""What the code needs of a Slack app, as `docs/slack-app-manifest.yaml` asks for it and `doctor` checks it. Pure."""

from typing import Final

SCOPES: Final = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:write",
        "mpim:history",
        "mpim:read",
        "reactions:write",
        "users:read",
    }
)
EVENTS: Final = frozenset(
    {
        "app_home_opened",
        "app_mention",
        "channel_archive",
        "channel_left",
        "channel_rename",
        "channel_unarchive",
        "group_archive",
        "group_left",
        "group_rename",
        "group_unarchive",
        "member_joined_channel",
        "member_left_channel",
        "message.channels",
        "message.groups",
        "message.im",
        "message.mpim",
    }
)


def missing(granted: str) -> tuple[str, ...]:
    """The scopes that are not among those of an `x-oauth-scopes` header."""
    return tuple(sorted(SCOPES - {scope.strip() for scope in granted.split(",")}))
