"""A real mail server on loopback, which can be told to be difficult, and certificates made for it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PATIENCE = 1000


@dataclass
class PostOffice:
    """What the server has taken (`letters`), and what it says instead where it is told to (once each, in order)."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    mail: list[str] = field(default_factory=list)
    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    secure: list[bool] = field(default_factory=list)
    tried: int = 0
    stuck: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_MAIL(  # noqa: N802 -- aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tried += 1
        answer = self.mail.pop(0) if self.mail else "250 OK"
        if answer.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return await self._said(server, answer)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.rcpt.pop(0) if self.rcpt else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return await self._said(server, answer)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.data.pop(0) if self.data else "250 OK"
        if answer in {"drop", "hang"} or answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            made = message_from_bytes(content, policy=default)
            assert isinstance(made, EmailMessage)
            self.letters.append(made)
            self.to += envelope.rcpt_tos
            self.secure.append(session.ssl is not None)
        return await self._said(server, answer)

    async def _said(self, server: SMTP, answer: str) -> str:
        if answer == "drop":
            assert server.transport is not None
            server.transport.abort()
        if answer in {"drop", "hang"}:
            self.stuck.set()
            await asyncio.Event().wait()
        return answer

    async def came(self, many: int) -> list[EmailMessage]:
        """The letters, once there are so many."""
        for _ in range(PATIENCE):
            if len(self.letters) >= many:
                return self.letters
            await asyncio.sleep(0.02)
        raise AssertionError(f"{len(self.letters)} letters of {many}")


@asynccontextmanager
async def post_office(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None
) -> AsyncIterator[PostOffice]:
    """The server, in this event loop."""
    office, sessions = PostOffice(), set()

    def check(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        good = isinstance(given, LoginPassword) and login == (given.login.decode(), given.password.decode())
        return AuthResult(success=good)

    def answer() -> SMTP:
        made = SMTP(
            office, hostname="mail.test", enable_SMTPUTF8=True, tls_context=starttls, require_starttls=starttls is not None,
            authenticator=check if login else None, auth_required=login is not None, auth_require_tls=True,
            auth_exclude_mechanism=[],
        )  # fmt: skip
        sessions.add(made)
        return made

    server = await asyncio.get_running_loop().create_server(answer, "127.0.0.1", 0, ssl=tls)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        for each in sessions:
            if each.transport is not None:
                each.transport.abort()
            if each._handler_coroutine is not None:
                each._handler_coroutine.cancel()
        await asyncio.sleep(0)


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that nobody else trusts: the server's context, and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "mail.pem", folder / "mail.key"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, secret)
    return server, ssl.create_default_context(cafile=str(chain))
