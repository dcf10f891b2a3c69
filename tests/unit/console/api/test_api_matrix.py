"""Who may: every operation × every scope × another client's records."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from console.api.app import ROOMS
from handoff import directory, messages
from handoff.kinds import Level
from handoff.model import Ticket
from handoff.tokens import Scope
from handoff.webhooks import ALL
from tests.unit.console.api.world import Api, ids

BODIES: dict[str, dict[str, Any]] = {
    "assign": {"to": "1"}, "transfer": {"to": "1"}, "replies": {"text": "x"}, "notes": {"text": "x"},
    "snooze": {"until": "2030-01-01T00:00:00Z"}, "level": {"level": "bug"}, "merge": {"into": "T-1001"},
    "webhooks": {"name": "n", "url": "https://example.com/", "types": ["ticket.opened"]},
    "tickets": {"client": "1", "title": "t"},
}  # fmt: skip


def operations() -> list[tuple[str, str, str]]:
    """Method, path, and the scope that its document names, of every operation."""
    found = []
    for router in ROOMS:
        for route in router.routes:
            for method in route.methods:  # type: ignore[attr-defined]
                scope = route.openapi_extra["security"][0]["token"][0]  # type: ignore[attr-defined]
                found.append((method, route.path, scope))  # type: ignore[attr-defined]
    return sorted(found)


async def ask(caller: httpx.AsyncClient, method: str, path: str, **values: str) -> httpx.Response:
    """Call an operation with a body that it understands."""
    filled = path.replace("{page:path}", "en/wordpress/reset").format(**values)
    last = path.rsplit("/", 1)[-1]
    params = {"q": "reset"} if last == "search" else None
    json = BODIES.get(last, {}) if method == "POST" else None
    return await caller.request(method, filled, json=json, params=params)


def test_there_are_operations_to_try() -> None:
    """The matrix is not empty, and each scope opens something."""
    assert len(operations()) > 25
    assert {scope for _, _, scope in operations()} == set(Scope)


async def test_each_operation_opens_to_its_scope_and_to_no_other(api: Api) -> None:
    """With all scopes but its own: 403 that names it. With its own: anything but 401 and 403. Without a token: 401."""
    ticket = await api.world.ticket()
    values = {"ticket": ticket.number, "client": str(api.world.client.id), "webhook": "1", "delivery": "1"}
    nobody = api.with_secret(None)
    for scope in sorted({scope for _, _, scope in operations()}):
        without = await api.caller(*(set(Scope) - {scope}))
        with_it = await api.caller(scope)
        api.world.clock.advance(timedelta(minutes=10))  # wrong tokens are slowed down
        for method, path, needed in operations():
            if needed != scope:
                continue
            refused = await ask(without, method, path, **values)
            assert (refused.status_code, refused.json()["scope"]) == (403, scope), (method, path)
            assert (await ask(nobody, method, path, **values)).status_code == 401, (method, path)
            assert (await ask(with_it, method, path, **values)).status_code not in {401, 403, 500}, (method, path)


async def test_no_operation_shows_or_changes_another_client_s_records(api: Api) -> None:
    """A token for one client: what is named directly is not found, what is listed is not there, nothing changes."""
    theirs = await api.world.ticket(title="Secret of Northwind")
    other = await api.other_client()
    await api.ticket_of(other, title="Own")
    wide = await api.caller()
    hook = (await wide.post("/webhooks", json=BODIES["webhooks"])).json()["id"]
    await api.world.ticket(title="Told")
    delivery = (await wide.get(f"/webhooks/{hook}/deliveries")).json()["items"][0]["id"]
    before = (await wide.get(f"/tickets/{theirs.number}")).json()
    narrow = await api.caller(client=other)
    values = {"ticket": theirs.number, "client": str(api.world.client.id), "webhook": hook, "delivery": delivery}
    for method, path, _ in operations():
        answer = await ask(narrow, method, path, **values)
        named = "{" in path and "{page" not in path
        assert answer.status_code == 404 if named else answer.status_code < 500, (method, path, answer.text)
        assert "Northwind" not in answer.text, (method, path)
        assert theirs.number not in answer.text.replace("T-1001.", ""), (method, path)
    assert (await wide.get(f"/tickets/{theirs.number}")).json() == before
    assert (await wide.get(f"/webhooks/{hook}")).json()["active"]


async def test_what_a_client_s_token_is_shown(api: Api) -> None:
    """Its own tickets, itself, no note of ours, no internal page; it cannot open, merge or hook elsewhere."""
    ticket, other = await api.world.ticket(), await api.other_client()
    foreign = await api.ticket_of(other)
    narrow, wide = await api.caller(client=api.world.client), await api.caller()
    await wide.post(f"/tickets/{ticket.number}/notes", json={"text": "between us"})
    await wide.post(
        f"/tickets/{ticket.number}/transfer", json={"to": str(api.world.people["lin"].id), "reason": "rude"}
    )
    assert ids(await narrow.get("/tickets")) == [ticket.number]
    assert ids(await narrow.get("/queue")) == [ticket.number]
    assert ids(await narrow.get("/clients")) == [str(api.world.client.id)]
    assert ids(await narrow.get("/people")) == [str(api.world.people["lin"].id)]
    assert ids(await narrow.get("/manual/pages")) == ["en/wordpress/reset"]
    assert (await narrow.get("/manual/pages/internal/site-down")).status_code == 404
    said = (await narrow.get(f"/tickets/{ticket.number}/messages")).text
    assert "between us" not in said
    assert "No mails since yesterday" in said
    assert "between us" in (await wide.get(f"/tickets/{ticket.number}/messages")).text
    assert "rude" not in (await narrow.get(f"/tickets/{ticket.number}/events")).text
    opened = await narrow.post("/tickets", json={"client": str(other.id), "title": "x"})
    merged = await narrow.post(f"/tickets/{ticket.number}/merge", json={"into": foreign.number})
    given = await narrow.post(f"/tickets/{ticket.number}/assign", json={"to": str(api.world.people["tom"].id)})
    hooked = await narrow.post("/webhooks", json=BODIES["webhooks"] | {"client": str(other.id)})
    assert [answer.status_code for answer in (opened, merged, given, hooked)] == [422] * 4
    own = await narrow.post("/webhooks", json=BODIES["webhooks"] | {"types": [*ALL]})
    assert own.json()["client"] == str(api.world.client.id)
    assert own.json()["secret"].startswith("whsec_")
    assert (await narrow.get(f"/webhooks/{own.json()['id']}")).json()["secret"] is None


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://localhost/x", "https://[::1]/", "https://2130706433/"])
async def test_a_webhook_to_ourselves_is_refused(api: Api, url: str) -> None:
    """Private addresses are no receivers."""
    answer = await (await api.caller()).post("/webhooks", json=BODIES["webhooks"] | {"url": url})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.url")


async def test_one_chat_with_two_clients_tells_each_its_own(api: Api) -> None:
    """Somebody who speaks for two clients in one direct chat: a token for one of them reads that one's matter alone."""
    world, other = api.world, await api.other_client()
    mine = await world.ticket(title="Ours", text="the price we agreed on")
    now = world.clock()

    def second(conn: Connection) -> Ticket:
        talk = directory.conversation(conn, mine.conversation_id)
        who = directory.person(conn, mine.requester_id)
        text = "theirs to know"
        said = messages.accept(conn, conversation=talk, person=who, external_id="2", text=text, at=now, now=now)
        assert said is not None
        made = world.deps.desk.open(
            conn, conversation_id=talk.id, client_id=other.id, requester_id=who.id, level=Level.QUESTION,
            title="Theirs", summary="", reason="not_in_manual", since=now, now=now,
        )  # fmt: skip
        messages.join_ticket(conn, [said.id], made.id)
        return made

    theirs = await world.write(second)
    narrow = await api.caller("messages:read", client=other)
    rows = (await narrow.get(f"/tickets/{theirs.number}/messages")).json()["items"]
    assert [row["text"] for row in rows] == ["theirs to know"]
    wide = (await (await api.caller("messages:read")).get(f"/tickets/{theirs.number}/messages")).json()["items"]
    assert [row["text"] for row in wide] == ["the price we agreed on", "theirs to know"]
