"""A look becomes values that a column can hold, and findings are read back from one. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from success.checks.model import Area, Facts, Finding, Severity

_LISTED: Final = 20


def facts_json(facts: Facts) -> dict[str, Any]:
    """A look without its long lists, as JSON."""
    told: dict[str, Any] = _plain(asdict(facts))
    page = told.get("page")
    if page:
        page.pop("assets")
        page["plugins"] = page["plugins"][:_LISTED]
    return told


def found_json(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON."""
    return [{**asdict(each), "facts": dict(each.facts)} for each in found]


def finding(kept: Mapping[str, Any]) -> Finding:
    """A finding from what `found_json` made."""
    return Finding(
        key=str(kept["key"]), area=Area(kept["area"]), severity=Severity(kept["severity"]), of=str(kept.get("of", "")),
        facts=tuple(dict(kept["facts"]).items()), security=bool(kept.get("security")),
    )  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return value
