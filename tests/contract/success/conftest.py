"""The desk's world of either database."""

from tests.contract.handoff.conftest import world

__all__ = ["world"]
