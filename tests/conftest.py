"""Fixtures that more than one suite uses."""

from tests.house import embedder, house, indexed

__all__ = ["embedder", "house", "indexed"]
