"""The staff chats' side of Telegram: a forum's topic for each ticket, and the commands that each chat is shown."""

from typing import Final

import structlog
from telegram import BotCommand, BotCommandScopeChat, BotCommandScopeDefault
from telegram.error import TelegramError

from bot.channels.telegram.account import Account
from console.texts import Texts
from handoff.model import Chat

log = structlog.get_logger()

CLIENTS: Final = ("status", "human", "help")
STAFFS: Final = ("queue", "mine", "why", "help")
_LANGUAGES: Final = {"": "en", "zh": "zh-Hans", "en": "en"}  # Telegram does not tell the scripts apart


class Topics:
    """`bot.staffroom.Threads` on Telegram. A group without topics has no threads: "" stands for it."""

    def __init__(self, account: Account, *, texts: Texts) -> None:
        self._account, self._texts = account, texts

    async def open(self, chat: Chat, title: str) -> str | None:
        """A topic of a forum that lets us manage its topics; else none."""
        try:
            topic = await self._account.bot.create_forum_topic(int(chat.external_id), title)
        except TelegramError as error:
            log.debug("telegram_no_topic", error=type(error).__name__)
            return ""
        return str(topic.message_thread_id)

    def begun_by(self, sent: str) -> str:
        """No thread of Telegram's begins with a message of ours."""
        del sent
        return ""

    async def shape(self, chat: Chat, thread: str, *, title: str | None, closed: bool | None) -> None:
        """Rename, close or open a topic, as far as it lets us."""
        where, topic, bot = int(chat.external_id), int(thread), self._account.bot
        try:
            if closed is False:
                await bot.reopen_forum_topic(where, topic)
            if title is not None:
                await bot.edit_forum_topic(where, topic, name=title)
            if closed:
                await bot.close_forum_topic(where, topic)
        except TelegramError as error:
            log.warning("telegram_topic_not_changed", error=type(error).__name__)

    async def greet(self, chat: Chat) -> None:
        """Show the commands for our own people in this chat."""
        await self._offer(STAFFS, BotCommandScopeChat(int(chat.external_id)))

    async def introduce(self) -> None:
        """Show the clients' commands everywhere else; what does not work is tried at the next start."""
        try:
            await self._offer(CLIENTS, BotCommandScopeDefault())
        except TelegramError as error:
            log.warning("telegram_commands_not_set", error=type(error).__name__)

    async def _offer(self, names: tuple[str, ...], scope: BotCommandScopeChat | BotCommandScopeDefault) -> None:
        for code, language in _LANGUAGES.items():
            shown = [BotCommand(name, self._texts.say(f"command.{name}", language)) for name in names]
            await self._account.bot.set_my_commands(shown, scope=scope, language_code=code or None)
