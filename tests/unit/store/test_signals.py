"""A subscription that is not read."""

import pytest

from store.signals import OVERFLOW, Hub, Signal, Subscription


def tickets(count: int) -> list[Signal]:
    return [Signal("ticket", str(number)) for number in range(count)]


async def read(subscription: Subscription) -> list[Signal]:
    subscription.end()
    return [signal async for signal in subscription]


@pytest.mark.parametrize(
    ("told", "got"),
    [
        (tickets(256), tickets(256)),
        ([*tickets(256), Signal("other", "")], tickets(256)),
        (tickets(257), [OVERFLOW]),
        ([*tickets(257), Signal("ticket", "x")], [OVERFLOW, Signal("ticket", "x")]),
        (tickets(2000), [OVERFLOW, *tickets(2000)[1793:]]),
        ([Signal("ticket", "x"), OVERFLOW], [OVERFLOW]),
    ],
)
async def test_memory_is_bounded_by_one_overflow(told: list[Signal], got: list[Signal]) -> None:
    """What was missed is told as one overflow, before whatever came after it."""
    hub = Hub()
    async with hub.listen("ticket") as subscription:
        hub.publish(told)
    assert await read(subscription) == got


async def test_a_subscription_ends_with_its_block() -> None:
    """Nobody is told twice, nobody leaks."""
    hub = Hub()
    async with hub.listen("ticket") as subscription:
        hub.publish(tickets(1))
    hub.publish(tickets(3))
    assert await read(subscription) == tickets(1)
