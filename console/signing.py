"""Signatures of links that open something without a session. Pure."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Final

_BYTES: Final = 16


def signature(named: str, *, secret: bytes) -> str:
    """What lets a link to `named` hold; begin it with the kind of link, so that none holds for another kind."""
    digest = hmac.new(secret, named.encode("utf-8", "replace"), hashlib.sha256).digest()
    return urlsafe_b64encode(digest[:_BYTES]).decode().rstrip("=")


def holds(given: str, named: str, *, secret: bytes) -> bool:
    """Whether this is our signature of `named`, compared in constant time."""
    return hmac.compare_digest(signature(named, secret=secret).encode(), given.encode("utf-8", "replace"))
