"""What Telegram refuses, with its code and its sentence, and what python-telegram-bot makes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter

from tests.platforms.telegram import Limits, Rate, World, telegram_server


async def ask(telegram, method: str, *, token: str = "", **values: Any) -> tuple[int, dict[str, Any]]:
    """One call over plain HTTP, as JSON: the status and the body."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as http:
        answer = await http.post(f"{telegram.base_url}{token or telegram.world.token}/{method}", json=values)
    return answer.status_code, answer.json()


def started(world: World):
    chat = world.private(world.user("Anna", "anna"))
    chat.say(chat.person, "/start")
    return chat


def keyboard(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "x", **button}]]}


@pytest.mark.parametrize(
    ("token", "code", "sentence"),
    [("1:short", 404, "Not Found"), ("600000001:AAwrong-token-of-the-right-form-123", 401, "Unauthorized")],
)
async def test_a_wrong_token_is_refused(telegram, token, code, sentence):
    assert await ask(telegram, "getMe", token=token) == (
        code,
        {"ok": False, "error_code": code, "description": sentence},
    )


async def test_an_unknown_method_is_refused(telegram, bot):
    assert (await ask(telegram, "sendGift"))[1]["description"] == "Not Found"
    with pytest.raises(InvalidToken):
        await bot.log_out()


async def test_parameters_come_in_any_form(telegram):
    chat = started(telegram.world)
    url = f"{telegram.base_url}{telegram.world.token}/SENDMESSAGE"
    values = {"chat_id": str(chat.id), "text": "x"}
    async with httpx.AsyncClient(trust_env=False, verify=False) as http:
        answers = [
            await http.get(url, params=values),
            await http.post(url, json=values),
            await http.post(url, data=values),
            await http.post(url, data=values, files={"unused": b""}),
        ]
        broken = await http.post(url, content="{", headers={"Content-Type": "application/json"})
    assert [each.json()["result"]["text"] for each in answers] == ["x"] * 4
    assert broken.json()["error_code"] == 400


TEXTS = [
    ({"text": ""}, "message text is empty"),
    ({"text": " \n "}, "text must be non-empty"),
    ({"text": "<b> </b>", "parse_mode": "HTML"}, "text must be non-empty"),
    ({"text": "x" * 4097}, "message is too long"),
    ({"text": "😀" * 2049}, "message is too long"),
    ({"text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
    ({"text": "<b>x", "parse_mode": "HTML"}, "can't parse entities: Can't find end tag corresponding to start tag b"),
    ({"text": "é<b>x</i>", "parse_mode": "HTML"},
     'can\'t parse entities: Unmatched end tag at byte offset 6, expected "</b>", found "</i>"'),
    ({"text": "é</b>", "parse_mode": "HTML"}, "can't parse entities: Unexpected end tag at byte offset 2"),
    ({"text": "a <me@x.org>", "parse_mode": "HTML"},
     'can\'t parse entities: Unsupported start tag "me@x.org" at byte offset 2'),
    ({"text": "a < b", "parse_mode": "HTML"}, 'can\'t parse entities: Unsupported start tag "" at byte offset 2'),
    ({"text": "a <b", "parse_mode": "HTML"}, "can't parse entities: Unclosed start tag at byte offset 2"),
    ({"text": '<a href="x', "parse_mode": "HTML"}, "can't parse entities: Unclosed start tag at byte offset 0"),
    ({"text": "<span>x</span>", "parse_mode": "HTML"},
     'can\'t parse entities: Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ({"text": "v1.5", "parse_mode": "MarkdownV2"},
     "can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'"),
    ({"text": "é *x", "parse_mode": "MarkdownV2"}, "can't parse entities: Can't find end of Bold entity at byte offset 3"),
    ({"text": "[x](http://a", "parse_mode": "MarkdownV2"}, "can't parse entities: Can't find end of a URL at byte offset 4"),
    ({"text": "x", "entities": [{"type": "bold", "offset": 0, "length": 2}]},
     "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 2"),
    ({"text": "x", "entities": [{"type": "bold", "offset": 4, "length": 1}]},
     "entity begins after the end of the text at UTF-16 offset 4"),
    ({"text": "😀x", "entities": [{"type": "bold", "offset": 1, "length": 1}]},
     "entity begins in a middle of a UTF-16 symbol at byte offset 4"),
    ({"text": "😀x", "entities": [{"type": "bold", "offset": 0, "length": 1}]},
     "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 4"),
    ({"text": "x", "entities": [{"type": "bold", "offset": -1, "length": 1}]},
     "receive an entity with incorrect offset -1"),
    ({"text": "x", "entities": [{"type": "loud", "offset": 0, "length": 1}]},
     "can't parse MessageEntity: Unsupported type specified"),
    ({"text": "x", "reply_markup": keyboard(callback_data="x" * 65)}, "BUTTON_DATA_INVALID"),
    ({"text": "x", "reply_markup": keyboard(callback_data="站" * 22)}, "BUTTON_DATA_INVALID"),
    ({"text": "x", "reply_markup": keyboard()},
     "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
    ({"text": "x", "reply_markup": keyboard(url="localhost")},
     "inline keyboard button URL 'localhost' is invalid: Wrong HTTP URL"),
    ({"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]] * 101}},
     "reply markup is too long"),
    ({"text": "x", "reply_markup": "{"}, "can't parse reply markup JSON object"),
    ({"text": "x", "reply_parameters": {"message_id": 999}}, "message to be replied not found"),
    ({"text": "x", "message_thread_id": 999}, "message thread not found"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "sentence"), TEXTS)
async def test_a_text_is_refused_in_telegrams_words(telegram, values, sentence):
    chat = started(telegram.world)
    expected = {"ok": False, "error_code": 400, "description": f"Bad Request: {sentence}"}
    assert await ask(telegram, "sendMessage", chat_id=chat.id, **values) == (400, expected)
    assert chat.seen == []


async def test_the_longest_texts_and_data_are_taken(bot, world):
    chat = started(world)
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="y" * 64)]])
    sent = await bot.send_message(chat.id, "<b>" + "😀" * 2048 + "</b>", parse_mode="HTML", reply_markup=keys)
    assert sent.entities[0].length == 4096
    assert len((await bot.send_photo(chat.id, b"x", caption="c" * 1024)).caption) == 1024
    loose = {"message_id": 999, "allow_sending_without_reply": True}
    assert (await bot.send_message(chat.id, "x", api_kwargs={"reply_parameters": loose})).reply_to_message is None


