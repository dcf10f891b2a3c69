"""What a process takes for live, when looks at the database end in another order than they began."""

from collections import deque
from typing import Any

from knowledge.embedders import HashingEmbedder
from knowledge.following import Following, Pools
from knowledge.live import Live
from knowledge.store import State


class Replies:
    """A database that says, one after the other, what it is told to say."""

    def __init__(self, *states: State) -> None:
        self._states = deque(states)

    async def read(self, _: object) -> State:
        return self._states.popleft()


def state(version: int | None, revision: int, *withdrawn: str) -> State:
    return State(version=version, revision=revision, withdrawn=frozenset(withdrawn))


def following(*states: State) -> Following:
    database: Any = Replies(*states)
    nothing: Any = None
    return Following(database, shelf=nothing, builder=nothing, embedder=HashingEmbedder(), pools=Pools())


async def test_a_late_look_undoes_no_withdrawal() -> None:
    """It began before the page was withdrawn, and ended after: the page stays hidden."""
    made = following(state(None, 5, "zh/old"), state(None, 4))
    await made.refresh()
    await made.refresh()
    assert made.seen.withdrawn == {"zh/old"}


async def test_another_process_that_was_faster_is_followed() -> None:
    """It rolled back before this one had looked at what it published itself: the next look is not taken for an old one."""
    made = following(state(4, 11))
    nothing: Any = None
    await made.take(Live(version=5, source_hash="", searcher=nothing, evidence=nothing, classifier=None))
    assert made.seen.revision < 11
