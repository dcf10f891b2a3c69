"""Who does what: each queue is somebody's, whatever roles run."""

import pytest

from bot.channels.telegram import polling
from bot.intake import TURN
from bot.roles import TALK, Role
from handoff.casework import CLOCK


def test_one_bot_and_one_worker_leave_nothing_undone() -> None:
    """Chat is done by either, the poll by the one that listens, all else by the worker; pages do no jobs."""
    for queue in (*TALK, CLOCK, "anything"):
        assert Role.WORKER.takes(queue)
        assert Role.ALL.takes(queue)
        assert not Role.WEB.takes(queue)
    assert {queue for queue in (*TALK, CLOCK, polling.QUEUE) if Role.BOT.takes(queue)} == {*TALK, polling.QUEUE}
    assert not Role.WORKER.takes(polling.QUEUE)


@pytest.mark.parametrize("role", list(Role))
def test_a_command_beside_others_listens_to_nobody(role: Role) -> None:
    """It runs what it waits for, and no more."""
    assert (role.listens, role.serves) == {
        Role.ALL: (True, True),
        Role.WEB: (False, True),
        Role.BOT: (True, False),
        Role.WORKER: (False, False),
        Role.COMMAND: (False, False),
    }[role]
    assert {queue for queue in (TURN, CLOCK, polling.QUEUE) if Role.COMMAND.takes(queue)} == {TURN}
