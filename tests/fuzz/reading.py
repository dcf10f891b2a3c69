"""What every target begins with: bytes as a text."""

from collections.abc import Callable

Target = Callable[[bytes], object]


def text(data: bytes) -> str:
    """Bytes as a text; every byte string is one."""
    return data.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode()
