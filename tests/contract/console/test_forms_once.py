"""A form is taken once, and a request of a program's answered once, on both databases."""

from console.auth import take_form
from handoff import repeats, tokens
from tests.contract.handoff.conftest import World, world

__all__ = ["world"]


async def test_a_form_is_taken_once(world: World) -> None:
    """The first time it is, the second not; another person's with the same token is another form."""

    async def taken(once: str, person_id: int) -> bool:
        return bool(await world.db.write(lambda conn: take_form(conn, once, person_id=person_id, now=world.clock())))

    assert [await taken("a", world.ann.id) for _ in range(2)] == [True, False]
    assert await taken("a", world.bob.id)
    assert [await taken("", world.ann.id) for _ in range(2)] == [True, True]


async def test_a_key_stands_for_one_request(world: World) -> None:
    """The second time it is answered what was answered the first time."""
    facts = {
        "name": "p",
        "scopes": [],
        "client_id": None,
        "person_id": world.ann.id,
        "expires_at": None,
        "by": world.ann.id,
    }
    token, _ = await world.do(tokens.make, **facts)
    begin = {"token_id": token.id, "key": "k", "request": "r"}
    assert await world.do(repeats.begin, **begin) is None
    reply = repeats.Reply(status=201, body={"id": 1}, headers={})
    await world.db.write(lambda conn: repeats.keep(conn, token_id=token.id, key="k", reply=reply))
    assert await world.do(repeats.begin, **begin) == reply
