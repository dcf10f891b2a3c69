"""The API: who is let in, lists in pages, verbs done once, conflicts said with the state."""

import asyncio
import json
from datetime import timedelta

import pytest

from handoff import board, directory, tokens
from handoff.kinds import Level
from tests.unit.console.api.world import Api, ids


async def test_one_and_the_same_401_for_every_token_that_does_not_hold(api: Api) -> None:
    """None, unknown, expired and revoked ones, and one of a colleague who left, look alike from outside."""
    now = api.world.clock()
    _, expired = await api.token(expires_at=now + timedelta(minutes=1))
    ended, revoked = await api.token()
    await api.world.write(lambda conn: tokens.revoke(conn, ended.id, by=api.world.people["mira"].id, now=now))
    api.world.clock.advance(timedelta(minutes=2))
    answers = [await api.with_secret(secret).get("/tickets") for secret in (None, "aft_x", expired, revoked)]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert answers[0].headers["www-authenticate"].startswith("Bearer")


async def test_a_session_cookie_is_no_token(api: Api) -> None:
    """Signed in at the desk, one is still nobody at the API."""
    browser = await api.world.signed_in("mira")
    assert (await browser.get("/api/v1/tickets")).status_code == 401


async def test_who_shows_wrong_tokens_again_and_again_has_to_wait(api: Api) -> None:
    """Thirty wrong ones in ten minutes; a right one still gets in from the same place."""
    wrong = api.with_secret("aft_wrong")
    answers = [await wrong.get("/tickets") for _ in range(31)]
    assert [answer.status_code for answer in answers] == [401] * 30 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert (await (await api.caller()).get("/tickets")).status_code == 200


async def test_a_missing_scope_is_named(api: Api) -> None:
    """403 says which."""
    caller = await api.caller("clients:read")
    answer = await caller.get("/tickets")
    assert answer.status_code == 403
    assert answer.json()["scope"] == "tickets:read"


async def test_pages_stay_right_while_tickets_come_in(api: Api) -> None:
    """Following `next` shows each ticket once, though new ones arrive meanwhile; `Link` says the same."""
    made = [(await api.world.ticket(title=f"No {n}")).number for n in range(5)]
    caller = await api.caller("tickets:read")
    first = await caller.get("/tickets", params={"limit": 2})
    await api.world.ticket(title="Late")
    seen = list(ids(first))
    assert first.headers["link"] == f'<{first.json()["next"]}>; rel="next"'
    path = first.json()["next"]
    while path:
        answer = await caller.get("http://desk.test" + path)
        seen += ids(answer)
        path = answer.json()["next"]
    assert seen == made[::-1]


