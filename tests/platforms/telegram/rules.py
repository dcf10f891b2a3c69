"""Telegram's rules as pure functions: lengths, entities, keyboards, what of a group a bot gets to see."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.platforms.telegram.refusals import ApiError, bad

__all__ = [
    "ACTIONS", "CAPTION_UNITS", "REACTIONS", "TEXT_UNITS", "Heard", "check_entities", "check_keyboard", "detect",
    "reads", "trim", "utf16_length", "utf16_slice", "webhook_refusal",
]  # fmt: skip


def _words(line: str) -> frozenset[str]:
    return frozenset(line.split())


TEXT_UNITS = 4096
"""Longest text of a message, in UTF-16 code units after the entities are parsed."""
CAPTION_UNITS = 1024
"""Longest caption, counted the same way."""
CALLBACK_BYTES = 64
BUTTONS = 100
ACTIONS = _words(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker "
    "find_location record_video_note upload_video_note"
)
REACTIONS = _words(
    "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 "
    "😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡"
)
MENTION = re.compile(r"(?<!\w)@([A-Za-z0-9_]{2,32})(?!\w)")
COMMAND = re.compile(r"(?<![\w/<>])/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]{3,32}))?(?![\w/<>])")
ADDRESS = re.compile(r"https?://[^\s<>\"'，。；！？、）】]+[^\s<>\"'，。；！？、）】.,;!?)]")
HASHTAG = re.compile(r"(?<!\w)#(?=\w*[^\W\d])\w{1,256}")
KINDS = _words(
    "bold italic underline strikethrough spoiler blockquote expandable_blockquote code pre text_link text_mention "
    "custom_emoji"
)
FOUND_KINDS = _words("mention hashtag cashtag bot_command url email phone_number bank_card_number date_time")


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_slice(text: str, offset: int, length: int) -> str:
    """The part of a text an entity points at."""
    units = text.encode("utf-16-le", "surrogatepass")[offset * 2 : (offset + length) * 2]
    return units.decode("utf-16-le", "surrogatepass")


def trim(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Text without blanks around it; its entities moved and cut to fit, empty ones dropped."""
    start = utf16_length(text) - utf16_length(text.lstrip(" \n"))
    plain = text.strip(" \n")
    end, kept = utf16_length(plain), []
    for entity in entities:
        first = max(entity["offset"] - start, 0)
        last = min(entity["offset"] + entity["length"] - start, end)
        if last > first:
            kept.append(entity | {"offset": first, "length": last - first})
    return plain, kept


def check_entities(text: str, given: list[Any]) -> list[dict[str, Any]]:
    """Entities that a request brings with its text; those that Telegram finds by itself are left out.

    Raises:
        ApiError: outside the text, or through the middle of a character.
    """
    kept = [entity for entity in map(_entity, given) if entity["type"] in KINDS and entity["length"]]
    borders = _borders(text)
    for entity in sorted(kept, key=lambda each: (each["offset"], -each["length"])):
        _check_place(entity, borders)
    return kept


