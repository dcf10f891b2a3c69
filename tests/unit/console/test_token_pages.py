"""Pages of tokens and webhooks: admins alone; secrets shown when due; what is typed stays text."""

import re

import pytest

from handoff import tokens, webhook_log, webhooks
from tests.unit.console.world import ORIGIN, World, submit

TOKENS, HOOKS = "/desk/settings/tokens", "/desk/settings/webhooks"
HOOK = {"name": "Jira", "url": "https://hooks.example.com/in", "types": "ticket.opened"}


async def test_a_token_is_shown_once_and_works_until_it_is_revoked(world: World) -> None:
    """Made on the page, used at the API, revoked on the page: over at once."""
    browser = await world.signed_in("mira")
    made = await submit(browser, TOKENS, TOKENS, name="Jira <i>", scopes="tickets:read", days="30")
    secret = re.findall(r"aft_[\w-]{43}", made.text)[0]
    assert "Jira &lt;i&gt;" in made.text
    assert secret not in (await browser.get(TOKENS)).text
    caller = world.browser(Authorization=f"Bearer {secret}")
    assert (await caller.get("/api/v1/tickets")).status_code == 200
    [token] = await world.deps.db.read(tokens.every)
    assert (token.person_id, token.used_at) == (world.people["mira"].id, world.clock())
    answer = await submit(browser, TOKENS, f"{TOKENS}/{token.id}/revoke")
    assert answer.status_code == 303
    assert (await caller.get("/api/v1/tickets")).status_code == 401
    assert "Revoked" in (await browser.get(TOKENS)).text


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""}, {"name": "x" * 61}, {"scopes": ""}, {"scopes": "all:of-it"}, {"days": "9999"},
        {"client": "77"}, {"client": "x"}, {"person": "77"},
    ],
)  # fmt: skip
async def test_a_token_that_cannot_be_meant_is_not_made(world: World, fields: dict[str, str]) -> None:
    """422 with a sentence; nothing is kept."""
    browser = await world.signed_in("mira")
    answer = await submit(browser, TOKENS, TOKENS, **({"name": "Jira", "scopes": "tickets:read"} | fields))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert await world.deps.db.read(tokens.every) == ()


@pytest.mark.parametrize("login", ["lin", "tom"])
async def test_only_admins_may(world: World, login: str) -> None:
    """Agents and leads see neither page, nor do their forms work."""
    browser = await world.signed_in(login)
    for path in (TOKENS, HOOKS, f"{HOOKS}/1"):
        assert (await browser.get(path)).status_code == 403
    for path in (TOKENS, f"{TOKENS}/1/revoke", HOOKS, f"{HOOKS}/1", f"{HOOKS}/1/rotate", f"{HOOKS}/1/resend"):
        assert (await browser.post(path, headers={"Origin": ORIGIN})).status_code == 403


async def test_a_form_without_its_token_or_from_elsewhere_does_nothing(world: World) -> None:
    """CSRF and Origin, as everywhere."""
    browser = await world.signed_in("mira")
    assert (await browser.post(HOOKS, data=HOOK, headers={"Origin": ORIGIN})).status_code == 403
    html = (await browser.get(HOOKS)).text
    csrf = re.findall(r'name="csrf" value="([^"]+)"', html)[0]
    assert (
        await browser.post(HOOKS, data=HOOK | {"csrf": csrf}, headers={"Origin": "https://evil.test"})
    ).status_code == 403
    assert await world.deps.db.read(webhooks.every) == ()


async def test_a_webhook_from_its_making_to_its_end(world: World) -> None:
    """Added, changed, off and on, a new secret, its log with an answer that is only text, sent again, removed."""
    browser = await world.signed_in("mira")
    made = await submit(browser, HOOKS, HOOKS, **HOOK)
    here = made.headers["location"]
    [hook] = await world.deps.db.read(webhooks.every)
    assert hook.secret in (await browser.get(here)).text
    await submit(browser, here, here, **HOOK | {"name": "Trello", "texts": "yes"})
    await submit(browser, here, f"{here}/rotate")
    changed = await world.deps.db.read(lambda conn: webhooks.endpoint(conn, hook.id))
    assert (changed.name, changed.texts, changed.former_secret) == ("Trello", True, hook.secret)
    assert "former secret" in (await browser.get(here)).text
    await world.ticket()
    [sent] = await world.deps.db.read(lambda conn: webhook_log.recent(conn, hook.id))

    def failed(conn: object) -> None:
        facts = {"ms": 12, "status": 500, "error": None, "answer": "<script>alert(1)</script>"}
        webhook_log.tried(conn, sent.id, at=world.clock(), **facts)  # type: ignore[arg-type]
        webhook_log.end(conn, sent.id, webhook_log.DeliveryState.FAILED, now=world.clock())  # type: ignore[arg-type]

    await world.write(failed)
    log = (await browser.get(f"{here}?state=failed")).text
    assert "&lt;script&gt;alert(1)" in log
    assert "<script>alert" not in log
    assert "Nothing has got through since" in log
    await submit(browser, here, f"{here}/resend", delivery=str(sent.id))
    again = await world.deps.db.read(lambda conn: webhook_log.delivery(conn, sent.id))
    assert again.state is webhook_log.DeliveryState.WAITING
    await submit(browser, here, f"{here}/off")
    assert "Switch on" in (await browser.get(here)).text
    gone = await submit(browser, here, f"{here}/remove")
    assert gone.headers["location"] == HOOKS
    assert (await browser.get(here)).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""}, {"types": "ticket.eaten"}, {"types": ""}, {"client": "99"}, {"url": "http://example.com/"},
        {"url": "https://192.168.0.1/"}, {"url": "https://localhost/"}, {"url": "javascript:alert(1)"}, {"url": ""},
    ],
)  # fmt: skip
async def test_a_webhook_that_cannot_be_meant_is_not_made(world: World, fields: dict[str, str]) -> None:
    """422 with a sentence, and what was typed."""
    browser = await world.signed_in("mira")
    answer = await submit(browser, HOOKS, HOOKS, **(HOOK | fields))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert await world.deps.db.read(webhooks.every) == ()


async def test_what_is_not_there(world: World) -> None:
    """Unknown ids and verbs are 404, another endpoint's delivery too."""
    browser = await world.signed_in("mira")
    here = (await submit(browser, HOOKS, HOOKS, **HOOK)).headers["location"]
    other = (await submit(browser, HOOKS, HOOKS, **HOOK)).headers["location"]
    await world.ticket()
    theirs = (await world.deps.db.read(lambda conn: webhook_log.recent(conn, int(other.rsplit("/", 1)[1]))))[0]
    for path in (f"{HOOKS}/99", f"{HOOKS}/x", f"{HOOKS}/{'9' * 30}"):
        assert (await browser.get(path)).status_code == 404
    assert (await submit(browser, HOOKS, f"{here}/eat")).status_code == 404
    assert (await submit(browser, HOOKS, f"{here}/resend", delivery=str(theirs.id))).status_code == 404
    assert (await submit(browser, HOOKS, f"{TOKENS}/99/revoke")).status_code == 404
