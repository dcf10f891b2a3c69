"""The app's manifest asks for what the code uses, no more and no less."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels import slack
from bot.channels.slack.doors import PATH
from bot.channels.slack.manifest import EVENTS, SCOPES, missing
from bot.channels.slack.reading import _HERE, COMMAND, HOME
from tests.platforms.slack.rules import NEEDS, SCOPE_FAMILIES, scope_of

HOUSE = Path(__file__).parents[4]


@pytest.fixture
def manifest() -> Any:
    return yaml.safe_load((HOUSE / "docs" / "slack-app-manifest.yaml").read_text("utf-8"))


def test_scopes_and_events(manifest: Any) -> None:
    """As the code names them."""
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == SCOPES
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == EVENTS


def test_every_event_that_is_read_is_subscribed() -> None:
    """And nothing that is not read."""
    assert {event for event in EVENTS if not event.startswith("message.")} == {*_HERE, HOME, "app_mention"}
    assert {event for event in EVENTS if event.startswith("message.")} == {
        f"message.{family}" for family in SCOPE_FAMILIES.values()
    }


def test_every_method_that_is_called_is_allowed() -> None:
    """By the needs that the strict server knows; conversations by each kind of conversation."""
    source = "".join(path.read_text("utf-8") for path in Path(slack.__file__).parent.glob("*.py"))
    known = {name.replace(".", "_"): need for name, need in NEEDS.items()}
    called = {name for name in re.findall(r"client\.(\w+)\(", source) if hasattr(AsyncWebClient, name)}
    assert {"chat_postMessage", "reactions_add", "users_info", "files_completeUploadExternal"} <= called
    wanted = {known[name].scope for name in called if known[name].token == "bot"}
    needed = {scope_of(scope, kind) for scope in wanted for kind in SCOPE_FAMILIES if scope}
    needed -= {"im:read"}  # nobody is asked about direct messages
    assert needed <= SCOPES, needed - SCOPES


def test_the_command_and_the_address(manifest: Any) -> None:
    """One command, and one address for all that is sent, where Slack posts."""
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == COMMAND
    text = (HOUSE / "docs" / "slack-app-manifest.yaml").read_text("utf-8")
    assert text.count(f"https://desk.example.com{PATH}") == 3
    assert manifest["settings"]["interactivity"]["is_enabled"]
    assert manifest["features"]["app_home"]["home_tab_enabled"]
    assert manifest["features"]["app_home"]["messages_tab_enabled"]


def test_what_is_missing() -> None:
    """Named in order; more than is needed is no harm."""
    assert missing(",".join([*SCOPES, "pins:write"])) == ()
    assert missing(", ".join(SCOPES - {"commands", "chat:write"})) == ("chat:write", "commands")
