"""For which clients somebody speaks."""

from datetime import timedelta

from sqlalchemy import Connection

from handoff import contacts, directory, messages
from handoff.contacts import LATELY
from handoff.kinds import ChatKind, Tier
from tests.contract.handoff.conftest import World


async def test_who_writes_in_two_clients_groups_speaks_for_both(world: World) -> None:
    """Lately, and as the groups are bound now; a direct chat and another person's words count for nothing."""
    mei, other = world.contacts[Tier.GOLD], world.contacts[Tier.STANDARD]

    async def says(person, tier: Tier, key: str) -> None:
        talk = world.conversations[tier]
        await world.do(messages.accept, conversation=talk, person=person, external_id=key, text="好", at=world.clock())

    async def of_mei() -> list[str]:
        return [client.slug for client in await world.ask(contacts.clients_of, mei.id, now=world.clock())]

    assert await of_mei() == []
    await says(mei, Tier.GOLD, "1")
    await says(other, Tier.STANDARD, "2")
    assert await of_mei() == ["gold"]
    world.clock.advance(timedelta(days=60))
    await says(mei, Tier.PLATINUM, "3")
    assert await of_mei() == ["gold", "platinum"]
    world.clock.advance(LATELY - timedelta(days=60))
    assert await of_mei() == ["platinum"]

    def elsewhere(conn: Connection) -> None:
        now = world.clock()
        client = world.clients[Tier.STANDARD].id
        made = directory.ensure_chat(
            conn, platform="web", external_id="dm", kind=ChatKind.DIRECT, client_id=client, now=now
        )
        talk = directory.ensure_conversation(conn, chat_id=made.id, now=now)
        messages.accept(conn, conversation=talk, person=mei, external_id="4", text="好", at=now, now=now)

    await world.db.write(elsewhere)
    assert await of_mei() == ["platinum"]