async def test_media_are_refused(telegram, bot, world):
    chat = started(world)
    world.upload_bytes = world.download_bytes = 100
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.send_photo(chat.id, b"x", caption="c" * 1025)
    with pytest.raises(BadRequest, match="File must be non-empty"):
        await bot.send_document(chat.id, b"")
    with pytest.raises(BadRequest, match="Wrong file identifier"):
        await bot.send_photo(chat.id, "unknown")
    with pytest.raises(BadRequest, match="2 to 10"):
        await bot.send_media_group(chat.id, [InputMediaPhoto(b"x")])
    assert (await ask(telegram, "sendPhoto", chat_id=chat.id))[1]["description"].endswith("no photo in the request")
    async with httpx.AsyncClient(trust_env=False, verify=False) as large:
        url = f"{telegram.base_url}{world.token}/sendDocument"
        answer = await large.post(url, data={"chat_id": chat.id}, files={"document": b"x" * 101})
    assert (answer.status_code, answer.json()["description"]) == (413, "Request Entity Too Large")
    assert chat.seen == []
    with pytest.raises(BadRequest, match="File is too big"):
        await bot.get_file(chat.document(chat.person, b"x" * 101, "a.zip").file_id)
    with pytest.raises(BadRequest, match="Invalid file_id"):
        await bot.get_file("unknown")


async def test_an_edit_that_changes_nothing_is_refused(telegram, bot, world):
    chat = started(world)
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="y")]])
    sent = await bot.send_message(chat.id, "<b>x</b>", parse_mode="HTML", reply_markup=keys)
    code, body = await ask(
        telegram, "editMessageText", chat_id=chat.id, message_id=sent.message_id, text="*x*", parse_mode="MarkdownV2",
        reply_markup=keys.to_dict(),
    )  # fmt: skip
    same = "specified new message content and reply markup are exactly the same as a current content and reply markup"
    assert (code, body["description"]) == (400, f"Bad Request: message is not modified: {same} of the message")
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_reply_markup(chat.id, sent.message_id, reply_markup=keys)
    with pytest.raises(BadRequest, match="Message_too_long"):
        await bot.edit_message_text("x" * 4097, chat.id, sent.message_id)
    assert chat.seen[0].edit_date is None


