"""A site on loopback that does as a test says: any bytes, any pace, real TLS with certificates made on the spot."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from success.addresses import Policy, is_public
from success.checks.limits import Limits
from success.checks.probe import Probe

NOW = datetime.now(UTC)
LOOPBACK = Policy(
    schemes=frozenset({"http", "https"}), allows=lambda ip: is_public(ip) or str(ip) == "127.0.0.1", local_names=True
)
"""As in the world, but for one address of this machine."""
BRISK = Limits(
    dns_s=0.4,
    connect_s=1.0,
    tls_s=1.0,
    first_byte_s=0.4,
    headers_s=0.4,
    body_s=0.4,
    light_s=2.5,
    full_s=8.0,
    assets_s=2.0,
)
Answer = Callable[["Asked"], Awaitable[None]]


@dataclass
class Asked:
    """One request, and the pen that answers it."""

    method: str
    path: str
    headers: dict[str, str]
    writer: asyncio.StreamWriter
    reader: asyncio.StreamReader

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self, body: bytes | str = b"", *, status: int = 200, **headers: str) -> None:
        content = body.encode() if isinstance(body, str) else body
        told = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(content))}
        told |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        await self.send(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + (b"" if self.method == "HEAD" else content))

    async def move(self, to: str, status: int = 302) -> None:
        await self.reply(status=status, location=to)


@dataclass
class Site:
    """A server: what it was asked, and where it listens."""

    port: int
    secure: bool
    asked: list[Asked] = field(default_factory=list)
    open: int = 0

    def url(self, host: str = "shop.agency-client.com", path: str = "/") -> str:
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [each.path for each in self.asked]


@asynccontextmanager
async def site(answer: Answer, *, tls: ssl.SSLContext | None = None, raw: bool = False) -> AsyncIterator[Site]:
    """Serve for as long as the block lasts; `raw`: the answer comes before anything was asked."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.open += 1
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            asked = Asked("", "", {}, writer, reader) if raw else await _request(reader, writer)
            made.asked.append(asked)
            await answer(asked)
            await writer.drain()
        writer.close()
        made.open -= 1

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    made = Site(port=server.sockets[0].getsockname()[1], secure=tls is not None)
    try:
        yield made
    finally:
        server.close()


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ", 2)
    return Asked(method, path, {n.lower(): v for n, _, v in (line.partition(": ") for line in lines)}, writer, reader)


def names(**addresses: str | Sequence[str]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """Resolves these names (dots written as __) and any other to loopback."""
    known = {name.replace("__", "."): [to] if isinstance(to, str) else list(to) for name, to in addresses.items()}

    async def resolve(host: str, port: int) -> Sequence[str]:
        del port
        return known.get(host, ["127.0.0.1"])

    return resolve


def probe(**changes: object) -> Probe:
    """A probe that may go to loopback, and is not patient."""
    values = {"policy": LOOPBACK, "resolve": names(), "tls": trusting_tests, "limits": BRISK}
    return Probe(**(values | changes))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Signed:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


@cache
def authority(name: str = "Test Root") -> Signed:
    """A root that the tests' probe trusts, if it is the usual one."""
    return _signed(name, None, None, authority=True)


@cache
def between() -> Signed:
    """An issuer under the root."""
    return _signed("Test Issuer", authority(), None, authority=True)


def certificate(
    *hosts: str, by: Signed | None = None, first: timedelta = timedelta(days=-10), last: timedelta = timedelta(days=60)
) -> Signed:
    """A site's certificate by the root, by another, or (`by` itself missing) by nobody but its own key."""
    return _signed(hosts[0], by, hosts, first=first, last=last)


def server_tls(leaf: Signed, *chain: Signed, folder: Path) -> ssl.SSLContext:
    """What a server shows."""
    path = folder / f"{leaf.certificate.serial_number}.pem"
    private = leaf.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + leaf.pem + b"".join(each.pem for each in chain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def trusting_tests() -> ssl.SSLContext:
    """Trusts the tests' root alone."""
    context = ssl.create_default_context(cadata=authority().pem.decode())
    assert context.verify_mode is ssl.CERT_REQUIRED
    return context


def _signed(
    name: str, by: Signed | None, hosts: Sequence[str] | None, *, authority: bool = False,
    first: timedelta = timedelta(days=-30), last: timedelta = timedelta(days=300),
) -> Signed:  # fmt: skip
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"{name} Ltd")]
    )
    signer = by or Signed(None, key)  # type: ignore[arg-type]
    making = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + first)
        .not_valid_after(NOW + last)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if hosts:
        found = [_named(host) for host in hosts]
        making = making.add_extension(x509.SubjectAlternativeName(found), critical=False)
    return Signed(making.sign(signer.key, hashes.SHA256()), key)


def _named(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
