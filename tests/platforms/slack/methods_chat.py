"""Methods of the Web API about messages: chat.*, reactions.*, pins.*."""

from typing import Any

from tests.platforms.slack import payloads, rules
from tests.platforms.slack.calls import Args, Json, find_channel, find_item, find_message, find_user, method
from tests.platforms.slack.channels import Channel
from tests.platforms.slack.rules import SlackError
from tests.platforms.slack.world import Message, World


@method("chat.postMessage")
def post_message(world: World, args: Args) -> Json:
    """A message of the bot; a reply with `thread_ts`, shown in the channel too with `reply_broadcast`."""
    channel = _writable(world, _target(world, args))
    message = draft(world, channel, args)
    message.metadata = args.json("metadata", "invalid_metadata_format")
    channel.post(message)
    return {"channel": channel.id, "ts": message.ts, "message": payloads.message(message)}


@method("chat.postEphemeral")
def post_ephemeral(world: World, args: Args) -> Json:
    """A message that one member sees; nobody can change it but through a response_url."""
    args.need("user")
    channel = _writable(world, _target(world, args))
    reader = world.users.get(args.text("user"))
    if reader is None or reader not in channel.members:
        raise SlackError("user_not_in_channel")
    message = draft(world, channel, args)
    whisper(message, reader.id)
    return {"message_ts": message.ts}


@method("chat.update")
def update(world: World, args: Args) -> Json:
    """Change a message of the bot. Text without blocks removes the blocks; blocks alone leave no "edited" mark."""
    _, ts = args.need("channel", "ts")
    channel = find_channel(world, args)
    if channel.archived:
        raise SlackError("is_inactive")
    message = find_message(channel, ts)
    if message.author is not world.bot:
        raise SlackError("cant_update_message")
    text, blocks, attachments = content(args, else_text=message.text)
    if "text" in args.values and blocks is None:
        blocks = []
    edited = None if blocks else {"user": world.bot.id, "ts": world.mint_ts()}
    channel.change(message, text=text, blocks=blocks, attachments=attachments, edited=edited)
    return {"channel": channel.id, "ts": ts, "text": message.text, "message": payloads.message(message)}


@method("chat.delete")
def delete(world: World, args: Args) -> Json:
    """Delete a message of the bot."""
    _, ts = args.need("channel", "ts")
    channel = find_channel(world, args)
    message = find_message(channel, ts)
    if message.author is not world.bot:
        raise SlackError("cant_delete_message")
    channel.delete(message)
    return {"channel": channel.id, "ts": ts}


@method("chat.getPermalink")
def permalink(world: World, args: Args) -> Json:
    """The address of a message."""
    _, ts = args.need("channel", "message_ts")
    channel = find_channel(world, args)
    message = find_message(channel, ts)
    thread = f"?thread_ts={message.thread}&cid={channel.id}" if message.thread else ""
    return {"channel": channel.id, "permalink": f"{world.base}/archives/{channel.id}/p{ts.replace('.', '')}{thread}"}


@method("reactions.add")
def react(world: World, args: Args) -> Json:
    """The bot reacts, once with each name."""
    message, name = _reaction(world, args)
    if message.channel.archived:
        raise SlackError("is_archived")
    if world.bot.id in message.reactions.get(name, []):
        raise SlackError("already_reacted")
    message.channel.react(world.bot, message, name)
    return {}


@method("reactions.remove")
def unreact(world: World, args: Args) -> Json:
    """The bot takes its reaction back."""
    message, name = _reaction(world, args)
    if world.bot.id not in message.reactions.get(name, []):
        raise SlackError("no_reaction")
    message.channel.react(world.bot, message, name, add=False)
    return {}


@method("pins.add")
def pin(world: World, args: Args) -> Json:
    """Pin a message."""
    message = find_item(world, args)
    if message.pinned:
        raise SlackError("already_pinned")
    message.pinned = True
    return {}


def draft(world: World, channel: Channel, args: Args) -> Message:
    """A message of the bot from a call's arguments, checked and not yet posted."""
    text, blocks, attachments = content(args)
    thread = _thread(world, channel, args.text("thread_ts"))
    message = Message(channel, world.mint_ts(), world.bot, [text or ""], blocks=blocks or [])
    message.attachments, message.thread = attachments or [], thread
    message.broadcast = thread is not None and args.flag("reply_broadcast")
    return message


def whisper(message: Message, reader_id: str) -> None:
    """Show a message to one reader."""
    message.only_for = reader_id
    message.channel.whispers.append(message)
    message.channel.world.touch()


def content(args: Args, *, else_text: str = "") -> tuple[str | None, list[Json] | None, list[Json] | None]:
    """Text, blocks and attachments, None where not given; refused if there is nothing or too much."""
    blocks, attachments = args.json("blocks", "invalid_blocks_format"), args.json("attachments", "invalid_attachments")
    text = args.text("text") if "text" in args.values else None
    alone = not blocks and not attachments
    rules.check_text(text if text is not None else else_text if blocks is not None else "", alone=alone)
    if blocks is not None:
        rules.check_blocks(blocks)
    if attachments is not None and len(attachments) > rules.MOST_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    return text, _with_ids(blocks), attachments


def _with_ids(blocks: list[Json] | None) -> list[Json] | None:
    """Every block and every interactive element gets an id, as Slack gives it."""
    for place, block in enumerate(blocks or []):
        block.setdefault("block_id", f"blk{place}")
        inside: list[Any] = [*(block.get("elements") or []), block.get("accessory")]
        for number, element in enumerate(part for part in inside if isinstance(part, dict)):
            if element.get("type") in rules.ELEMENTS - {"image"}:
                element.setdefault("action_id", f"act{place}.{number}")
    return blocks


def _target(world: World, args: Args) -> Channel:
    """Where to post: a channel's id or name, or a user's id for the direct messages."""
    channel = args.text("channel")
    if not channel:
        raise SlackError("channel_not_found")
    if channel in world.users:
        return world.direct(find_user(world, channel))
    named = [place.id for place in world.channels.values() if place.name == channel.removeprefix("#")]
    return find_channel(world, Args({"channel": named[0] if named else channel}))


def _writable(world: World, channel: Channel) -> Channel:
    """Where the bot may post now."""
    if channel.archived:
        raise SlackError("is_archived")
    if world.bot not in channel.members and "chat:write.public" not in world.settings.scopes:
        raise SlackError("not_in_channel")
    return channel


def _thread(world: World, channel: Channel, ts: str) -> str | None:
    """The thread to reply in. Slack wants the root: a reply's own ts, or no timestamp, is `invalid_thread_ts`."""
    if not ts:
        return None
    root = channel.messages.get(ts)
    if not rules.TS.fullmatch(ts) or (root is not None and root.thread is not None):
        raise SlackError("invalid_thread_ts")
    if root is not None:
        return ts
    if world.settings.unknown_thread == "refuse":
        raise SlackError("thread_not_found")
    return None


def _reaction(world: World, args: Args) -> tuple[Message, str]:
    [name] = args.need("name")
    if not rules.EMOJI.fullmatch(name):
        raise SlackError("invalid_name")
    return find_item(world, args), name
