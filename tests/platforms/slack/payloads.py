"""State as it goes over the wire: pure translations, one a kind of object."""

import re
import uuid
from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.platforms.slack.world import Event, File, Message, Team, User, View, World

if TYPE_CHECKING:
    from tests.platforms.slack.channels import Channel

_MENTION = re.compile(r"<@([A-Z0-9]+)>")
Json = dict[str, Any]


def team(team: Team) -> Json:
    """As `team.info` gives it."""
    return {
        "id": team.id,
        "name": team.name,
        "domain": team.domain,
        "email_domain": "",
        "icon": {"image_default": True},
    }


def user(user: User, world: World) -> Json:
    """As `users.info` gives it; the address only with `users:read.email`, a guest of another team marked so."""
    profile = {"real_name": user.name.title(), "display_name": user.name, "team": user.team.id}
    if "users:read.email" in world.settings.scopes and not user.is_bot and user.team is world.team:
        profile["email"] = user.email
    if user.is_bot:
        profile["bot_id"] = str(user.bot_id)
    body: Json = {
        "id": user.id,
        "team_id": user.team.id,
        "name": user.name,
        "deleted": user.deleted,
        "profile": profile,
    }
    body |= {"real_name": user.name.title(), "tz": user.tz, "is_bot": user.is_bot, "is_app_user": False, "updated": 0}
    if user.team is not world.team:
        body["is_stranger"] = True
    return {**body, **dict.fromkeys(["is_admin", "is_owner", "is_restricted"], False), **user.rights}


def channel(channel: "Channel") -> Json:
    """As `conversations.info` gives it."""
    world, kind = channel.world, channel.kind
    flags = {"is_channel": kind == "public", "is_group": kind == "private", "is_im": kind == "im"}
    body: Json = {"id": channel.id, "created": channel.created, "is_archived": channel.archived, **flags}
    body |= {"is_mpim": kind == "mpim", "is_private": kind != "public", "context_team_id": world.team.id}
    if kind == "im":
        other = next((member for member in channel.members if member is not world.bot), world.bot)
        return {**body, "user": other.id, "is_user_deleted": other.deleted, "is_org_shared": False}
    body |= {"name": channel.name, "name_normalized": channel.name, "is_general": False, "unlinked": 0}
    body |= {
        "is_shared": channel.shared is not None,
        "is_ext_shared": channel.shared is not None,
        "is_org_shared": False,
    }
    body |= {"is_member": world.bot in channel.members, "num_members": len(channel.members)}
    if channel.shared is not None:
        body["connected_team_ids"] = [channel.shared.id]
    empty = {"value": "", "creator": "", "last_set": 0}
    return {**body, "topic": empty, "purpose": empty, "previous_names": [], "creator": channel.members[0].id}


def rich_text(text: str) -> list[Json]:
    """The block that Slack makes of what a person typed: lines that begin with ">" are quotations."""
    boxes = []
    for quoted, lines in groupby(text.split("\n"), key=lambda line: line.startswith("&gt;")):
        words = "\n".join(line.removeprefix("&gt;").removeprefix(" ") if quoted else line for line in lines)
        if parts := _runs(words):
            boxes.append({"type": "rich_text_quote" if quoted else "rich_text_section", "elements": parts})
    return [{"type": "rich_text", "block_id": "b1", "elements": boxes}] if boxes else []


def _runs(text: str) -> list[Json]:
    parts: list[Json] = []
    for place, piece in enumerate(_MENTION.split(text)):
        if place % 2:
            parts.append({"type": "user", "user_id": piece})
        elif piece:
            parts.append({"type": "text", "text": piece})
    return parts


def file(file: File, world: World) -> Json:
    """As `files.info` and messages give it, with the private addresses."""
    name = quote(file.name, safe="")
    place = f"{world.base}/files-pri/{world.team.id}-{file.id}"
    suffix = file.name.rpartition(".")[2].lower() if "." in file.name else "binary"
    body: Json = {"id": file.id, "created": file.created, "timestamp": file.created, "name": file.name}
    body |= {
        "title": file.title or file.name,
        "mimetype": file.mimetype,
        "filetype": suffix,
        "pretty_type": suffix.upper(),
    }
    body |= {"user": file.owner.id, "user_team": file.owner.team.id, "size": len(file.content), "mode": "hosted"}
    body |= {"is_external": False, "external_type": "", "is_public": False, "editable": False, "file_access": "visible"}
    body |= {"url_private": f"{place}/{name}", "url_private_download": f"{place}/download/{name}"}
    return {**body, "permalink": f"{world.base}/files/{file.owner.id}/{file.id}/{name}", "channels": file.channels}


