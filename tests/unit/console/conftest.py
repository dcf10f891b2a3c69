"""Every test here may ask for a `world`: a console on a real database."""

from tests.unit.console.world import world

__all__ = ["world"]
