"""Telegram for tests: a strict server of the Bot API on loopback, and the people who write to the bot.

    async with telegram_server() as telegram:
        world = telegram.world
        anna = world.user("Anna", "anna")
        group = world.group("Bakery", anna)
        app = ApplicationBuilder().token(world.token).base_url(telegram.base_url).base_file_url(telegram.base_file_url)
        group.say(anna, f"{world.bot.mention} is the site down?")
        answer = await group.bot_says("looking")
        assert (await world.press(anna, answer, "Solved")).text == "Thanks"

Layers, lowest first: `refusals`, `rules`, `markup` and `faults` decide; `state` keeps; `updates` delivers; `players` and
`world` are the test's side; `requests`, `messages` and `surroundings` are the bot's; `server` speaks HTTP. The wire format
and the refusals follow the Bot API's documentation and the sentences of its public server.

Not offered: inline mode, payments, polls, stickers and video from the bot, business accounts, the older "Markdown" mode,
fetching files by URL, webhook answers that call a method, several bots.
"""

from tests.platforms.telegram.faults import Cut, Gateway, Limits, Rate, Slow, TooMany
from tests.platforms.telegram.players import Chat
from tests.platforms.telegram.server import TelegramServer, loopback, telegram_server
from tests.platforms.telegram.state import Message, Topic, User
from tests.platforms.telegram.world import Answer, Press, World

__all__ = [
    "Answer", "Chat", "Cut", "Gateway", "Limits", "Message", "Press", "Rate", "Slow", "TelegramServer", "TooMany", "Topic",
    "User", "World", "loopback", "telegram_server",
]  # fmt: skip
