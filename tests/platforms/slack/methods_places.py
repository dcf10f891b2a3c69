"""Methods of the Web API about the app, people and conversations."""

from tests.platforms.slack import payloads
from tests.platforms.slack.calls import Args, Json, find_channel, find_user, method, need_scope
from tests.platforms.slack.channels import Channel
from tests.platforms.slack.rules import SCOPE_FAMILIES, SlackError, scope_of
from tests.platforms.slack.world import Message, World


@method("auth.test")
def auth_test(world: World, _: Args) -> Json:
    """Who the token belongs to."""
    team, bot = world.team, world.bot
    body = {"url": f"{world.base}/", "team": team.name, "user": bot.name, "team_id": team.id, "user_id": bot.id}
    return {**body, "bot_id": world.bot.bot_id, "is_enterprise_install": False}


@method("apps.connections.open")
def connections_open(world: World, _: Args) -> Json:
    """A WebSocket address that works once."""
    return {"url": world.tickets.issue(world.base)}


@method("team.info")
def team_info(world: World, args: Args) -> Json:
    """The home team, or one met in a shared channel."""
    team = world.teams.get(args.text("team") or world.team.id)
    if team is None:
        raise SlackError("team_not_found")
    return {"team": payloads.team(team)}


@method("bots.info")
def bots_info(world: World, args: Args) -> Json:
    """One bot: the app's own, or another."""
    found = [user for user in world.users.values() if user.is_bot and user.bot_id == args.text("bot")]
    if not found:
        raise SlackError("bot_not_found")
    return {"bot": payloads.bot(found[0], world)}


@method("users.info")
def users_info(world: World, args: Args) -> Json:
    """One person."""
    [user_id] = args.need("user")
    body = payloads.user(find_user(world, user_id), world)
    return {"user": {**body, **({"locale": world.users[user_id].locale} if args.flag("include_locale") else {})}}


@method("users.list")
def users_list(world: World, args: Args) -> Json:
    """Everybody of the home team, a page at a time."""
    people, cursor = args.page([user for user in world.users.values() if user.team is world.team], usual=1000)
    members = [payloads.user(user, world) for user in people]
    return {"members": members, "cache_ts": 0, "response_metadata": {"next_cursor": cursor}}


@method("conversations.info")
def conversations_info(world: World, args: Args) -> Json:
    """One conversation."""
    channel = find_channel(world, args, right="read")
    body = payloads.channel(channel)
    if not args.flag("include_num_members"):
        body.pop("num_members", None)
    return {"channel": body}


@method("conversations.list")
def conversations_list(world: World, args: Args) -> Json:
    """The conversations of these types that the bot can know of, a page at a time."""
    kinds = {"public_channel": "public", "private_channel": "private"}
    types = [kinds.get(kind.strip(), kind.strip()) for kind in (args.text("types") or "public_channel").split(",")]
    if not set(types) <= set(SCOPE_FAMILIES):
        raise SlackError("invalid_types")
    for kind in types:
        need_scope(world, scope_of("*:read", kind))
    known = [channel for channel in world.channels.values() if channel.kind in types and _known(world, channel)]
    shown = [channel for channel in known if not (channel.archived and args.flag("exclude_archived"))]
    page, cursor = args.page(shown, usual=100)
    return {"channels": [payloads.channel(channel) for channel in page], "response_metadata": {"next_cursor": cursor}}


@method("conversations.members")
def conversations_members(world: World, args: Args) -> Json:
    """The ids of the members, a page at a time."""
    page, cursor = args.page(find_channel(world, args, right="read").members, usual=100)
    return {"members": [user.id for user in page], "response_metadata": {"next_cursor": cursor}}


@method("conversations.open")
def conversations_open(world: World, args: Args) -> Json:
    """Direct messages with one user, or with several."""
    if args.text("channel"):
        return {"channel": {"id": find_channel(world, args).id}}
    wanted = args.json("users") if args.text("users").startswith("[") else args.text("users")
    ids = wanted if isinstance(wanted, list) else [part.strip() for part in str(wanted).split(",") if part.strip()]
    if not ids:
        raise SlackError("users_list_not_supplied")
    people = [find_user(world, str(user_id)) for user_id in ids]
    if len(people) == 1:
        channel = world.direct(people[0])
    else:
        need_scope(world, "mpim:write")
        channel = world.group(*people)
    full = payloads.channel(channel) if args.flag("return_im") else {"id": channel.id}
    return {"channel": full}


@method("conversations.join")
def conversations_join(world: World, args: Args) -> Json:
    """The bot comes into a public channel; joining twice is a warning only."""
    channel = find_channel(world, args)
    if channel.kind != "public":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.archived:
        raise SlackError("is_archived")
    if world.bot in channel.members:
        warning = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
        return {"channel": payloads.channel(channel), **warning}
    channel.join(world.bot)
    return {"channel": payloads.channel(channel)}


@method("conversations.history")
def conversations_history(world: World, args: Args) -> Json:
    """What stands in a conversation, the newest first, a page at a time."""
    channel = _readable(world, args)
    messages = [message for message in reversed(channel.timeline()) if _in_range(message, args)]
    page, cursor = args.page(messages, usual=100, most=999)
    body: Json = {"messages": [payloads.message(message) for message in page], "pin_count": 0}
    return {**body, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


@method("conversations.replies")
def conversations_replies(world: World, args: Args) -> Json:
    """A thread, its root first and then the oldest, a page at a time; by the ts of its root or of a reply."""
    channel = _readable(world, args)
    [ts] = args.need("ts")
    message = channel.messages.get(ts)
    root = channel.messages.get(message.thread) if message is not None and message.thread else message
    if root is None:
        raise SlackError("thread_not_found")
    replies = [reply for reply in channel.replies(root.ts) if _in_range(reply, args)]
    page, cursor = args.page([root, *replies], usual=1000)
    body: Json = {"messages": [payloads.message(message) for message in page]}
    return {**body, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def _readable(world: World, args: Args) -> Channel:
    channel = find_channel(world, args, right="history")
    if world.bot not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _known(world: World, channel: Channel) -> bool:
    return channel.kind == "public" or world.bot in channel.members


def _in_range(message: Message, args: Args) -> bool:
    oldest, latest = args.text("oldest") or "0", args.text("latest") or "9999999999"
    if args.flag("inclusive"):
        return float(oldest) <= float(message.ts) <= float(latest)
    return float(oldest) < float(message.ts) < float(latest)
