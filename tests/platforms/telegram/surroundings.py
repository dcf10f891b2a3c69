"""The methods about the bot itself, its updates, files, chats, members, topics and commands."""

import re
from typing import Any

from tests.platforms.telegram.players import Chat
from tests.platforms.telegram.refusals import bad, forbidden
from tests.platforms.telegram.requests import Asked
from tests.platforms.telegram.rules import webhook_refusal
from tests.platforms.telegram.state import Json, Topic
from tests.platforms.telegram.updates import BATCH, LONGEST_POLL

__all__ = ["METHODS"]

PERMISSIONS = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
    "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
    "can_add_web_page_previews", "can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics",
)  # fmt: skip
GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
COLORS = frozenset({7322096, 16766590, 13338331, 9367192, 16749490, 16478047})
TOPIC_NAME = 128


def get_me(asked: Asked) -> Json:
    """getMe: `can_read_all_group_messages` is the opposite of privacy mode."""
    abilities = {"can_join_groups": True, "can_read_all_group_messages": not asked.world.privacy}
    lacking = ("supports_inline_queries", "can_connect_to_business", "has_main_web_app", "has_topics_enabled")
    return asked.world.bot.json() | abilities | dict.fromkeys(lacking, False)


async def get_updates(asked: Asked) -> list[Json]:
    """getUpdates: long polling; an `offset` confirms what is older."""
    asked.world.updates.allow(asked.json("allowed_updates"))
    limit = min(max(asked.number("limit", BATCH), 1), BATCH)
    timeout = min(max(asked.number("timeout"), 0), LONGEST_POLL)
    return await asked.world.updates.poll(offset=asked.number("offset"), limit=limit, timeout=timeout)


def set_webhook(asked: Asked) -> tuple[bool, str]:
    """setWebhook: an empty url takes it away."""
    url, secret = asked.text("url"), asked.text("secret_token")
    refusal = webhook_refusal(url, secret) if url else None
    if refusal is not None:
        raise refusal
    asked.world.updates.allow(asked.json("allowed_updates"))
    return True, asked.world.updates.set_webhook(url, secret, drop_pending=asked.flag("drop_pending_updates"))


def delete_webhook(asked: Asked) -> tuple[bool, str]:
    """deleteWebhook."""
    return True, asked.world.updates.set_webhook("", "", drop_pending=asked.flag("drop_pending_updates"))


def get_webhook_info(asked: Asked) -> Json:
    """getWebhookInfo."""
    return asked.world.updates.webhook_info()


def get_file(asked: Asked) -> Json:
    """getFile: where to download a file of at most 20 MB."""
    if not asked.text("file_id"):
        raise bad("file_id not specified")
    stored = asked.world.files.get(asked.text("file_id"))
    if stored is None:
        raise bad("invalid file_id")
    if len(stored.content) > asked.world.download_bytes:
        raise bad("file is too big")
    return stored.json() | {"file_path": stored.path}


def get_chat(asked: Asked) -> Json:
    """getChat: the ChatFullInfo."""
    chat = asked.chat()
    body = chat.json() | {"accent_color_id": 0, "max_reaction_count": 11}
    body |= {"accepted_gift_types": dict.fromkeys(GIFTS, False)}
    if chat.is_group:
        body |= {"permissions": dict.fromkeys(PERMISSIONS, True)}
    return body | ({"pinned_message": chat.pinned.json(nested=True)} if chat.pinned else {})


def get_chat_member(asked: Asked) -> Json:
    """getChatMember: somebody who never was here has "left"."""
    chat = asked.chat()
    user = asked.world.users.get(asked.number("user_id"))
    if user is None:
        raise bad("user not found")
    member = chat.members.get(user.id)
    return member.json(channel=chat.kind == "channel") if member else {"user": user.json(), "status": "left"}


def get_chat_administrators(asked: Asked) -> list[Json]:
    """getChatAdministrators: without the other bots."""
    chat = asked.chat()
    if chat.kind == "private":
        raise bad("there are no administrators in the private chat")
    return [member.json(channel=chat.kind == "channel") for member in chat.admins()]


def get_chat_member_count(asked: Asked) -> int:
    """getChatMemberCount."""
    return sum(member.present for member in asked.chat().members.values())


