"""What the tests of the chat's rules share: the shipped rules and sentences."""

from pathlib import Path

import pytest
import yaml

import bot
from bot.triage import Rules
from console.texts import Texts

HERE = Path(bot.__file__).parent


@pytest.fixture(scope="session")
def rules() -> Rules:
    """The triage rules that come with the program."""
    return Rules.parse(yaml.safe_load((HERE / "triage.yaml").read_text("utf-8")))


@pytest.fixture(scope="session")
def texts() -> Texts:
    """The bot's own sentences."""
    return Texts.load(HERE / "phrases.yaml")
