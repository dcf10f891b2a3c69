"""An update of Telegram as what came in. Pure: the library's objects in, frozen values out.

A message is known by `chat/message`, an edit by `chat/message:edit date`; both survive a group's move to another id.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from telegram import Message, MessageEntity, Update, User

from bot.arrived import (
    COMMANDS,
    EDITED,
    FORWARDED,
    UNREADABLE,
    Author,
    Came,
    File,
    Ignored,
    Moved,
    Ordered,
    Place,
    Pressed,
    Said,
    StaffPressed,
    Standing,
    read_press,
    read_staff_press,
)
from handoff.kinds import ChatKind

PLATFORM: Final = "telegram"
_PRIVATE: Final = "private"
_GROUPS: Final = frozenset({"group", "supergroup"})
_ROOM: Final = re.compile(r"[ \t]{2,}")


@dataclass(frozen=True, kw_only=True)
class Me:
    """The bot's own account."""

    id: int
    username: str


def read(update: Update, me: Me) -> Came:
    """What an update says; one that is not of the documented shape says nothing."""
    try:
        return _read(update, me)
    except UNREADABLE:
        return Ignored("unreadable")


def _read(update: Update, me: Me) -> Came:
    if update.message or update.edited_message:
        message = update.message or update.edited_message
        assert message is not None
        return _message(message, me, edited=update.edited_message is not None)
    if update.callback_query:
        return _press(update)
    if update.my_chat_member:
        changed = update.my_chat_member
        if changed.chat.type not in {_PRIVATE, *_GROUPS}:
            return Ignored("channel")
        here = changed.new_chat_member.status not in {"left", "kicked"}
        was = changed.old_chat_member.status not in {"left", "kicked"}
        return (
            Ignored("rights")
            if here == was
            else Standing(place=_place(changed.chat), author=_user(changed.from_user), here=here)
        )
    return Ignored("kind")


def identity(chat: int, message: int) -> str:
    """A message's identity, the same for everything that names it."""
    return f"{chat}/{message}"


def number(identified: str) -> int | None:
    """Telegram's number of the message with this identity, or of which this is an edit's; None of anything else."""
    digits = identified.partition("/")[2].partition(EDITED)[0]
    return int(digits) if digits.isdecimal() else None


def _message(message: Message, me: Me, *, edited: bool) -> Came:
    if moved := _moved(message):
        return moved
    if message.chat.type not in {_PRIVATE, *_GROUPS}:
        return Ignored("channel")
    author = _author(message)
    if author is None:
        return Ignored("bot")
    said = _said(message, author, me, edited=edited)
    if not (message.text or message.caption or said.text or said.files):
        return Ignored("service")
    return (None if edited else _command(message, said, me)) or said


def _moved(message: Message) -> Moved | None:
    if message.migrate_to_chat_id:
        return Moved(platform=PLATFORM, old=str(message.chat.id), new=str(message.migrate_to_chat_id))
    if message.migrate_from_chat_id:
        return Moved(platform=PLATFORM, old=str(message.migrate_from_chat_id), new=str(message.chat.id))
    return None


def _said(message: Message, author: Author, me: Me, *, edited: bool) -> Said:
    text = message.text or message.caption or (message.sticker.emoji if message.sticker else None) or ""
    entities = message.entities or message.caption_entities
    mentions = [each for each in entities if _names(each, text, me)]
    answered = message.reply_to_message
    to_us = answered is not None and answered.from_user is not None and answered.from_user.id == me.id
    opens_topic = answered is not None and answered.forum_topic_created is not None
    at = message.edit_date if edited and message.edit_date else message.date
    forwarded = FORWARDED if message.forward_origin and text else ""
    return Said(
        place=_place(message.chat, thread=_thread(message)),
        author=author,
        message=identity(message.chat.id, message.message_id),
        edited=edited,
        text=forwarded + without(text, ((each.offset, each.length) for each in mentions)),
        files=_files(message),
        addressed=message.chat.type == _PRIVATE or bool(mentions) or (to_us and not opens_topic),
        reply_to=identity(message.chat.id, answered.message_id) if answered and not opens_topic else None,
        album=message.media_group_id,
        at=at,
    )


def _command(message: Message, said: Said, me: Me) -> Ordered | None:
    """The command that the text begins with, if it is one of ours and not another bot's."""
    first = message.entities[0] if message.entities else None
    if first is None or first.type != MessageEntity.BOT_COMMAND or first.offset != 0 or message.text is None:
        return None
    name, _, whose = utf16(message.text, 0, first.length)[1:].partition("@")
    if name.lower() not in COMMANDS or (whose and whose.lower() != me.username.lower()):
        return None
    rest = without(message.text, [(0, first.length)])
    return Ordered(said=replace(said, addressed=True), name=name.lower(), argument=rest)


def _press(update: Update) -> Came:
    query = update.callback_query
    assert query is not None
    if (staffs := read_staff_press(query.data or "")) is not None and query.message is not None:
        place, author = _place(query.message.chat), _user(query.from_user)
        return StaffPressed(place=place, author=author, query=query.id, message=staffs[0], button=staffs[1])
    found = read_press(query.data or "")
    if found is None or query.message is None or query.message.chat.type not in {_PRIVATE, *_GROUPS}:
        return Ignored("press", query=query.id)
    return Pressed(
        place=_place(query.message.chat),
        author=_user(query.from_user),
        query=query.id,
        message=found[0],
        button=found[1],
    )


def _place(chat: object, *, thread: str = "") -> Place:
    kind, number, title = (getattr(chat, name) for name in ("type", "id", "title"))
    where = ChatKind.DIRECT if kind == _PRIVATE else ChatKind.GROUP
    return Place(platform=PLATFORM, chat=str(number), kind=where, title=title, thread=thread)


def _thread(message: Message) -> str:
    return str(message.message_thread_id) if message.is_topic_message and message.message_thread_id else ""


def _author(message: Message) -> Author | None:
    """The person, or the group itself for an anonymous administrator; None for bots and nobody."""
    if message.sender_chat is not None:
        return Author(id=str(message.sender_chat.id), name=message.sender_chat.title or "?")
    user = message.from_user
    if user is None or user.is_bot:
        return None
    return _user(user)


def _user(user: User) -> Author:
    return Author(id=str(user.id), name=user.full_name, language=user.language_code or "")


def _names(entity: MessageEntity, text: str, me: Me) -> bool:
    """Whether this part of the text is the bot's name."""
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == me.id
    if entity.type != MessageEntity.MENTION:
        return False
    return utf16(text, entity.offset, entity.length).lower() == f"@{me.username}".lower()


def _files(message: Message) -> tuple[File, ...]:
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return (File(id=largest.file_id, name="photo.jpg", size=largest.file_size),)
    for file, name in (
        (message.document, "file"),
        (message.video, "video.mp4"),
        (message.voice, "voice.ogg"),
        (message.audio, "audio"),
        (message.video_note, "video.mp4"),
    ):
        if file is not None:
            return (File(id=file.file_id, name=getattr(file, "file_name", None) or name, size=file.file_size),)
    return ()


def utf16(text: str, offset: int, length: int) -> str:
    """A part of a text by Telegram's offsets, which count UTF-16 units."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return raw[2 * offset : 2 * (offset + length)].decode("utf-16-le", "replace")


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text less these parts (offset and length in UTF-16 units), its ends trimmed."""
    raw = text.encode("utf-16-le", "surrogatepass")
    for offset, length in sorted(spans, reverse=True):
        raw = raw[: 2 * offset] + raw[2 * (offset + length) :]
    return _ROOM.sub(" ", raw.decode("utf-16-le", "replace")).strip()
