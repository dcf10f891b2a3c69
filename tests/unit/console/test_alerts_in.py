"""What an Alertmanager posts: let in by token alone, read without trust, kept once; the page with tokens and addresses."""

import base64
import json
import re
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from handoff import sites
from handoff.site_rules import read_site
from success import alert_tokens, alerts, hooks
from tests.unit.console.world import World, submit

HOOK, PAGE = "/hooks/alertmanager", "/desk/settings/alerts"
START = "2026-11-16T01:58:00.123456789Z"


def posted(*found: dict[str, Any], group: str = '{}:{alertname="CPU"}') -> dict[str, Any]:
    return {
        "version": "4", "groupKey": group, "truncatedAlerts": 0, "status": "firing", "receiver": "aftercare",
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am", "alerts": list(found),
    }  # fmt: skip


def fired(n: int = 1, *, status: str = "firing", **labels: str) -> dict[str, Any]:
    return {
        "status": status, "labels": {"alertname": "CPU", "severity": "critical"} | labels, "annotations": {},
        "startsAt": START, "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prom/graph", "fingerprint": f"{n:016x}",
    }  # fmt: skip


async def caller(world: World) -> httpx.AsyncClient:
    """A program with a token."""
    by, now = world.people["mira"].id, world.clock()
    _, secret = await world.write(lambda conn: alert_tokens.make(conn, name="am", by=by, now=now))
    return world.browser(Authorization=f"Bearer {secret}")


async def kept(world: World) -> tuple[alerts.Alert, ...]:
    return await world.deps.db.read(lambda conn: alerts.latest(conn, limit=5_000))


async def test_a_notification_is_kept_once(world: World) -> None:
    """Sent again it is counted; resolved it is over, once; what fires after that with the same beginning is late."""
    program = await caller(world)
    first = await program.post(HOOK, json=posted(fired(instance="web-01:9100")))
    assert (first.status_code, first.json()) == (200, {"new": 1, "resolved": 0, "known": 0})
    assert (await program.post(HOOK, json=posted(fired()))).json()["known"] == 1
    over = fired(status="resolved") | {"endsAt": "2026-11-16T02:10:00Z"}
    assert (await program.post(HOOK, json=posted(over))).json()["resolved"] == 1
    assert (await program.post(HOOK, json=posted(over))).json()["resolved"] == 0
    await program.post(HOOK, json=posted(fired()))
    [alert] = await kept(world)
    assert (alert.status, alert.times, alert.server) == ("resolved", 5, "web-01")


@pytest.mark.parametrize(
    ("labels", "site", "client"),
    [
        ({"server": "WEB-01"}, False, False),  # two sites there: neither
        ({"instance": "https://nw.example.com/x"}, True, True),
        ({"instance": "nw.example.com:443"}, True, True),
        ({"client": "NW"}, False, True),
        ({"client": "nobody", "instance": "elsewhere:9100"}, False, False),
        ({"server": "db-01"}, True, True),
    ],
)
async def test_labels_say_whom_it_concerns(world: World, labels: dict[str, str], *, site: bool, client: bool) -> None:
    """A server, a host, a client's short name."""

    def body(conn: Connection) -> None:
        for address, server in (("nw.example.com", "web-01"), ("b.example.com", "web-01"), ("c.example.com", "db-01")):
            draft = read_site({"address": f"https://{address}", "server": server})
            sites.add(conn, client_id=world.client.id, draft=draft, now=world.clock())

    await world.write(body)
    await (await caller(world)).post(HOOK, json=posted(fired(**labels)))
    [alert] = await kept(world)
    assert (alert.site_id is not None, alert.client_id is not None) == (site, client)


