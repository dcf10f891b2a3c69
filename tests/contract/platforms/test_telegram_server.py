"""The Telegram of the tests, method by method, driven by python-telegram-bot."""

import pytest
from telegram import (
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    LinkPreviewOptions,
    MessageEntity,
    ReplyParameters,
    Update,
)
from telegram.ext import Application, CallbackQueryHandler, ExtBot, MessageHandler, filters

from tests.platforms.telegram import World

KEYS = InlineKeyboardMarkup(
    [[InlineKeyboardButton("Solved", callback_data="s:1"), InlineKeyboardButton("A person", callback_data="p:1")]]
)


async def heard(bot: ExtBot, *, allowed: list[str] | None = None) -> list[Update]:
    """What waits for the bot, confirmed."""
    updates = list(await bot.get_updates(timeout=0, allowed_updates=allowed))
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1, timeout=0)
    return updates


async def test_the_bot_introduces_itself(bot, world):
    me = await bot.get_me()
    assert (me.id, me.username, me.is_bot) == (world.bot.id, "aftercare_bot", True)
    assert me.can_read_all_group_messages is False
    world.privacy = False
    assert (await bot.get_me()).can_read_all_group_messages is True


async def test_a_private_chat_talks_both_ways(bot, world):
    anna = world.user("安娜", "anna_w")
    chat = world.private(anna)
    asked = chat.say(anna, "/start 你好 https://example.com/a?b=1")
    (update,) = await heard(bot)
    message = update.message
    assert (message.message_id, message.text, message.from_user.language_code) == (asked.id, asked.text, "zh-hans")
    assert [each.type for each in message.entities] == ["bot_command", "url"]
    sent = await bot.send_message(chat.id, "您好", reply_parameters=ReplyParameters(asked.id), reply_markup=KEYS)
    assert sent.reply_to_message.message_id == asked.id
    assert (await chat.bot_says("您好")).labels == ["Solved", "A person"]
    assert [each.text for each in chat.seen] == ["您好"]


@pytest.mark.parametrize(
    ("mode", "text", "shown"),
    [
        ("HTML", "<b>粗 &lt;<i>斜</i></b> 😀<code>x</code>", ("粗 <斜 😀x", ["bold", "italic", "code"])),
        ("HTML", '<a href="https://a.test/x">站</a>', ("站", ["text_link"])),
        ("HTML", '<pre><code class="language-py">a=1</code></pre>', ("a=1", ["pre"])),
        ("HTML", "<blockquote expandable>q</blockquote>&amp;&#33;", ("q&!", ["expandable_blockquote"])),
        ("MarkdownV2", r"*粗 _斜_* 1\.5 `x\`y` ~z~ ||s||", ("粗 斜 1.5 x`y z s", ["bold", "italic", "code", "strikethrough", "spoiler"])),
        ("MarkdownV2", r"__u__ [站](https://a.test/\)x)", ("u 站", ["underline", "text_link"])),
        ("MarkdownV2", "```py\na=1```", ("a=1", ["pre"])),
        ("MarkdownV2", ">one\n>two\nthree", ("one\ntwo\nthree", ["blockquote"])),
    ],
)  # fmt: skip
async def test_a_formatted_text_becomes_entities(bot, world, mode, text, shown):
    chat = started(world)
    sent = await bot.send_message(chat.id, text, parse_mode=mode)
    assert (sent.text, [each.type for each in sent.entities]) == shown


async def test_entities_count_in_utf16_units(bot, world):
    chat = started(world)
    sent = await bot.send_message(chat.id, "😀 <b>ok</b>", parse_mode="HTML")
    assert sent.parse_entity(sent.entities[0]) == "ok"
    own = await bot.send_message(chat.id, "  😀 ok", entities=[MessageEntity("bold", 5, 2)])
    assert (own.text, own.parse_entity(own.entities[0])) == ("😀 ok", "ok")


async def test_options_come_back(bot, world):
    chat = started(world)
    quiet = LinkPreviewOptions(is_disabled=True)
    sent = await bot.send_message(chat.id, "x", link_preview_options=quiet, protect_content=True)
    assert sent.link_preview_options.is_disabled
    assert sent.has_protected_content


async def test_texts_keyboards_and_captions_are_edited(bot, world):
    chat = started(world)
    sent = await bot.send_message(chat.id, "one", reply_markup=KEYS)
    edited = await bot.edit_message_text("two", chat.id, sent.message_id)
    assert (edited.text, edited.reply_markup) == ("two", None), "a keyboard that is not given again is gone"
    assert edited.edit_date is not None
    keyed = await bot.edit_message_reply_markup(chat.id, sent.message_id, reply_markup=KEYS)
    assert keyed.reply_markup == KEYS
    assert (await chat.bot_edits(chat.seen[0], "two")).labels == ["Solved", "A person"]
    photo = await bot.send_photo(chat.id, b"jpeg", caption="c")
    assert (await bot.edit_message_caption(chat.id, photo.message_id, caption="d")).caption == "d"