def _entity(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise bad("can't parse MessageEntity: expected an Object")
    if given.get("type") not in KINDS | FOUND_KINDS:
        raise bad("can't parse MessageEntity: Unsupported type specified")
    for name in ("offset", "length"):
        if not isinstance(given.get(name), int):
            raise bad(f"can't parse MessageEntity: Can't find field \"{name}\"")
        if not 0 <= given[name] <= 1_000_000:
            raise bad(f"receive an entity with incorrect {name} {given[name]}")
    return dict(given)


def _borders(text: str) -> dict[int, int]:
    """Where characters begin: UTF-16 offset to byte offset, the end of the text included."""
    units = size = 0
    borders = {0: 0}
    for char in text:
        units, size = units + utf16_length(char), size + len(char.encode("utf-8", "surrogatepass"))
        borders[units] = size
    return borders


def _check_place(entity: dict[str, Any], borders: dict[int, int]) -> None:
    begin, end, last = entity["offset"], entity["offset"] + entity["length"], max(borders)
    if begin >= last:
        raise bad(f"entity begins after the end of the text at UTF-16 offset {begin}")
    if begin not in borders:
        raise bad(f"entity begins in a middle of a UTF-16 symbol at byte offset {borders[begin + 1]}")
    if end > last:
        raise bad(f"entity beginning at UTF-16 offset {begin} ends after the end of the text at UTF-16 offset {end}")
    if end not in borders:
        where = borders[end + 1]
        raise bad(
            f"entity beginning at UTF-16 offset {begin} ends in a middle of a UTF-16 symbol at byte offset {where}"
        )


def detect(text: str) -> list[dict[str, Any]]:
    """The @mentions, /commands, web addresses and #tags of a plain text, in order, never overlapping.

    A mention touches no letter on either side, Chinese ones included, as in TDLib: "请问@bot" has none.
    """
    found: list[tuple[int, int, str]] = []
    for kind, pattern in (("url", ADDRESS), ("bot_command", COMMAND), ("mention", MENTION), ("hashtag", HASHTAG)):
        for each in pattern.finditer(text):
            if all(each.end() <= first or each.start() >= last for first, last, _ in found):
                found.append((each.start(), each.end(), kind))
    return [
        {"type": kind, "offset": utf16_length(text[:first]), "length": utf16_length(text[first:last])}
        for first, last, kind in sorted(found)
    ]


def check_keyboard(markup: Any) -> dict[str, Any] | None:
    """The inline keyboard of a reply_markup; None for the other kinds, which a message does not show again.

    Raises:
        ApiError: malformed, callback data not of 1 to 64 bytes, too many buttons.
    """
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" must be of type Array')
    for row in rows:
        for button in row:
            _check_button(button)
    if sum(len(row) for row in rows) > BUTTONS:
        raise bad("reply markup is too long")
    kept = [row for row in rows if row]
    return {"inline_keyboard": kept} if kept else None


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad("can't parse inline keyboard button: Can't find field \"text\"")
    if not button["text"].strip():
        raise bad("inline keyboard button text must be non-empty")
    if "callback_data" in button:
        if not 1 <= len(str(button["callback_data"]).encode()) <= CALLBACK_BYTES:
            raise bad("BUTTON_DATA_INVALID")
    elif "url" in button:
        if not re.match(r"(https?://[^\s/.]+\.[^\s]+|tg://\S+|[\w-]+\.\w{2,}\S*$)", str(button["url"])):
            raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    elif set(button) <= {"text", "style", "icon_custom_emoji_id"}:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What decides whether a bot with privacy mode gets a group's message."""

    text: str
    entities: list[dict[str, Any]]
    service: bool
    replies_to_bot: bool
    another_bot_spoke_last: bool


def reads(heard: Heard, *, username: str) -> bool:
    """Whether privacy mode lets the bot have it: service messages, replies to it, mentions of it, commands to it.

    A command without a name is the bot's unless another bot spoke last. Source: "Privacy mode" of the bots' manual.
    """
    if heard.service or heard.replies_to_bot:
        return True
    me = f"@{username}".lower()
    for entity in heard.entities:
        piece = utf16_slice(heard.text, entity["offset"], entity["length"]).lower()
        if entity["type"] == "mention" and piece == me:
            return True
        if entity["type"] == "text_mention" and entity.get("user", {}).get("username", "").lower() == me[1:]:
            return True
        if entity["type"] == "bot_command" and entity["offset"] == 0:
            return piece.endswith(me) if "@" in piece else not heard.another_bot_spoke_last
    return False


def webhook_refusal(url: str, secret: str) -> ApiError | None:
    """Why a webhook is not accepted. Loosened for tests: plain http is taken on loopback, and nothing else is."""
    parts = urlsplit(url)
    if len(secret) > 256:
        return bad("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        return bad("secret token contains unallowed characters")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return bad("invalid webhook URL specified")
    if parts.hostname in {"127.0.0.1", "localhost"} and parts.scheme == "http":
        return None
    if parts.scheme == "http":
        return bad("bad webhook: An HTTPS URL must be provided for webhook")
    return bad("bad webhook: Failed to resolve host: Name or service not known")