async def test_messages_that_are_gone_or_not_the_bots_are_refused(bot, world):
    lin = world.user("Lin")
    group = world.supergroup("Bakery", lin)
    other = group.say(lin, "x")
    photo = await bot.send_photo(group.id, b"x")
    for sentence, call in (
        ("Message to edit not found", bot.edit_message_text("y", group.id, 999)),
        ("Message to delete not found", bot.delete_message(group.id, 999)),
        ("Message to copy not found", bot.copy_message(group.id, group.id, 999)),
        ("Message to react not found", bot.set_message_reaction(group.id, 999, "👀")),
        ("Message identifier is not specified", bot.edit_message_text("y", group.id, 0)),
        ("Message can't be edited", bot.edit_message_text("y", group.id, other.id)),
        ("Message can't be deleted", bot.delete_message(group.id, other.id)),
        ("There is no text in the message to edit", bot.edit_message_text("y", group.id, photo.message_id)),
        ("Reaction_invalid", bot.set_message_reaction(group.id, other.id, "🧇")),
        ("Wrong parameter action", bot.send_chat_action(group.id, "dance")),
    ):
        with pytest.raises(BadRequest, match=sentence):
            await call
    group.promote(world.bot, "can_delete_messages")
    assert await bot.delete_message(group.id, other.id)


async def test_old_messages_stay():
    now = [datetime(2026, 11, 24, 2, 0, tzinfo=UTC)]
    async with telegram_server(World(clock=lambda: now[0])) as telegram:
        chat = started(telegram.world)
        _, sent = await ask(telegram, "sendMessage", chat_id=chat.id, text="x")
        now[0] += timedelta(hours=49)
        _, body = await ask(telegram, "deleteMessage", chat_id=chat.id, message_id=sent["result"]["message_id"])
    assert sent["result"]["date"] == int(now[0].timestamp()) - 49 * 3600
    assert body["description"] == "Bad Request: message can't be deleted for everyone"


async def test_chats_without_the_bot_are_closed_to_it(telegram, bot, world):
    lin, anna, bo = world.user("Lin"), world.user("Anna"), world.user("Bo")
    group, supergroup, channel = world.group("G", lin), world.supergroup("S", lin, bo), world.channel("C", lin)
    chat, other = started(world), world.user("Other", "other_bot", is_bot=True)
    for shut in (group, supergroup):
        shut.kick(world.bot, by=lin)
    channel.demote(world.bot)
    chat.block()
    left = world.supergroup("L", lin, bo)
    await bot.leave_chat(left.id)
    gone = world.private(anna)
    gone.say(anna, "/start")
    world.deactivate(anna)
    shared = world.group("With Bo", lin, bo)
    assert shared.bot.present
    for chat_id, code, sentence in (
        (4242, 400, "Bad Request: chat not found"),
        ("@nowhere", 400, "Bad Request: chat not found"),
        ("", 400, "Bad Request: chat_id is empty"),
        (chat.id, 403, "Forbidden: bot was blocked by the user"),
        (gone.id, 403, "Forbidden: user is deactivated"),
        (bo.id, 403, "Forbidden: bot can't initiate conversation with a user"),
        (other.id, 403, "Forbidden: bot can't send messages to bots"),
        (group.id, 403, "Forbidden: bot was kicked from the group chat"),
        (supergroup.id, 403, "Forbidden: bot was kicked from the supergroup chat"),
        (left.id, 403, "Forbidden: bot is not a member of the supergroup chat"),
        (channel.id, 400, "Bad Request: need administrator rights in the channel chat"),
    ):
        answer = await ask(telegram, "sendMessage", chat_id=chat_id, text="x")
        assert answer == (code, {"ok": False, "error_code": code, "description": sentence})
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(chat.id, "x")
    chat.unblock()
    assert await bot.send_message(chat.id, "x")
    with pytest.raises(BadRequest, match="User not found"):
        await bot.get_chat_member(shared.id, 4242)
    with pytest.raises(BadRequest, match="no administrators in the private chat"):
        await bot.get_chat_administrators(chat.id)
    with pytest.raises(BadRequest, match="private chats"):
        await bot.leave_chat(chat.id)


async def test_a_migrated_group_names_its_new_id(telegram, bot, world):
    group = world.group("Bakery", world.user("Lin"))
    new = world.migrate(group)
    assert await ask(telegram, "sendMessage", chat_id=group.id, text="x") == (
        400,
        {
            "ok": False,
            "error_code": 400,
            "description": "Bad Request: group chat was upgraded to a supergroup chat",
            "parameters": {"migrate_to_chat_id": new.id},
        },
    )
    with pytest.raises(ChatMigrated) as error:
        await bot.send_message(group.id, "x")
    assert error.value.new_chat_id == new.id