async def test_messages_are_deleted_and_copied(bot, world):
    chat = started(world)
    sent = await bot.send_document(chat.id, b"x", filename="a.txt", caption="c")
    copy = await bot.copy_message(chat.id, chat.id, sent.message_id, caption="d")
    assert (chat.seen[-1].id, chat.seen[-1].text) == (copy.message_id, "d")
    assert await bot.delete_message(chat.id, sent.message_id)
    assert sent.message_id not in chat.messages
    assert chat.seen[0].deleted


async def test_files_are_byte_exact_both_ways(bot, world):
    chat = started(world)
    content = bytes(range(256)) * 40
    sent = await bot.send_document(chat.id, content, filename="日志.bin")
    assert (sent.document.file_name, sent.document.file_size) == ("日志.bin", len(content))
    again = await bot.send_document(chat.id, sent.document.file_id)
    assert again.document.file_unique_id == sent.document.file_unique_id
    anna = chat.person
    for message in (
        chat.document(anna, content, "a.pdf", mime="application/pdf"), chat.photo(anna, content), chat.voice(anna, content)
    ):  # fmt: skip
        file = await bot.get_file(message.file_id)
        assert bytes(await file.download_as_bytearray()) == content
    small, large = (await bot.send_photo(chat.id, content)).photo
    assert bytes(await (await bot.get_file(large)).download_as_bytearray()) == content
    assert bytes(await (await bot.get_file(small)).download_as_bytearray()) != content


async def test_an_album_is_several_messages(bot, world):
    chat = started(world)
    media = [InputMediaPhoto(b"one", caption="<b>c</b>", parse_mode="HTML"), InputMediaPhoto(b"two")]
    first, second = await bot.send_media_group(chat.id, media)
    assert first.media_group_id == second.media_group_id
    assert (first.caption, first.caption_entities[0].type) == ("c", "bold")
    documents = await bot.send_media_group(chat.id, [InputMediaDocument(b"a"), InputMediaDocument(b"b")])
    assert documents[0].media_group_id != first.media_group_id
    chat.album(chat.person, [b"x", b"y", ("z.txt", b"z")], caption="看图")
    messages = [each.message for each in await heard(bot)][1:]
    assert [each.caption for each in messages] == ["看图", None, None]
    assert len({each.media_group_id for each in messages}) == 1
    assert messages[2].document.file_name == "z.txt"


async def test_chat_actions_and_reactions_are_kept(bot, world):
    chat = started(world)
    assert await bot.send_chat_action(chat.id, "typing")
    assert chat.actions == [("typing", None)]
    asked = chat.say(chat.person, "hm")
    assert await bot.set_message_reaction(chat.id, asked.id, "👀")
    assert asked.reactions == ["👀"]
    assert await bot.set_message_reaction(chat.id, asked.id, "❤")
    assert await bot.set_message_reaction(chat.id, asked.id)
    assert asked.reactions == []
    await heard(bot, allowed=["message_reaction"])
    chat.react(chat.person, asked, "👍")
    assert (await heard(bot))[0].message_reaction.new_reaction[0].emoji == "👍"


async def test_a_press_gets_the_bots_answer(app: Application, world: World):
    chat = started(world)

    async def pressed(update: Update, _) -> None:
        assert update.callback_query.message.message_id == chat.seen[-1].id
        await update.callback_query.answer(f"got {update.callback_query.data}", show_alert=True)

    async def spoken(update: Update, _) -> None:
        await update.message.reply_text("Solved?", reply_markup=KEYS)

    app.add_handlers([CallbackQueryHandler(pressed), MessageHandler(filters.TEXT & ~filters.COMMAND, spoken)])
    await app.updater.start_polling(timeout=5)
    await app.start()
    try:
        chat.say(chat.person, "thanks")
        answer = await world.press(chat.person, await chat.bot_says("Solved?"), "Solved")
    finally:
        await app.updater.stop()
        await app.stop()
    assert (answer.text, answer.show_alert) == ("got s:1", True)
    with pytest.raises(AssertionError, match="no button"):
        world.press(chat.person, chat.seen[-1], "Reopen")


async def test_a_press_under_a_deleted_message_shows_no_message(bot, world):
    chat = started(world)
    await bot.send_message(chat.id, "x", reply_markup=KEYS)
    chat.delete(chat.seen[0])
    world.press(chat.person, chat.seen[0], "p:1")
    (update,) = [each for each in await heard(bot) if each.callback_query]
    assert not update.callback_query.message.is_accessible


