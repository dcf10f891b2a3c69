"""The staff chats' side of Slack: a ticket's thread begins with its card, and a tick under the card says it is done."""

from typing import Final

import structlog

from bot.channels.slack.account import TROUBLE, Account, code
from bot.channels.slack.reading import COMMAND, channel_of, stamp
from bot.staff_words import Manner
from handoff.model import Chat

log = structlog.get_logger()

MANNER: Final = Manner(command=f"{COMMAND} {{}}", answers=False, whispers=True)
_DONE: Final = "white_check_mark"
_AS_IT_IS: Final = frozenset({"already_reacted", "no_reaction"})


class CardThreads:
    """`bot.staffroom.Threads` on Slack."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def open(self, chat: Chat, title: str) -> str | None:
        """Nothing to open: a thread begins with its card."""
        del chat, title
        return None

    def begun_by(self, sent: str) -> str:
        """The thread under a card: its ts."""
        return stamp(sent)

    async def shape(self, chat: Chat, thread: str, *, title: str | None, closed: bool | None) -> None:
        """A tick under the card of a ticket that is done. A thread has no name."""
        del title
        if closed is None:
            return
        client = self._account.client
        react = client.reactions_add if closed else client.reactions_remove
        try:
            await react(channel=channel_of(chat.external_id), timestamp=thread, name=_DONE)
        except TROUBLE as error:
            if code(error) not in _AS_IT_IS:
                log.warning("slack_card_not_ticked", error=code(error))

    async def greet(self, chat: Chat) -> None:
        """Nothing to do: Slack shows the command's hint to everybody."""
        del chat
