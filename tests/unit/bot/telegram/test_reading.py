"""Updates of Telegram, as the wire carries them, and what they say."""

from datetime import UTC, datetime
from typing import Any

import pytest
from telegram import Update

from bot.arrived import Ignored, Moved, Ordered, Pressed, Said, StaffPressed, Standing, press_data
from bot.channels.telegram.reading import Me, read, without
from handoff.kinds import ChatKind

ME = Me(id=600, username="Aftercare_Bot")
LIN = {"id": 7, "is_bot": False, "first_name": "Lin", "last_name": "Mei", "language_code": "zh-hant"}
BOT = {"id": 600, "is_bot": True, "first_name": "Aftercare", "username": "Aftercare_Bot"}
GROUP = {"id": -100123, "type": "supergroup", "title": "青禾", "is_forum": True}
PRIVATE = {"id": 7, "type": "private", "first_name": "Lin"}
AT = 1_790_000_000


def update(kind: str = "message", **body: Any) -> Update:
    base = {"message_id": 5, "date": AT, "chat": GROUP, "from": LIN}
    read_back = Update.de_json({"update_id": 1, kind: base | body}, None)
    assert read_back is not None
    return read_back


def said(**body: Any) -> Said:
    found = read(update(**body), ME)
    assert isinstance(found, Said), found
    return found


def test_a_message_of_a_group_is_not_addressed() -> None:
    """What people say to each other is kept, in its topic, under the chat's and the message's number."""
    found = said(text="明天开会", message_thread_id=40, is_topic_message=True)
    assert (found.message, found.version, found.addressed) == ("-100123/5", "-100123/5", False)
    assert (found.place.chat, found.place.kind, found.place.title, found.place.thread) == (
        "-100123",
        ChatKind.GROUP,
        "青禾",
        "40",
    )
    assert (found.author.id, found.author.name, found.author.language) == ("7", "Lin Mei", "zh-hant")
    assert found.at == datetime.fromtimestamp(AT, UTC)


def test_a_thread_that_is_no_topic_is_the_chat() -> None:
    """In a plain group a chain of replies has a thread number, and is no thread of ours."""
    assert said(text="好", message_thread_id=40).place.thread == ""


@pytest.mark.parametrize("name", ["@Aftercare_Bot", "@aftercare_bot"])
def test_a_mention_addresses_and_is_taken_out(name: str) -> None:
    """Offsets count UTF-16 units: an emoji before the name shifts nothing."""
    text = f"😀 {name} 后台密码忘了怎么办?"
    found = said(text=text, entities=[{"type": "mention", "offset": 3, "length": len(name)}])
    assert found.addressed
    assert found.text == "😀 后台密码忘了怎么办?"


def test_another_name_does_not_address() -> None:
    """A colleague who is mentioned is not the bot."""
    found = said(text="@lin 看一下", entities=[{"type": "mention", "offset": 0, "length": 4}])
    assert (found.addressed, found.text) == (False, "@lin 看一下")


def test_a_name_without_username_addresses() -> None:
    """A mention by account counts too."""
    entity = {"type": "text_mention", "offset": 0, "length": 9, "user": BOT}
    assert said(text="Aftercare 在吗", entities=[entity]).addressed


@pytest.mark.parametrize(("by", "addressed"), [(BOT, True), (LIN, False)])
def test_a_reply_to_the_bot_addresses(by: dict[str, Any], addressed: bool) -> None:
    """A reply to one of our messages, and not to somebody else's."""
    answered = {"message_id": 3, "date": AT, "chat": GROUP, "from": by, "text": "x"}
    found = said(text="还是不行", reply_to_message=answered)
    assert (found.addressed, found.reply_to) == (addressed, "-100123/3")


def test_what_stands_in_a_topic_is_no_reply_to_its_first_message() -> None:
    """Telegram says of each message of a topic that it answers the one that made it."""
    made = {"name": "x", "icon_color": 7322096}
    first = {"message_id": 3, "date": AT, "chat": GROUP, "from": BOT, "forum_topic_created": made}
    found = said(text="大家好", reply_to_message=first, message_thread_id=3, is_topic_message=True)
    assert (found.addressed, found.reply_to) == (False, None)


def test_an_edit_has_a_version_of_its_own() -> None:
    """The message stays the same, its version tells when it was edited."""
    found = read(update("edited_message", text="改", edit_date=AT + 60), ME)
    assert isinstance(found, Said)
    assert (found.message, found.version) == ("-100123/5", f"-100123/5:{AT + 60}")