def _file_in_message(kept: File, message: Message) -> Json:
    """A file of the other side of a shared channel comes as a stub: ask `files.info`."""
    world = message.channel.world
    if message.channel.shared is not None and kept.owner.team is not world.team:
        return {"id": kept.id, "mode": "file_access", "file_access": "check_file_info", "created": 0, "timestamp": 0}
    return file(kept, world)


def message(message: Message) -> Json:
    """A message without its channel, as histories and `message_changed` hold it."""
    world = message.channel.world
    body: Json = {"type": "message", "user": message.author.id, "text": message.text, "ts": message.ts}
    body["team"] = message.author.team.id
    if message.author.is_bot:
        profile = bot(message.author, world)
        body |= {"bot_id": profile["id"], "app_id": profile["app_id"], "bot_profile": profile}
    optional: Json = {
        "subtype": message.subtype,
        "client_msg_id": message.client_msg_id,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "files": [_file_in_message(kept, message) for kept in message.files],
        "thread_ts": message.thread,
        "edited": message.edited,
        "metadata": message.metadata,
        "reactions": [
            {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
        ],
        **_thread(message),
    }
    return body | {name: value for name, value in optional.items() if value}


def _thread(message: Message) -> Json:
    """What a root tells of its replies, and a reply of its root."""
    channel = message.channel
    if message.thread is not None:
        root = channel.messages.get(message.thread)
        return {"parent_user_id": root.author.id if root else "USLACKBOT"}
    replies = channel.replies(message.ts)
    if not replies:
        return {}
    people = list(dict.fromkeys(reply.author.id for reply in replies))
    count = {"reply_count": len(replies), "reply_users_count": len(people), "latest_reply": replies[-1].ts}
    return {"thread_ts": message.ts, "reply_users": people, **count}


def message_event(posted: Message) -> Json:
    """The `message` event of a new message; its channel is added by the channel."""
    body = message(posted)
    if posted.subtype is None:
        if posted.broadcast:
            body |= {"subtype": "thread_broadcast", "root": _root(posted)}
        elif posted.files:
            body |= {"subtype": "file_share", "upload": False, "display_as_bot": False}
    if posted.channel.shared is not None:
        body |= {"user_team": posted.author.team.id, "source_team": posted.author.team.id}
    return body | {"event_ts": posted.ts}


def _root(reply: Message) -> Json | None:
    root = reply.channel.messages.get(reply.thread or "")
    return message(root) if root else None


def app_mention(body: Mapping[str, Any], channel_id: str) -> Json:
    """The `app_mention` event beside a `message` event: no subtype, no kind of channel."""
    kept = {name: value for name, value in body.items() if name not in {"subtype", "upload", "display_as_bot", "root"}}
    return {**kept, "type": "app_mention", "channel": channel_id}


def bot(user: User, world: World) -> Json:
    """As `bots.info` and messages give it; every other bot belongs to an app of its own."""
    app = world.settings.app_id if user is world.bot else f"A{user.id[1:]}"
    body: Json = {"id": user.bot_id, "app_id": app, "user_id": user.id, "name": user.name}
    return {**body, "deleted": False, "updated": 0, "icons": {}, "team_id": user.team.id}


def view(view: View, world: World) -> Json:
    """As `views.*` and interactions give it."""
    body = {"id": view.id, "team_id": world.team.id, "app_id": world.settings.app_id, "bot_id": world.bot.bot_id}
    defaults: Json = {"callback_id": "", "private_metadata": "", "external_id": "", "state": {"values": {}}}
    defaults |= {"clear_on_close": False, "notify_on_close": False, "previous_view_id": None, "root_view_id": view.id}
    return {**defaults, **view.body, **body, "app_installed_team_id": world.team.id, "hash": view.hash}


def event_callback(event: Event, world: World) -> Json:
    """The whole body of a delivery; each has an event id of its own."""
    settings = world.settings
    authorization = {"enterprise_id": None, "team_id": world.team.id, "user_id": world.bot.id, "is_bot": True}
    body: Json = {"token": settings.verification_token, "team_id": world.team.id, "context_team_id": world.team.id}
    body |= {
        "context_enterprise_id": None,
        "api_app_id": settings.app_id,
        "event": event.body,
        "type": "event_callback",
    }
    body |= {"event_id": world.mint("Ev"), "event_time": int(settings.clock()), "event_context": str(uuid.uuid4())}
    body["authorizations"] = [{**authorization, "is_enterprise_install": False}]
    body["is_ext_shared_channel"] = event.channel is not None and event.channel.shared is not None
    return body
