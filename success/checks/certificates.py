"""What a certificate says, and what OpenSSL's refusal of it means. Pure but for reading bytes that a server sent."""

import ssl
import warnings
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from success.checks.model import LONGEST, Certificate, Verdict

_MOST_NAMES: Final = 20
_NAME_MISMATCH: Final = frozenset({62, 64})
_BY_CODE: Final = {
    9: Verdict.NOT_YET,
    10: Verdict.EXPIRED,
    18: Verdict.SELF_SIGNED,
    19: Verdict.UNKNOWN_ROOT,
    20: Verdict.INCOMPLETE,
    21: Verdict.INCOMPLETE,
    62: Verdict.WRONG_NAME,
    64: Verdict.WRONG_NAME,
}
"""OpenSSL's X509_V_ERR_* codes. 20 and 21: an issuer that is neither sent along nor known."""


def verdict_of(error: ssl.SSLCertVerificationError) -> tuple[Verdict, str]:
    """What a failed verification means, and OpenSSL's sentence."""
    code, said = getattr(error, "verify_code", 0), getattr(error, "verify_message", "") or ""
    if code == 0 and "mismatch" in str(error).lower():
        return Verdict.WRONG_NAME, said[:LONGEST]
    return _BY_CODE.get(code, Verdict.OTHER), said[:LONGEST]


def read(der: bytes, *, verdict: Verdict, reason: str, version: str) -> Certificate:
    """A certificate's names, dates and issuer; one that cannot be read has none."""
    plain = Certificate(verdict=verdict, reason=reason, version=version)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about certificates that break a rule: their findings say it
            found = x509.load_der_x509_certificate(der)
            return Certificate(
                verdict=verdict,
                reason=reason,
                version=version,
                issuer=_issuer(found),
                names=_names(found),
                not_before=_utc(found.not_valid_before_utc),
                not_after=_utc(found.not_valid_after_utc),
            )
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion, x509.DuplicateExtension):
        return plain


def _issuer(found: x509.Certificate) -> str:
    for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        for each in found.issuer.get_attributes_for_oid(oid):
            return _shown(str(each.value))
    return ""


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        stated = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return ()
    names = [str(each.value) for each in stated if isinstance(each, x509.DNSName | x509.IPAddress)]
    return tuple(_shown(name) for name in names[:_MOST_NAMES])


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _shown(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST]
