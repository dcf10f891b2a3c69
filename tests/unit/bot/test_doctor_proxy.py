"""What doctor says about the proxy before the program."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.doctor import _proxy
from bot.settings import Settings


@pytest.mark.parametrize(
    ("settings", "states"),
    [
        ({}, []),
        ({"public_url": "http://127.0.0.1:8000"}, []),
        ({"public_url": "https://desk.example"}, ["warning"]),
        ({"public_url": "https://desk.example", "trusted_proxies": "127.0.0.1"}, ["ok"]),
    ],
)
def test_a_proxy_that_nobody_believes_is_told(settings: dict[str, Any], states: list[str]) -> None:
    """With https there is one; and what to set is named."""
    found = _proxy(SimpleNamespace(settings=Settings(**settings)))  # type: ignore[arg-type]
    assert [each.state for each in found] == states
    assert all("AFTERCARE_TRUSTED_PROXIES" in (each.mend or "") for each in found if each.state == "warning")
