"""Looking in Slack for what we may have sent already."""

from datetime import datetime, timedelta
from typing import Any, Final

from slack_sdk.errors import SlackApiError

from bot.channels.slack.account import Account, code

_BEFORE: Final = timedelta(minutes=10)  # our clock and Slack's may differ by as much
_PAGE: Final = 200
_MOST_PAGES: Final = 10
_NOT_THERE: Final = frozenset({"thread_not_found"})
_MAY_NOT: Final = frozenset(
    {"missing_scope", "not_in_channel", "channel_not_found", "access_denied", "no_permission", "not_allowed_token_type"}
)


class Unreadable(Exception):  # noqa: N818 - a finding, not a failure
    """The app may not look there, or there is too much to look through."""


async def standing(account: Account, channel: str, name: str, *, thread: str, since: datetime) -> str | None:
    """The ts of the message whose first block has this name, if it stands in the channel or the thread.

    Raises Unreadable, or what a call raises.
    """
    found = await _look(account, channel, name, thread=thread, since=since) if thread else None
    return found or await _look(account, channel, name, thread="", since=since)


async def shared(account: Account, file_id: str, channel: str) -> bool:
    """Whether a file is shared in a channel."""
    try:
        told: Any = await account.client.files_info(file=file_id)
    except SlackApiError as error:
        if code(error) in {"file_not_found", "file_deleted", *_MAY_NOT}:
            return False
        raise
    file = told["file"]
    return channel in {*file.get("channels", ()), *file.get("groups", ()), *file.get("ims", ())}


async def _look(account: Account, channel: str, name: str, *, thread: str, since: datetime) -> str | None:
    cursor, oldest = "", f"{(since - _BEFORE).timestamp():.6f}"
    for _ in range(_MOST_PAGES):
        page = await _page(account, channel, thread=thread, oldest=oldest, cursor=cursor)
        for message in page.get("messages", ()):
            if any(block.get("block_id") == name for block in message.get("blocks") or ()):
                return str(message["ts"])
        cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            return None
    raise Unreadable("too much was said since")


async def _page(account: Account, channel: str, *, thread: str, oldest: str, cursor: str) -> Any:
    given: dict[str, Any] = {"channel": channel, "oldest": oldest, "limit": _PAGE}
    if cursor:
        given["cursor"] = cursor
    try:
        if thread:
            return await account.client.conversations_replies(ts=thread, **given)
        return await account.client.conversations_history(**given)
    except SlackApiError as error:
        if code(error) in _NOT_THERE:
            return {}
        if code(error) in _MAY_NOT:
            raise Unreadable(code(error)) from error
        raise
