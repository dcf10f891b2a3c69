"""The methods that send, change and take away messages."""

from typing import Any

from tests.platforms.telegram.players import Chat
from tests.platforms.telegram.refusals import bad
from tests.platforms.telegram.requests import Asked
from tests.platforms.telegram.rules import ACTIONS, REACTIONS, TEXT_UNITS, utf16_length
from tests.platforms.telegram.state import Json, Message
from tests.platforms.telegram.world import Answer

__all__ = ["METHODS"]

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
DELETABLE_SECONDS = 48 * 3600
ANSWER_UNITS = 200


def send_message(asked: Asked) -> Json:
    """sendMessage: parse_mode or entities, reply, topic, inline keyboard, link preview."""
    return asked.send(lambda: [_text(asked, too_long="message is too long")])[0].json()


def send_photo(asked: Asked) -> Json:
    """sendPhoto: an upload or a known file, with a caption."""
    return asked.send(lambda: [asked.media("photo") | asked.caption()])[0].json()


def send_document(asked: Asked) -> Json:
    """sendDocument: an upload or a known file, with a caption."""
    return asked.send(lambda: [asked.media("document") | asked.caption()])[0].json()


def send_media_group(asked: Asked) -> list[Json]:
    """sendMediaGroup: 2 to 10 photos or documents, one message each."""
    return [message.json() for message in asked.send(lambda: _album(asked))]


def copy_message(asked: Asked) -> Json:
    """copyMessage: the same content without its author; answers with the number only."""
    source = Asked(asked.world, {"chat_id": asked.text("from_chat_id")}).chat()
    original = asked.message(source, "copy")
    if original.service:
        raise bad("message can't be copied")
    kept = ("text", "entities", "caption", "caption_entities", "photo", "document", "voice", "sticker")
    body = {key: value for key, value in original.body.items() if key in kept}
    if "caption" in asked.values:
        body = {key: value for key, value in body.items() if not key.startswith("caption")} | asked.caption()
    return {"message_id": asked.send(lambda: [body])[0].id}


def edit_message_text(asked: Asked) -> Json:
    """editMessageText: of the bot's own text; a keyboard that is not given again is gone."""
    body = _text(asked, too_long="MESSAGE_TOO_LONG")
    chat, message = _own(asked)
    if "text" not in message.body:
        raise bad("there is no text in the message to edit")
    preview = {"link_preview_options": asked.json("link_preview_options")}
    return _change(asked, chat, message, {"entities": []} | preview | body, asked.keyboard())


def edit_message_caption(asked: Asked) -> Json:
    """editMessageCaption: as the text's."""
    chat, message = _own(asked)
    if "photo" not in message.body and "document" not in message.body:
        raise bad("there is no caption in the message to edit")
    return _change(asked, chat, message, {"caption": "", "caption_entities": []} | asked.caption(), asked.keyboard())


def edit_message_reply_markup(asked: Asked) -> Json:
    """editMessageReplyMarkup: another inline keyboard, or none."""
    chat, message = _own(asked)
    return _change(asked, chat, message, {}, asked.keyboard())


def delete_message(asked: Asked) -> bool:
    """deleteMessage: the bot's own of the last 48 hours, in private chats anybody's, as an administrator any."""
    chat = asked.chat(act=True)
    message = asked.message(chat, "delete")
    mine = message in chat.seen
    if not chat.bot.may("can_delete_messages"):
        if not mine and chat.kind != "private":
            raise bad("message can't be deleted")
        if asked.world.unix_time() - message.date > DELETABLE_SECONDS:
            raise bad("message can't be deleted for everyone")
    chat.forget(message)
    return True


def send_chat_action(asked: Asked) -> bool:
    """sendChatAction: kept in the chat's `actions`, with the thread."""
    if asked.text("action").lower() not in ACTIONS:
        raise bad("wrong parameter action in request")
    chat = asked.chat(write=True)
    chat.actions.append((asked.text("action").lower(), asked.number("message_thread_id") or None))
    asked.world.stir()
    return True


def set_message_reaction(asked: Asked) -> bool:
    """setMessageReaction: one emoji of Telegram's list, or none."""
    chat = asked.chat()
    message = asked.message(chat, "react")
    given = asked.json("reaction") or []
    emoji = [str(each.get("emoji", "")).replace("\ufe0f", "") for each in given]
    if any(each not in REACTIONS for each in emoji):
        raise bad("REACTION_INVALID")
    if len(emoji) > 1:
        raise bad("REACTIONS_TOO_MANY")
    message.reactions = emoji
    asked.world.stir()
    return True


def answer_callback_query(asked: Asked) -> bool:
    """answerCallbackQuery: in time; the first answer is what the person sees."""
    press = asked.world.presses.get(asked.text("callback_query_id"))
    if press is None or press.expired:
        raise bad(TOO_OLD)
    if utf16_length(asked.text("text")) > ANSWER_UNITS:
        raise bad("MESSAGE_TOO_LONG")
    if press.answer is None:
        press.answer = Answer(asked.text("text"), asked.flag("show_alert"), asked.text("url"))
        asked.world.stir()
    return True


def _text(asked: Asked, *, too_long: str) -> Json:
    text = asked.text("text")
    if not text:
        raise bad("message text is empty")
    plain, entities = asked.formatted(text)
    if not plain:
        raise bad("text must be non-empty")
    if utf16_length(plain) > TEXT_UNITS:
        raise bad(too_long)
    return {"text": plain} | ({"entities": entities} if entities else {})


def _album(asked: Asked) -> list[Json]:
    items = asked.json("media")
    if not isinstance(items, list):
        raise bad("expected an Array of InputMedia")
    if not 2 <= len(items) <= 10:
        raise bad("there must be 2 to 10 media in the album") if items else bad("there are no messages to send")
    kinds = {item.get("type") for item in items}
    if not kinds <= {"photo", "document"}:
        raise bad(f'type "{(kinds - {"photo", "document"}).pop()}" can\'t be used in sendMediaGroup')
    if len(kinds) > 1:
        raise bad("document can't be mixed with other media types")
    group = {"media_group_id": str(next(asked.world.albums))}
    return [asked.media(item["type"], item.get("media")) | asked.caption(item) | group for item in items]


def _own(asked: Asked) -> tuple[Chat, Message]:
    """A message that the bot may change."""
    chat = asked.chat(act=True)
    message = asked.message(chat, "edit")
    written_here = message in chat.seen
    if not written_here or message.service:
        raise bad("message can't be edited")
    return chat, message


def _change(asked: Asked, chat: Chat, message: Message, news: Json, markup: Json | None) -> Json:
    body = {key: value for key, value in (message.body | news).items() if value not in ([], "", None)}
    if (body, markup) == (message.body, message.markup):
        raise bad(NOT_MODIFIED)
    asked.charge(chat)
    message.body, message.markup = body, markup
    message.edit_date = asked.world.unix_time()
    asked.world.stir()
    return message.json()


METHODS: dict[str, Any] = {
    function.__name__.replace("_", ""): function
    for function in (
        send_message, send_photo, send_document, send_media_group, copy_message, edit_message_text,
        edit_message_caption, edit_message_reply_markup, delete_message, send_chat_action, set_message_reaction,
        answer_callback_query,
    )
}  # fmt: skip
