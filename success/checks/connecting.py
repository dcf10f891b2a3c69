"""The way to a server, each part timed: name, connection, TLS, first byte. It goes to the vetted address alone."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import quote, urlsplit

from success.addresses import BadUrl, Policy, Refused, Resolve, Unresolved, Vetted
from success.checks import certificates
from success.checks.http import Answer, Source, Stopped, read_head, request, within
from success.checks.limits import Limits
from success.checks.model import Certificate, Phases, Trouble, Verdict

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_WELL_KNOWN: Final = 1024
_WEB: Final = frozenset({80, 443})
_LINE: Final = 16 * 1024
_CLOSING_S: Final = 0.5


@dataclass
class Way:
    """What was learned on the way so far, kept also when it ends early."""

    addresses: tuple[str, ...] = ()
    ip: str = ""
    certificate: Certificate | None = None
    dns_ms: int | None = None
    connect_ms: int | None = None
    tls_ms: int | None = None
    first_byte_ms: int | None = None
    began: float = field(default_factory=time.monotonic)

    def phases(self) -> Phases:
        """The times, with the whole way so far as the total."""
        return Phases(
            dns_ms=self.dns_ms,
            connect_ms=self.connect_ms,
            tls_ms=self.tls_ms,
            first_byte_ms=self.first_byte_ms,
            total_ms=_ms(self.began),
        )


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How servers are reached. `policy`, `resolve` and `tls` are others in tests only."""

    policy: Policy
    resolve: Resolve
    tls: ssl.SSLContext
    limits: Limits

    @asynccontextmanager
    async def asked(
        self, url: str, *, method: str = "GET", way: Way | None = None
    ) -> AsyncIterator[tuple[Answer, Source]]:
        """Ask for a URL: its status and headers, and where its body is read from. Raises Stopped."""
        way = way or Way()
        vetted = await self._vetted(url, way)
        reader, writer = await self._connected(vetted, way)
        try:
            source = await self._first_byte(vetted, reader, writer, method=method, way=way)
            yield await read_head(source, self.limits), source
        finally:
            await _close(writer)

    async def _vetted(self, url: str, way: Way) -> Vetted:
        began = time.monotonic()

        async def resolve(host: str, port: int) -> Sequence[str]:
            found = await self.resolve(host, port)
            way.addresses = tuple(dict.fromkeys(str(each)[:64] for each in found))[:16]
            return found

        try:
            vetted = await within(self.limits.dns_s, Trouble.RESOLVING_SLOW, self.policy.vet(url, resolve=resolve))
        except BadUrl as error:
            raise Stopped(Trouble.URL, error.why) from None
        except Refused as error:
            raise Stopped(Trouble.REFUSED, error.ip) from None
        except Unresolved:
            raise Stopped(Trouble.UNRESOLVED) from None
        way.dns_ms, way.ip = _ms(began), vetted.ip
        if vetted.port not in _WEB and vetted.port < _WELL_KNOWN:
            raise Stopped(Trouble.PORT, str(vetted.port))
        return vetted

    async def _connected(self, vetted: Vetted, way: Way) -> Streams:
        """Connected, by TLS where the scheme says so. Where the certificate does not hold we look on without trust:

        nothing of ours is sent, and the certificate is to be read all the same.
        """
        sock = await self._dialled(vetted, way)
        if vetted.scheme != "https":
            return await asyncio.open_connection(sock=sock, limit=_LINE)
        try:
            made = await self._secured(vetted, sock, self.tls, way)
        except ssl.SSLCertVerificationError as error:
            verdict, reason = certificates.verdict_of(error)
            way.certificate = Certificate(verdict=verdict, reason=reason)
            made = await self._secured(vetted, await self._dialled(vetted, way), _trusting(), way)
        else:
            verdict, reason = Verdict.HOLDS, ""
        way.certificate = _certificate(made[1], verdict, reason)
        return made

    async def _dialled(self, vetted: Vetted, way: Way) -> socket.socket:
        began = time.monotonic()
        sock = socket.socket(socket.AF_INET6 if ":" in vetted.ip else socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        dialling = asyncio.get_running_loop().sock_connect(sock, (vetted.ip, vetted.port))
        try:
            await within(self.limits.connect_s, Trouble.CONNECTING_SLOW, dialling)
        except ConnectionRefusedError:
            sock.close()
            raise Stopped(Trouble.CONNECTION_REFUSED) from None
        except OSError as error:
            sock.close()
            raise Stopped(Trouble.UNREACHABLE, type(error).__name__) from None
        except BaseException:
            sock.close()
            raise
        way.connect_ms = _ms(began)
        return sock

    async def _secured(self, vetted: Vetted, sock: socket.socket, context: ssl.SSLContext, way: Way) -> Streams:
        began = time.monotonic()
        name, patience = vetted.host.rstrip("."), self.limits.tls_s + 1
        shaking = asyncio.open_connection(
            sock=sock, limit=_LINE, ssl=context, server_hostname=name, ssl_handshake_timeout=patience
        )
        try:
            made = await within(self.limits.tls_s, Trouble.TLS_SLOW, shaking)
        except (Stopped, OSError, EOFError, ValueError) as error:
            sock.close()
            raise _refusal(error) from None
        way.tls_ms = _ms(began)
        return made

    async def _first_byte(
        self, vetted: Vetted, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, method: str, way: Way
    ) -> Source:
        began = time.monotonic()
        try:
            writer.write(request(method, path=_path(vetted), authority=vetted.authority))
            first = await within(self.limits.first_byte_s, Trouble.NO_ANSWER, reader.read(1))
        except OSError as error:
            raise Stopped(Trouble.CLOSED, type(error).__name__) from None
        if not first:
            raise Stopped(Trouble.CLOSED)
        way.first_byte_ms = _ms(began)
        return Source(reader, first)


def _refusal(error: Exception) -> Exception:
    """What a failed handshake is told as; a certificate that does not hold stays what it is."""
    if isinstance(error, ssl.SSLCertVerificationError) or not isinstance(error, OSError | EOFError | ValueError):
        return error
    said = error.reason if isinstance(error, ssl.SSLError) else type(error).__name__
    return Stopped(Trouble.TLS_FAILED, said or "")


def _trusting() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def _path(vetted: Vetted) -> str:
    """What to ask for, in letters that a request line may have."""
    parts = urlsplit(vetted.url)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return path + (f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else "")


def _certificate(writer: asyncio.StreamWriter, verdict: Verdict, reason: str) -> Certificate:
    shown: ssl.SSLObject = writer.get_extra_info("ssl_object")
    der = shown.getpeercert(binary_form=True) or b""
    return certificates.read(der, verdict=verdict, reason=reason, version=shown.version() or "")


async def _close(writer: asyncio.StreamWriter) -> None:
    """Hang up; a server that does not let go is let go of."""
    writer.close()
    with suppress(OSError, TimeoutError, EOFError):
        async with asyncio.timeout(_CLOSING_S):
            await writer.wait_closed()
    with suppress(Exception):
        writer.transport.abort()


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
