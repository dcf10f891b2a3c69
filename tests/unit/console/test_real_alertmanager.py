"""The real Alertmanager posts by its real configuration to our real HTTP server."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from store.clock import utc_now
from success import alert_tokens, alerts
from tests.alertmanager import alertmanager, needed
from tests.platforms.telegram.server import loopback
from tests.unit.console.world import World

pytestmark = pytest.mark.alertmanager


async def until(world: World, holds: Callable[[tuple[alerts.Alert, ...]], bool]) -> tuple[alerts.Alert, ...]:
    """What came in, once that holds, within bounds."""
    found: tuple[alerts.Alert, ...] = ()
    for _ in range(600):
        found = await world.deps.db.read(lambda conn: alerts.latest(conn, limit=5_000))
        if holds(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError([(each.name, each.status, each.times) for each in found][:20])


def firing(host: str, *, since: datetime, over: bool = False) -> dict[str, Any]:
    """What Prometheus sends; Alertmanager looks at the real clock."""
    labels = {"alertname": "HostHighCpuLoad", "instance": f"{host}:9100", "severity": "critical"}
    facts: dict[str, Any] = {"labels": labels, "generatorURL": "http://prom/g", "startsAt": since.isoformat()}
    facts |= {"annotations": {"summary": f"CPU above 80% on {host}", "value": "93.4"}}
    return facts | ({"endsAt": utc_now().isoformat()} if over else {})


@pytest.mark.parametrize("kind", ["bearer", "basic"])
async def test_alerts_come_in_and_are_over(world: World, tmp_path: Path, kind: str) -> None:
    """Fifty of one group in one notification, kept once however often it is sent; then they are resolved."""
    needed()
    by, now = world.people["mira"].id, world.clock()
    _, secret = await world.write(lambda conn: alert_tokens.make(conn, name="am", by=by, now=now))
    auths = {
        "bearer": f"authorization: {{credentials: {secret}}}",
        "basic": f"basic_auth: {{username: alertmanager, password: {secret}}}",
    }
    since = utc_now() - timedelta(minutes=1)
    hosts = [f"web-{n:02}" for n in range(50)]
    async with loopback(world.app) as port:
        url = f"http://127.0.0.1:{port}/hooks/alertmanager"
        async with alertmanager(tmp_path, url=url, auth=auths[kind]) as am:
            await am.fire(*(firing(host, since=since) for host in hosts))
            found = await until(world, lambda kept: len(kept) == 50)
            assert {each.server for each in found} == set(hosts)
            assert {each.group_key for each in found} == {'{}:{alertname="HostHighCpuLoad"}'}
            await am.fire(firing("web-07", since=since, over=True))
            found = await until(world, lambda kept: any(each.status == "resolved" for each in kept))
            assert len(found) == 50


async def test_a_wrong_token_gets_nothing_in(world: World, tmp_path: Path) -> None:
    """It is told 401, and says so in its own log."""
    needed()
    async with loopback(world.app) as port:
        url = f"http://127.0.0.1:{port}/hooks/alertmanager"
        async with alertmanager(tmp_path, url=url, auth="authorization: {credentials: wrong}") as am:
            await am.fire(firing("web-01", since=utc_now()))
            for _ in range(600):
                if "401" in am.log.read_text("utf-8"):
                    break
                await asyncio.sleep(0.05)
            assert "401" in am.log.read_text("utf-8")
    assert await world.deps.db.read(alerts.latest) == ()
