"""The staff chats' side of Telegram on the strict server: topics where a forum lets us, and the commands shown."""

import pytest

from bot.channels.telegram.account import Account
from bot.channels.telegram.topics import CLIENTS, STAFFS, Topics
from bot.shipped import load_texts
from handoff.kinds import ChatKind
from handoff.model import Chat
from tests.platforms.telegram import Chat as Place
from tests.platforms.telegram import Gateway, TelegramServer, World


@pytest.fixture
async def topics(telegram: TelegramServer):
    account = Account(telegram.world.token, api=telegram.base_url.removesuffix("/bot"))
    yield Topics(account, texts=load_texts())
    await account.close()


def ours(place: Place) -> Chat:
    """Our row of a chat."""
    return Chat(id=1, platform="telegram", external_id=str(place.id), kind=ChatKind.GROUP)


def forum(world: World, *rights: str) -> Place:
    place = world.supergroup("Team", world.user("Lin", "lin"), forum=True)
    if rights:
        place.promote(world.bot, *rights)
    return place


async def test_a_ticket_gets_a_topic_that_follows_it(topics: Topics, world: World) -> None:
    """Opened with its name, renamed and closed in one go, opened again."""
    place = forum(world, "can_manage_topics")
    opened = await topics.open(ours(place), "🔴 T-1001 站")
    topic = place.topics[int(opened)]
    assert topic.name == "🔴 T-1001 站"
    await topics.shape(ours(place), opened, title="✅ T-1001 站", closed=True)
    assert (topic.name, topic.closed) == ("✅ T-1001 站", True)
    await topics.shape(ours(place), opened, title="🔴 T-1001 站", closed=False)
    assert (topic.name, topic.closed) == ("🔴 T-1001 站", False)
    await topics.shape(ours(place), opened, title=None, closed=None)
    assert topic.name == "🔴 T-1001 站"


async def test_without_topics_there_is_no_thread(topics: Topics, world: World) -> None:
    """A plain group, and a forum that does not let us manage its topics: the ticket goes on without."""
    plain = world.group("Team", world.user("Tom", "tom"))
    assert await topics.open(ours(plain), "T-1001") == ""
    assert await topics.open(ours(forum(world)), "T-1001") == ""
    assert topics.begun_by("-1/5") == ""


async def test_what_cannot_be_changed_is_left(topics: Topics, world: World) -> None:
    """A topic that people deleted, or closed themselves, fails no ticket."""
    place = forum(world, "can_manage_topics")
    opened = await topics.open(ours(place), "T-1001")
    place.topics[int(opened)].closed = True
    await topics.shape(ours(place), opened, title=None, closed=True)
    place.delete_topic(place.topics[int(opened)])
    await topics.shape(ours(place), opened, title="x", closed=False)


async def test_commands_are_shown_by_chat_and_language(topics: Topics, world: World) -> None:
    """Everybody finds the clients' commands, our people theirs in their chat, in Chinese or else in English."""
    await topics.introduce()
    place = forum(world)
    await topics.greet(ours(place))
    names = {key: [each["command"] for each in shown] for key, shown in world.commands.items()}
    assert names["default", ""] == names["default", "zh"] == list(CLIENTS)
    mine = {language: shown for (scope, language), shown in names.items() if str(place.id) in scope}
    assert mine == {"": list(STAFFS), "zh": list(STAFFS), "en": list(STAFFS)}
    assert world.commands["default", "zh"][0]["description"] == "工单进度"


async def test_a_start_without_the_server_goes_on(topics: Topics, world: World) -> None:
    """Commands that could not be set are no reason not to start."""
    world.faults.order("setMyCommands", Gateway())
    await topics.introduce()
    assert world.commands == {}
