"""One-time codes in the desk: for a client's chats, and for one's own account."""

import re

import pytest

from handoff import bindings, chats, directory
from handoff.kinds import ChatKind
from handoff.model import Chat
from tests.unit.console.world import World, submit

PAGE = "/desk/clients/nw"


async def group(world: World) -> Chat:
    now = world.deps.clock()
    return await world.deps.db.write(
        lambda conn: directory.ensure_chat(conn, platform="telegram", external_id="-1", kind=ChatKind.GROUP, now=now)
    )


async def test_an_admin_makes_a_code_that_binds_one_chat_once(world: World) -> None:
    """It is shown once, binds once, and the page then names the group, also when nothing gets through any more."""
    mira, now = await world.signed_in("mira"), world.deps.clock()
    shown = (await submit(mira, PAGE, f"{PAGE}/code")).text
    code = re.search(r"/bind ([a-z0-9-]{17})<", shown)[1]
    assert code not in (await mira.get(PAGE)).text
    room = await group(world)
    bound = await world.deps.db.write(lambda conn: bindings.bind_chat(conn, code, chat_id=room.id, now=now))
    assert bound is not None
    assert bound.slug == "nw"
    assert await world.deps.db.write(lambda conn: bindings.bind_chat(conn, code, chat_id=room.id, now=now)) is None
    await world.deps.db.write(lambda conn: chats.entitle(conn, room.id, "青禾 <网站>"))
    assert "青禾 &lt;网站&gt;" in (await mira.get(PAGE)).text
    await world.deps.db.write(lambda conn: chats.lose(conn, room.id, now=now))
    assert "do not get through" in (await mira.get(PAGE)).text


async def test_only_an_admin_makes_a_clients_code(world: World) -> None:
    """A lead sees the chats and no button."""
    tom = await world.signed_in("tom")
    assert f"{PAGE}/code" not in (await tom.get(PAGE)).text
    assert (await submit(tom, PAGE, f"{PAGE}/code")).status_code == 403


async def test_everybody_links_an_account_of_their_own(world: World) -> None:
    """The code links one account to whoever made it; the account's earlier owner has it no more."""
    lin, now = await world.signed_in("lin"), world.deps.clock()
    page = (await submit(lin, "/desk/account", "/desk/account")).text
    code = re.search(r"/start ([a-z0-9-]{17})<", page)[1]

    def link(conn):
        directory.ensure_person(conn, platform="telegram", external_id="7", name="L", now=now)
        return bindings.link_colleague(conn, code, platform="telegram", external_id="7", now=now)

    linked = await world.deps.db.write(link)
    assert linked is not None
    found = await world.deps.db.read(lambda conn: directory.find_person(conn, platform="telegram", external_id="7"))
    assert found == linked
    assert found.login == "lin"


@pytest.mark.parametrize("spoil", ["used", "old", "replaced", "wrong kind", "nonsense"])
async def test_codes_that_bind_nothing(world: World, spoil: str) -> None:
    """Used, a day old, replaced by a fresh one, of the other kind, or never made."""
    now = world.deps.clock()
    room = await group(world)

    def body(conn):
        lin = directory.staff_by_login(conn, "lin")
        nw = directory.client_by_slug(conn, "nw")
        code = bindings.code_for_client(conn, nw.id, by=lin.id, now=now)
        at = now
        if spoil == "used":
            bindings.bind_chat(conn, code, chat_id=room.id, now=now)
        elif spoil == "old":
            at = now + bindings.GOOD_FOR
        elif spoil == "replaced":
            bindings.code_for_client(conn, nw.id, by=lin.id, now=now)
        elif spoil == "wrong kind":
            code = bindings.code_for_colleague(conn, lin.id, now=now)
        else:
            code = "ß" * 200
        return bindings.bind_chat(conn, code, chat_id=room.id, now=at)

    assert await world.deps.db.write(body) is None


async def test_an_unbound_chat_is_invited_once(world: World) -> None:
    """And a bound one never."""
    now = world.deps.clock()
    room = await group(world)
    told = [await world.deps.db.write(lambda conn: bindings.invite_once(conn, room.id, now=now)) for _ in range(2)]
    assert told == [True, False]
