"""Doors that attackers try: metrics, foreign pages, forged hosts, files, folders, keys, logs."""

import csv
import io
import logging
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from pydantic import ValidationError
from structlog.testing import capture_logs

from bot import first_start
from bot.aftercare import Aftercare
from bot.metrics_door import is_near
from bot.server import web_app
from bot.settings import Settings
from console.guard import SESSION_COOKIE
from console.number_files import csv_text, disarmed
from handoff import directory, progress_links, tokens
from handoff.kinds import ChatKind, Role
from handoff.tokens import Scope
from tests.house import House
from tests.unit.console.world import PASSWORD, World, field

EVIL = "https://evil.example"
TOKEN = "a-token-for-the-metrics"
METRICS = [
    (None, "127.0.0.1", "", 200),
    (None, "::1", "", 200),
    (None, "10.2.3.4", "", 200),
    (None, "::ffff:192.168.1.9", "", 200),
    (None, "8.8.8.8", "", 403),
    (None, "2001:4860::8888", "", 403),
    (None, "::ffff:8.8.8.8", "", 403),
    (None, "not-an-address", "", 403),
    (TOKEN, "127.0.0.1", "", 401),
    (TOKEN, "127.0.0.1", f"Bearer {TOKEN}x", 401),
    (TOKEN, "127.0.0.1", f"Basic {TOKEN}", 401),
    (TOKEN, "127.0.0.1", TOKEN, 401),
    (TOKEN, "8.8.8.8", f"Bearer {TOKEN}", 200),
]


