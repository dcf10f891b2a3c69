"""What one process does of the whole: everything, or with others beside it on one database only a part."""

from enum import StrEnum
from typing import Final

from bot.channels.telegram import polling
from bot.intake import TURN
from handoff.cards import CARD
from handoff.casefile import CLIENT_NOTICE
from handoff.messages import DELIVER
from handoff.retraction import RETRACT
from handoff.staff_chats import GREET, LOST
from success.checks.asking import CHECK

TALK: Final = frozenset({TURN, DELIVER, CARD, CLIENT_NOTICE, RETRACT, GREET, LOST})
"""What people in chats wait for."""
_COMMANDS: Final = frozenset({TURN, CHECK})  # what a command waits for


class Role(StrEnum):
    """Of `aftercare run`; `COMMAND` is a short-lived process that runs one command beside the others."""

    ALL = "all"
    WEB = "web"
    BOT = "bot"
    WORKER = "worker"
    COMMAND = "command"

    @property
    def serves(self) -> bool:
        """Whether pages, the API and what platforms push are answered here; else only how the process is."""
        return self in {Role.ALL, Role.WEB}

    @property
    def listens(self) -> bool:
        """Whether this process asks platforms for what is said there, or holds sockets to them."""
        return self in {Role.ALL, Role.BOT}

    @property
    def indexes(self) -> bool:
        """Whether a manual that was never indexed is indexed at the start."""
        return self in {Role.ALL, Role.WORKER}

    def takes(self, queue: str) -> bool:
        """Whether this process runs the jobs of a queue."""
        match self:
            case Role.ALL:
                return True
            case Role.WEB:
                return False
            case Role.BOT:
                return queue in TALK or queue == polling.QUEUE
            case Role.WORKER:
                return queue != polling.QUEUE
            case Role.COMMAND:
                return queue in _COMMANDS
