"""Webhooks out: signed as Standard Webhooks says (symmetric `v1`), to addresses that we may use. Pure."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

SECRET_BYTES: Final = range(24, 65)
_PREFIX: Final = "whsec_"


def signed(*secrets: bytes, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a Standard Webhooks message: id, timestamp (seconds), and each secret's HMAC of all three."""
    seconds = str(int(at.timestamp()))
    content = f"{message_id}.{seconds}.".encode() + body
    digests = [hmac.new(secret, content, hashlib.sha256).digest() for secret in secrets]
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }


def signing_key(text: str) -> bytes:
    """The key in "whsec_…" (base64 of 24 to 64 bytes, the prefix may be left out); raises ValueError."""
    try:
        key = base64.b64decode(text.strip().removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("must be base64, such as whsec_…") from None
    if len(key) not in SECRET_BYTES:
        raise ValueError(f"must be base64 of {SECRET_BYTES.start} to {SECRET_BYTES.stop - 1} bytes")
    return key


def checked_url(url: str) -> str:
    """An address that calls may go to: https, or http to this machine; raises ValueError."""
    parts = urlsplit(url.strip())
    if not parts.hostname or parts.scheme not in {"https", "http"}:
        raise ValueError("must begin with https://")
    if parts.scheme == "http" and not is_loopback(url.strip()):
        raise ValueError("must begin with https:// (http:// only for this machine)")
    return url.strip()


def is_loopback(url: str) -> bool:
    """Whether a URL points at this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
