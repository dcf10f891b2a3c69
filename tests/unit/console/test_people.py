import re

import pytest

from console import auth
from handoff import directory
from handoff.kinds import Role
from tests.unit.console.world import World, submit


async def test_an_admin_adds_a_colleague(world: World) -> None:
    """The one-time password is shown once, works, and is not in the next page."""
    mira = await world.signed_in("mira")
    answer = await submit(mira, "/desk/people", "/desk/people", name="Yuki  Sato", login="Yuki", role="lead")
    word = re.search(r'class="secret">([^<]+)<', answer.text)
    assert word
    assert word[1] not in (await mira.get("/desk/people")).text
    token = await auth.sign_in(world.deps.db, login="yuki", password=word[1], address="x", now=world.clock())
    assert token
    made = await world.deps.db.read(lambda conn: directory.staff_by_login(conn, "yuki"))
    assert (made.name, made.role) == ("Yuki Sato", Role.LEAD)


@pytest.mark.parametrize("login", ["lin", "tom"])
async def test_others_cannot_see_or_change_people(world: World, login: str) -> None:
    """Agents and leads get a page that says no."""
    browser = await world.signed_in(login)
    assert (await browser.get("/desk/people")).status_code == 403
    for path in (
        "/desk/people",
        f"/desk/people/{world.people['mira'].id}/password",
        f"/desk/people/{world.people['mira'].id}/active",
    ):
        assert (await submit(browser, "/desk", path, name="x", login="xx", role="admin")).status_code == 403
    assert len(await world.deps.db.read(directory.staff)) == 3


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"login": "lin"}, "taken"),
        ({"login": "LIN"}, "taken"),
        ({"login": "x"}, "2 to 32 characters"),
        ({"login": "<b>bold</b>"}, "2 to 32 characters"),
        ({"login": "x" * 33}, "2 to 32 characters"),
        ({"name": "  "}, "Please give a name"),
        ({"name": "n" * 61}, "Please give a name"),
        ({"role": "king"}, "choose a role"),
    ],
)
async def test_a_colleague_needs_good_facts(world: World, values: dict[str, str], said: str) -> None:
    """Each wrong field is named and the rest of the form kept."""
    mira = await world.signed_in("mira")
    answer = await submit(
        mira, "/desk/people", "/desk/people", **({"name": "Yuki", "login": "yuki", "role": "lead"} | values)
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert len(await world.deps.db.read(directory.staff)) == 3


async def test_a_deactivated_colleague_is_out_at_once(world: World) -> None:
    """Sessions end, the password no longer works; activating lets them sign in again."""
    mira, lin = await world.signed_in("mira"), await world.signed_in("lin")
    path = f"/desk/people/{world.people['lin'].id}/active"
    assert (await submit(mira, "/desk/people", path, active="")).status_code == 303
    assert (await lin.get("/desk")).status_code == 303
    browser = world.browser()
    assert (
        await submit(browser, "/desk/sign-in", "/desk/sign-in", login="lin", password="a quiet harbour")
    ).status_code == 401
    assert (await submit(mira, "/desk/people", path, active="yes")).status_code == 303
    assert await world.signed_in("lin")


async def test_nobody_locks_themselves_out(world: World) -> None:
    """An admin cannot deactivate their own account, so one is always left."""
    mira = await world.signed_in("mira")
    answer = await submit(mira, "/desk/people", f"/desk/people/{world.people['mira'].id}/active", active="")
    assert answer.status_code == 422
    assert (await mira.get("/desk/people")).status_code == 200


async def test_a_new_one_time_password_ends_sessions(world: World) -> None:
    """For somebody who forgot, or whose machine was lost."""
    mira, lin = await world.signed_in("mira"), await world.signed_in("lin")
    answer = await submit(mira, "/desk/people", f"/desk/people/{world.people['lin'].id}/password")
    assert 'class="secret"' in answer.text
    assert (await lin.get("/desk")).status_code == 303


@pytest.mark.parametrize("person_id", ["999", "0"])
async def test_only_colleagues_have_passwords(world: World, person_id: str) -> None:
    """Nobody, or a client's contact: not found."""
    ticket = await world.ticket()
    mira = await world.signed_in("mira")
    for who in (person_id, str(ticket.requester_id)):
        assert (await submit(mira, "/desk/people", f"/desk/people/{who}/password")).status_code == 404
        assert (await submit(mira, "/desk/people", f"/desk/people/{who}/active")).status_code == 404
