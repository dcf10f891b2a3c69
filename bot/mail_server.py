"""One letter over SMTP to the server that the settings name, and for certain what became of it.

Outcomes: `Taken`; `Refused`, which trying again would not change; `Later`, nothing arrived and it may be tried again;
`Unsure`, the text was handed over and no answer came.
"""

import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
from aiosmtplib.errors import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from bot.webhooks import is_loopback

DEADLINE_S: Final = 60.0
"""For each answer of the server."""
PORTS: Final = {"smtp": 587, "smtps": 465}
_GOODBYE_S: Final = 2.0
_FOR_GOOD: Final = 500
_HELLO: Final = "aftercare"


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where letters leave. `starttls` True: the server must offer it; False: it is not used."""

    host: str
    port: int
    tls: bool
    starttls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, url: str) -> Self:
        """Read smtp://user:password@host:587 or smtps://…:465; raises ValueError with what is wrong.

        STARTTLS is required but on loopback, or as `?starttls=on|off` says; a password never travels without TLS.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError:
            raise ValueError("must be smtp://user:password@host:587 or smtps://user:password@host:465") from None
        if parts.scheme not in PORTS or not parts.hostname or parts.path not in {"", "/"}:
            raise ValueError("must be smtp://user:password@host:587 or smtps://user:password@host:465")
        asked = parse_qs(parts.query).get("starttls", [""])[-1]
        if asked not in {"", "on", "off"} or set(parse_qs(parts.query)) - {"starttls"}:
            raise ValueError("knows ?starttls=on and ?starttls=off, nothing else")
        local = is_loopback(f"http://[{parts.hostname}]" if ":" in parts.hostname else f"http://{parts.hostname}")
        tls = parts.scheme == "smtps"
        starttls = not tls and (asked == "on" or (not asked and not local))
        user = unquote(parts.username) if parts.username else None
        if user and not (tls or starttls or local):
            raise ValueError("must not send a password without TLS: use smtps:// or leave ?starttls=off away")
        password = unquote(parts.password or "") if user else None
        port = port or PORTS[parts.scheme]
        return cls(host=parts.hostname, port=port, tls=tls, starttls=starttls, user=user, password=password)

    @property
    def shown(self) -> str:
        """It without its password."""
        how = "TLS" if self.tls else "STARTTLS" if self.starttls else "no TLS"
        return f"{self.host}:{self.port} ({how})"


@dataclass(frozen=True)
class Taken:
    """The server has it."""

    words: str


@dataclass(frozen=True)
class Refused:
    """It will not take it, in its words."""

    words: str


@dataclass(frozen=True)
class Later:
    """Nothing arrived; it may be tried again."""

    words: str


@dataclass(frozen=True)
class Unsure:
    """The text was handed over, and no answer came."""

    words: str


Outcome = Taken | Refused | Later | Unsure


class Postman:
    """Hands letters to a server, one connection each. `context` is how its certificate is checked."""

    def __init__(
        self, server: MailServer, *, context: ssl.SSLContext | None = None, deadline_s: float = DEADLINE_S
    ) -> None:
        self.server, self._context, self._deadline_s = server, context, deadline_s

    async def deliver(self, letter: bytes, *, sender: str, to: str, begins: Callable[[], Awaitable[object]]) -> Outcome:
        """Hand one letter over; `begins` is awaited before its text leaves."""
        smtp = self._smtp()
        try:
            begun = await self._introduce(smtp, sender, to)
            if begun is not None:
                return begun
            await begins()
            return await self._hand_over(smtp, letter)
        finally:
            smtp.close()

    async def greet(self) -> str | None:
        """Connect and sign in; what is wrong, or None."""
        smtp = self._smtp()
        try:
            await smtp.connect()
            await smtp.quit()
        except (SMTPException, OSError) as error:
            return _words(error)
        finally:
            smtp.close()
        return None

    def _smtp(self) -> aiosmtplib.SMTP:
        server = self.server
        return aiosmtplib.SMTP(
            hostname=server.host, port=server.port, username=server.user, password=server.password, use_tls=server.tls,
            start_tls=server.starttls, tls_context=self._context, timeout=self._deadline_s, local_hostname=_HELLO,
        )  # fmt: skip

    async def _introduce(self, smtp: aiosmtplib.SMTP, sender: str, to: str) -> Outcome | None:
        """Say from whom and to whom; an outcome where that is the end of it."""
        try:
            await smtp.connect()
            plain = to.isascii()
            if not plain:
                await smtp.ehlo()
            if not plain and not smtp.supports_extension("smtputf8"):
                return Refused("the server takes no addresses with letters beyond ASCII (SMTPUTF8)")
            coding, options = ("ascii", []) if plain else ("utf-8", ["SMTPUTF8"])
            await smtp.mail(sender, options=options, encoding=coding)
            await smtp.rcpt(to, encoding=coding)
        except (SMTPSenderRefused, SMTPRecipientRefused) as error:
            return _answered(error)
        except (SMTPException, OSError, ValueError) as error:
            return Later(_words(error))
        return None

    async def _hand_over(self, smtp: aiosmtplib.SMTP, letter: bytes) -> Outcome:
        try:
            answer = await smtp.data(letter)
        except SMTPDataError as error:
            return _answered(error)
        except (SMTPException, OSError) as error:
            return Unsure(_words(error))
        with suppress(SMTPException, OSError):
            await smtp.quit(timeout=_GOODBYE_S)
        return Taken(f"{answer.code} {answer.message}")


def _answered(error: SMTPResponseException) -> Outcome:
    """A clear answer: 5xx for good, anything else for now."""
    return Refused(_words(error)) if error.code >= _FOR_GOOD else Later(_words(error))


def _words(error: Exception) -> str:
    """The server's words, with their number; else what happened."""
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
