"""`python -m tests.audit`: what is wrong with the packages of this environment and with the secrets of this tree.

Exit code 1 with anything found. Known faults of packages (CVE) are not looked up: no current list of them can be had
without a network service; see docs/security.md.
"""

import sys
from collections.abc import Callable, Iterable

from tests.audit import packages, secrets

LOOKS: tuple[tuple[str, Callable[[], Iterable[str]]], ...] = (
    ("every version in the locks is exact", packages.inexact),
    ("nothing is installed that no lock names", packages.strangers),
    ("nothing that a package needs is missing", packages.unsatisfied),
    ("every licence is one that we may ship", packages.unlicensed),
    ("what is imported is declared, and the other way round", packages.undeclared),
    ("no secret in the tree", lambda: secrets.found_in(secrets.tree())),
    ("no secret in the history", lambda: secrets.found_in(secrets.history())),
)


def main() -> None:
    """Look, and tell."""
    bad = 0
    for name, look in LOOKS:
        complaints = list(look())
        bad += len(complaints)
        print(("ok    " if not complaints else "FAIL  ") + name)
        for each in complaints:
            print(f"      {each}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
