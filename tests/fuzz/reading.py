"""What every target begins with: bytes as a text, the moment it is, where the project lies."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
NOW: Final = datetime(2026, 11, 24, 2, tzinfo=UTC)
Target = Callable[[bytes], object]


def text(data: bytes) -> str:
    """Bytes as a text; every byte string is one."""
    return data.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode()
