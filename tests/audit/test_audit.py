"""The audit sees what it is for; what it says of this tree is `make audit`'s to tell, in a clean environment."""

import base64
from email.message import Message
from typing import Any

import pytest

from tests.audit import packages, secrets


class Package:
    """A distribution as the audit looks at it."""

    def __init__(self, name: str, version: str = "1.0", **told: str) -> None:
        self.version, self.metadata = version, Message()
        self.metadata["Name"] = name
        for key, value in told.items():
            self.metadata[key.replace("_", "-")] = value


def test_the_locks_are_exact_and_what_is_imported_is_declared() -> None:
    """Of this tree."""
    assert packages.inexact() == []
    assert packages.undeclared() == []


@pytest.mark.parametrize(
    ("line", "good"),
    [
        ("a==1.0", True),
        ("a==1.0+cpu", True),
        ("a[b]==1.0; python_version < '3.12'", True),
        ("a>=1.0", False),
        ("a", False),
        ("a @ https://x.example/a.whl", False),
        ("-e .", False),
        ("--index-url https://x.example", False),
    ],
)
def test_a_lock_s_line(line: str, *, good: bool) -> None:
    """One exact version, no address, no option."""
    assert bool(packages._EXACT.fullmatch(line)) is good


def test_who_is_in_no_lock_is_named() -> None:
    """A package that nobody locked, and one of another version."""
    found: Any = [Package("aftercare"), Package("left-pad"), Package("fastapi", "0.0.1")]
    told = packages.strangers(found)
    assert told[1] == "left-pad 1.0: in no lock"
    assert told[0].startswith("fastapi 0.0.1: the lock names ")


@pytest.mark.parametrize(
    ("told", "fine"),
    [
        ({"License_Expression": "MIT"}, True),
        ({"License_Expression": "Apache-2.0 AND BSD-3-Clause"}, True),
        ({"Classifier": "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)"}, True),
        ({"License": "Apache 2.0 License"}, True),
        ({"License_Expression": "GPL-3.0-only"}, False),
        ({"License_Expression": "LGPL-3.0-only"}, False),
        ({"License_Expression": "MIT AND AGPL-3.0-only"}, False),
        ({"Classifier": "License :: Other/Proprietary License"}, False),
        ({}, False),
    ],
)
def test_a_licence(told: dict[str, str], *, fine: bool) -> None:
    """What we may ship, and what needs a reason beside its name."""
    found: Any = [Package("somebody", **told)]
    assert (packages.unlicensed(found) == []) is fine


@pytest.mark.parametrize(
    "secret",
    [
        "123456789:" + "A" * 30 + "bC-_9",
        "sk-" + "proj-" + "a1B2" * 10,
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "ghp_" + "a" * 36,
        "xoxb-" + "1234567890-1234567890-abcdefghij",
        "aft_" + "x" * 43,
        "whsec_" + base64.b64encode(b"s" * 32).decode(),
        "-----BEGIN " + "RSA PRIVATE KEY-----",
    ],
)
def test_a_secret_is_found(secret: str) -> None:
    """By its shape; what it is told of it does not repeat it."""
    (told,) = {line.split(" (")[0] for line in secrets.found_in([("a.py", "a.py:1", f'key = "{secret}"')])}
    assert told.startswith("a.py:1: ")
    assert secret not in "".join(secrets.found_in([("a.py", "a.py:1", secret)]))


def test_plain_text_is_no_secret() -> None:
    """Nor is a hash."""
    lines = ["password: see the safe", "a" * 64, "sk-learn", "https://a.test/b", "token = secrets.token_urlsafe(32)"]
    assert list(secrets.found_in(("x", "x:1", line) for line in lines)) == []


def test_the_tree_holds_none() -> None:
    """Every file that git knows, or would add."""
    assert list(secrets.found_in(secrets.tree())) == []