def test_a_direct_message_is_addressed() -> None:
    """Whoever writes to the bot alone means the bot."""
    found = said(text="在吗", chat=PRIVATE)
    assert (found.addressed, found.place.kind, found.place.title) == (True, ChatKind.DIRECT, None)


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/help", "help", ""),
        ("/BIND@aftercare_bot  ab-cd ", "bind", "ab-cd"),
        ("/start abc", "start", "abc"),
        ("/human 我要换服务器", "human", "我要换服务器"),
    ],
)
def test_commands(text: str, name: str, argument: str) -> None:
    """A command is the bot's by name or without one."""
    entity = {"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}
    found = read(update(text=text, entities=[entity]), ME)
    assert isinstance(found, Ordered)
    assert (found.name, found.argument, found.said.addressed) == (name, argument, True)


@pytest.mark.parametrize("text", ["/help@other_bot", "/weather"])
def test_other_commands_are_messages(text: str) -> None:
    """Another bot's command, or one that is none of ours, is only kept."""
    found = said(text=text, entities=[{"type": "bot_command", "offset": 0, "length": len(text)}])
    assert not found.addressed


def test_of_a_photo_the_largest_size_counts() -> None:
    """One photo, its largest size, its caption, its album."""
    sizes = [
        {"file_id": "b", "file_unique_id": "b", "width": 1280, "height": 960, "file_size": 900},
        {"file_id": "a", "file_unique_id": "a", "width": 90, "height": 68, "file_size": 9},
    ]
    found = said(photo=sizes, caption="看图", media_group_id="g1")
    assert [(file.id, file.size) for file in found.files] == [("b", 900)]
    assert (found.text, found.album) == ("看图", "g1")


def test_a_document_keeps_its_name() -> None:
    """The name that the sender's file has."""
    found = said(document={"file_id": "d", "file_unique_id": "d", "file_name": "合同.pdf", "file_size": 5})
    assert (found.files[0].name, found.files[0].size) == ("合同.pdf", 5)


def test_a_forward_says_so() -> None:
    """The rules of triage doubt a forwarded report."""
    origin = {"type": "hidden_user", "date": AT, "sender_user_name": "X"}
    assert said(text="网站打不开了", forward_origin=origin).text == "Fwd: 网站打不开了"


def test_a_sticker_is_its_emoji() -> None:
    """A sticker says no more than its emoji."""
    shape = {"width": 1, "height": 1, "is_animated": False, "is_video": False, "type": "regular"}
    assert said(sticker={"file_id": "s", "file_unique_id": "s", "emoji": "👍", **shape}).text == "👍"


def test_an_anonymous_administrator_is_the_group() -> None:
    """Telegram shows the group as the author; the bot account beside it is not."""
    who = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    found = said(text="好", sender_chat=GROUP, **{"from": who})
    assert (found.author.id, found.author.name) == ("-100123", "青禾")


@pytest.mark.parametrize(
    "body",
    [
        {"new_chat_members": [LIN]},
        {"left_chat_member": LIN},
        {"new_chat_title": "x"},
        {"text": "x", "from": {**BOT, "id": 601}},
        {"text": "x", "chat": {"id": -1, "type": "channel", "title": "c"}},
        {"location": {"longitude": 1.0, "latitude": 1.0}},
    ],
)
def test_what_is_ignored(body: dict[str, Any]) -> None:
    """Service messages, other bots, channels, and what holds neither text nor file."""
    assert isinstance(read(update(**body), ME), Ignored)


def test_a_group_that_moves() -> None:
    """Both of Telegram's messages say the same."""
    told = read(update(migrate_to_chat_id=-1009, chat={"id": -9, "type": "group", "title": "x"}), ME)
    after = read(update(migrate_from_chat_id=-9, chat={"id": -1009, "type": "supergroup", "title": "x"}), ME)
    assert told == after == Moved(platform="telegram", old="-9", new="-1009")


@pytest.mark.parametrize(("old", "new", "here"), [("left", "member", True), ("member", "kicked", False)])
def test_the_bots_standing(old: str, new: str, here: bool) -> None:
    """Let in, put out."""
    member = {"user": BOT, "until_date": 0}
    changed = {
        "chat": GROUP,
        "from": LIN,
        "date": AT,
        "old_chat_member": member | {"status": old},
        "new_chat_member": member | {"status": new},
    }
    found = read(Update.de_json({"update_id": 1, "my_chat_member": changed}, None), ME)
    assert isinstance(found, Standing)
    assert found.here is here


def test_a_press_names_our_message() -> None:
    """What a button carries comes back; anything else is answered and nothing more."""
    query = {"id": "q", "from": LIN, "chat_instance": "c", "message": {"message_id": 5, "date": 0, "chat": GROUP}}
    found = read(Update.de_json({"update_id": 1, "callback_query": query | {"data": press_data(44, 1)}}, None), ME)
    assert isinstance(found, Pressed)
    assert (found.query, found.message, found.button, found.author.id) == ("q", 44, 1, "7")
    strange = read(Update.de_json({"update_id": 1, "callback_query": query | {"data": "b:x:1"}}, None), ME)
    assert strange == Ignored("press", query="q")
    assert len(press_data(10**18 - 1, 99).encode()) <= 64


def test_without_takes_parts_out_wherever_they_are() -> None:
    """From the back, so that earlier offsets stay true."""
    assert without("a 😀 b c", [(2, 2), (7, 1)]) == "a b"


@pytest.mark.parametrize(
    ("carried", "button"),
    [("s:9:claim", "claim"), ("s:9:assign:12", "assign:12"), ("s:9:", None), ("s:x:claim", None), ("s:9:a b", None)],
)
def test_a_press_for_our_own_people(carried: str, button: str | None) -> None:
    """The message and what the button does; anything else is answered and nothing more."""
    query = {"id": "77", "from": LIN, "chat_instance": "1", "data": carried}
    query |= {"message": {"message_id": 5, "date": AT, "chat": GROUP, "from": BOT}}
    found = read(Update.de_json({"update_id": 1, "callback_query": query}, None), ME)
    if button is None:
        assert found == Ignored("press", query="77")
        return
    assert isinstance(found, StaffPressed)
    assert (found.message, found.button, found.query, found.author.id) == (9, button, "77", "7")
