"""What goes out into the world by itself: looks at sites, calls to webhooks. Where it may go is theirs to hold."""

from dataclasses import dataclass, field

from bot.webhook_sending import Poster
from success.checks.probe import Probe


@dataclass(frozen=True, kw_only=True)
class Outward:
    """Both as in use: to public addresses alone. Tests bring their own, with another policy and another resolver."""

    probe: Probe = field(default_factory=Probe)
    poster: Poster = field(default_factory=Poster)
