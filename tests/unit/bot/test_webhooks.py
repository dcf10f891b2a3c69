"""Webhooks out: the signature of the public specification, and addresses that calls may go to."""

import base64
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from bot.settings import Settings
from bot.webhooks import checked_url, signed, signing_key

KEY = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the specification's example


def test_the_signature_is_the_specifications() -> None:
    """The published example of Standard Webhooks comes out byte for byte."""
    headers = signed(
        signing_key(KEY),
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, UTC),
        body=b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"
    assert signing_key(f"whsec_{KEY}") == signing_key(f" {KEY} ")


@pytest.mark.parametrize(
    "text", ["", "whsec_", "not base64!", base64.b64encode(b"short").decode(), base64.b64encode(b"x" * 65).decode()]
)
def test_a_weak_or_broken_secret_is_refused(text: str) -> None:
    """Nothing, no base64, too short, too long."""
    with pytest.raises(ValueError):
        signing_key(text)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://pager.example/hook?key=1", True),
        ("http://127.0.0.1:9000/hook", True),
        ("http://localhost/hook", True),
        ("http://[::1]:9/hook", True),
        ("http://pager.example/hook", False),
        ("http://127.0.0.1.pager.example/", False),
        ("http://10.0.0.7/", False),
        ("ftp://127.0.0.1/", False),
        ("https://", False),
        ("pager.example", False),
        ("", False),
    ],
)
def test_calls_go_over_https_or_to_this_machine(url: str, good: bool) -> None:
    """Anything else is refused before anything is sent."""
    if good:
        assert checked_url(f" {url} ") == url
    else:
        with pytest.raises(ValueError):
            checked_url(url)


@pytest.mark.parametrize(
    ("url", "secret", "field"),
    [
        ("http://pager.example/", KEY, "AFTERCARE_PAGER_URL"),
        ("https://pager.example/", "", "AFTERCARE_PAGER_SECRET"),
        ("https://pager.example/", "weak", "AFTERCARE_PAGER_SECRET"),
    ],
)
def test_a_pager_needs_both_settings(monkeypatch: pytest.MonkeyPatch, url: str, secret: str, field: str) -> None:
    """The setting that is wrong is named; its value is not shown."""
    monkeypatch.setenv("AFTERCARE_PAGER_URL", url)
    monkeypatch.setenv("AFTERCARE_PAGER_SECRET", secret)
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert [error["loc"][0] for error in refused.value.errors(include_url=False)] == [field]
    assert "pager.example" not in str(refused.value)


def test_without_a_pager_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blank settings are none."""
    monkeypatch.setenv("AFTERCARE_PAGER_URL", " ")
    monkeypatch.delenv("AFTERCARE_PAGER_SECRET", raising=False)
    assert (Settings().pager_url, Settings().pager_secret) == (None, None)
