"""Slack's settings belong together; what is wrong is named, with what to do."""

from typing import Any

import pytest

from bot.errors import SettingsError
from bot.settings import load_settings

BOT, APP, SECRET = "xoxb-1-2-abc", "xapp-1-A1-2-abc", "8f742231b10e8888abcd99yyyzzz85a5"
NAMES = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_API")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def told(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> Any:
    for name, value in values.items():
        monkeypatch.setenv(f"SLACK_{name}", value)
    return load_settings()


@pytest.mark.parametrize(
    ("values", "setting"),
    [
        ({"BOT_TOKEN": BOT}, "SLACK_SIGNING_SECRET"),
        ({"APP_TOKEN": APP}, "SLACK_SIGNING_SECRET"),
        ({"SIGNING_SECRET": SECRET}, "SLACK_SIGNING_SECRET"),
        ({"BOT_TOKEN": APP, "APP_TOKEN": APP}, "SLACK_BOT_TOKEN"),
        ({"BOT_TOKEN": BOT, "APP_TOKEN": BOT}, "SLACK_APP_TOKEN"),
        ({"BOT_TOKEN": BOT, "SIGNING_SECRET": "short"}, "SLACK_SIGNING_SECRET"),
        ({"BOT_TOKEN": BOT, "APP_TOKEN": APP, "API": "slack.test"}, "SLACK_API"),
    ],
)
def test_what_cannot_be_used(monkeypatch: pytest.MonkeyPatch, values: dict[str, str], setting: str) -> None:
    """Tokens mixed up, one without the other: the setting is named, and no secret is shown."""
    with pytest.raises(SettingsError) as refused:
        told(monkeypatch, values)
    assert refused.value.setting == setting
    assert not any(value in str(refused.value) for value in values.values())


@pytest.mark.parametrize(
    "values",
    [{}, {"BOT_TOKEN": BOT, "APP_TOKEN": APP}, {"BOT_TOKEN": BOT, "SIGNING_SECRET": SECRET}, {"BOT_TOKEN": " "}],
)
def test_what_can(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    """Nothing, a socket, or signed requests; the address ends as the library wants it."""
    settings = told(monkeypatch, {**values, "API": "https://slack.test/api"})
    assert settings.slack_api == "https://slack.test/api/"
