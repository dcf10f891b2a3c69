"""Secrets that somebody committed: in the tree as it is, and in every line that was ever added."""

import hashlib
import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
KNOWN: Final = Path(__file__).parent / "known.txt"
"""SHA-256 of what looks like a secret and is none, in which file, and what it is."""
_OWN: Final = (
    ("Telegram bot token", re.compile(r"(?<![\w:/-])\d{8,10}:[A-Za-z0-9_-]{35}(?![\w-])")),
    ("OpenAI key", re.compile(r"(?<![\w-])sk-(?:proj-|live-)?[A-Za-z0-9_]{32,}(?![\w-])")),
    ("API token of ours", re.compile(r"(?<!\w)aft_[A-Za-z0-9_-]{43}(?![\w-])")),
    ("webhook secret", re.compile(r"whsec_[A-Za-z0-9+/]{40,}={0,2}")),
    ("Google API key", re.compile(r"(?<!\w)AIza[0-9A-Za-z_-]{35}(?![\w-])")),
)
_LONGEST: Final = 2_000  # characters of a line that are looked at
_NOT_TEXT: Final = frozenset({".png", ".woff2", ".pdf", ".jpg", ".ico", ".lock"})


@cache
def patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Of detect-secrets, those that know a secret by its shape; and ours."""
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.plugins.base import RegexBasedDetector
    from detect_secrets.plugins.basic_auth import BasicAuthDetector
    from detect_secrets.plugins.ip_public import IPPublicDetector

    found = list(_OWN)
    for kind, detector in sorted(get_mapping_from_secret_type_to_class().items()):
        if issubclass(detector, RegexBasedDetector) and not issubclass(detector, BasicAuthDetector | IPPublicDetector):
            found += [(kind, pattern) for pattern in detector.denylist]
    return tuple(found)


def found_in(lines: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """What looks like a secret in (file, where, line), and is not known to be none: where, which kind, how it begins.

    What is known in one file is not known in another.
    """
    rows = (line.split() for line in KNOWN.read_text("utf-8").splitlines() if line and not line.startswith("#"))
    known = {(row[0], row[1]) for row in rows}
    seen: set[tuple[str, str]] = set()
    for name, where, line in lines:
        for kind, pattern in patterns():
            for hit in pattern.finditer(line[:_LONGEST]):
                digest = hashlib.sha256(hit[0].encode()).hexdigest()
                if (digest, name) not in known and (where, digest) not in seen:
                    seen.add((where, digest))
                    yield f"{where}: {kind} ({hit[0][:8]}…, sha256 {digest})"


def tree() -> Iterator[tuple[str, str, str]]:
    """Every line of the files that git knows."""
    for name in _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
        path = ROOT / name
        if not name or path.suffix in _NOT_TEXT or not path.is_file() or path.is_symlink():
            continue
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            yield name, f"{name}:{number}", line


def history() -> Iterator[tuple[str, str, str]]:
    """Every line that a commit added."""
    commit = name = "?"
    for line in _git("log", "-p", "-U0", "--no-color", "--no-ext-diff", "--format=commit %h", "HEAD").splitlines():
        if line.startswith("commit "):
            commit = line[7:]
        elif line.startswith("+++ "):
            name = line[4:].removeprefix("b/")
        elif line.startswith("+"):
            yield name, f"{name} (commit {commit})", line[1:]


def _git(*words: str) -> str:
    ran = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, check=True, timeout=300)
    return ran.stdout.decode("utf-8", "replace")