async def test_who_has_no_token_posts_nothing(world: World) -> None:
    """No header, a wrong one, a revoked one: 401, before a byte of the body is looked at; basic credentials do as well."""
    by, now = world.people["mira"].id, world.clock()
    token, secret = await world.write(lambda conn: alert_tokens.make(conn, name="am", by=by, now=now))
    basic = base64.b64encode(f"anybody:{secret}".encode()).decode()
    wrong = ["", "Bearer", "Bearer afa_wrong", f"Basic {secret}", "Basic !!!", f"Token {secret}", "Bearer \udcff"]
    for header in wrong:
        program = world.browser(**({"Authorization": header.encode("utf-8", "replace")} if header else {}))  # type: ignore[arg-type]
        answer = await program.post(HOOK, content=b"garbage")
        assert answer.status_code == 401, header
        assert "WWW-Authenticate" in answer.headers
    allowed = world.browser(Authorization=f"Basic {basic}")
    assert (await allowed.post(HOOK, json=posted(fired()))).status_code == 200
    await world.write(lambda conn: alert_tokens.revoke(conn, token.id, by=by, now=now))
    assert (await allowed.post(HOOK, json=posted(fired(2)))).status_code == 401
    assert len(await kept(world)) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"garbage", "body"), (b"[]", "body"), (b"", "body"), (b"[" * 100_000, "body"), (b"\xff\xfe", "body"),
        (json.dumps(posted() | {"version": "3"}).encode(), "version"),
        (json.dumps(posted() | {"groupKey": 7}).encode(), "groupKey"),
        (json.dumps(posted() | {"alerts": "x"}).encode(), "alerts"),
        (json.dumps(posted() | {"alerts": ["x"]}).encode(), "alerts[0]"),
        (json.dumps(posted(fired() | {"fingerprint": ""})).encode(), "alerts[0].fingerprint"),
        (json.dumps(posted(fired() | {"status": "odd"})).encode(), "alerts[0].status"),
        (json.dumps(posted(fired() | {"startsAt": "yesterday"})).encode(), "alerts[0].startsAt"),
        (json.dumps(posted(fired() | {"startsAt": "2026-11-16T02:00:00"})).encode(), "alerts[0].startsAt"),
        (json.dumps(posted(fired() | {"startsAt": None})).encode(), "alerts[0].startsAt"),
        (json.dumps(posted(fired() | {"startsAt": []})).encode(), "alerts[0].startsAt"),
        (json.dumps(posted(fired() | {"status": {}})).encode(), "alerts[0].status"),
        (json.dumps(posted(fired() | {"labels": {"a": 1}})).encode(), "alerts[0].labels.a"),
        (json.dumps(posted(fired() | {"labels": {str(n): "x" for n in range(65)}})).encode(), "alerts[0].labels"),
        (json.dumps(posted(*([fired()] * 5_001))).encode(), "alerts"),
    ],
)  # fmt: skip
async def test_garbage_is_told_what_is_wrong_with_it(world: World, body: bytes, field: str) -> None:
    """400 with the field and why; nothing is kept of the whole notification."""
    answer = await (await caller(world)).post(HOOK, content=body)
    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert await kept(world) == ()


async def test_too_much_is_refused(world: World) -> None:
    """More than eight megabytes: 413, said or not."""
    program = await caller(world)
    assert (await program.post(HOOK, content=b" " * (8 * 1024 * 1024 + 1))).status_code == 413


async def test_odd_characters_are_kept_as_text(world: World) -> None:
    """NUL, lone surrogates and markup in labels neither break the database nor the page."""
    body = json.dumps(posted(fired(alertname="<script>alert(1)</script>", note="a\0b\ud800")))
    assert (await (await caller(world)).post(HOOK, content=body.encode())).status_code == 200
    page = await (await world.signed_in("tom")).get("/desk/incidents")
    assert "<script>alert" not in page.text
    [alert] = await kept(world)
    assert alert.labels["note"] == "ab?"


async def test_a_token_is_made_shown_once_and_revoked(world: World) -> None:
    """By an admin; its secret stands nowhere afterwards, and its name is text."""
    admin = await world.signed_in("mira")
    made = await submit(admin, PAGE, f"{PAGE}/tokens", name="<i>prod</i>")
    secret = re.findall(r"afa_[\w-]{43}", made.text)[0]
    again = (await admin.get(PAGE)).text
    assert secret not in again
    assert "&lt;i&gt;prod" in again
    [token] = await world.deps.db.read(alert_tokens.every)
    assert (await world.browser(Authorization=f"Bearer {secret}").post(HOOK, json=posted())).status_code == 200
    assert (await submit(admin, PAGE, f"{PAGE}/tokens/{token.id}/revoke")).status_code == 303
    assert (await submit(admin, PAGE, f"{PAGE}/tokens/99/revoke")).status_code == 404
    assert (await submit(admin, PAGE, f"{PAGE}/tokens", name=" ")).status_code == 422


@pytest.mark.parametrize(
    ("name", "url", "status"),
    [
        ("scale-out", "https://hooks.example.com/out", 303), ("Scale-Out", "https://hooks.example.com/out", 303),
        ("a b", "https://hooks.example.com", 422), ("", "https://hooks.example.com", 422),
        ("x", "http://hooks.example.com", 422), ("x", "https://127.0.0.1/", 422), ("x", "https://10.0.0.8/", 422),
        ("x", "https://localhost/", 422), ("x", "file:///etc/passwd", 422), ("x", "https://u:p@example.com/", 422),
    ],
)  # fmt: skip
async def test_only_the_worlds_addresses_are_called(world: World, name: str, url: str, status: int) -> None:
    """Others are refused with a sentence, and what was typed is kept."""
    admin = await world.signed_in("mira")
    answer = await submit(admin, PAGE, f"{PAGE}/hooks", name=name, url=url)
    assert answer.status_code == status
    found = await world.deps.db.read(hooks.every)
    assert [hook.name for hook in found] == (["scale-out"] if status == 303 else [])


async def test_agents_and_leads_see_no_tokens(world: World) -> None:
    """The page is the admins'."""
    for login in ("lin", "tom"):
        assert (await (await world.signed_in(login)).get(PAGE)).status_code == 403
