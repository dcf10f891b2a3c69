"""Passwords and keys are masked before anything is written (conversation.md, *Understanding*). Pure."""

import re
from dataclasses import dataclass

MASK = "••••••"

_LABEL = (
    r"(?:密码|密碼|口令|passwords?|passwd|pwd|passphrase|密钥|密鑰|secret|"
    r"api[ _-]?key|access[ _-]?key|token)"
)
_ASSIGNED = re.compile(
    rf"({_LABEL}[^\S\n]{{0,3}}(?:是|为|為|is)?[^\S\n]{{0,3}}[:：=][^\S\n]{{0,3}})([!-~]{{4,128}})",
    re.IGNORECASE,
)
# After a plain word, or on the next line, the value must look like a secret (with a digit or a symbol in it):
# "password is wrong" is none.
_SPOKEN = re.compile(
    rf"({_LABEL}[^\S\n]{{0,3}}(?:是|为|為|is|改成了?|[^\S\n]|[:：=]?[^\S\n]*\n)[^\S\n]{{0,3}})"
    r"((?=[!-~]*[0-9@#$%^&*!_+=])[!-~]{6,128})",
    re.IGNORECASE,
)
_GLUED = re.compile(
    r"((?:密码|密碼|口令|密钥|密鑰)[^\S\n]{0,3}[“\"'「]?)((?=[!-~]*[0-9@#$%^&*!_+=])(?=[!-~]*[A-Za-z])[!-~]{6,128})"
)
_SHAPES = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\b(?:sk|pk|rk)[-_](?:live[-_]|test[-_]|proj[-_])?[A-Za-z0-9_-]{16,}"),
    re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{20,}\b"),
    re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}\b"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\b"),
)
_URL_LOGIN = re.compile(r"(\b[a-z][a-z0-9+.-]{1,15}://[^\s/:@]{1,64}:)([^\s/@]{1,128})(?=@)", re.IGNORECASE)


@dataclass(frozen=True)
class Masked:
    """A text that is safe to keep, and how many secrets it had."""

    text: str
    found: int


def mask(text: str) -> Masked:
    """Replace recognisable passwords, keys and tokens in `text`; everything else stays as typed."""
    found = 0
    for shape in _SHAPES:
        text, n = shape.subn(MASK, text)
        found += n
    for labelled in (_URL_LOGIN, _ASSIGNED, _SPOKEN, _GLUED):
        text, n = labelled.subn(lambda m: m[0] if MASK in m[2] else m[1] + MASK, text)
        found += n
    return Masked(text, found)
