"""A strict Slack on loopback, for tests: `SlackServer` speaks the wire format, `World` is what the workspace holds.

Tests play the people (`channel.say`, `slack.press`), the program under test speaks to it through the real libraries.
"""

from tests.platforms.slack.channels import Channel
from tests.platforms.slack.faults import Cut, Html, Refuse, Slow, TooMany
from tests.platforms.slack.server import Ack, SlackServer
from tests.platforms.slack.settings import Settings
from tests.platforms.slack.world import File, Message, Team, Upload, User, View, World

__all__ = [
    "Ack",
    "Channel",
    "Cut",
    "File",
    "Html",
    "Message",
    "Refuse",
    "Settings",
    "SlackServer",
    "Slow",
    "Team",
    "TooMany",
    "Upload",
    "User",
    "View",
    "World",
]
