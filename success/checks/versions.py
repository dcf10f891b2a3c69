"""Which versions have publicly known holes: a small table, data that an admin may replace. Pure but for reading it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from success.errors import SuccessError

SHIPPED: Final = Path(__file__).with_name("known_versions.yaml")
NAME: Final = SHIPPED.name
_NUMBERS: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,4}")
_IN_TEXT: Final = re.compile(r"(?<![0-9.])[0-9]{1,6}(?:\.[0-9]{1,6}){1,4}")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
_MOST: Final = 2000


class BadVersions(SuccessError):  # noqa: N818 - the names say what happened
    """The table of known versions cannot be read; `where` names the entry."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{NAME}: {where}: {why}")
        self.where, self.why = where, why


@dataclass(frozen=True, kw_only=True)
class Hole:
    """Versions below `below` have it; `why` is what to look up."""

    below: str
    why: str


@dataclass(frozen=True, kw_only=True)
class KnownVersions:
    """The table."""

    as_of: date
    wordpress: Hole | None = None
    plugins: Mapping[str, Hole] = field(default_factory=dict)

    def plugin(self, slug: str, version: str) -> Hole | None:
        """The hole that this version of a plug-in has."""
        hole = self.plugins.get(slug)
        return hole if hole and version and is_below(version, hole.below) else None

    def core(self, version: str) -> Hole | None:
        """The hole that this version of WordPress has."""
        return self.wordpress if self.wordpress and version and is_below(version, self.wordpress.below) else None


def is_below(version: str, limit: str) -> bool:
    """Whether one version comes before another, part by part; 6.8 is 6.8.0."""
    one, other = _parts(version), _parts(limit)
    size = max(len(one), len(other))
    return one + (0,) * (size - len(one)) < other + (0,) * (size - len(other))


def number_in(text: str) -> str:
    """The version number in a text such as "WordPress 6.4.2", "" where there is none."""
    found = _IN_TEXT.search(text)
    return found[0] if found else ""


def load(data: Path | None = None) -> KnownVersions:
    """The table in the data folder, else the one that comes with the program. Raises BadVersions."""
    own = data / NAME if data else None
    try:
        text = (own if own and own.is_file() else SHIPPED).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadVersions("file", "cannot be read") from error
    return parse(text)


def parse(text: str) -> KnownVersions:
    """Read the table; raises BadVersions naming the first entry that cannot be meant."""
    try:
        read = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a day that no month has
        raise BadVersions("file", "is no YAML") from error
    if not isinstance(read, dict) or type(read.get("as_of")) is not date:  # an instant is a date, too
        raise BadVersions("as_of", "must be a date such as 2026-11-30")
    plugins = read.get("plugins") or {}
    if not isinstance(plugins, dict) or len(plugins) > _MOST:
        raise BadVersions("plugins", "must be a list by name")
    core = read.get("wordpress")
    return KnownVersions(
        as_of=read["as_of"],
        wordpress=_hole("wordpress", core) if core else None,
        plugins={str(slug): _hole(f"plugins.{slug}", hole) for slug, hole in plugins.items() if _named(slug)},
    )


def _named(slug: Any) -> bool:
    if not _SLUG.fullmatch(str(slug)):
        raise BadVersions(f"plugins.{slug}", "is no plug-in's name")
    return True


def _hole(where: str, read: Any) -> Hole:
    below = read.get("below") if isinstance(read, dict) else None
    if not isinstance(below, str) or not _NUMBERS.fullmatch(below):
        raise BadVersions(where, 'wants below: "1.2.3", in quotation marks')
    return Hole(below=below, why=str(read.get("why") or "")[:200])


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