def caller(app: Aftercare, address: str = "127.0.0.1", **headers: str) -> httpx.AsyncClient:
    """Somebody at that address."""
    transport = httpx.ASGITransport(app=web_app(app), client=(address, 1000), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://desk.test", headers=headers)


async def test_metrics_are_for_the_neighbours_or_the_holder_of_the_token(house: House) -> None:
    """Without a token this machine and its private network; with one whoever shows it, and nobody else."""
    for token, address, shown, status in METRICS:
        app = replace(house.app, settings=Settings(data=house.app.settings.data, metrics_token=token))
        async with caller(app, address, **({"Authorization": shown} if shown else {})) as reader:
            answer = await reader.get("/metrics")
            assert answer.status_code == status, (token, address, shown)
            assert ("aftercare_turns" in answer.text) is (status == 200)


def test_a_short_metrics_token_is_refused(tmp_path: Path) -> None:
    """It could be guessed."""
    with pytest.raises(ValidationError, match="16 to 256"):
        Settings(data=tmp_path, metrics_token="short")
    assert not is_near("0.0.0.0")
    assert not is_near("")


@pytest.mark.parametrize("path", ["/", "/desk/sign-in", "/healthz", "/api/v1/openapi.json", "/metrics", "/widget.js"])
async def test_no_foreign_page_may_read_an_answer(house: House, path: str) -> None:
    """No door says that another origin may read it, whatever it asks for; nor does a preflight."""
    async with caller(house.app, Origin=EVIL) as browser:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        for answer in (await browser.get(path), await browser.options(path, headers=asked)):
            assert not [name for name in answer.headers if name.startswith("access-control-")], path


async def test_no_foreign_page_posts_into_the_chat(house: House) -> None:
    """JSON, a form or plain text: with another origin, or told by the browser to be cross-site, it is refused."""
    async with house.visitor() as visitor:
        bodies: list[dict[str, Any]] = [
            {"json": {"id": "k1", "text": "hi"}},
            {"data": {"id": "k2", "text": "hi"}},
            {"content": '{"id": "k3", "text": "hi"}', "headers": {"Content-Type": "text/plain"}},
        ]
        for body in bodies:
            for told in ({"Origin": EVIL}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):  # fmt: skip
                headers = body.get("headers", {}) | told
                answer = await visitor.http.post(f"{visitor.api}/messages", **body | {"headers": headers})
                assert answer.status_code == 403, (body, told)
        assert (await visitor.state())["messages"] == []


async def test_a_forged_host_leads_nobody_away(house: House) -> None:
    """Links and redirects stay on the path; the host that a request names stands in none of them."""
    async with caller(house.app, Host="evil.example") as browser:
        for path in ("/", "/desk", "/desk/t/1", "/c/none", "/desk/sign-in?next=https://evil.example", "/p/none"):
            answer = await browser.get(path)
            assert "evil.example" not in answer.headers.get("location", "").replace("%3A", ":").split("?")[0]
            assert not re.findall(r'(?:href|src|action)="(?:https?:)?//[^"]*evil', answer.text), path


async def test_a_session_of_somebody_elses_choosing_is_never_taken(world: World) -> None:
    """A cookie that was planted before the sign-in opens nothing after it, and the session before is over."""
    browser = world.browser()
    browser.cookies.set(SESSION_COOKIE, "planted", domain="desk.test", path="/")
    page = (await browser.get("/desk/sign-in")).text
    form = {"login": "lin", "password": PASSWORD, "csrf": field(page, "csrf")}
    first = (await browser.post("/desk/sign-in", data=form)).cookies[SESSION_COOKIE]
    assert first != "planted"
    page = (await browser.get("/desk/sign-in")).text
    again = await browser.post("/desk/sign-in", data=form | {"csrf": field(page, "csrf")})
    assert again.status_code == 303
    for stale in ("planted", first):
        other = world.browser()
        other.cookies.set(SESSION_COOKIE, stale, domain="desk.test", path="/")
        assert (await other.get("/desk")).status_code == 303


async def test_a_link_is_one_clients(house: House) -> None:
    """Whoever has a link to one client's page changes nothing by naming another's ticket, file or person in it."""

    def furnish(conn: Any) -> tuple[str, str]:
        now, secret = house.clock(), house.app.secret
        demo = directory.client_by_slug(conn, "demo")
        other = directory.add_client(conn, slug="other", name="Other", tier="gold", now=now)
        assert demo is not None
        found = []
        for client in (demo, other):
            who = directory.ensure_person(conn, platform="web", external_id=f"u-{client.slug}", name="W", client_id=client.id, now=now)  # fmt: skip
            link = progress_links.for_person(conn, client.id, who.id, now=now)
            found.append(progress_links.token(link, secret=secret))
        return found[0], found[1]

    mine, theirs = await house.app.db.write(furnish)
    async with caller(house.app) as reader:
        assert (await reader.get(f"/p/{mine}")).status_code == 200
        half = progress_links._NONCE
        for forged in (mine[:half] + theirs[half:], theirs[:half] + mine[half:], mine[:-1], f"{mine}A", mine.swapcase()):  # fmt: skip
            assert (await reader.get(f"/p/{forged}")).status_code in {404, 429}


async def test_the_api_takes_no_field_that_it_does_not_name(house: House) -> None:
    """Mass assignment: an unknown field is told, and nothing is done; a token's client cannot be widened by a body."""
    who = await house.agent("boss", role=Role.ADMIN)

    def make(conn: Any) -> str:
        demo = directory.client_by_slug(conn, "demo")
        assert demo is not None
        directory.ensure_chat(
            conn, platform="telegram", external_id="-1", kind=ChatKind.GROUP, client_id=demo.id, now=house.clock()
        )
        facts = {"name": "m", "scopes": frozenset(Scope), "client_id": demo.id, "person_id": who.id}
        return tokens.make(conn, **facts, expires_at=None, by=who.id, now=house.clock())[1]  # type: ignore[arg-type]

    secret = await house.app.db.write(make)
    async with caller(house.app, Authorization=f"Bearer {secret}") as program:
        good = {"client": "1", "level": "bug", "title": "t"}
        for extra in ({"state": "resolved"}, {"by": 1}, {"id": 5}, {"role": "admin"}, {"client_id": 1}):
            answer = await program.post("/api/v1/tickets", json=good | extra)
            assert answer.status_code == 422, answer.text
        assert (await program.get("/api/v1/tickets")).json()["items"] == []
        made = await program.post("/api/v1/tickets", json=good)
    assert made.status_code == 201, made.text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1", '=HYPERLINK("https://evil.example")'])  # fmt: skip
def test_a_cell_is_never_a_formula(text: str) -> None:
    """In every file for spreadsheets: figures, visits, the audit log."""
    (row,) = csv.reader(io.StringIO(b"".join(csv_text([[text, "ok"]])).decode("utf-8-sig")))
    assert row[0].startswith("'")
    assert row[1] == "ok"
    assert disarmed(text).startswith("'")


def test_the_key_is_one_and_its_owners_alone(tmp_path: Path) -> None:
    """Twenty processes that start at once sign with the same key; nobody else may read it or the folder."""
    data = tmp_path / "data"
    first_start.prepare_folder(data)
    found: list[bytes] = []
    gate = threading.Barrier(20)

    def start() -> None:
        gate.wait()
        found.append(first_start.secret(data))

    threads = [threading.Thread(target=start) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert data.stat().st_mode & 0o077 == 0
    assert (data / "secret").stat().st_mode & 0o077 == 0
    assert sorted(each.name for each in data.iterdir()) == ["files", "secret"]


def _settings(folder: Path, secret: Callable[[str], str]) -> Settings:
    return Settings(
        data=folder / "quiet",
        openai_api_key=secret("model"),
        telegram_webhook_secret=secret("hook"),
        slack_bot_token=f"xoxb-{secret('bot')}",
        slack_signing_secret=secret("sign").replace("-", ""),
        metrics_token=secret("metrics"),
        database_url=f"postgresql://u:{secret('db')}@h/d",
        smtp_url=f"smtp://u:{secret('smtp')}@mail.example",
        mail_from="a@b.example",
    )


def test_settings_show_no_secret(tmp_path: Path) -> None:
    """However they are printed, logged or dumped."""
    settings = _settings(tmp_path, lambda name: f"canary-{name}-0123456789")
    for shown in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert "canary" not in shown
    with pytest.raises(ValidationError) as refused:
        Settings(data=tmp_path, telegram_token="canary wrong token")
    assert "canary" not in str(refused.value)


async def test_logs_hold_no_secret_and_no_word_of_a_client(
    house: House, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the most talkative level: messages, passwords, tokens, sessions and private links stay out of every line."""
    words, password, token = "wisteria invoice question", "canary-password-77", f"aft_{secrets.token_urlsafe(32)}"
    structlog.reset_defaults()
    with caplog.at_level(logging.DEBUG), capture_logs() as lines:
        async with house.visitor() as visitor:
            await visitor.say(f"where is the menu? {words}")
            await visitor.say(f"转人工 {words}")
        async with caller(house.app, Authorization=f"Bearer {token}") as browser:
            page = (await browser.get("/desk/sign-in")).text
            await browser.post(
                "/desk/sign-in", data={"login": words, "password": password, "csrf": field(page, "csrf")}
            )
            await browser.get("/api/v1/tickets")
            await browser.get(f"/p/{token}")
            await browser.post("/telegram/updates", content=words)
            await browser.post("/hooks/alertmanager", content=words)
        await house.idle()
    ours = [each for each in caplog.records if not each.name.startswith(("httpx", "httpcore", "asyncio", "aiosqlite"))]
    printed = capsys.readouterr()
    everything = str(lines) + "".join(each.getMessage() for each in ours) + printed.out + printed.err
    assert "turn" in everything
    for secret in (words, password, token, house.app.secret.hex()):
        assert secret not in everything
