"""A console whose API answers, with tokens for any scopes."""

from tests.unit.console.api.world import api
from tests.unit.console.world import world

__all__ = ["api", "world"]
