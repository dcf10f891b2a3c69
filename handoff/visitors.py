"""What visitors of a web chat are called who have said no name. Pure."""

import hashlib
import re
from typing import Final

_CALLED: Final = re.compile(r"访客 [0-9A-F]{4}")


def called(visitor: str) -> str:
    """A name to tell visitors apart by; browsers have none."""
    return f"访客 {hashlib.sha256(visitor.encode()).hexdigest()[:4].upper()}"


def is_nameless(name: str) -> bool:
    """Whether it is such a name, and not somebody's own."""
    return _CALLED.fullmatch(name) is not None
