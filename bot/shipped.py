"""What comes with the program for the bot: its triage rules and its sentences."""

from functools import cache
from pathlib import Path

import yaml

from bot.triage import Rules
from console.texts import Texts

HERE = Path(__file__).parent


def load_rules() -> Rules:
    """The triage rules that come with the program."""
    return Rules.parse(yaml.safe_load((HERE / "triage.yaml").read_text("utf-8")))


@cache
def load_texts() -> Texts:
    """The bot's sentences that come with the program, read once."""
    return Texts.load(*(HERE / f"{name}phrases.yaml" for name in ("", "chat_", "staff_", "feedback_", "training_")))
