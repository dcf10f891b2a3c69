"""Only the true signature passes: whatever byte is changed, at whichever door that a signature or a token opens."""

import hashlib
import hmac
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier
from sqlalchemy import create_engine
from standardwebhooks import Webhook, WebhookVerificationError

from bot.channels.slack.account import Account
from bot.channels.slack.doors import PATH, bolt, router
from bot.channels.web.visitor import Visitor, WebChat
from bot.webhooks import signed
from console import auth, signing
from console.rendering import page_link, page_link_holds
from console.widgets import signature_holds, user_signature
from handoff import directory, progress_links, tokens
from handoff.kinds import Role, Tier
from handoff.tokens import Scope
from success import alert_tokens
from tests.databases import migrated_file

SECRET = b"k" * 32
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)

Door = tuple[str, Callable[[str], bool]]
"""What is true there, and whether what is given holds."""


def web() -> WebChat:
    nothing: dict[str, object] = dict.fromkeys(WebChat.__dataclass_fields__)
    return WebChat(**nothing | {"secret": SECRET, "files": Path(), "default_client": "", "secure_cookies": False})  # type: ignore[arg-type]


def _page(given: str) -> bool:
    return page_link_holds("zh/退款", given, client="acme", secret=SECRET)


def _bearer(given: str) -> bool:
    return web().bearer("key", given) == Visitor("v" * 24, "Mei")


def _slack(given: str, *, at: int) -> bool:
    """As the route does: a letter that is none of a signature is refused before the library looks."""
    return given.isascii() and SignatureVerifier("s" * 32).is_valid(body="a=b", timestamp=str(at), signature=given)


def _webhook(given: str, *, at: int) -> bool:
    try:
        key = "whsec_" + b64encode(SECRET).decode()
        Webhook(key).verify(b'{"a": 1}', {"webhook-id": "m", "webhook-timestamp": str(at), "webhook-signature": given})
    except (WebhookVerificationError, ValueError):  # what its receivers' library says of nonsense
        return False
    return True


def doors() -> dict[str, Door]:
    """Every door by name. What is signed with an instant is signed now: it holds for some minutes only."""
    now = int(time.time())
    at = datetime.fromtimestamp(now, UTC)
    page = parse_qs(urlsplit(page_link("zh/退款", client="acme", secret=SECRET)).query)["s"][0]
    request = hmac.new(b"s" * 32, f"v0:{now}:a=b".encode(), hashlib.sha256).hexdigest()
    posted = signed(SECRET, message_id="m", at=at, body=b'{"a": 1}')["webhook-signature"]
    link = signing.signature("rating:7:3", secret=SECRET)
    return {
        "a link": (link, lambda g: signing.holds(g, "rating:7:3", secret=SECRET)),
        "a page": (page, _page),
        "a visitor's cookie": (web().sign("v" * 24), lambda g: web().visitor(g) is not None),
        "a framed visitor's token": (web().token("key", Visitor("v" * 24, "Mei")), _bearer),
        "a picture": (web().file_signature("key", "v", "f"), lambda g: web().file_signed("key", "v", "f", g)),
        "a form": (auth.csrf_token(SECRET, "session"), lambda g: auth.csrf_holds(SECRET, "session", g)),
        "a user of a client's site": (user_signature("s", "7", "Mei"), lambda g: signature_holds("s", "7", "Mei", g)),
        "Slack": (f"v0={request}", partial(_slack, at=now)),
        "a webhook of ours": (posted, partial(_webhook, at=now)),
    }


def _changed(true: str, place: int, letter: str) -> str:
    place %= len(true)
    return true[:place] + letter + true[place + 1 :]


@pytest.mark.parametrize("door", doors())
def test_only_the_true_one_passes(door: str) -> None:
    """Law: one letter changed, taken, or added, and it holds no more; nothing that is made up holds."""
    true, holds = doors()[door]
    assert holds(true)

    @settings(max_examples=150, deadline=None, database=None)
    @given(st.integers(0, 500), st.characters(min_codepoint=33, max_codepoint=0x4FFF), st.text(max_size=90))
    def law(place: int, letter: str, made_up: str) -> None:
        spare = _same_bits(door, true, _changed(true, place, letter))
        assert not holds(_changed(true, place, letter)) or spare
        assert not holds(made_up)
        assert not holds(true[: place % len(true)])

    law()
    assert not holds("")


def _same_bits(door: str, true: str, other: str) -> bool:
    """A changed letter that changes nothing: hex in capitals, the key's spelling of our own webhook's list."""
    if other == true:
        return True
    return door == "a user of a client's site" and other.lower() == true


def test_a_signature_of_one_kind_opens_no_door_of_another() -> None:
    """All are made with one key; what they name keeps them apart."""
    every = doors()
    opened = [
        (mine, door)
        for mine, (true, _) in every.items()
        for door, (_, holds) in every.items()
        if mine != door and holds(true)
    ]
    assert opened == []


def test_tokens_that_are_rows(tmp_path: Path) -> None:
    """An API token, an Alertmanager's, a private link: kept as a hash or signed, and held to the letter."""
    with create_engine(f"sqlite:///{migrated_file(tmp_path / 'a.db')}").connect() as conn:
        who = directory.add_staff(conn, login="a", name="A", role=Role.ADMIN, now=NOW)
        client = directory.add_client(conn, slug="c", name="C", tier=Tier.GOLD, now=NOW)
        person = directory.ensure_person(conn, platform="web", external_id="p", name="P", client_id=client.id, now=NOW)
        facts: dict[str, Any] = {"name": "t", "scopes": frozenset(Scope), "client_id": None, "person_id": who.id}
        _, api = tokens.make(conn, **facts, expires_at=None, by=who.id, now=NOW)
        _, alert = alert_tokens.make(conn, name="am", by=who.id, now=NOW)
        link = progress_links.token(progress_links.for_person(conn, client.id, person.id, now=NOW), secret=SECRET)
        doors = (
            (api, lambda given: tokens.known(conn, given, now=NOW)),
            (alert, lambda given: alert_tokens.known(conn, given)),
            (link, lambda given: progress_links.held(conn, given, secret=SECRET, now=NOW)),
        )

        @settings(max_examples=100, deadline=None, database=None)
        @given(st.sampled_from(doors), st.integers(0, 80), st.characters(min_codepoint=33, max_codepoint=0x2FFF))
        def law(door: Any, place: int, letter: str) -> None:
            true, known = door
            assert known(true) is not None
            other = _changed(true, place, letter)
            assert other == true or known(other) is None
            assert known(true[:-1]) is None
            assert known(f"{true}x") is None

        law()
        kept = str(conn.exec_driver_sql("SELECT * FROM api_token").all())
        kept += str(conn.exec_driver_sql("SELECT * FROM alert_token").all())
        assert api not in kept
        assert alert not in kept


async def test_a_signature_of_strange_letters_is_refused_by_the_route() -> None:
    """Bytes that no signature has are a bad request, not an error of ours."""
    account = Account("xoxb-1", api="http://127.0.0.1:1/api/", clock=lambda: NOW)
    app = FastAPI()
    arrivals: Any = None
    app.include_router(router(bolt(account, arrivals, secret="s" * 32)))
    try:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
            told = {"x-slack-request-timestamp": str(int(time.time())), "content-type": "application/json"}
            for signature, status in ((b"v0=\xe9", 400), (b"v0=00", 401), (b"", 401)):
                headers = told | {"x-slack-signature": signature}
                assert (await http.post(PATH, content=b"{}", headers=headers)).status_code == status  # type: ignore[arg-type]
    finally:
        await account.close()
