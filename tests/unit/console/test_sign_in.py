from datetime import timedelta

import pytest

from console import auth
from console.errors import SignInRefused, TooManyAttempts
from handoff import directory
from handoff.kinds import Role
from tests.unit.console.world import ORIGIN, PASSWORD, World, field, submit


async def test_a_colleague_signs_in_and_out(world: World) -> None:
    """The right password opens the desk with a guarded cookie; signing out ends the session on the server."""
    browser = world.browser()
    assert (await submit(browser, "/desk/sign-in", "/desk/sign-in", login="lin", password=PASSWORD)).status_code == 303
    cookie = browser.cookies["desk_session"]
    assert (await browser.get("/desk")).status_code == 200
    assert (await submit(browser, "/desk", "/desk/sign-out")).headers["location"] == "/desk/sign-in?out=1"
    browser.cookies.set("desk_session", cookie, domain="desk.test", path="/")
    assert (await browser.get("/desk")).headers["location"] == "/desk/sign-in"


async def test_the_session_cookie_is_guarded(world: World) -> None:
    """HttpOnly and SameSite always; the token itself is not in the database."""
    browser = world.browser()
    answer = await submit(browser, "/desk/sign-in", "/desk/sign-in", login="lin", password=PASSWORD)
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("desk_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    token = browser.cookies["desk_session"]
    rows = await world.deps.db.read(lambda conn: conn.exec_driver_sql("SELECT token_hash FROM staff_session").all())
    assert rows
    assert token not in str(rows)


@pytest.mark.parametrize(
    ("login", "password"),
    [("lin", "wrong"), ("nobody", PASSWORD), ("", ""), ("lin", "x" * 300_00), ("l\0in", "é\ud800")],
)
async def test_a_wrong_sign_in_says_the_same_each_time(world: World, login: str, password: str) -> None:
    """Unknown login or wrong password: one sentence, no session, no crash."""
    password = password.encode("utf-8", "replace").decode()
    browser = world.browser()
    answer = await submit(browser, "/desk/sign-in", "/desk/sign-in", login=login, password=password)
    assert answer.status_code == 401
    assert "do not match" in answer.text
    assert "desk_session" not in browser.cookies


async def test_guessing_is_slowed_per_login(world: World) -> None:
    """After ten attempts in ten minutes even the right password waits; time heals it, other logins go on."""
    db, now = world.deps.db, world.clock()
    for n in range(auth.ATTEMPTS_PER_LOGIN):
        with pytest.raises(SignInRefused):
            await auth.sign_in(db, login="LIN ", password="guess", address=f"10.0.0.{n}", now=now)
    with pytest.raises(TooManyAttempts) as slow:
        await auth.sign_in(db, login="lin", password=PASSWORD, address="10.0.1.1", now=now)
    assert timedelta() < slow.value.wait <= auth.ATTEMPTS_WINDOW
    assert await auth.sign_in(db, login="tom", password=PASSWORD, address="10.0.1.1", now=now)
    assert await auth.sign_in(db, login="lin", password=PASSWORD, address="10.0.1.1", now=now + slow.value.wait)


async def test_guessing_is_slowed_per_address(world: World) -> None:
    """One address cannot try one password on many logins."""
    db, now = world.deps.db, world.clock()
    await db.write(
        lambda conn: [auth._throttle(conn, f"login{n}", "10.0.0.9", now) for n in range(auth.ATTEMPTS_PER_ADDRESS)]
    )
    with pytest.raises(TooManyAttempts):
        await auth.sign_in(db, login="lin", password=PASSWORD, address="10.0.0.9", now=now)


@pytest.mark.parametrize(
    ("idle", "times", "in_"),
    [(timedelta(hours=11), 5, True), (timedelta(hours=13), 1, False), (timedelta(hours=11), 16, False)],
)
async def test_a_session_ends_by_itself(world: World, idle: timedelta, times: int, in_: bool) -> None:
    """Idle for twelve hours, or seven days old however busy."""
    browser = await world.signed_in()
    for _ in range(times):
        world.clock.advance(idle)
        answer = await browser.get("/desk")
    assert (answer.status_code == 200) is in_


async def test_a_live_refresh_does_not_keep_a_session_alive(world: World) -> None:
    """A forgotten tab refreshes itself; that is not use."""
    browser = await world.signed_in()
    for _ in range(2):
        world.clock.advance(timedelta(hours=7))
        answer = await browser.get("/desk", headers={"X-Live": "1"})
    assert answer.status_code == 303


async def test_a_one_time_password_must_be_changed(world: World) -> None:
    """It opens nothing but the password page; choosing one's own ends the old session and opens the desk."""

    def add(conn):
        made = directory.add_staff(conn, login="yuki", name="Yuki", role=Role.AGENT, now=world.clock())
        return made.id, auth.issue_one_time_password(conn, made.id, now=world.clock())

    person_id, word = await world.write(add)
    browser = world.browser()
    assert (await submit(browser, "/desk/sign-in", "/desk/sign-in", login="yuki", password=word)).status_code == 303
    first = browser.cookies["desk_session"]
    for path in ("/desk", "/desk/people", "/desk/manual", "/desk/events"):
        assert (await browser.get(path)).headers["location"] == "/desk/password"
    refused = await submit(browser, "/desk/password", "/desk/password", new=word, again=word)
    assert refused.status_code == 422
    answer = await submit(browser, "/desk/password", "/desk/password", new="a second harbour", again="a second harbour")
    assert answer.headers["location"] == "/desk"
    assert (await browser.get("/desk")).status_code == 200
    assert browser.cookies["desk_session"] != first
    assert not await world.deps.db.read(lambda conn: auth.password_pending(conn, person_id))
    with pytest.raises(SignInRefused):
        await auth.sign_in(world.deps.db, login="yuki", password=word, address="x", now=world.clock())


async def test_a_one_time_password_expires(world: World) -> None:
    """After seven days it is worth nothing."""
    person_id = world.people["lin"].id
    word = await world.write(lambda conn: auth.issue_one_time_password(conn, person_id, now=world.clock()))
    late = world.clock() + auth.ONE_TIME + timedelta(seconds=1)
    with pytest.raises(SignInRefused):
        await auth.sign_in(world.deps.db, login="lin", password=word, address="x", now=late)


@pytest.mark.parametrize(
    ("current", "new", "again", "said"),
    [
        (PASSWORD, "short", "short", "Too short"),
        (PASSWORD, "x" * 201, "x" * 201, "Too long"),
        (PASSWORD, "a new harbour", "another harbour", "not the same"),
        ("wrong", "a new harbour", "a new harbour", "not right"),
        ("", "a new harbour", "a new harbour", "not right"),
        (PASSWORD, PASSWORD, PASSWORD, "not used here"),
    ],
)
async def test_a_password_is_changed_only_properly(world: World, current: str, new: str, again: str, said: str) -> None:
    """The current one must be right, the new one long enough, new, and typed twice alike."""
    browser = await world.signed_in()
    answer = await submit(browser, "/desk/password", "/desk/password", current=current, new=new, again=again)
    assert answer.status_code == 422
    assert said in answer.text


async def test_a_changed_password_ends_other_sessions(world: World) -> None:
    """Whoever else used the old one is out."""
    here, there = await world.signed_in(), await world.signed_in()
    answer = await submit(
        here, "/desk/password", "/desk/password", current=PASSWORD, new="a new harbour", again="a new harbour"
    )
    assert answer.status_code == 303
    assert (await here.get("/desk")).status_code == 200
    assert (await there.get("/desk")).status_code == 303


@pytest.mark.parametrize(
    "onward",
    ["https://evil.example", "//evil.example", "/desk/../../x\\y", "/deskevil", "/desk\r\nX: y", "javascript:alert(1)"],
)
async def test_sign_in_sends_nobody_away(world: World, onward: str) -> None:
    """The page after sign-in is a page of the desk."""
    answer = await submit(
        world.browser(), "/desk/sign-in", "/desk/sign-in", login="lin", password=PASSWORD, next=onward
    )
    assert answer.headers["location"] == "/desk"


async def test_sign_in_returns_to_the_page_asked_for(world: World) -> None:
    """A link to a ticket survives the sign-in."""
    browser = world.browser()
    asked = await browser.get("/desk/t/T-1001")
    assert asked.headers["location"] == "/desk/sign-in?next=/desk/t/T-1001"
    form = (await browser.get(asked.headers["location"])).text
    assert field(form, "next") == "/desk/t/T-1001"


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}])
async def test_a_foreign_page_cannot_sign_anybody_in(world: World, headers: dict[str, str]) -> None:
    """Login CSRF: the right words from another origin are refused."""
    browser = world.browser()
    csrf = field((await browser.get("/desk/sign-in")).text, "csrf")
    form = {"csrf": csrf, "login": "lin", "password": PASSWORD}
    assert (await browser.post("/desk/sign-in", data=form, headers=headers)).status_code == 403


@pytest.mark.parametrize("change", [{"csrf": ""}, {"csrf": "0" * 64}, {"csrf": "é"}])
async def test_sign_in_needs_its_own_pages_token(world: World, change: dict[str, str]) -> None:
    """No token, a made-up one, or nonsense: refused without looking at the password."""
    browser = world.browser()
    await browser.get("/desk/sign-in")
    form = {"login": "lin", "password": PASSWORD} | change
    assert (await browser.post("/desk/sign-in", data=form, headers={"Origin": ORIGIN})).status_code == 403