def leave_chat(asked: Asked) -> bool:
    """leaveChat: of groups and channels."""
    chat = asked.chat()
    if chat.kind == "private":
        raise bad("chat member status can't be changed in private chats")
    if not chat.bot.present:
        raise forbidden(f"bot is not a member of the {chat.kind} chat")
    chat.leave(asked.world.bot)
    return True


def create_forum_topic(asked: Asked) -> Json:
    """createForumTopic: by an administrator who may manage topics."""
    chat = _forum(asked, "create a topic")
    name = asked.text("name").strip()[:TOPIC_NAME]
    if not name:
        raise bad("title must be non-empty")
    color = asked.number("icon_color", 7322096)
    if color not in COLORS:
        raise bad("TOPIC_ICON_COLOR_INVALID")
    asked.charge(chat)
    topic = chat.make_topic(asked.world.bot, name, color)
    return {"message_thread_id": topic.id, "name": topic.name, "icon_color": topic.icon_color}


def edit_forum_topic(asked: Asked) -> bool:
    """editForumTopic: another name."""
    chat, topic = _topic(asked, "edit the topic")
    name = asked.text("name").strip()[:TOPIC_NAME]
    if not name or name == topic.name:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.name = name
    return _topic_event(asked, chat, topic, {"forum_topic_edited": {"name": name}})


def close_forum_topic(asked: Asked) -> bool:
    """closeForumTopic: nobody but those who manage topics writes there any more."""
    chat, topic = _topic(asked, "close the topic")
    if topic.closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = True
    return _topic_event(asked, chat, topic, {"forum_topic_closed": {}})


def reopen_forum_topic(asked: Asked) -> bool:
    """reopenForumTopic."""
    chat, topic = _topic(asked, "reopen the topic")
    if not topic.closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = False
    return _topic_event(asked, chat, topic, {"forum_topic_reopened": {}})


def set_my_commands(asked: Asked) -> bool:
    """setMyCommands: for a scope and a language."""
    commands = asked.json("commands")
    if not isinstance(commands, list):
        raise bad("expected an Array of BotCommand")
    for command in commands:
        if not re.fullmatch(r"/?[a-z0-9_]{1,32}", str(command.get("command", ""))):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    asked.world.commands[_scope(asked)] = [
        {"command": each["command"].removeprefix("/"), "description": each["description"]} for each in commands
    ]
    return True


def get_my_commands(asked: Asked) -> list[Json]:
    """getMyCommands: exactly those of a scope and a language."""
    return asked.world.commands.get(_scope(asked), [])


def delete_my_commands(asked: Asked) -> bool:
    """deleteMyCommands."""
    asked.world.commands.pop(_scope(asked), None)
    return True


def _scope(asked: Asked) -> tuple[str, str]:
    scope = asked.json("scope") or {"type": "default"}
    return ":".join(str(value) for _, value in sorted(scope.items())), asked.text("language_code")


def _forum(asked: Asked, purpose: str) -> Chat:
    chat = asked.chat(write=True)
    if not chat.is_forum:
        raise bad("the chat is not a forum")
    if not chat.bot.may("can_manage_topics"):
        raise bad(f"not enough rights to {purpose}")
    return chat


def _topic(asked: Asked, purpose: str) -> tuple[Chat, Topic]:
    chat = _forum(asked, purpose)
    topic = chat.topics.get(asked.number("message_thread_id"))
    if topic is None:
        raise bad("TOPIC_ID_INVALID")
    return chat, topic


def _topic_event(asked: Asked, chat: Chat, topic: Topic, body: Json) -> bool:
    chat.service(asked.world.bot, body, thread_id=topic.id)
    return True


METHODS: dict[str, Any] = {
    function.__name__.replace("_", ""): function
    for function in (
        get_me, get_updates, set_webhook, delete_webhook, get_webhook_info, get_file, get_chat, get_chat_member,
        get_chat_administrators, get_chat_member_count, leave_chat, create_forum_topic, edit_forum_topic,
        close_forum_topic, reopen_forum_topic, set_my_commands, get_my_commands, delete_my_commands,
    )
}  # fmt: skip
