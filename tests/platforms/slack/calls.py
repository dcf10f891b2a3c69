"""A call of the Web API: its arguments as the library sends them, and the register of methods."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.platforms.slack.channels import Channel
from tests.platforms.slack.rules import TS, SlackError, scope_of
from tests.platforms.slack.world import File, Message, User, World

Json = dict[str, Any]
Method = Callable[[World, "Args"], Json]
METHODS: dict[str, Method] = {}


def method(name: str) -> Callable[[Method], Method]:
    """Register what follows as this method of the Web API; it returns the answer without `ok`, or raises SlackError."""

    def keep(function: Method) -> Method:
        METHODS[name] = function
        return function

    return keep


class Args:
    """Arguments from the query string, a form or JSON: text is converted where a method wants more."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    def text(self, name: str) -> str:
        """A text; empty if it was not given."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def need(self, *names: str) -> list[str]:
        """These texts; `invalid_arguments` names those that are missing."""
        missing = [f"[ERROR] missing required field: {name}" for name in names if not self.text(name)]
        if missing:
            raise SlackError("invalid_arguments", *missing)
        return [self.text(name) for name in names]

    def flag(self, name: str) -> bool:
        """A truth: "1", "true" and JSON's true are."""
        return self.text(name).lower() in {"1", "true"}

    def json(self, name: str, refusal: str = "invalid_arguments") -> Any:
        """A value given as JSON, or as JSON's text; None if it was not given."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise SlackError(refusal) from None

    def page(self, items: Sequence[Any], *, usual: int, most: int = 1000) -> tuple[Sequence[Any], str]:
        """The asked page of the items, and the cursor of the next ("" at the end)."""
        limit = int(self.text("limit") or usual)
        if not 1 <= limit <= most:
            raise SlackError("invalid_limit")
        try:
            start = int(base64.b64decode(self.text("cursor"), validate=True) or b"0")
        except (binascii.Error, ValueError):
            raise SlackError("invalid_cursor") from None
        end = start + limit
        return items[start:end], base64.b64encode(str(end).encode()).decode() if end < len(items) else ""


def need_scope(world: World, scope: str) -> None:
    """`missing_scope`, with what is needed and what is there, unless the app has it."""
    provided = world.settings.scopes
    if scope and scope not in provided:
        raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(provided)))


def find_channel(world: World, args: Args, *, right: str = "", name: str = "channel") -> Channel:
    """The conversation of this id, as far as the bot can know of it; `right` ("read", "history") needs its scope."""
    [channel_id] = args.need(name)
    channel = world.channels.get(channel_id)
    if channel is None or (channel.kind != "public" and world.bot not in channel.members):
        raise SlackError("channel_not_found")
    if right:
        need_scope(world, scope_of(f"*:{right}", channel.kind))
    return channel


def find_message(channel: Channel, ts: str) -> Message:
    """The message with this timestamp."""
    message = channel.messages.get(ts)
    if message is None or message.deleted:
        raise SlackError("message_not_found")
    return message


def find_item(world: World, args: Args) -> Message:
    """The message of `channel` and `timestamp`, as reactions and pins name it."""
    if not args.text("channel") or not args.text("timestamp"):
        raise SlackError("no_item_specified")
    channel = find_channel(world, args)
    if not TS.fullmatch(args.text("timestamp")):
        raise SlackError("bad_timestamp")
    return find_message(channel, args.text("timestamp"))


def find_user(world: World, user_id: str) -> User:
    """The user of this id, as far as the bot can know of them: of its own team, or met in a shared channel."""
    user = world.users.get(user_id)
    if user is None:
        raise SlackError("user_not_found")
    met = any(user in channel.members and world.bot in channel.members for channel in world.channels.values())
    if user.team is not world.team and not met:
        raise SlackError("user_not_visible")
    return user


def find_file(world: World, file_id: str) -> File:
    """The file of this id, once its upload was completed."""
    file = world.files.get(file_id)
    if file is None or not file.complete:
        raise SlackError("file_not_found")
    return file