@pytest.mark.parametrize("cursor", ["x", "YzE6", "YzE6LTE", "YzE6OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ", "%00", "é"])
async def test_a_cursor_of_somebody_elses_making_is_refused(api: Api, cursor: str) -> None:
    """422 with the field, never a 500."""
    answer = await (await api.caller("tickets:read")).get("/tickets", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "query.cursor"


async def test_a_misspelt_filter_does_not_widen_the_list(api: Api) -> None:
    """Parameters that an operation does not know are refused."""
    answer = await (await api.caller()).get("/tickets", params={"stat": "open"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "query.stat")


async def test_filters_narrow_the_list(api: Api) -> None:
    """By state, level, client, assignee, and what happened since."""
    bug = await api.world.ticket(title="A", level=Level.BUG)
    ask = await api.world.ticket(title="B", level=Level.QUESTION)
    caller = await api.caller()
    assert ids(await caller.get("/tickets", params={"level": "bug"})) == [bug.number]
    assert ids(await caller.get("/tickets", params={"client": "999"})) == []
    before = api.world.clock()
    api.world.clock.advance(timedelta(minutes=5))
    assert (await caller.post(f"/tickets/{ask.number}/claim")).status_code == 200
    mine = str(api.world.people["mira"].id)
    assert ids(await caller.get("/tickets", params={"assignee": mine})) == [ask.number]
    assert ids(await caller.get("/tickets", params={"assignee": "none"})) == [bug.number]
    assert ids(await caller.get("/tickets", params={"state": ["open", "waiting"]})) == [ask.number]
    since = (before + timedelta(minutes=1)).isoformat()
    assert ids(await caller.get("/tickets", params={"updated_since": since})) == [ask.number]


async def test_what_a_token_does_says_so(api: Api) -> None:
    """The event has the colleague and the token's name, in the API and on the desk's page."""
    ticket = await api.world.ticket()
    caller = await api.caller(name="Jira <b>", login="lin")
    answer = await caller.post(f"/tickets/{ticket.number}/claim")
    assert answer.json()["assignee"] == str(api.world.people["lin"].id)
    await caller.post(f"/tickets/{ticket.number}/replies", json={"text": "On it"})
    events = (await caller.get(f"/tickets/{ticket.number}/events")).json()["items"]
    told = {event["kind"]: event["token"] for event in events}
    assert told == {"opened": None, "claimed": "Jira <b>", "replied": "Jira <b>"}
    page = (await (await api.world.signed_in()).get(f"/desk/t/{ticket.number}")).text
    assert "林薇 claimed the ticket (through the API token “Jira &lt;b&gt;”)" in page
    assert "林薇 answered the client (through" in page


async def test_every_verb_moves_the_ticket(api: Api) -> None:
    """Reply, note, wait, snooze, level, resolve, reopen, merge, assign: the state follows."""
    ticket, other = await api.world.ticket(title="A"), await api.world.ticket(title="B")
    caller, at = await api.caller(), f"/tickets/{ticket.number}"
    lin = str(api.world.people["lin"].id)
    assert (await caller.post(f"{at}/assign", json={"to": lin})).json()["assignee"] == lin
    said = await caller.post(f"{at}/replies", json={"text": "Please look", "then": "wait"})
    assert (said.status_code, said.json()["author"]) == (201, "staff")
    assert (await caller.get(at)).json()["state"] == "waiting"
    assert (await caller.post(f"{at}/notes", json={"text": "inside"})).json()["audience"] == "internal"
    until = (api.world.clock() + timedelta(hours=1)).isoformat()
    assert (await caller.post(f"{at}/snooze", json={"until": until})).json()["snoozed_until"]
    assert (await caller.post(f"{at}/level", json={"level": "emergency"})).json()["level"] == "emergency"
    assert (await caller.post(f"{at}/resolve", json={"text": "Done"})).json()["state"] == "resolved"
    assert (await caller.post(f"{at}/reopen")).json()["state"] == "open"
    assert (await caller.post(f"{at}/wait", json={"third_party": True})).status_code == 200
    assert (await caller.post(f"{at}/transfer", json={"to": str(api.world.people["tom"].id)})).status_code == 200
    merged = await caller.post(f"{at}/merge", json={"into": other.number})
    assert (merged.json()["state"], merged.json()["merged_into"]) == ("merged", other.number)


async def test_a_conflict_comes_with_the_ticket_as_it_stands(api: Api) -> None:
    """Claimed by another: 409, the holder, and the ticket."""
    ticket = await api.world.ticket()
    first, second = await api.caller(login="lin"), await api.caller(login="tom")
    assert (await first.post(f"/tickets/{ticket.number}/claim")).status_code == 200
    answer = await second.post(f"/tickets/{ticket.number}/claim")
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("#already-claimed")
    assert answer.json()["current"]["assignee"] == answer.json()["holder"] == str(api.world.people["lin"].id)


async def test_if_match_holds_a_verb_back_from_a_changed_ticket(api: Api) -> None:
    """412 with what it is now; with the right version it goes through."""
    ticket = await api.world.ticket()
    caller = await api.caller()
    tag = (await caller.get(f"/tickets/{ticket.number}")).headers["etag"]
    assert (await caller.post(f"/tickets/{ticket.number}/claim", headers={"If-Match": tag})).status_code == 200
    stale = await caller.post(f"/tickets/{ticket.number}/resolve", headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["current"]["state"]) == (412, "open")


async def test_a_repeated_request_is_done_once(api: Api) -> None:
    """The same key and body get the same reply, also at once; another body is refused."""
    ticket = await api.world.ticket()
    caller, at = await api.caller(), f"/tickets/{ticket.number}/replies"
    send = [caller.post(at, json={"text": "Hello"}, headers={"Idempotency-Key": "k1"}) for _ in range(4)]
    answers = await asyncio.gather(*send)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    other = await caller.post(at, json={"text": "Else"}, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["type"]) == (409, "/api/v1/docs#key-reused")
    assert [m.text for m in await api.world.said(ticket) if m.author == "staff"] == ["Hello"]


async def test_what_was_refused_leaves_no_key_behind(api: Api) -> None:
    """A conflict may be tried again with the same key once it is gone."""
    ticket = await api.world.ticket()
    caller, at = await api.caller(), f"/tickets/{ticket.number}/reopen"
    assert (await caller.post(at, headers={"Idempotency-Key": "again"})).status_code == 409
    await caller.post(f"/tickets/{ticket.number}/resolve")
    assert (await caller.post(at, headers={"Idempotency-Key": "again"})).status_code == 200


async def test_a_rate_for_each_token(api: Api) -> None:
    """The headers count down; beyond it 429, until time has passed."""
    caller = await api.caller()
    first = await caller.get("/tickets")
    limit = int(first.headers["ratelimit-limit"])
    assert int(first.headers["ratelimit-remaining"]) == limit - 1
    answers = await asyncio.gather(*(caller.get("/tickets", params={"limit": 1}) for _ in range(limit)))
    assert sorted(answer.status_code for answer in answers) == [200] * (limit - 1) + [429]
    api.world.clock.advance(timedelta(minutes=1))
    assert (await caller.get("/tickets")).status_code == 200


async def test_a_ticket_for_a_client_goes_where_they_are_reached(api: Api) -> None:
    """Where its requester wrote last, else in the client's group; never in somebody else's direct chat."""
    asked = await api.world.ticket()
    caller = await api.caller()
    body = {"client": str(api.world.client.id), "title": "Monthly check", "level": "change"}
    refused = await caller.post("/tickets", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body.chat")
    made = await caller.post("/tickets", json=body | {"requester": str(asked.requester_id)})
    assert made.status_code == 201
    assert made.headers["location"].endswith(made.json()["id"])
    kept = await api.world.deps.db.read(lambda conn: board.ticket_by_number(conn, made.json()["id"]))
    assert (kept.conversation_id, kept.reason) == (asked.conversation_id, "api")
    group = await api.group()
    made = await caller.post("/tickets", json=body)
    kept = await api.world.deps.db.read(lambda conn: board.ticket_by_number(conn, made.json()["id"]))
    talk = await api.world.deps.db.read(lambda conn: directory.conversation(conn, kept.conversation_id))
    assert talk.chat_id == group.id


async def test_deadlines_come_with_their_account(api: Api) -> None:
    """Each clock says why, in the caller's language."""
    ticket = await api.world.ticket(level=Level.EMERGENCY)
    caller = await api.caller("tickets:read")
    clocks = (await caller.get(f"/tickets/{ticket.number}/clocks", headers={"Accept-Language": "zh-CN"})).json()[
        "items"
    ]
    assert {clock["kind"] for clock in clocks} == {"FR", "RS"}
    assert all(clock["due_at"].endswith("Z") and clock["why"] for clock in clocks)
    assert "首次响应" in clocks[0]["title"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("claim", {"more": 1}),
        ("replies", {"text": ""}),
        ("replies", {"text": "   "}),
        ("replies", {"text": "x" * 20_001}),
        ("snooze", {"until": "2001-01-01T00:00:00Z"}),
        ("snooze", {"until": "2027-01-01T00:00:00"}),
        ("level", {"level": "worst"}),
        ("assign", {"to": "99999"}),
        ("merge", {"into": "T-9999"}),
        ("notes", {"text": "\ud800"}),
    ],
)
async def test_what_cannot_be_meant_names_its_field(api: Api, path: str, body: dict[str, object]) -> None:
    """422 problem with errors; nothing happens."""
    ticket = await api.world.ticket()
    caller = await api.caller()
    raw = json.dumps(body)
    answer = await caller.post(
        f"/tickets/{ticket.number}/{path}", content=raw, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"].startswith("body")
    assert len((await caller.get(f"/tickets/{ticket.number}/events")).json()["items"]) == 1


async def test_too_much_is_refused_as_a_problem(api: Api) -> None:
    """A body beyond the API's own limit."""
    ticket = await api.world.ticket()
    answer = await (await api.caller()).post(f"/tickets/{ticket.number}/notes", content=b"x" * 200_000)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


async def test_what_is_not_there_is_a_problem_too(api: Api) -> None:
    """Unknown paths, methods and ids."""
    caller = await api.caller()
    for path in ("/nothing", "/tickets/T-9999", "/tickets/x", "/clients/77", "/manual/pages/none", "/tickets/a%0Ab"):
        answer = await caller.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
    wrong = await caller.delete("/tickets")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")


async def test_the_document_and_its_page_need_no_token(api: Api) -> None:
    """OpenAPI 3.1 of the API alone; a page of it in each language that runs no script."""
    anybody = api.with_secret(None)
    document = (await anybody.get("/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    assert not any(path.startswith("/desk") for path in document["paths"])
    for operation in (op for methods in document["paths"].values() for op in methods.values()):
        assert operation["security"][0]["token"]
        assert {"401", "403", "422", "429", "503"} <= operation["responses"].keys()
    page = await anybody.get("/docs", headers={"Accept-Language": "zh-TW"})
    assert page.status_code == 200
    assert "介面文件" in page.text
    assert "<script" not in page.text
    assert "access-control-allow-origin" not in page.headers