async def test_nobody_waits_for_ever(world):
    chat = started(world)
    with pytest.raises(AssertionError, match="the bot says 'x'"):
        await chat.bot_says("x", within=0.05)


async def test_topics_are_opened_renamed_closed_and_written_to(bot, world):
    owner = world.user("Lin")
    forum = world.supergroup("Desk", owner, forum=True)
    forum.promote(world.bot)
    topic = await bot.create_forum_topic(forum.id, "T-1 面包店")
    assert (await bot.get_chat(forum.id)).is_forum
    sent = await bot.send_message(forum.id, "new ticket", message_thread_id=topic.message_thread_id)
    assert (sent.is_topic_message, sent.message_thread_id) == (True, topic.message_thread_id)
    assert sent.reply_to_message.forum_topic_created.name == "T-1 面包店", "as Telegram shows what answers nothing"
    forum.say(owner, "on it", topic=forum.topics[topic.message_thread_id])
    assert (await heard(bot))[-1].message.message_thread_id == topic.message_thread_id
    answered = await bot.send_message(forum.id, "ok", reply_parameters=ReplyParameters(sent.message_id))
    assert answered.message_thread_id == topic.message_thread_id
    assert await bot.edit_forum_topic(forum.id, topic.message_thread_id, name="T-1 done")
    assert await bot.close_forum_topic(forum.id, topic.message_thread_id)
    assert forum.topics[topic.message_thread_id].closed
    assert await bot.reopen_forum_topic(forum.id, topic.message_thread_id)
    own = forum.open_topic(owner, "Lunch")
    assert (await heard(bot))[-1].message.forum_topic_created.name == "Lunch"
    assert own.id in forum.topics


async def test_commands_are_kept_by_scope_and_language(bot, world):
    chat = started(world)
    await bot.set_my_commands([BotCommand("status", "Where my tickets are")], language_code="en")
    await bot.set_my_commands([("help", "帮助")], scope=BotCommandScopeChat(chat.id))
    assert [each.command for each in await bot.get_my_commands(language_code="en")] == ["status"]
    assert [each.command for each in await bot.get_my_commands(scope=BotCommandScopeChat(chat.id))] == ["help"]
    assert await bot.get_my_commands() == ()
    await bot.delete_my_commands(language_code="en")
    assert await bot.get_my_commands(language_code="en") == ()


async def test_chats_and_members_are_looked_up(bot, world):
    lin, anna, stranger = world.user("Lin", "lin"), world.user("Anna"), world.user("Bo")
    group = world.supergroup("Bakery", lin, anna, username="bakery_chat")
    assert (await bot.get_chat("@bakery_chat")).title == "Bakery"
    group.promote(world.bot, "can_pin_messages")
    other = world.user("Other", "other_bot", is_bot=True)
    group.join(other, by=lin)
    group.promote(other)
    admins = await bot.get_chat_administrators(group.id)
    assert {each.user.id: each.status for each in admins} == {lin.id: "creator", world.bot.id: "administrator"}
    assert (await bot.get_chat_member(group.id, world.bot.id)).can_pin_messages
    assert (await bot.get_chat_member(group.id, anna.id)).status == "member"
    assert (await bot.get_chat_member(group.id, stranger.id)).status == "left"
    assert await bot.get_chat_member_count(group.id) == 4
    pinned = group.pin(lin, group.say(lin, "rules"))
    assert (await bot.get_chat(group.id)).pinned_message.text == "rules"
    assert (await heard(bot))[-1].message.message_id == pinned.id
    assert await bot.leave_chat(group.id)
    assert not group.bot.present


async def test_comings_and_goings_are_told(bot, world):
    lin, anna = world.user("Lin"), world.user("Anna")
    group = world.group("Bakery", lin, with_bot=False)
    group.say(lin, "before the bot came")
    group.join(world.bot, by=lin)
    group.join(anna)
    group.leave(anna)
    group.kick(world.bot, by=lin)
    first, second, third, fourth, fifth = await heard(bot)
    assert first.my_chat_member.new_chat_member.status == "member"
    assert second.message.new_chat_members[0].id == world.bot.id
    assert third.message.new_chat_members[0].id == anna.id
    assert fourth.message.left_chat_member.id == anna.id
    assert fifth.my_chat_member.new_chat_member.status == "kicked"


async def test_an_administrator_hears_of_other_members_if_it_asks(bot, world):
    lin, anna = world.user("Lin"), world.user("Anna")
    group = world.supergroup("Bakery", lin)
    group.promote(world.bot)
    await heard(bot, allowed=["chat_member"])
    group.join(anna)
    (update,) = await heard(bot)
    assert update.chat_member.new_chat_member.user.id == anna.id


