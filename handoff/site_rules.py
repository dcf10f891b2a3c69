"""What may be kept of a client's site, and how near its dates are. Pure."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from handoff.errors import SiteError
from handoff.rows import clean

DATES: Final = ("domain_on", "tls_on", "hosting_on", "icp_on", "contract_on")
"""The last day of the domain, the certificate, the hosting, the ICP filing, the contract for this site."""
SHORT_TEXTS: Final = ("name", "cms", "hosting", "server", "icp")
LONGEST: Final = 120
LONGEST_ADDRESS: Final = 500
LONGEST_NOTES: Final = 4000
_SCHEMES: Final = {"http", "https"}
_HOST: Final = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_SECRET: Final = re.compile(r"pass|pwd|token|secret|(^|_)key$|credential", re.IGNORECASE)
_ICP: Final = re.compile(r"\S{1,8}ICP\S{3,30}", re.IGNORECASE)
_YEARS: Final = range(2000, 2100)


class Nearness(StrEnum):
    """How near a last day is: behind us, within 7, 14 or 30 days, or further off."""

    OVER = "over"
    WEEK = "week"
    FORTNIGHT = "fortnight"
    MONTH = "month"
    FAR = "far"


@dataclass(frozen=True, kw_only=True)
class SiteDraft:
    """A site as somebody describes it; `address` is a URL with an ASCII host, or ""."""

    name: str
    address: str
    cms: str | None
    hosting: str | None
    server: str | None
    icp: str | None
    notes: str
    domain_on: date | None = None
    tls_on: date | None = None
    hosting_on: date | None = None
    icp_on: date | None = None
    contract_on: date | None = None


def read_site(typed: Mapping[str, str]) -> SiteDraft:
    """A site from texts by name; raises SiteError naming the first field that cannot be meant, and why."""
    texts = {name: " ".join(clean(typed.get(name, "")).split()) for name in SHORT_TEXTS}
    for name, text in texts.items():
        if len(text) > LONGEST:
            raise SiteError(name, "long")
    address = read_address(typed.get("address", ""))
    if not address and not texts["name"]:
        raise SiteError("address", "nothing")
    if texts["icp"] and not _ICP.fullmatch(texts["icp"]):
        raise SiteError("icp", "form")
    notes = clean(typed.get("notes", "")).strip()
    if len(notes) > LONGEST_NOTES:
        raise SiteError("notes", "long")
    optional = {name: texts[name] or None for name in ("cms", "hosting", "server", "icp")}
    dates = {name: _day(name, typed.get(name, "")) for name in DATES}
    return SiteDraft(name=texts["name"], address=address, notes=notes, **optional, **dates)  # type: ignore[arg-type]


def read_address(text: str) -> str:
    """A site's address as a URL with an ASCII host (IDNA), https where no scheme is given; "" for nothing.

    Raises SiteError("address", why): `form`, `scheme`, `host`, `private` (no public address), `credentials` (a name
    or password before the host, or in the query), `long`.
    """
    typed = clean(text).strip()
    if not typed:
        return ""
    if len(typed) > LONGEST_ADDRESS:
        raise SiteError("address", "long")
    if re.search(r"\s", typed):
        raise SiteError("address", "form")
    try:
        parts = urlsplit(typed if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:/", typed) else f"https://{typed}")
        port = parts.port
    except ValueError as error:
        raise SiteError("address", "form") from error
    if parts.scheme not in _SCHEMES:
        raise SiteError("address", "scheme")
    if "@" in parts.netloc or any(_SECRET.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise SiteError("address", "credentials")
    host = _ascii(parts.hostname or "")
    return urlunsplit((parts.scheme, host if port is None else f"{host}:{port}", _path(parts.path), parts.query, ""))


def shown_address(address: str) -> str:
    """An address as people read it: the host in its own script, no scheme, no lonely slash."""
    parts = urlsplit(address)
    if not parts.hostname:
        return address
    try:
        host = parts.hostname.encode("ascii").decode("idna")
    except UnicodeError:
        host = parts.hostname
    port = f":{parts.port}" if parts.port else ""
    rest = parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")
    return ("http://" if parts.scheme == "http" else "") + host + port + rest


def nearness(last: date, today: date) -> Nearness:
    """How near a last day is, by the client's calendar; on that day itself it still holds."""
    days = (last - today).days
    if days < 0:
        return Nearness.OVER
    limits = ((7, Nearness.WEEK), (14, Nearness.FORTNIGHT), (30, Nearness.MONTH))
    return next((near for most, near in limits if days <= most), Nearness.FAR)


def _ascii(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _name(host)
    if not address.is_global:
        raise SiteError("address", "private")
    return f"[{host}]" if address.version == 6 else host  # noqa: PLR2004


def _name(host: str) -> str:
    try:
        name = host.rstrip(".").encode("idna").decode().lower()
    except UnicodeError as error:
        raise SiteError("address", "host") from error
    if name == "localhost" or name.endswith((".localhost", ".local", ".internal")):
        raise SiteError("address", "private")
    if not _HOST.fullmatch(name):
        raise SiteError("address", "host")
    return name


def _day(name: str, typed: str) -> date | None:
    text = typed.strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise SiteError(name, "date") from error
    if day.year not in _YEARS:
        raise SiteError(name, "date")
    return day


def _path(path: str) -> str:
    return "" if path == "/" else path