async def test_topics_are_refused(bot, world):
    lin = world.user("Lin")
    forum, plain = world.supergroup("F", lin, forum=True), world.supergroup("P", lin)
    topic, gone = forum.open_topic(lin, "T"), forum.open_topic(lin, "Gone")
    forum.delete_topic(gone)
    chained = plain.say(lin, "b", reply_to=plain.say(lin, "a"))
    assert chained.thread_id == 2
    with pytest.raises(BadRequest, match="Not enough rights to create a topic"):
        await bot.create_forum_topic(forum.id, "T")
    forum.promote(world.bot)
    plain.promote(world.bot)
    assert await bot.close_forum_topic(forum.id, topic.id)
    forum.demote(world.bot)
    for sentence, chat, thread in (
        ("Message thread not found", forum, gone.id),
        ("Message thread not found", forum, 1),
        ("Topic_closed", forum, topic.id),
        ("Message thread is not a forum topic thread", plain, chained.thread_id),
    ):
        with pytest.raises(BadRequest, match=sentence):
            await bot.send_message(chat.id, "x", message_thread_id=thread)
    forum.promote(world.bot)
    for sentence, call in (
        ("The chat is not a forum", bot.create_forum_topic(plain.id, "T")),
        ("Title must be non-empty", bot.create_forum_topic(forum.id, " ")),
        ("Topic_not_modified", bot.close_forum_topic(forum.id, topic.id)),
        ("Topic_not_modified", bot.edit_forum_topic(forum.id, topic.id, name="T")),
        ("Topic_id_invalid", bot.edit_forum_topic(forum.id, 999, name="T")),
    ):
        with pytest.raises(BadRequest, match=sentence):
            await call


async def test_presses_expire(telegram, bot, world):
    chat = started(world)
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="y")]])
    await bot.send_message(chat.id, "x", reply_markup=keys)
    old, fresh = world.press(chat.person, chat.seen[0], "y"), world.press(chat.person, chat.seen[0], "x")
    old.expire()
    for number in (old.id, "123"):
        _, body = await ask(telegram, "answerCallbackQuery", callback_query_id=number)
        assert body["description"] == (
            "Bad Request: query is too old and response timeout expired or query ID is invalid"
        )
    with pytest.raises(BadRequest, match="Message_too_long"):
        await bot.answer_callback_query(fresh.id, "x" * 201)
    assert await bot.answer_callback_query(fresh.id, "ok")
    assert (await fresh).text == "ok"


async def test_commands_are_refused(bot):
    for sentence, command in (("Bot_command_invalid", ("Help!", "x")), ("Description_invalid", ("help", ""))):
        with pytest.raises(BadRequest, match=f"(?i){sentence}"):
            await bot.set_my_commands([command])


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        (Limits(Rate(2, 60), None, None), "private"),
        (Limits(None, Rate(2, 60), None), "group"),
        (Limits(None, None, Rate(2, 60)), "private"),
    ],
)
async def test_too_many_messages_are_refused(limits, kind):
    async with telegram_server(World(limits=limits)) as telegram:
        world = telegram.world
        chat = started(world) if kind == "private" else world.group("G", world.user("Lin"))
        assert [(await ask(telegram, "sendMessage", chat_id=chat.id, text="x"))[0] for _ in range(2)] == [200, 200]
        code, body = await ask(telegram, "sendMessage", chat_id=chat.id, text="x")
        after = body["parameters"]["retry_after"]
        assert (code, body["description"]) == (429, f"Too Many Requests: retry after {after}")
        assert 1 <= after <= 60
        assert len(chat.seen) == 2
        world.meter.limits = Limits.lifted()
        assert (await ask(telegram, "sendMessage", chat_id=chat.id, text="x"))[0] == 200


async def test_the_limits_apply_to_each_chat_and_pass(bot, world):
    one, two = started(world), started(world)
    now = [0.0]
    world.meter.now = lambda: now[0]
    world.meter.limits = Limits(Rate(1, 1.0), Rate(20, 60.0), Rate(30, 1.0))
    await bot.send_message(one.id, "x")
    await bot.send_message(two.id, "x")
    with pytest.raises(RetryAfter) as error:
        await bot.send_message(one.id, "x")
    assert error.value.retry_after.total_seconds() == 1
    now[0] += 1.0
    assert await bot.send_message(one.id, "x")