async def test_a_group_becomes_a_supergroup(bot, world):
    lin = world.user("Lin")
    group = world.group("Bakery", lin)
    new = world.migrate(group)
    old, first = [each.message for each in await heard(bot)]
    assert (old.chat.id, old.migrate_to_chat_id) == (group.id, new.id)
    assert (first.chat.id, first.migrate_from_chat_id, first.chat.type) == (new.id, group.id, "supergroup")
    assert (await bot.send_message(new.id, "moved")).message_id == 2, "a supergroup numbers its own messages"


async def test_a_channel_speaks_for_itself(bot, world):
    lin = world.user("Lin")
    channel = world.channel("News", lin, username="bakery_news")
    post = channel.say(lin, "open on Sunday")
    channel.edit(lin, post, "open on Monday")
    first, second = await heard(bot)
    assert (first.channel_post.text, first.channel_post.from_user) == ("open on Sunday", None)
    assert second.edited_channel_post.text == "open on Monday"
    assert (await bot.send_message("@bakery_news", "hello")).sender_chat.id == channel.id


async def test_edits_forwards_stickers_and_voices_arrive(bot, world):
    lin, anna = world.user("Lin"), world.user("Anna")
    chat, other = started(world), world.group("G", lin, anna)
    message = chat.say(chat.person, "shop is down")
    chat.edit(chat.person, message, "shop is up")
    chat.edit(chat.person, message, "shop is up")
    chat.forward(chat.person, other.say(anna, "it burns"))
    chat.sticker(chat.person, emoji="😀")
    chat.voice(chat.person, b"ogg")
    _, first, second, third, forwarded, sticker, voice = await heard(bot)
    assert (first.message.text, second.edited_message.text) == ("shop is down", "shop is up")
    assert third.edited_message.message_id == message.id
    assert (forwarded.message.text, forwarded.message.forward_origin.sender_user.id) == ("it burns", anna.id)
    assert sticker.message.sticker.emoji == "😀"
    assert voice.message.voice.mime_type == "audio/ogg"


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        ("is the site down?", False),
        ("@aftercare_bot is the site down?", True),
        ("请问@aftercare_bot", False),  # no mention: it touches a letter
        ("请问 @aftercare_bot ,好了吗", True),
        ("@another_bot hello", False),
        ("/status", True),
        ("/status@aftercare_bot", True),
        ("/status@another_bot", False),
    ],
)
async def test_privacy_mode_hides_what_is_not_for_the_bot(bot, world, text, is_read):
    lin = world.user("Lin")
    group = world.group("Bakery", lin)
    group.say(lin, text)
    assert len(await heard(bot)) == is_read


async def test_privacy_mode_lets_answers_edits_and_pictures_to_the_bot_through(bot, world):
    lin = world.user("Lin")
    group = world.group("Bakery", lin)
    await bot.send_message(group.id, "hello")
    group.say(lin, "thanks", reply_to=group.seen[0])
    group.photo(lin, b"x", caption="@aftercare_bot see")
    group.photo(lin, b"y", caption="lunch")
    plain = group.say(lin, "no")
    group.edit(lin, plain, "@aftercare_bot yes")
    assert [each.effective_message.text or each.effective_message.caption for each in await heard(bot)] == [
        "thanks", "@aftercare_bot see", "@aftercare_bot yes",
    ]  # fmt: skip


async def test_a_command_is_the_bots_that_spoke_last(bot, world):
    lin, other = world.user("Lin"), world.user("Other", "other_bot", is_bot=True)
    group = world.group("Bakery", lin, other)
    group.say(other, "beep")
    group.say(lin, "/status")
    assert await heard(bot) == []
    await bot.send_message(group.id, "hello")
    group.say(lin, "/status")
    assert len(await heard(bot)) == 1


async def test_privacy_mode_counts_from_when_the_bot_came_in(bot, world):
    lin = world.user("Lin")
    group = world.group("Bakery", lin)
    world.privacy = False
    group.say(lin, "still hidden")
    assert await heard(bot) == []
    group.kick(world.bot, by=lin)
    group.join(world.bot, by=lin)
    await heard(bot)
    group.say(lin, "plain")
    assert [each.message.text for each in await heard(bot)] == ["plain"]
    world.privacy = True
    closed = world.group("Other", lin)
    closed.promote(world.bot)
    await heard(bot)
    closed.say(lin, "an administrator reads all")
    assert len(await heard(bot)) == 1


def started(world: World, name: str = "Anna"):
    """A private chat where the person spoke first; what was said waits for the bot."""
    chat = world.private(world.user(name))
    chat.say(chat.person, "/start")
    return chat
