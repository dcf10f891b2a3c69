"""Where requests of ours may go: out into the world, never to this machine, our network, or a cloud's own addresses.

Rules are pure; names are resolved through a port. Whoever connects uses the very address that was vetted (`Vetted`), so
that a name that resolves differently a moment later (DNS rebinding) leads nowhere else.

    AddressError
    ├── BadUrl(why)          cannot be meant: scheme, host, user, or a number that is written oddly
    ├── Unresolved(host)     no such name, or nobody could say
    └── Refused(host, ip)    resolves to an address that is not the world's
"""

# ruff: noqa: N818 -- the names say what happened

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit, urlunsplit

Address: TypeAlias = IPv4Address | IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host name, as text; raises OSError."""

LONGEST: Final = 500
_PORTS: Final = {"https": 443, "http": 80}
_NUMBER: Final = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)\Z")
_NAME: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?\Z")
_WRAPPED: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::ffff:0:0/96"), IPv6Network("::/96"))
_WRAPPING: Final = IPv6Network("64:ff9b:1::/48")
_LOCAL_NAMES: Final = ("localhost", "local", "internal", "home.arpa", "lan")


class AddressError(Exception):
    """Root of what this module raises."""


class BadUrl(AddressError):
    """A URL that nothing is sent to; `why` is `scheme`, `host`, `user`, `port`, `number`, `local` or `long`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Unresolved(AddressError):
    """The name `host` has no address that anybody knows."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} cannot be resolved")
        self.host = host


class Refused(AddressError):
    """`host` leads to `ip`, which is not the world's."""

    def __init__(self, host: str, ip: str) -> None:
        super().__init__(f"{host} leads to {ip}, which is not a public address")
        self.host, self.ip = host, ip


@dataclass(frozen=True, kw_only=True, slots=True)
class Vetted:
    """A URL and the address to connect to; `host` is what TLS and the Host header name."""

    url: str
    scheme: str
    host: str
    port: int
    ip: str

    @property
    def direct(self) -> str:
        """The URL with the address in the name's place."""
        parts = urlsplit(self.url)
        shown = f"[{self.ip}]" if ":" in self.ip else self.ip
        return urlunsplit((parts.scheme, f"{shown}:{self.port}", parts.path or "/", parts.query, ""))

    @property
    def authority(self) -> str:
        """What the Host header says."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == _PORTS[self.scheme] else f"{shown}:{self.port}"


def is_public(ip: Address) -> bool:
    """Whether an address is the world's: global, for one host, and no wrapping of one that is not."""
    if isinstance(ip, IPv6Address):
        if ip in _WRAPPING:
            return False
        inner = _unwrapped(ip)
        if inner is not None:
            return is_public(inner)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Which schemes and addresses may be used. The only one in use is `PUBLIC`; tests bring their own."""

    schemes: frozenset[str] = frozenset({"https"})
    allows: Callable[[Address], bool] = is_public
    local_names: bool = False

    def check(self, url: str) -> SplitResult:
        """What can be said without resolving; raises BadUrl or Refused."""
        if len(url) > LONGEST:
            raise BadUrl("long")
        parts, port = _split(url)
        host = parts.hostname or ""
        if parts.scheme not in self.schemes:
            raise BadUrl("scheme")
        if parts.username is not None or parts.password is not None:
            raise BadUrl("user")
        if port == 0:
            raise BadUrl("port")
        ip = _literal(host)
        if ip is not None:
            self._vet(host, ip)
        elif not self.local_names and _is_local(host):
            raise BadUrl("local")
        return parts

    async def vet(self, url: str, *, resolve: Resolve) -> Vetted:
        """The address to connect to; raises AddressError. One bad address among several spoils the name."""
        parts = self.check(url)
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        found = [host] if _literal(host) is not None else await _resolved(resolve, host, port)
        addresses = [ip_address(text.partition("%")[0]) for text in found]
        for ip in addresses:
            self._vet(host, ip)
        chosen = next((ip for ip in addresses if ip.version == 4), addresses[0])  # noqa: PLR2004 -- IPv4, first
        return Vetted(url=url, scheme=parts.scheme, host=host, port=port, ip=str(chosen))

    def _vet(self, host: str, ip: Address) -> None:
        if not self.allows(ip):
            raise Refused(host, str(ip))


PUBLIC: Final = Policy()


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """What this machine's resolver says."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for _, _, _, _, sockaddr in found]


async def _resolved(resolve: Resolve, host: str, port: int) -> Sequence[str]:
    try:
        found = await resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise Unresolved(host) from error
    if not found:
        raise Unresolved(host)
    return found


def _split(url: str) -> tuple[SplitResult, int | None]:
    if any(letter.isspace() or not letter.isprintable() for letter in url) or "\\" in url:
        raise BadUrl("host")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadUrl("host") from None
    return parts, port


def _literal(host: str) -> Address | None:
    """The address that a host is, if it is one as usually written; raises BadUrl where it is one otherwise."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    if _NUMBER.match(host.rstrip(".").rpartition(".")[2]):  # 2130706433, 0x7f.1, 0177.0.0.1: resolvers take them
        raise BadUrl("number")
    if not _NAME.match(host):
        raise BadUrl("host")
    return None


def _is_local(host: str) -> bool:
    name = host.rstrip(".")
    return "." not in name or any(name == local or name.endswith(f".{local}") for local in _LOCAL_NAMES)


def _unwrapped(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address within: mapped, compatible, translated, 6to4, or Teredo's."""
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    if any(ip in network for network in _WRAPPED) and int(ip) > 1:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return None
