"""What a site allows robots to ask for (RFC 9309), and the sitemaps that it names. Pure, and linear."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from success.checks.limits import USER_AGENT

_OURS: Final = USER_AGENT.partition("/")[0].lower()
_MOST_RULES: Final = 500
_MOST_SITEMAPS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Robots:
    """The rules that are meant for us: whether they allow, and the pattern."""

    rules: tuple[tuple[bool, str], ...] = ()
    sitemaps: tuple[str, ...] = ()
    all_shut: bool = False
    """Whether every robot is asked to keep out of everything."""

    def allows(self, url: str) -> bool:
        """Whether we may ask for this: the longest pattern that fits decides, in doubt it is allowed."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fitting = [(len(pattern), allowed) for allowed, pattern in self.rules if _fits(pattern, path)]
        return max(fitting)[1] if fitting else True


EVERYTHING: Final = Robots()
NOTHING: Final = Robots(rules=((False, "/"),))


def parse(text: str) -> Robots:
    """The rules of the group that names us, else of the one for everybody."""
    groups: dict[str, list[tuple[bool, str]]] = {}
    agents: list[str] = []
    sitemaps: list[str] = []
    in_rules, count = False, 0
    for line in text.lstrip("\ufeff").splitlines():
        name, _, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()[:500]
        if name == "user-agent":
            agents = [] if in_rules else agents
            in_rules = False
            agents.append(value.lower())
            groups.setdefault(value.lower(), [])
        elif name in {"allow", "disallow"}:
            in_rules, count = True, count + 1
            if value and count <= _MOST_RULES:
                for agent in agents[:20]:
                    groups[agent].append((name == "allow", value))
        elif name == "sitemap" and value and len(sitemaps) < _MOST_SITEMAPS:
            sitemaps.append(value)
    everybody = groups.get("*", [])
    mine = groups.get(_OURS, everybody)
    return Robots(rules=tuple(mine), sitemaps=tuple(sitemaps), all_shut=_shut(everybody))


def _shut(rules: Sequence[tuple[bool, str]]) -> bool:
    return (False, "/") in rules and not any(allowed for allowed, _ in rules)


def _fits(pattern: str, path: str) -> bool:
    """Whether a path begins as the pattern says; `*` stands for anything, `$` at the end for the end."""
    whole = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for n, part in enumerate(rest):
        if whole and n == len(rest) - 1:
            return path.endswith(part) and len(path) - len(part) >= at
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return at == len(path) if whole else True
