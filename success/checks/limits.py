"""How much a check takes at most, of our time and of the site's. Pure."""

from dataclasses import dataclass
from typing import Final

USER_AGENT: Final = "AftercareCheck/1 (site check on behalf of the site's own agency)"
REDIRECTS: Final = 6


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Seconds and bytes. Only tests make them other than they are."""

    dns_s: float = 5.0
    connect_s: float = 5.0
    tls_s: float = 5.0
    first_byte_s: float = 10.0
    headers_s: float = 5.0
    body_s: float = 10.0
    light_s: float = 20.0
    full_s: float = 50.0
    headers: int = 32 * 1024
    header_lines: int = 100
    body: int = 2 * 1024 * 1024
    light_body: int = 512 * 1024
    unpacked: int = 4 * 1024 * 1024
    ratio: int = 100
    assets: int = 12
    assets_s: float = 10.0
    robots: int = 256 * 1024
    sitemap: int = 512 * 1024
